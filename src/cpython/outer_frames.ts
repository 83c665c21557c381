/**
 * Where the frames of a thread lay at its last whole walk.
 *
 * The innermost frames of a thread come and go; those outside of them stay. When a walk finds that its first frame has been
 * left meanwhile, and so leads nowhere, they tell from which functions it was called.
 */
import { doubled } from "../doubled.ts";
import type { RawStack } from "./raw_stack.ts";
import type { Address } from "../types.ts";

/** Of a deeper stack nothing is kept: each look at it would take long. */
const DEEPEST = 1024;

/** The addresses of one thread's frames, leaf first. */
export class OuterFrames {
  #frames = new Float64Array(32);
  #depth = 0;

  /** Takes over the frames of a whole walk. */
  keep({ frames, depth }: RawStack): void {
    this.#depth = depth <= DEEPEST ? depth : 0;
    while (this.#depth > this.#frames.length) this.#frames = doubled(this.#frames);
    for (let i = 0; i < this.#depth; i++) this.#frames[i] = frames[i]!;
  }

  /**
   * Finds the innermost frame that is on the stack again, or still.
   *
   * @param isOnStack is asked a few times: the frames outside of one that is on the stack are so as well.
   * @returns undefined when there is none.
   */
  innermost(isOnStack: (frame: Address) => boolean): Address | undefined {
    let from = 0;
    let to = this.#depth;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (isOnStack(this.#frames[middle]!)) to = middle;
      else from = middle + 1;
    }
    return from < this.#depth ? this.#frames[from] : undefined;
  }
}
