/** What a walk reads on its own: frames that lie outside of what was read in advance. */
import { isPlausible, RangeList } from "../memory.ts";
import type { TargetMemory } from "../memory.ts";
import type { Address } from "../types.ts";

const PAGE = 4096;

/** The memory that was read last. */
export class Spill {
  readonly bytes = new Uint8Array(2 * PAGE + 256);
  /** The same memory. */
  readonly words = new Uint32Array(this.bytes.buffer);
  /** Reads since this was set to 0. */
  reads = 0;
  readonly #memory: TargetMemory;
  readonly #range = new RangeList();

  constructor(memory: TargetMemory) {
    this.#memory = memory;
  }

  /** Reads [start, end), at most two pages. @returns false when a byte of it cannot be read. */
  read(start: Address, end: Address): boolean {
    this.reads++;
    if (!isPlausible(start)) return false;
    this.#range.clear();
    this.#range.push(start, end - start);
    return this.#memory.readv(this.#range, this.bytes) === end - start;
  }
}
