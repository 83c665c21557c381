/** What a walk has found, before anything is known of the code objects. */
import type { Address } from "../types.ts";

/** The frames of the latest walk, leaf first, as addresses; shared by all threads of a reader. */
export class RawStack {
  codes = new Float64Array(256);
  instrs = new Float64Array(256);
  depth = 0;

  push(code: Address, instr: number): void {
    if (this.depth === this.codes.length) this.#grow();
    this.codes[this.depth] = code;
    this.instrs[this.depth] = instr;
    this.depth++;
  }

  #grow(): void {
    const codes = new Float64Array(this.codes.length * 2);
    codes.set(this.codes);
    this.codes = codes;
    const instrs = new Float64Array(this.instrs.length * 2);
    instrs.set(this.instrs);
    this.instrs = instrs;
  }
}
