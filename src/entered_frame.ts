/**
 * Knowing that a frame which stays at its first instruction is linked to its caller.
 *
 * A frame may be named as the innermost one before its link is written: see `RawStack.hasBegun`. That lasts for one instruction
 * of the machine. But a thread is before the first instruction of a function for milliseconds, too: from 3.12 on that is
 * where the garbage collector mostly runs.
 */
import type { RawStack } from "./cpython/raw_stack.ts";

/** Looks at a thread that has run before each of them; after one it may in theory not have come any further. */
const LOOKS = 3;

/** The innermost frame of one thread. */
export class EnteredFrame {
  #frame = NaN;
  #code = NaN;
  #caller = NaN;
  #runCount = NaN;
  #looks = 0;

  /**
   * Whether the frame was there at the looks before as well.
   *
   * @param runCount how often the thread was put to work; NaN when unknown.
   */
  stays({ frames, codes, depth }: RawStack, runCount: number): boolean {
    const caller = depth > 1 ? frames[1]! : 0;
    const isSame = this.#frame === frames[0] && this.#code === codes[0] && this.#caller === caller;
    if (!isSame) {
      this.#frame = frames[0]!;
      this.#code = codes[0]!;
      this.#caller = caller;
      this.#looks = 0;
    }
    if (!isSame || runCount !== this.#runCount) this.#looks++;
    this.#runCount = runCount;
    return this.#looks >= LOOKS && !Number.isNaN(runCount);
  }
}
