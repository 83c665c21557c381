/** Memory of the target of which parts were read ahead, many in one call. */
import { RangeList } from "../memory.ts";
import type { TargetMemory } from "../memory.ts";
import type { Address } from "../types.ts";

/** No part goes beyond its page: the next one may not exist. */
const PAGE = 4096;

/** Gives what was read ahead, and reads everything else. */
export class ReadAhead implements TargetMemory {
  readonly #memory: TargetMemory;
  /** Reads of what was not read ahead. */
  misses = 0;
  readonly #parts: { readonly start: Address; readonly end: Address; readonly bytes: Uint8Array }[] = [];

  constructor(memory: TargetMemory) {
    this.#memory = memory;
  }

  /**
   * Reads the first bytes at each address, or as many as its page has, unless all of them surely exist; what cannot be read
   * is left out. Shape: `sizes` by address.
   */
  add(sizes: Iterable<readonly [Address, number]>, { exist = false } = {}): void {
    const ranges = new RangeList();
    for (const [address, size] of sizes) {
      ranges.push(address, exist ? size : Math.min(size, PAGE - address % PAGE));
    }
    if (ranges.count === 0) return;
    const into = new Uint8Array(ranges.byteLength);
    const filled = ranges.firstUnfilled(this.#memory.readv(ranges, into));
    let at = 0;
    for (let i = 0; i < filled; i++) {
      const [start, length] = [ranges.addressAt(i), ranges.lengthAt(i)];
      this.#parts.push({ start, end: start + length, bytes: into.subarray(at, at + length) });
      at += length;
    }
  }

  /** Whether so many bytes at an address were read ahead. */
  has(address: Address, size = 1): boolean {
    return this.#partWith(address, size) !== undefined;
  }

  #partWith(address: Address, size: number) {
    return this.#parts.find(({ start, end }) => address >= start && address + size <= end);
  }

  /** Forgets it: the target changes its memory. */
  clear(): void {
    this.#parts.length = 0;
  }

  readv(ranges: RangeList, into: Uint8Array<ArrayBuffer>): number {
    if (this.#parts.length > 0 && ranges.count === 1) {
      const [address, size] = [ranges.addressAt(0), ranges.lengthAt(0)];
      const part = this.#partWith(address, size);
      if (part !== undefined) {
        const at = address - part.start;
        into.set(part.bytes.subarray(at, at + size));
        return size;
      }
    }
    this.misses++;
    return this.#memory.readv(ranges, into);
  }
}
