/** What a walk needs of a layout, in the form in which its loop uses it. */
import { NULL_POINTER } from "./layout.ts";
import type { Layout } from "./layout.ts";

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
  /** The byte by which a frame that C has entered is known, and its least value; -1 where none is needed. */
  readonly entry: number;
  readonly entryLeast: number;
  readonly shimOwner: number;
  /** -1 where the version has none. */
  readonly stackTop: number;
  /** From a generator's frame to the byte that says whether it runs; 0 where none is needed. */
  readonly generatorState: number;
  readonly pointerTag: number;
  /** The part of a thread state that is read. */
  readonly threadLow: number;
  readonly threadSize: number;
  readonly layout: Layout;

  constructor(layout: Layout) {
    this.layout = layout;
    const { previous, code, instr, owner, executing, isEntry, stackTop } = layout.frame;
    const fields = [previous, code, instr, owner, executing, isEntry, stackTop];
    const offsets = fields.filter((offset) => offset >= 0);
    const { frame, state } = layout.generator;
    this.generatorState = state < 0 ? 0 : state - frame;
    // Whether a frame object is free shows in its first word, the number of its references.
    const first = layout.traits.executing === NULL_POINTER ? [0] : [];
    this.low = roundDown(Math.min(this.generatorState, ...offsets, ...first));
    this.high = roundDown(Math.max(...offsets)) + 8;
    this.code = code >> 2;
    this.previous = previous >> 2;
    this.instr = instr >> 2;
    this.instrIsAddress = layout.traits.instruction === "address";
    this.owner = owner;
    this.executing = executing;
    this.shimOwner = layout.traits.shimOwner;
    this.stackTop = stackTop < 0 ? -1 : stackTop >> 2;
    const hasShims = this.shimOwner < 256;
    this.entry = layout.traits.frameLink !== "cframe" ? -1 : hasShims ? owner : isEntry;
    this.entryLeast = hasShims ? this.shimOwner : 1;
    this.pointerTag = layout.traits.pointerTag;
    const threadOffsets = Object.values(layout.thread).filter((offset) => offset >= 0);
    this.threadLow = roundDown(Math.min(...threadOffsets));
    this.threadSize = roundDown(Math.max(...threadOffsets)) + 8 - this.threadLow;
  }

  /**
   * Whether two copies of a frame have the same code, link and, unless it is the innermost one, instruction: if not, they are
   * of two moments. `at` and `other` say which words are at the frame's address.
   */
  isSame(words: Uint32Array, at: number, other: number, isInnermost: boolean): boolean {
    const { code, previous, instr } = this;
    return words[at + code] === words[other + code] && words[at + code + 1] === words[other + code + 1] &&
      words[at + previous] === words[other + previous] &&
      words[at + previous + 1] === words[other + previous + 1] &&
      (isInnermost || words[at + instr] === words[other + instr] &&
          (!this.instrIsAddress || words[at + instr + 1] === words[other + instr + 1]));
  }
}

function roundDown(offset: number): number {
  return Math.floor(offset / 8) * 8;
}
