/**
 * The memory in which a thread's frames lay lately: what the next sample reads in advance.
 *
 * Frames are close together (one data stack from 3.11 on) or scattered (frame objects to 3.10); either way neighbours are
 * merged into few ranges, since a range costs more than some kilobytes.
 */
import type { Address } from "../types.ts";

/** Gap up to which two ranges are read as one. Units: bytes. */
const MERGE_GAP = 4096;

/** Address ranges that hold frames. Shape: parallel arrays, in address order, never overlapping. */
export class FrameWindows {
  starts = new Float64Array(8);
  ends = new Float64Array(8);
  /** Part of each window that was used since the last `shrink`. */
  lows = new Float64Array(8);
  highs = new Float64Array(8);
  /** The same for the time before it. */
  #oldLows = new Float64Array(8);
  #oldHighs = new Float64Array(8);
  count = 0;

  /** Adds ranges [start, end), merging what is close. Shape: pairs of start and end, in any order. */
  add(pairs: readonly number[]): void {
    const ranges: [number, number, number, number, number, number][] = [];
    for (let i = 0; i < this.count; i++) {
      const range: typeof ranges[number] = [
        this.starts[i]!,
        this.ends[i]!,
        this.lows[i]!,
        this.highs[i]!,
        0,
        0,
      ];
      range[4] = this.#oldLows[i]!;
      range[5] = this.#oldHighs[i]!;
      ranges.push(range);
    }
    for (let i = 0; i < pairs.length; i += 2) {
      ranges.push([pairs[i]!, pairs[i + 1]!, pairs[i]!, pairs[i + 1]!, Infinity, 0]);
    }
    ranges.sort((a, b) => a[0] - b[0]);
    this.#reserve(ranges.length);
    let last = -1;
    for (const [start, end, low, high, oldLow, oldHigh] of ranges) {
      if (last >= 0 && areNeighbours(this.ends[last]!, start)) {
        this.ends[last] = Math.max(this.ends[last]!, end);
        this.lows[last] = Math.min(this.lows[last]!, low);
        this.highs[last] = Math.max(this.highs[last]!, high);
        this.#oldLows[last] = Math.min(this.#oldLows[last]!, oldLow);
        this.#oldHighs[last] = Math.max(this.#oldHighs[last]!, oldHigh);
      } else {
        this.#set(++last, [start, end, low, high, oldLow, oldHigh]);
      }
    }
    this.count = last + 1;
  }

  /** Removes one window, for memory that can no longer be read. */
  remove(index: number): void {
    for (const array of [this.starts, this.ends, this.lows, this.highs, this.#oldLows, this.#oldHighs]) {
      array.copyWithin(index, index + 1, this.count);
    }
    this.count--;
  }

  /** Reduces each window to what was used since the call before the last; drops those that were not used. */
  shrink(): void {
    let kept = 0;
    for (let i = 0; i < this.count; i++) {
      const low = Math.min(this.lows[i]!, this.#oldLows[i]!);
      const high = Math.max(this.highs[i]!, this.#oldHighs[i]!);
      if (low >= high) continue;
      this.#set(kept++, [low, high, Infinity, 0, this.lows[i]!, this.highs[i]!]);
    }
    this.count = kept;
  }

  /** Index of the window that holds [start, end), or -1. `hint` is tried first. */
  find(start: Address, end: Address, hint: number): number {
    if (hint < this.count && start >= this.starts[hint]! && end <= this.ends[hint]!) return hint;
    let from = 0;
    let to = this.count - 1;
    while (from <= to) {
      const middle = (from + to) >> 1;
      if (start < this.starts[middle]!) to = middle - 1;
      else if (end > this.ends[middle]!) from = middle + 1;
      else return middle;
    }
    return -1;
  }

  #set(index: number, [start, end, low, high, oldLow, oldHigh]: readonly number[]): void {
    this.starts[index] = start!;
    this.ends[index] = end!;
    this.lows[index] = low!;
    this.highs[index] = high!;
    this.#oldLows[index] = oldLow!;
    this.#oldHighs[index] = oldHigh!;
  }

  #reserve(count: number): void {
    if (count <= this.starts.length) return;
    const size = Math.max(count, this.starts.length * 2);
    const grow = (array: Float64Array<ArrayBuffer>) => {
      const grown = new Float64Array(size);
      grown.set(array);
      return grown;
    };
    this.starts = grow(this.starts);
    this.ends = grow(this.ends);
    this.lows = grow(this.lows);
    this.highs = grow(this.highs);
    this.#oldLows = grow(this.#oldLows);
    this.#oldHighs = grow(this.#oldHighs);
  }
}

/** Close enough to be read as one range, without a page between them that may not be mapped. */
function areNeighbours(end: Address, start: Address): boolean {
  if (start <= end) return true;
  return start - end <= MERGE_GAP && Math.floor(start / 4096) - Math.floor((end - 1) / 4096) <= 1;
}
