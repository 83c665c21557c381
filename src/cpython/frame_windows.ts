/**
 * The memory in which a thread's frames lay lately: what the next sample reads in advance.
 *
 * Frames are close together (one data stack from 3.11 on) or scattered (frame objects to 3.10, generators); either way
 * neighbours are merged into few ranges, since a range costs more than some kilobytes. A range that few walks use costs more
 * than reading it when it is needed, and makes the whole call slower, so that more walks are torn: it is dropped.
 */
import type { Address } from "../types.ts";

/** Gap up to which two ranges are read as one. Units: bytes. */
const MERGE_GAP = 4096;
/** Walks between two calls of `shrink`, and those of them that must have used a window for it to be kept. */
export const SHRINK_WALKS = 32;
const LEAST_USES = SHRINK_WALKS / 8;

interface Window {
  start: Address;
  end: Address;
  low: Address;
  high: Address;
  oldLow: Address;
  oldHigh: Address;
  uses: number;
  leafUses: number;
  isPlace: number;
}

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
  /** Walks that used the window since the last `shrink`, and walks that began in it, older ones counting less. */
  uses = new Float64Array(8);
  leafUses = new Float64Array(8);
  /** 1 for those that hold places which name a frame (3.11, 3.12). */
  isPlace = new Uint8Array(8);
  /** First the places, then the windows by how often walks begin there, most often first. */
  order = new Int32Array(8);
  count = 0;

  /** Adds ranges [start, end), merging what is close. Shape: pairs of start and end, in any order. */
  add(pairs: readonly number[]): void {
    const windows = this.#windows();
    for (let i = 0; i < pairs.length; i += 2) {
      const [start, end] = [pairs[i]!, pairs[i + 1]!];
      // It gets one whole period to show its use.
      const uses = LEAST_USES;
      const fresh = { oldLow: Infinity, oldHigh: 0, uses, leafUses: 0, isPlace: 0 };
      windows.push({ start, end, low: start, high: end, ...fresh });
    }
    windows.sort((a, b) => a.start - b.start);
    const merged: Window[] = [];
    for (const window of windows) {
      const last = merged.at(-1);
      if (last === undefined || !areNeighbours(last.end, window.start)) merged.push(window);
      else {
        last.end = Math.max(last.end, window.end);
        last.low = Math.min(last.low, window.low);
        last.high = Math.max(last.high, window.high);
        last.oldLow = Math.min(last.oldLow, window.oldLow);
        last.oldHigh = Math.max(last.oldHigh, window.oldHigh);
        last.uses = Math.max(last.uses, window.uses);
        last.leafUses += window.leafUses;
        last.isPlace ||= window.isPlace;
      }
    }
    this.#store(merged);
  }

  /** Removes one window, for memory that can no longer be read. */
  remove(index: number): void {
    this.#store(this.#windows().toSpliced(index, 1));
  }

  /** Reduces each window to what was used since the call before the last; drops those that were seldom used. */
  shrink(): void {
    let kept = 0;
    for (let i = 0; i < this.count; i++) {
      const [low, high, uses, leafUses] = [this.lows[i]!, this.highs[i]!, this.uses[i]!, this.leafUses[i]!];
      const start = Math.min(low, this.#oldLows[i]!);
      const end = Math.max(high, this.#oldHighs[i]!);
      if (uses < LEAST_USES || start >= end) continue;
      this.starts[kept] = start;
      this.ends[kept] = end;
      this.lows[kept] = Infinity;
      this.highs[kept] = 0;
      this.#oldLows[kept] = low;
      this.#oldHighs[kept] = high;
      this.uses[kept] = Math.max(0, uses - SHRINK_WALKS);
      this.leafUses[kept] = leafUses / 2;
      this.isPlace[kept] = this.isPlace[i]!;
      kept++;
    }
    if (kept === this.count) return this.#correctOrder();
    this.count = kept;
    this.#findOrder();
  }

  /** Index of the window in which the innermost frame mostly lies, or -1. */
  get innermost(): number {
    for (let i = 0; i < this.count; i++) if (this.isPlace[this.order[i]!] === 0) return this.order[i]!;
    return -1;
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

  /** Notes that a part of a window was used. */
  widen(window: number, start: Address, end: Address): void {
    if (start < this.lows[window]!) this.lows[window] = start;
    if (end > this.highs[window]!) this.highs[window] = end;
  }

  #windows(): Window[] {
    return Array.from({ length: this.count }, (_, i) => ({
      start: this.starts[i]!,
      end: this.ends[i]!,
      low: this.lows[i]!,
      high: this.highs[i]!,
      oldLow: this.#oldLows[i]!,
      oldHigh: this.#oldHighs[i]!,
      uses: this.uses[i]!,
      leafUses: this.leafUses[i]!,
      isPlace: this.isPlace[i]!,
    }));
  }

  #store(windows: readonly Window[]): void {
    this.#reserve(windows.length);
    this.count = windows.length;
    windows.forEach((window, i) => {
      this.starts[i] = window.start;
      this.ends[i] = window.end;
      this.lows[i] = window.low;
      this.highs[i] = window.high;
      this.#oldLows[i] = window.oldLow;
      this.#oldHighs[i] = window.oldHigh;
      this.uses[i] = window.uses;
      this.leafUses[i] = window.leafUses;
      this.isPlace[i] = window.isPlace;
    });
    this.#findOrder();
  }

  #findOrder(): void {
    const order = Array.from({ length: this.count }, (_, i) => i);
    this.order.set(order.sort((a, b) => this.#isBefore(b, a) ? 1 : this.#isBefore(a, b) ? -1 : 0));
  }

  #isBefore(a: number, b: number): boolean {
    const places = this.isPlace[a]! - this.isPlace[b]!;
    return places > 0 || places === 0 && this.leafUses[a]! > this.leafUses[b]!;
  }

  /** Does so by insertion: mostly little has changed. */
  #correctOrder(): void {
    const { order } = this;
    for (let i = 1; i < this.count; i++) {
      const window = order[i]!;
      let at = i;
      for (; at > 0 && this.#isBefore(window, order[at - 1]!); at--) order[at] = order[at - 1]!;
      order[at] = window;
    }
  }

  #reserve(count: number): void {
    if (count <= this.starts.length) return;
    const size = Math.max(count, this.starts.length * 2);
    // What is in them is written anew after this.
    this.starts = new Float64Array(size);
    this.ends = new Float64Array(size);
    this.lows = new Float64Array(size);
    this.highs = new Float64Array(size);
    this.#oldLows = new Float64Array(size);
    this.#oldHighs = new Float64Array(size);
    this.uses = new Float64Array(size);
    this.leafUses = new Float64Array(size);
    this.isPlace = new Uint8Array(size);
    this.order = new Int32Array(size);
  }
}

/** Close enough to be read as one range, without a page between them that may not be mapped. */
function areNeighbours(end: Address, start: Address): boolean {
  if (start <= end) return true;
  return start - end <= MERGE_GAP && Math.floor(start / 4096) - Math.floor((end - 1) / 4096) <= 1;
}
