/** What a walk has found, before anything is known of the code objects. */
import type { BytecodeCopies } from "./bytecode_copies.ts";
import { doubled } from "../doubled.ts";
import type { Address } from "../types.ts";

/** The frames of the latest walk, leaf first, as addresses; shared by all threads of a reader. */
export class RawStack {
  codes = new Float64Array(256);
  instrs = new Float64Array(256);
  frames = new Float64Array(256);
  depth = 0;

  push(code: Address, instr: number, frame: Address): void {
    if (this.depth === this.codes.length) this.#grow();
    this.codes[this.depth] = code;
    this.instrs[this.depth] = instr;
    this.frames[this.depth] = frame;
    this.depth++;
  }

  /**
   * Whether the innermost frame is past its first instruction; always where `copies` is undefined.
   *
   * A frame on the data stack (from 3.11 on) may be named as the innermost one before its link to the caller is written, as a
   * compiler orders the two: for one instruction of the machine the link is that of an earlier frame.
   */
  hasBegun(copies: BytecodeCopies | undefined): boolean {
    return copies === undefined || this.depth === 0 ||
      this.instrs[0]! > copies.startOf(this.codes[0]!, this.instrs[0]!);
  }

  #grow(): void {
    this.codes = doubled(this.codes);
    this.instrs = doubled(this.instrs);
    this.frames = doubled(this.frames);
  }
}
