/** What is known of a target's interpreter once it was found. */
import type { ChosenLayout } from "./layouts.ts";
import type { Address } from "../types.ts";

/** Where versions without `_PyRuntime` (to 3.6) keep their GIL. */
export interface OldGil {
  /** Address of `_PyThreadState_Current`, which names the holder. */
  readonly holder: Address;
  /** Whoever wants it waits for this place (`gil_cond`), or for the one that it names (`interpreter_lock` of 2.7). */
  readonly lock: { readonly address: Address; readonly isPointer: boolean } | undefined;
}

/** A located interpreter runtime. */
export interface Runtime extends ChosenLayout {
  /** Address of `_PyRuntime`; to 3.6 of `interp_head`. */
  readonly address: Address;
  readonly imagePath: string;
  readonly oldGil?: OldGil | undefined;
  /** Address of the collector's `collecting` in versions to 3.6, which is a local symbol. */
  readonly oldCollecting?: Address | undefined;
}
