/**
 * The frames of a thread, followed from the innermost one to the root at one moment of it, and the places on the C stack that
 * name frames (3.11, 3.12): what is read while it is interrupted, wherever frames lie.
 */
import type { FrameFields } from "./frame_fields.ts";
import { LINKED_RECORD, linkedOffset, MOST_LINKED, pointerAt } from "../memory.ts";
import type { LinkedList } from "../memory.ts";
import type { Address } from "../types.ts";

/** Where what was followed lies in the bytes of the last call. */
export class LinkedFrames {
  readonly lists: readonly LinkedList[];
  readonly #low: number;
  readonly #placeSize: number;
  #at = 0;
  #frames = 0;
  #places = 0;

  constructor(tstate: Address, { layout, low, high, previous }: FrameFields) {
    const { cframe, thread, traits } = layout;
    const head = tstate + thread.frame;
    const isPlace = traits.frameLink === "cframe";
    const through = isPlace ? cframe.currentFrame : undefined;
    this.#low = low;
    this.#placeSize = Math.max(cframe.currentFrame, cframe.previous) + 8;
    const frames = { head, through, low, size: high - low, link: previous * 4 };
    const places = { head, through: undefined, low: 0, size: this.#placeSize, link: cframe.previous };
    this.lists = isPlace ? [frames, places] : [frames];
  }

  /** A call that follows frames takes at most this much room for them. Units: bytes. */
  static readonly room = 8 + (MOST_LINKED[0] + MOST_LINKED[1]) * LINKED_RECORD;

  /**
   * Takes over what was read.
   *
   * @param length of the bytes of the ranges, which come before.
   * @param found how many structs of each list there are.
   */
  set(length: number, [frames = 0, places = 0]: readonly number[]): void {
    this.#at = linkedOffset(length);
    this.#frames = frames;
    this.#places = places;
  }

  /** The next call is of another kind. */
  clear(): void {
    this.#frames = this.#places = 0;
  }

  /** Where a frame lies, if it is the `index`th that was read of the list: byte offset of its address; else -1. */
  offsetOf(words: Uint32Array, frame: Address, index: number): number {
    if (index >= this.#frames) return -1;
    const record = this.#at + index * LINKED_RECORD;
    return pointerAt(words, record) === frame ? record + 8 - this.#low : -1;
  }

  /** Where a word of a place lies, if that was read: byte offset, else -1. */
  offsetOfPlace(words: Uint32Array, word: Address): number {
    for (let i = 0; i < this.#places; i++) {
      const record = this.#at + (this.#frames + i) * LINKED_RECORD;
      const inside = word - pointerAt(words, record);
      if (inside >= 0 && inside + 8 <= this.#placeSize) return record + 8 + inside;
    }
    return -1;
  }
}
