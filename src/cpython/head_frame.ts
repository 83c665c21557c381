/**
 * The innermost frame of a walk that had perhaps not been linked to its caller yet: a frame on the data stack (from 3.11 on) may
 * be named as the innermost one before that.
 */
import type { FrameFields } from "./frame_fields.ts";
import type { RawStack } from "./raw_stack.ts";
import type { Spill } from "./spill.ts";
import { pointerAt } from "../memory.ts";
import type { Address } from "../types.ts";

/** Where a walk began. */
export class HeadFrame {
  readonly #fields: FrameFields;
  readonly #spill: Spill;
  /** Where the pointer to the frame is, the frame that it named, and what this was linked to. */
  pointerAddress: Address = 0;
  frame: Address = 0;
  link: Address = 0;

  constructor(fields: FrameFields, spill: Spill) {
    this.#fields = fields;
    this.#spill = spill;
  }

  /**
   * Whether the frame has, or still has, the code and the link that it had, and the thread has come further since: the pointer
   * to it, or its instruction, is another. What a thread writes is seen in its order.
   *
   * @param stack of the walk.
   * @param hasRun whether it surely has come further.
   */
  isLinkedAsBefore(stack: RawStack, { hasRun }: { hasRun: boolean }): boolean {
    const { low, high, code, previous, instr, instrIsAddress, pointerTag } = this.#fields;
    const { frame } = this;
    if (stack.depth === 0 || stack.frames[0] !== frame) return false;
    if (!this.#spill.read(this.pointerAddress, this.pointerAddress + 8)) return false;
    const pointer = pointerAt(this.#spill.words, 0);
    if (!this.#spill.read(frame + low, frame + high)) return false;
    const { words } = this.#spill;
    const at = -low >> 2;
    const instrNow = instrIsAddress ? pointerAt(words, (at + instr) * 4) : words[at + instr]! | 0;
    const codeNow = pointerAt(words, (at + code) * 4) - (words[at + code]! & pointerTag);
    return (hasRun || pointer !== frame || instrNow !== stack.instrs[0]) && codeNow === stack.codes[0] &&
      pointerAt(words, (at + previous) * 4) === this.link;
  }
}
