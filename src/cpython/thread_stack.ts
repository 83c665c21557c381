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
import type { FrameFields } from "./frame_fields.ts";
import { FrameWindows, SHRINK_WALKS } from "./frame_windows.ts";
import type { RawStack } from "./raw_stack.ts";
import { RootFrame } from "./root_frame.ts";
import { Spill } from "./spill.ts";
import { isPlausible, pointerAt } from "../memory.ts";
import type { RangeList, TargetMemory } from "../memory.ts";
import type { Address, Truncation } from "../types.ts";

const HIGH = 0x1_0000_0000;
const PAGE = 4096;
/** Frames of one stack; a stack that is deeper says that it was cut short. */
export const MAX_DEPTH = 1_000_000;
/** In place of a caller: the frames are not on any stack. */
const NO_FRAME = -1;
/** Places on the C stack that are followed outwards while they are not set. */
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

/** Where one copy of what a walk needs lies in the bytes of a call: the pointer, then the frames. */
interface Copy {
  pointerOffset: number;
  /** By window. */
  offsets: Int32Array;
}

/** The memory that one call has read, and where the frames of the walk through it go. */
export interface ReadMemory {
  readonly words: Uint32Array;
  /** The same memory. */
  readonly bytes: Uint8Array;
  readonly stack: RawStack;
}

/** What is read of one thread in advance, and the walk through it. */
export class ThreadStack {
  readonly tstate: Address;
  readonly #fields: FrameFields;
  readonly #windows = new FrameWindows();
  readonly #first: Copy = { pointerOffset: 0, offsets: new Int32Array(8) };
  readonly #second: Copy = { pointerOffset: 0, offsets: new Int32Array(8) };
  #copies: 1 | 2 = 1;
  #firstRange = 0;
  #headOffset = 0;
  /** Bytes to be read of the thread state, and those of the last call; from 3.15 on its root frame is a part of it. */
  #headSize = 0;
  #headRead = 0;
  readonly #spill: Spill;
  readonly #root: RootFrame;
  /** This walk is to find a path that may be known, and proves nothing. */
  #isQuick = false;
  /** The caller of the innermost frame that was entered from C; NaN for none, or NO_FRAME. */
  #entryCaller: Address = NaN;
  /** Ranges to add to the windows after the walk. */
  readonly #pending: number[] = [];
  /** Walks since the windows were shrunk. */
  #walks = 0;
  /** True when the place on the C stack was not set yet, and the last walk began at the one outside of it. */
  isOutside = false;
  truncation: Truncation | undefined;

  constructor(tstate: Address, fields: FrameFields, memory: TargetMemory) {
    this.tstate = tstate;
    this.#fields = fields;
    this.#root = new RootFrame(fields);
    this.#spill = new Spill(memory);
  }

  /** Reads that the last walk had to make on its own. */
  get misses(): number {
    return this.#spill.reads;
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

  /** Half a field of the thread state, an int; NaN where the version has no such field. */
  threadInt(words: Uint32Array, offset: number): number {
    return offset < 0 ? NaN : words[(this.#headOffset + offset - this.#fields.threadLow) >> 2]!;
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
   * @param isResting whether the thread is thought not to run while it is read.
   */
  walk(read: ReadMemory, isResting: boolean): Walk {
    this.#spill.reads = 0;
    this.#walks++;
    const { words } = read;
    read.stack.depth = 0;
    const pointer = pointerAt(words, this.#first.pointerOffset);
    const isPlace = this.#fields.layout.traits.frameLink === "cframe";
    this.#isQuick = this.#copies === 1 && !isResting;
    const result = isPlace ? this.#followPlace(pointer, read, isResting) : this.#follow(pointer, read);
    const isAgreed = result === Walk.Agreed && pointer === pointerAt(words, this.#second.pointerOffset) &&
      (!isPlace || this.#isPlaceEqual(words, pointer)) && this.misses === 0;
    if (this.#pending.length > 0) {
      this.#windows.add(this.#pending);
      this.#pending.length = 0;
    }
    return result === Walk.Agreed && !isAgreed ? Walk.Reached : result;
  }

  /**
   * Walks from the frame that a place on the C stack names (`_PyCFrame`).
   *
   * The place is the thread's before it is set: for some nanoseconds it holds what an earlier call has left there. Until then
   * the stack is that of the place outside of it. It matters where a path is proven; else only proven ones are shown.
   */
  #followPlace(place: Address, read: ReadMemory, isResting: boolean): Walk {
    this.isOutside = false;
    const head = this.#wordAt(read.words, this.#first, place + this.#fields.layout.cframe.currentFrame);
    if (head === undefined) return this.#broken("unreadable");
    const result = this.#follow(head, read);
    const isProof = isResting || this.#copies === 2 || head === 0;
    if (!isProof || this.#isCut(result)) return result;
    const isSet = this.#isSet(place, read.words);
    if (isSet === true) return result;
    if (isSet === false && isResting) return this.#followOutside(place, read);
    return result === Walk.Broken ? result : this.#broken("unreadable");
  }

  #followOutside(place: Address, read: ReadMemory): Walk {
    const { currentFrame, previous } = this.#fields.layout.cframe;
    this.isOutside = true;
    let at = place;
    for (let count = 0; count < MAX_UNSET; count++) {
      const outside = this.#wordAt(read.words, this.#first, at + previous);
      if (outside === undefined || outside === 0) break;
      at = outside;
      const head = this.#wordAt(read.words, this.#first, at + currentFrame);
      if (head === undefined) break;
      const result = this.#follow(head, read);
      if (this.#isCut(result) || this.#isSet(at, read.words) === true) return result;
    }
    return this.#broken("unreadable");
  }

  /** Whether a walk broke before it came to a frame that was entered from C: nothing is known of its beginning then. */
  #isCut(result: Walk): boolean {
    return result === Walk.Broken && Number.isNaN(this.#entryCaller);
  }

  /**
   * Whether the place from which the last walk began was set: the innermost frame that was entered from C is called by the
   * frame that the place outside of this one names, and no frame lies in memory that is free. Undefined if unreadable.
   */
  #isSet(place: Address, words: Uint32Array): boolean | undefined {
    const { currentFrame, previous } = this.#fields.layout.cframe;
    const outside = this.#wordAt(words, this.#first, place + previous);
    if (outside === undefined) return undefined;
    // The thread state's own place is the outermost, and names no frame.
    if (outside === 0) return this.#wordAt(words, this.#first, place + currentFrame) === 0;
    const caller = this.#wordAt(words, this.#first, outside + currentFrame);
    if (caller === undefined) return undefined;
    if (caller !== this.#entryCaller) return false;
    if (caller !== 0) return true;
    // The outermost place, or that of a stack which was begun with none (greenlet).
    const beyond = this.#wordAt(words, this.#first, outside + previous);
    return beyond === 0 || beyond !== undefined && this.#wordAt(words, this.#first, beyond + previous) === 0;
  }

  #isPlaceEqual(words: Uint32Array, place: Address): boolean {
    const at = place + this.#fields.layout.cframe.currentFrame;
    return this.#wordAt(words, this.#first, at) === this.#wordAt(words, this.#second, at);
  }

  /** The word at an address of the C stack or the thread state; undefined when it could not be read. */
  #wordAt(words: Uint32Array, copy: Copy, at: Address): Address | undefined {
    if ((at & 7) !== 0) return undefined;
    const inside = at - this.tstate - this.#fields.threadLow;
    if (inside >= 0 && inside + 8 <= this.#headRead) return pointerAt(words, this.#headOffset + inside);
    const windows = this.#windows;
    const window = windows.find(at, at + 8, windows.order[0]!);
    if (window >= 0) {
      windows.uses[window]!++;
      windows.leafUses[window]!++;
      windows.widen(window, at, at + 8);
      return pointerAt(words, copy.offsets[window]! + at - windows.starts[window]!);
    }
    if (!this.#spill.read(at, at + 8)) return undefined;
    this.#remember(at, at + 8);
    return pointerAt(this.#spill.words, 0);
  }

  #follow(head: Address, { words, bytes, stack }: ReadMemory): Walk {
    const { low, high, code, previous, instr, instrIsAddress, owner, shimOwner, pointerTag } = this.#fields;
    const { entry, entryLeast } = this.#fields;
    const { datastackTop, datastackLimit } = this.#fields.layout.thread;
    const freeStart = datastackTop < 0 ? Infinity : this.threadField(words, datastackTop);
    const freeEnd = datastackTop < 0 ? Infinity : this.threadField(words, datastackLimit);
    stack.depth = 0;
    this.#entryCaller = NaN;
    let isEntered = entry < 0;
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
    const { recursionLimit, recursionRemaining } = this.#fields.layout.thread;
    const counted = this.threadInt(words, recursionLimit) - this.threadInt(words, recursionRemaining);
    while (frame !== 0 && !(this.#isQuick && this.#root.isKnown(frame, counted - stack.depth))) {
      if (frame === mark) return this.#broken("cycle");
      if (visited === markAt) {
        mark = frame;
        markAt *= 2;
      }
      if ((frame & 7) !== 0) return this.#broken("unreadable");
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
          if (!this.#spill.read(spillLow, spillHigh)) return this.#broken("unreadable");
        }
        this.#remember(start, end);
        source = this.#spill.words;
        sourceBytes = this.#spill.bytes;
        at = (frame - spillLow) >> 2;
      }
      // What an earlier call has left.
      if (frame >= freeStart && frame < freeEnd) {
        isEntered = true;
        this.#entryCaller = NO_FRAME;
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
        const instrAt = instrIsAddress ? instrLow + source[at + instr + 1]! * HIGH : instrLow | 0;
        stack.push(codeAddress, instrAt, frame);
      }
      const caller = source[at + previous]! + source[at + previous + 1]! * HIGH;
      if (!isEntered && sourceBytes[at * 4 + entry]! >= entryLeast) {
        isEntered = true;
        this.#entryCaller = caller;
      }
      frame = caller;
    }
    if (visited > 0 && frame === 0 && !this.#root.isRoot(last, lastSource, lastAt)) {
      if (Number.isNaN(this.#entryCaller)) this.#entryCaller = NO_FRAME;
      return this.#broken("unreadable");
    }
    this.truncation = undefined;
    if (frame === 0 && !(this.#isQuick && this.#root.isEntry(last))) {
      this.#root.learn(last, counted - stack.depth);
    }
    if (stack.depth === 0) return Walk.Empty;
    return equal ? Walk.Agreed : Walk.Reached;
  }

  #broken(reason: Truncation): Walk {
    this.truncation = reason;
    return Walk.Broken;
  }

  /**
   * Adds memory to what is read in advance, after the walk: inside of the thread state to what is read of that, else to the
   * windows; what follows each other is kept as one range.
   */
  #remember(start: Address, end: Address): void {
    const inside = start - this.tstate - this.#fields.threadLow;
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
}
