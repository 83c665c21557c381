/** Options of `top`. */
import type { Grouping, SortKey } from "../render/top/state.ts";
import type { Selection } from "../thread_choice.ts";

/** Options of `top`, as the command line gives them. Exactly one of `pid` and `program` is set. */
export interface TopOptions {
  readonly pid: number | undefined;
  readonly program: readonly string[];
  readonly rateHz: number;
  readonly durationSeconds: number | undefined;
  readonly delaySeconds: number;
  readonly sort: SortKey;
  readonly grouping: Grouping;
  /** Rows at most. */
  readonly limit: number | undefined;
  readonly selection: Selection;
  /** Sample the processes that it starts as well. */
  readonly subprocesses: boolean;
  readonly fullFilenames: boolean;
  readonly json: boolean;
  readonly mouse: boolean;
  /** File for what the program prints. */
  readonly programOutput: string | undefined;
}
