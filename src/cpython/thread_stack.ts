/**
 * Walking one thread's stack inside memory that was read in a single call.
 *
 * The call reads the pointer to the innermost frame and then the frames, where they lay lately; for a proof it reads both
 * twice. If the pointer and every frame of the walk is equal in both copies (code object, link, and for all but the innermost
 * the instruction), the two copies agree. No target is ever stopped for this.
 *
 * A frame outside of what was read in advance costs a call of its own, and the walk is not proven; the frame joins what
 * is read in advance.
 */
import { FrameWindows, SHRINK_WALKS } from "./frame_windows.ts";
import type { Layout } from "./layout.ts";
import type { RawStack } from "./raw_stack.ts";
import { isPlausible, pointerAt, RangeList } from "../memory.ts";
import type { TargetMemory } from "../memory.ts";
import type { Address, Truncation } from "../types.ts";

const HIGH = 0x1_0000_0000;
const PAGE = 4096;
/** Frames of one stack; a stack that is deeper says that it was cut short. */
export const MAX_DEPTH = 1_000_000;
/** `FRAME_OWNED_BY_GENERATOR`. Source: Include/internal/pycore_frame.h at v3.11.0. */
const OWNED_BY_GENERATOR = 1;
/**
 * A thread may begin in a generator, or be in a trace function that its first frame has called at its end: a frame that does
 * not seem to run is taken for the root once it ended so many walks in a row.
 */
const ROOT_WALKS = 6;
/** Places on the C stack that are followed outwards while they hold no frame. */
const MAX_UNSET = 4;
/** Windows of one thread, both copies. Units: bytes. */
const MAX_WINDOW_BYTES = 0x3000_0000;

/** The result of a walk. */
export const enum Walk {
  /** It was read twice, and the pointer and all frames are equal in both copies. */
  Agreed,
  /** The walk reached the root; it was read once, or the copies differ, or a frame was read on its own. */
  Reached,
  /** The walk did not reach the root: see `truncation`. */
  Broken,
  /** The thread runs no Python code. */
  Empty,
}

/** Word offsets of a layout's frame fields, so that the loop does no arithmetic on offsets. */
export class FrameFields {
  /** The part of a frame that is read: [low, high) from its address, whole words of 8 bytes. */
  readonly low: number;
  readonly high: number;
  readonly code: number;
  readonly previous: number;
  readonly instr: number;
  readonly instrIsAddress: boolean;
  readonly owner: number;
  readonly executing: number;
  readonly shimOwner: number;
  readonly pointerTag: number;
  /** The part of a thread state that is read. */
  readonly threadLow: number;
  readonly threadSize: number;
  readonly layout: Layout;

  constructor(layout: Layout) {
    this.layout = layout;
    const { previous, code, instr, owner, executing } = layout.frame;
    const offsets = [previous, code, instr, owner, executing].filter((offset) => offset >= 0);
    this.low = roundDown(Math.min(...offsets));
    this.high = roundDown(Math.max(...offsets)) + 8;
    this.code = code >> 2;
    this.previous = previous >> 2;
    this.instr = instr >> 2;
    this.instrIsAddress = layout.traits.instruction === "address";
    this.owner = owner;
    this.executing = executing;
    this.shimOwner = layout.traits.shimOwner;
    this.pointerTag = layout.traits.pointerTag;
    const { next, interp, frame, threadId, nativeThreadId } = layout.thread;
    const threadOffsets = [next, interp, frame, threadId, nativeThreadId].filter((offset) => offset >= 0);
    this.threadLow = roundDown(Math.min(...threadOffsets));
    this.threadSize = roundDown(Math.max(...threadOffsets)) + 8 - this.threadLow;
  }
}

function roundDown(offset: number): number {
  return offset - offset % 8;
}

/** Where one copy of what a walk needs lies in the bytes of a call: the pointer, then the frames. */
interface Copy {
  pointerOffset: number;
  /** By window. */
  offsets: Int32Array;
}

/** What is read of one thread in advance, and the walk through it. */
export class ThreadStack {
  readonly tstate: Address;
  readonly #fields: FrameFields;
  readonly #memory: TargetMemory;
  readonly #windows = new FrameWindows();
  readonly #first: Copy = { pointerOffset: 0, offsets: new Int32Array(8) };
  readonly #second: Copy = { pointerOffset: 0, offsets: new Int32Array(8) };
  #copies: 1 | 2 = 1;
  #firstRange = 0;
  #headOffset = 0;
  /** Bytes to be read of the thread state, and those of the last call; from 3.15 on its root frame is a part of it. */
  #headSize = 0;
  #headRead = 0;
  readonly #spill = new Uint8Array(2 * PAGE + 256);
  readonly #spillWords = new Uint32Array(this.#spill.buffer);
  readonly #spillRange = new RangeList();
  /** The frame at which the last walk ended, and how many in a row did. */
  #root: Address = 0;
  #rootWalks = 0;
  /** Ranges to add to the windows after the walk. */
  #pending: number[] = [];
  /** Walks since the windows were shrunk. */
  #walks = 0;
  /** Reads that the last walk had to make on its own. */
  misses = 0;
  truncation: Truncation | undefined;

  constructor(tstate: Address, fields: FrameFields, memory: TargetMemory) {
    this.tstate = tstate;
    this.#fields = fields;
    this.#memory = memory;
  }

  /**
   * Appends what a walk of this thread needs to a call: the pointer to the innermost frame and the frames, once or twice.
   *
   * The pointer comes first, so that it is read at a moment that does not depend on what the thread does, and right after
   * it the window in which the innermost frame mostly lies, since that changes most.
   */
  plan(ranges: RangeList, copies: 1 | 2): void {
    this.#copies = copies;
    if (this.#walks >= SHRINK_WALKS) {
      this.#windows.shrink();
      this.#walks = 0;
    }
    const { threadLow, threadSize, layout } = this.#fields;
    this.#firstRange = ranges.count;
    this.#headRead = Math.max(threadSize, this.#headSize);
    this.#headOffset = ranges.push(this.tstate + threadLow, this.#headRead);
    this.#first.pointerOffset = this.#headOffset + layout.thread.frame - threadLow;
    this.#planFrames(ranges, this.#first);
    if (copies === 1) return;
    this.#second.pointerOffset = ranges.push(this.tstate + layout.thread.frame, 8);
    this.#planFrames(ranges, this.#second);
  }

  #planFrames(ranges: RangeList, copy: Copy): void {
    const windows = this.#windows;
    if (copy.offsets.length < windows.count) copy.offsets = new Int32Array(windows.starts.length);
    for (let i = 0; i < windows.count; i++) {
      const window = windows.order[i]!;
      const start = windows.starts[window]!;
      copy.offsets[window] = ranges.push(start, windows.ends[window]! - start);
    }
  }

  /** Field of the thread state, from the last call. `words` is all that was read, as 4-byte words. */
  threadField(words: Uint32Array, offset: number): number {
    return pointerAt(words, this.#headOffset + offset - this.#fields.threadLow);
  }

  /**
   * Takes out of the plan what could not be read.
   *
   * @param range index of the first range of the call that failed.
   * @returns false when that range is not one of this thread's frames.
   */
  forgetRange(range: number): boolean {
    const windows = this.#windows.count;
    const index = range - this.#firstRange;
    if (index < 0 || index >= this.#copies * (windows + 1)) return false;
    const position = index % (windows + 1);
    // The thread itself cannot be read.
    if (position === 0) return false;
    this.#windows.remove(this.#windows.order[position - 1]!);
    return true;
  }

  /**
   * Walks from the innermost frame to the root.
   *
   * @param words all that the call read; `bytes` is the same memory.
   */
  walk(words: Uint32Array, bytes: Uint8Array, stack: RawStack): Walk {
    this.misses = 0;
    this.#walks++;
    stack.depth = 0;
    const head = this.#innermost(words, this.#first);
    const result = head === undefined
      ? this.#broken("unreadable")
      : this.#follow(head, { words, bytes, stack });
    const isAgreed = result === Walk.Agreed && this.misses === 0 &&
      head === this.#innermost(words, this.#second) && this.misses === 0;
    if (this.#pending.length > 0) {
      this.#windows.add(this.#pending);
      this.#pending = [];
    }
    return result === Walk.Agreed && !isAgreed ? Walk.Reached : result;
  }

  /** Address of the innermost frame; undefined when it could not be read. */
  #innermost(words: Uint32Array, copy: Copy): Address | undefined {
    const { layout } = this.#fields;
    const pointer = pointerAt(words, copy.pointerOffset);
    if (layout.traits.frameLink !== "cframe" || pointer === 0) return pointer;
    // The pointer lies on the C stack, at one of a few places.
    const windows = this.#windows;
    const start = pointer + layout.cframe.currentFrame;
    const window = windows.find(start, start + 8, windows.order[0]!);
    if (window >= 0 && start % 8 === 0) {
      windows.uses[window]!++;
      windows.leafUses[window]! += 2;
      windows.widen(window, start, start + 8);
      const current = pointerAt(words, copy.offsets[window]! + start - windows.starts[window]!);
      if (current !== 0) return current;
    }
    return this.#currentAt(start);
  }

  /** Reads the pointer at a place on the C stack; at one that has just been entered it is not set yet, and the outer one's holds. */
  #currentAt(start: Address): Address | undefined {
    for (let at = start, outer = 0; outer < MAX_UNSET; outer++) {
      if (at % 8 !== 0 || !this.#readSpill(at, at + 8)) return undefined;
      this.#remember(at, at + 8);
      const current = pointerAt(this.#spillWords, 0);
      if (current !== 0) return current;
      // `previous` follows `current_frame`. Source: Include/cpython/pystate.h at v3.11.0 and v3.12.0, `_PyCFrame`.
      if (!this.#readSpill(at + 8, at + 16)) return undefined;
      const previous = pointerAt(this.#spillWords, 0);
      if (previous === 0) return 0;
      at = previous + this.#fields.layout.cframe.currentFrame;
    }
    return undefined;
  }

  #follow(
    head: Address,
    { words, bytes, stack }: { words: Uint32Array; bytes: Uint8Array; stack: RawStack },
  ): Walk {
    const { low, high, code, previous, instr, instrIsAddress, owner, shimOwner, pointerTag } = this.#fields;
    const windows = this.#windows;
    const headStart = this.tstate + this.#fields.threadLow;
    const { offsets } = this.#first;
    const secondOffsets = this.#second.offsets;
    const isTwice = this.#copies === 2;
    let frame = head;
    let last = 0;
    let lastAt = 0;
    let lastSource = words;
    let window = windows.order[0]!;
    let used = -1;
    let visited = 0;
    let equal = isTwice;
    let spillLow = 0;
    let spillHigh = 0;
    // Brent's algorithm: a cycle passes the mark again within twice its length.
    let mark = 0;
    let markAt = 64;
    while (frame !== 0) {
      if (frame === mark) return this.#broken("cycle");
      if (visited === markAt) {
        mark = frame;
        markAt *= 2;
      }
      if (frame % 8 !== 0) return this.#broken("unreadable");
      const start = frame + low;
      const end = frame + high;
      let source = words;
      let sourceBytes = bytes;
      let at: number;
      window = windows.find(start, end, window);
      if (window >= 0) {
        const inside = frame - windows.starts[window]!;
        at = (offsets[window]! + inside) >> 2;
        if (visited === 0) windows.leafUses[window]!++;
        if (window !== used) windows.uses[window]!++;
        used = window;
        windows.widen(window, start, end);
        // Compared word by word: a copy that differs is of another moment.
        const other = isTwice ? (secondOffsets[window]! + inside) >> 2 : at;
        if (
          words[at + code] !== words[other + code] || words[at + code + 1] !== words[other + code + 1] ||
          words[at + previous] !== words[other + previous] ||
          words[at + previous + 1] !== words[other + previous + 1] ||
          visited > 0 && (words[at + instr] !== words[other + instr] ||
              instrIsAddress && words[at + instr + 1] !== words[other + instr + 1])
        ) equal = false;
      } else if (start >= headStart && end <= headStart + this.#headRead) {
        window = 0;
        at = (this.#headOffset + start - headStart - low) >> 2;
      } else {
        window = 0;
        if (start < spillLow || end > spillHigh) {
          if (!isPlausible(frame)) return this.#broken("unreadable");
          // From the start of the page on: the frames below are often the next ones.
          spillLow = Math.floor(start / PAGE) * PAGE;
          spillHigh = end;
          if (!this.#readSpill(spillLow, spillHigh)) return this.#broken("unreadable");
        }
        this.#rememberFrame(start, end);
        source = this.#spillWords;
        sourceBytes = this.#spill;
        at = (frame - spillLow) >> 2;
      }
      visited++;
      last = frame;
      lastAt = at;
      lastSource = source;
      if (owner < 0 || sourceBytes[at * 4 + owner]! < shimOwner) {
        if (stack.depth === MAX_DEPTH) return this.#broken("too_deep");
        const codeLow = source[at + code]!;
        const codeAddress = codeLow - (codeLow & pointerTag) + source[at + code + 1]! * HIGH;
        const instrLow = source[at + instr]!;
        stack.push(codeAddress, instrIsAddress ? instrLow + source[at + instr + 1]! * HIGH : instrLow | 0);
      }
      frame = source[at + previous]! + source[at + previous + 1]! * HIGH;
    }
    if (visited > 0 && !this.#isRoot(last, lastSource, lastAt)) return this.#broken("unreadable");
    this.truncation = undefined;
    if (stack.depth === 0) return Walk.Empty;
    return equal ? Walk.Agreed : Walk.Reached;
  }

  /**
   * Whether a frame without a caller is the root of its thread.
   *
   * A generator has no caller while it is suspended, and a frame object (to 3.10) none while it is free for the next call.
   * Such a frame may be on the stack when the pointer to the innermost frame is read, and be off it again in the second
   * copy: both copies agree, and still no such stack existed.
   */
  #isRoot(frame: Address, words: Uint32Array, at: number): boolean {
    const { shimOwner, owner, executing, layout } = this.#fields;
    this.#rootWalks = frame === this.#root ? this.#rootWalks + 1 : 1;
    this.#root = frame;
    const byteAt = (offset: number) => words[at + (offset >> 2)]! >>> (offset % 4 * 8) & 0xff;
    // Where entries from C have frames, one of these is at the root.
    if (shimOwner < 256) return byteAt(owner) >= shimOwner;
    const isRunning = executing >= 0
      ? byteAt(executing) === layout.traits.executing
      : byteAt(owner) !== OWNED_BY_GENERATOR;
    return isRunning || this.#rootWalks >= ROOT_WALKS;
  }

  #broken(reason: Truncation): Walk {
    this.truncation = reason;
    return Walk.Broken;
  }

  #readSpill(start: Address, end: Address): boolean {
    this.misses++;
    if (!isPlausible(start)) return false;
    this.#spillRange.clear();
    this.#spillRange.push(start, end - start);
    return this.#memory.readv(this.#spillRange, this.#spill) === end - start;
  }

  /** Adds a frame to what is read in advance: one inside of the thread state to what is read of that. */
  #rememberFrame(start: Address, end: Address): void {
    const inside = start - this.tstate - this.#fields.threadLow;
    if (inside < 0 || inside > PAGE) this.#remember(start, end);
    else this.#headSize = Math.max(this.#headSize, inside + end - start);
  }

  /** Adds memory to the windows, after the walk; what follows each other is kept as one range. */
  #remember(start: Address, end: Address): void {
    const pending = this.#pending;
    const last = pending.length - 2;
    if (last >= 0 && start <= pending[last + 1]! + 512 && end >= pending[last]! - 512) {
      pending[last] = Math.min(pending[last]!, start);
      pending[last + 1] = Math.max(pending[last + 1]!, end);
    } else if (pending.length * PAGE < MAX_WINDOW_BYTES) {
      pending.push(start, end);
    }
  }
}
