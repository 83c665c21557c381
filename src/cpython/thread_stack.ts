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
import { EXECUTES } from "./layout.ts";
import { depthAtOnce } from "./copied_at_once.ts";
import type { KnownCode } from "./copied_at_once.ts";
import { EntryPlaces } from "./entry_places.ts";
import { HeadFrame } from "./head_frame.ts";
import { LinkedFrames } from "./linked_frames.ts";
import { OuterFrames } from "./outer_frames.ts";
import type { RawStack } from "./raw_stack.ts";
import { RootFrame } from "./root_frame.ts";
import { Spill } from "./spill.ts";
import { StackPlan } from "./stack_plan.ts";
import { isPlausible, MOST_LINKED, pointerAt } from "../memory.ts";
import type { LinkedList, RangeList, TargetMemory } from "../memory.ts";
import type { Address, Truncation } from "../types.ts";

const HIGH = 0x1_0000_0000;
const PAGE = 4096;
/** Frames of one stack; a stack that is deeper says that it was cut short. */
export const MAX_DEPTH = 1_000_000;
/** In place of a caller: the frames are not on any stack. */
const NO_FRAME = -1;
/** Places on the C stack that are followed outwards while they are not set. */
const MAX_UNSET = 4;

/** The result of a walk. */
export const enum Walk {
  /** It was read twice, and the pointer and all frames are equal in both copies. */
  Agreed,
  /** The walk reached the root; it was read once, or the copies differ, or a frame was read on its own. */
  Reached,
  /** The innermost frames were left meanwhile: the stack is what lies outside of them. Not where it is for proof. */
  Outer,
  /** The walk did not reach the root: see `truncation`. */
  Broken,
  /** The thread runs no Python code. */
  Empty,
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
  readonly #plan: StackPlan;
  readonly #spill: Spill;
  readonly #root: RootFrame;
  readonly #linked: LinkedFrames;
  readonly #places: EntryPlaces;
  /** This walk is to find a path that may be known, and proves nothing. */
  #isQuick = false;
  /** The caller of the innermost frame that was entered from C; NaN for none, or NO_FRAME. */
  #entryCaller: Address = NaN;
  /** This walk is of what lies outside of frames that could not be followed. */
  #isOuter = false;
  /** The last walk ended where others did, or surely at a root. */
  #isRootKnown = false;
  /** In both copies of the last walk all frames are equal, those of the innermost window in the echo, whatever the pointer is. */
  areFramesEqual = false;
  /** In the last walk the innermost frame was linked: it executes by its own account, or the thread has counted it. */
  isEntered = false;
  readonly #outerFrames = new OuterFrames();
  /** Where the last walk began. */
  readonly head: HeadFrame;
  /** True when the place on the C stack was not set yet, and the last walk began at the one outside of it. */
  isOutside = false;
  truncation: Truncation | undefined;
  /** Of the last whole walk, all frames counted. */
  #depth = 0;

  constructor(tstate: Address, fields: FrameFields, memory: TargetMemory) {
    this.tstate = tstate;
    this.#fields = fields;
    this.#plan = new StackPlan(tstate, fields);
    this.#root = new RootFrame(fields);
    this.#spill = new Spill(memory);
    this.head = new HeadFrame(fields, this.#spill);
    this.head.pointerAddress = tstate + fields.layout.thread.frame;
    this.#linked = new LinkedFrames(tstate, fields);
    const read = { fields, plan: this.#plan, linked: this.#linked, spill: this.#spill };
    this.#places = new EntryPlaces(tstate, read);
  }

  /** Reads that the last walk had to make on its own. */
  get misses(): number {
    return this.#spill.reads;
  }

  /** Appends what a walk of this thread needs to a call, once or twice. */
  plan(ranges: RangeList, copies: 1 | 2): void {
    this.#plan.push(ranges, copies);
    this.#linked.clear();
  }

  /** The same for a call while the thread is interrupted. @returns what is to be followed there. */
  planMoment(ranges: RangeList): readonly LinkedList[] {
    this.#plan.push(ranges, 1, { withFrames: this.#depth >= MOST_LINKED[0] });
    return this.#linked.lists;
  }

  /** Takes over what was followed, in a call that read so many bytes of ranges. Shape: how many structs of each list. */
  takeMoment(length: number, found: readonly number[]): void {
    this.#linked.set(length, found);
  }

  /** Field of the thread state, from the last call. `words` is all that was read, as 4-byte words. */
  threadField(words: Uint32Array, offset: number): number {
    return this.#plan.threadField(words, offset);
  }

  /** Half a field of the thread state, an int; NaN where the version has no such field. */
  threadInt(words: Uint32Array, offset: number): number {
    return this.#plan.threadInt(words, offset);
  }

  /** See `StackPlan.forgetRange`. */
  forgetRange(range: number): boolean {
    return this.#plan.forgetRange(range);
  }

  /**
   * Walks from the innermost frame to the root.
   *
   * @param isResting whether the thread is thought not to run while it is read.
   * @param isForProof whether less than a whole stack is of no use: then it was read twice.
   */
  walk(read: ReadMemory, { isResting, isForProof }: { isResting: boolean; isForProof: boolean }): Walk {
    this.#spill.reads = 0;
    this.areFramesEqual = this.isEntered = false;
    const { words } = read;
    const { first, second, copies } = this.#plan;
    read.stack.depth = 0;
    const pointer = pointerAt(words, first.pointerOffset);
    const isPlace = this.#fields.layout.traits.frameLink === "cframe";
    this.#isQuick = copies === 1 && !isResting;
    const result = isPlace
      ? this.#followPlace(pointer, read, { isResting, isForProof })
      : this.#follow(pointer, read);
    const isAgreed = result === Walk.Agreed && pointer === pointerAt(words, second.pointerOffset) &&
      (!isPlace || this.#places.isEqual(pointer, words)) && this.misses === 0;
    if (result === Walk.Reached || result === Walk.Agreed) this.#outerFrames.keep(read.stack);
    const isLost = result === Walk.Broken && this.truncation === "unreadable";
    const hasOuter = isLost && !isForProof && !isResting && this.#followOuter(read);
    this.#plan.endWalk(result !== Walk.Broken);
    if (result === Walk.Agreed && !isAgreed) return Walk.Reached;
    return hasOuter ? Walk.Outer : result;
  }

  /** Walks from the innermost frame of the last whole walk that is on the stack. */
  #followOuter(read: ReadMemory): boolean {
    this.#isOuter = true;
    const isOnStack = (frame: Address) => this.#follow(frame, read) !== Walk.Broken;
    const frame = this.#outerFrames.innermost(isOnStack);
    const hasOuter = frame !== undefined && isOnStack(frame);
    this.#isOuter = false;
    this.truncation = "unreadable";
    if (!hasOuter) read.stack.depth = 0;
    return hasOuter;
  }

  /**
   * Walks from the frame that a place on the C stack names.
   *
   * Until that is set the stack is that of the place outside of it. It matters where a path is proven; else only proven ones
   * are shown.
   */
  #followPlace(
    place: Address,
    read: ReadMemory,
    { isResting, isForProof }: { isResting: boolean; isForProof: boolean },
  ): Walk {
    this.isOutside = false;
    this.head.pointerAddress = place + this.#fields.layout.cframe.currentFrame;
    const head = this.#places.frameOf(place, read.words);
    if (head === undefined) return this.#broken("unreadable");
    const result = this.#follow(head, read);
    const isProof = isResting || isForProof || head === 0;
    if (!isProof && result !== Walk.Agreed || this.#isCut(result)) return result;
    const isSet = this.#places.isSet(place, this.#entryCaller, read.words);
    if (isSet === true) return result;
    if (!isProof) return Walk.Reached;
    if (isSet === false && isResting) return this.#followOutside(place, read);
    return result === Walk.Broken ? result : this.#broken("unreadable");
  }

  #followOutside(place: Address, read: ReadMemory): Walk {
    this.isOutside = true;
    let at = place;
    for (let count = 0; count < MAX_UNSET; count++) {
      const outside = this.#places.outsideOf(at, read.words);
      if (outside === undefined || outside === 0) break;
      at = outside;
      const head = this.#places.frameOf(at, read.words);
      if (head === undefined) break;
      const result = this.#follow(head, read);
      if (this.#isCut(result) || this.#places.isSet(at, this.#entryCaller, read.words) === true) {
        return result;
      }
    }
    return this.#broken("unreadable");
  }

  /** Whether a walk broke before it came to a frame that was entered from C: nothing is known of its beginning then. */
  #isCut(result: Walk): boolean {
    return result === Walk.Broken && Number.isNaN(this.#entryCaller);
  }

  /** See `depthAtOnce`; of the last walk, whose frames must be equal. 0 as well while its root is new. */
  depthAtOnce(read: ReadMemory, known: KnownCode): number {
    return this.#isRootKnown ? depthAtOnce(read, { plan: this.#plan, fields: this.#fields, known }) : 0;
  }

  #follow(head: Address, { words, bytes, stack }: ReadMemory): Walk {
    const fields = this.#fields;
    const { low, high, code, previous, instr, instrIsAddress, owner, shimOwner, pointerTag, stackTop } =
      fields;
    const { entry, entryLeast } = fields;
    const { datastackTop, datastackLimit } = this.#fields.layout.thread;
    const freeStart = datastackTop < 0 ? Infinity : this.threadField(words, datastackTop);
    const freeEnd = datastackTop < 0 ? Infinity : this.threadField(words, datastackLimit);
    stack.depth = 0;
    this.head.frame = head;
    this.#entryCaller = NaN;
    let isEntered = entry < 0;
    const { windows, headStart, headOffset } = this.#plan;
    const headEnd = headStart + this.#plan.headRead;
    const { offsets } = this.#plan.first;
    const secondOffsets = this.#plan.second.offsets;
    const isTwice = this.#plan.copies === 2;
    let frame = head;
    let last = 0;
    let lastAt = 0;
    let lastSource = words;
    let window = windows.order[0]!;
    let used = -1;
    let visited = 0;
    let executes = false;
    const { echoOffset } = this.#plan;
    let { echoed } = this.#plan;
    let equal = isTwice;
    let equalAtOnce = isTwice;
    let spillLow = 0;
    let spillHigh = 0;
    // Brent's algorithm: a cycle passes the mark again within twice its length.
    let mark = 0;
    let markAt = 64;
    const { recursionLimit, recursionRemaining } = this.#fields.layout.thread;
    const counted = this.threadInt(words, recursionLimit) - this.threadInt(words, recursionRemaining);
    while (frame !== 0 && !(this.#isQuick && this.#isKnownRoot(frame, counted - stack.depth))) {
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
      const linkedAt = this.#linked.offsetOf(words, frame, visited);
      if (linkedAt >= 0) {
        at = linkedAt >> 2;
        if (window < 0) this.#plan.remember(start, end);
        else if (window !== used) windows.uses[window]!++;
        used = window;
        if (window >= 0) windows.widen(window, start, end);
        else window = 0;
      } else if (window >= 0 && this.#plan.areWindowsRead) {
        const inside = frame - windows.starts[window]!;
        at = (offsets[window]! + inside) >> 2;
        if (visited === 0) windows.leafUses[window]!++;
        if (window !== used) windows.uses[window]!++;
        used = window;
        windows.widen(window, start, end);
        if (isTwice) {
          const isInnermost = visited === 0;
          const isSame = fields.isSame(words, at, (secondOffsets[window]! + inside) >> 2, isInnermost);
          equal &&= isSame;
          equalAtOnce &&= window === echoed
            ? fields.isSame(words, at, (echoOffset + inside) >> 2, isInnermost)
            : isSame;
        }
      } else if (start >= headStart && end <= headEnd) {
        window = 0;
        at = (headOffset + start - headStart - low) >> 2;
      } else {
        window = 0;
        if (start < spillLow || end > spillHigh) {
          // These were read in advance, if they were on the stack of late.
          if (this.#isOuter) return this.#broken("unreadable");
          if (!isPlausible(frame)) return this.#broken("unreadable");
          // From the start of the page on: the frames below are often the next ones.
          spillLow = Math.floor(start / PAGE) * PAGE;
          spillHigh = end;
          if (!this.#spill.read(spillLow, spillHigh)) return this.#broken("unreadable");
        }
        this.#plan.remember(start, end);
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
        // What lies outside of a frame in another range was not copied at once with those inside of it.
        if (window !== echoed) echoed = -1;
        const codeLow = source[at + code]!;
        const codeAddress = codeLow - (codeLow & pointerTag) + source[at + code + 1]! * HIGH;
        const instrLow = source[at + instr]!;
        const instrAt = instrIsAddress ? instrLow + source[at + instr + 1]! * HIGH : instrLow | 0;
        stack.push(codeAddress, instrAt, frame);
      }
      const caller = source[at + previous]! + source[at + previous + 1]! * HIGH;
      if (visited === 1) {
        this.head.link = caller;
        executes = stackTop >= 0 && source[at + stackTop] === EXECUTES;
      }
      if (!isEntered && sourceBytes[at * 4 + entry]! >= entryLeast) {
        isEntered = true;
        this.#entryCaller = caller;
      }
      frame = caller;
    }
    const isRoot = visited === 0 || frame !== 0 ||
      (this.#isOuter ? this.#root.isEntry(last) : this.#root.isRoot(last, lastSource, lastAt));
    if (!isRoot) {
      if (Number.isNaN(this.#entryCaller)) this.#entryCaller = NO_FRAME;
      return this.#broken("unreadable");
    }
    this.truncation = undefined;
    this.#isRootKnown = this.#root.isSure(last);
    this.areFramesEqual = equalAtOnce && !this.#isOuter && this.misses === 0;
    this.isEntered = executes || stack.depth === counted;
    this.#depth = visited;
    if (frame === 0 && !this.#isOuter && !(this.#isQuick && this.#root.isEntry(last))) {
      this.#root.learn(last, counted - stack.depth);
    }
    if (stack.depth === 0) return Walk.Empty;
    return equal ? Walk.Agreed : Walk.Reached;
  }

  /** Whether the frame that comes next is known to be the root; without the innermost frames their number says nothing. */
  #isKnownRoot(frame: Address, surplus: number): boolean {
    return this.#isOuter ? this.#root.isLeftOut(frame) : this.#root.isKnown(frame, surplus);
  }

  /** A thread that is listed and cannot be read has a stack, of which nothing is known. */
  unreadable(stack: RawStack): Walk {
    stack.depth = 0;
    return this.#broken("unreadable");
  }

  #broken(reason: Truncation): Walk {
    this.truncation = reason;
    return Walk.Broken;
  }
}
