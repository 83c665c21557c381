/** Memory of the target of which parts were read ahead, many in one call. */
import { RangeList } from "../memory.ts";
import type { TargetMemory } from "../memory.ts";
import type { Address } from "../types.ts";

/** No part goes beyond its page: the next one may not exist. */
const PAGE = 4096;

/** Gives what was read ahead, and reads everything else. */
export class ReadAhead implements TargetMemory {
  readonly #memory: TargetMemory;
  readonly #parts: { readonly start: Address; readonly end: Address; readonly bytes: Uint8Array }[] = [];

  constructor(memory: TargetMemory) {
    this.#memory = memory;
  }

  /** Reads the first `size` bytes at each address, or as many as its page has; what cannot be read is left out. */
  add(addresses: readonly Address[], size: number): void {
    const ranges = new RangeList();
    for (const address of addresses) ranges.push(address, Math.min(size, PAGE - address % PAGE));
    const into = new Uint8Array(ranges.byteLength);
    const filled = ranges.firstUnfilled(this.#memory.readv(ranges, into));
    let at = 0;
    for (let i = 0; i < filled; i++) {
      const [start, length] = [ranges.addressAt(i), ranges.lengthAt(i)];
      this.#parts.push({ start, end: start + length, bytes: into.subarray(at, at + length) });
      at += length;
    }
  }

  /** Forgets it: the target changes its memory. */
  clear(): void {
    this.#parts.length = 0;
  }

  readv(ranges: RangeList, into: Uint8Array<ArrayBuffer>): number {
    if (this.#parts.length > 0 && ranges.count === 1) {
      const start = ranges.addressAt(0);
      const end = start + ranges.lengthAt(0);
      const part = this.#parts.find((one) => start >= one.start && end <= one.end);
      if (part !== undefined) {
        into.set(part.bytes.subarray(start - part.start, end - part.start));
        return end - start;
      }
    }
    return this.#memory.readv(ranges, into);
  }
}
