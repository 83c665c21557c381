/**
 * What one call reads of a thread: its state with the pointer to the innermost frame, and the frames, where they lay lately;
 * for a proof both of them twice.
 */
import type { FrameFields } from "./frame_fields.ts";
import { FrameWindows, SHRINK_WALKS } from "./frame_windows.ts";
import { pointerAt } from "../memory.ts";
import type { RangeList } from "../memory.ts";
import type { Address } from "../types.ts";

const PAGE = 4096;
/** Windows of one thread, both copies. Units: bytes. */
const MAX_WINDOW_BYTES = 0x3000_0000;

/** With fewer windows hardly any stack is known yet. */
const FEW_WINDOWS = 4;

/** Where one copy of what a walk needs lies in the bytes of a call: the pointer, then the frames. */
export interface Copy {
  pointerOffset: number;
  /** By window. */
  offsets: Int32Array;
}

/** The ranges of one thread, and where they lie in what the last call has read. */
export class StackPlan {
  readonly windows = new FrameWindows();
  readonly first: Copy = { pointerOffset: 0, offsets: new Int32Array(8) };
  readonly second: Copy = { pointerOffset: 0, offsets: new Int32Array(8) };
  copies: 1 | 2 = 1;
  /** Whether the last call reads the windows. */
  areWindowsRead = true;
  /** The window that is read once more at once, or -1, and where this echo lies in the bytes of the call. */
  echoed = -1;
  echoOffset = 0;
  /** Where the thread state begins that was read, in memory and in the bytes of the call, and how much of it was. */
  readonly headStart: Address;
  headOffset = 0;
  headRead = 0;
  readonly #fields: FrameFields;
  #firstRange = 0;
  #echoRange = 0;
  /** Bytes to be read of the thread state; from 3.15 on its root frame is a part of it. */
  #headSize: number;
  /** Ranges to add to the windows before the next call. */
  readonly #pending: number[] = [];
  /** Walks since the windows were shrunk. */
  #walks = 0;

  constructor(tstate: Address, fields: FrameFields) {
    this.#fields = fields;
    this.headStart = tstate + fields.threadLow;
    this.#headSize = fields.threadSize;
  }

  /**
   * Appends what a walk of this thread needs to a call.
   *
   * The pointer comes first, so that it is read at a moment that does not depend on what the thread does, and right after
   * it the window in which the innermost frame mostly lies, since that changes most. Two copies are some microseconds apart;
   * so that window is read once more at once, as an echo, where frames lie in one range.
   *
   * @param withFrames false where these are found otherwise.
   */
  push(ranges: RangeList, copies: 1 | 2, { withFrames = true } = {}): void {
    this.copies = copies;
    this.areWindowsRead = withFrames;
    if (this.#pending.length > 0) {
      this.windows.add(this.#pending);
      this.#pending.length = 0;
    }
    if (this.#walks >= SHRINK_WALKS) {
      this.windows.shrink();
      this.#walks = 0;
    }
    const { threadLow, layout } = this.#fields;
    this.#firstRange = ranges.count;
    this.headRead = this.#headSize;
    this.headOffset = ranges.push(this.headStart, this.headRead);
    const inside = layout.thread.frame - threadLow;
    this.first.pointerOffset = this.headOffset + inside;
    this.echoed = copies === 2 && this.#fields.owner >= 0 ? this.windows.innermost : -1;
    if (withFrames) this.#pushFrames(ranges, this.first, this.echoed);
    if (copies === 1) return;
    this.second.pointerOffset = ranges.push(this.headStart + inside, 8);
    this.#pushFrames(ranges, this.second, -1);
  }

  #pushFrames(ranges: RangeList, copy: Copy, echoed: number): void {
    const { windows } = this;
    if (copy.offsets.length < windows.count) copy.offsets = new Int32Array(windows.starts.length);
    for (let i = 0; i < windows.count; i++) {
      const window = windows.order[i]!;
      const start = windows.starts[window]!;
      const length = windows.ends[window]! - start;
      copy.offsets[window] = ranges.push(start, length);
      if (window !== echoed) continue;
      this.#echoRange = ranges.count - this.#firstRange;
      this.echoOffset = ranges.push(start, length);
    }
  }

  /** Field of the thread state, from the last call. `words` is all that was read, as 4-byte words. */
  threadField(words: Uint32Array, offset: number): number {
    return pointerAt(words, this.headOffset + offset - this.#fields.threadLow);
  }

  /** Half a field of the thread state, an int; NaN where the version has no such field. */
  threadInt(words: Uint32Array, offset: number): number {
    return offset < 0 ? NaN : words[(this.headOffset + offset - this.#fields.threadLow) >> 2]!;
  }

  /**
   * Takes out of the plan what could not be read.
   *
   * @param range index of the first range of the call that failed.
   * @returns false when that range is not one of this thread's frames.
   */
  forgetRange(range: number): boolean {
    const windows = this.windows.count;
    const found = range - this.#firstRange;
    // The echo is of the window before it.
    const index = this.echoed >= 0 && found >= this.#echoRange ? found - 1 : found;
    if (index < 0 || index >= this.copies * (windows + 1)) return false;
    const position = index % (windows + 1);
    // The thread itself cannot be read.
    if (position === 0) return false;
    this.windows.remove(this.windows.order[position - 1]!);
    return true;
  }

  /**
   * Adds memory to what is read in advance, after the walk: inside of the thread state to what is read of that, else to the
   * windows; what follows each other is kept as one range.
   */
  remember(start: Address, end: Address): void {
    const inside = start - this.headStart;
    if (inside >= 0 && inside <= PAGE) {
      this.#headSize = Math.max(this.#headSize, inside + end - start);
      return;
    }
    const pending = this.#pending;
    const last = pending.length - 2;
    if (last >= 0 && start <= pending[last + 1]! + 512 && end >= pending[last]! - 512) {
      pending[last] = Math.min(pending[last]!, start);
      pending[last + 1] = Math.max(pending[last + 1]!, end);
    } else if (pending.length * PAGE < MAX_WINDOW_BYTES) {
      pending.push(start, end);
    }
  }

  /**
   * A walk is over. What it asked to remember is taken over by the next call: its thread may be waiting for us now.
   *
   * @param isWhole whether it reached a root: where one that did not has been will hardly be asked for again.
   */
  endWalk(isWhole: boolean): void {
    this.#walks++;
    if (!isWhole && this.windows.count >= FEW_WINDOWS) this.#pending.length = 0;
  }
}
