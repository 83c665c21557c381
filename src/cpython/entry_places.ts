/**
 * Places on the C stack that name the innermost frame of each entry from C (`_PyCFrame`: 3.11, 3.12).
 *
 * Each entry has its own, and it is the thread's before it is set: for some nanoseconds it holds what an earlier call has
 * left there.
 */
import type { FrameFields } from "./frame_fields.ts";
import type { LinkedFrames } from "./linked_frames.ts";
import type { Spill } from "./spill.ts";
import type { Copy, StackPlan } from "./stack_plan.ts";
import { pointerAt } from "../memory.ts";
import type { Address } from "../types.ts";

/** No thread state with a place of its own (3.11, 3.12) is as long. Units: bytes. */
const MAX_STATE = 1024;

/** The places of one thread, in what the last call has read. */
export class EntryPlaces {
  readonly #tstate: Address;
  readonly #fields: FrameFields;
  readonly #plan: StackPlan;
  readonly #linked: LinkedFrames;
  readonly #spill: Spill;

  constructor(
    tstate: Address,
    { fields, plan, linked, spill }: {
      fields: FrameFields;
      plan: StackPlan;
      linked: LinkedFrames;
      /** For what the call did not read. */
      spill: Spill;
    },
  ) {
    this.#tstate = tstate;
    this.#fields = fields;
    this.#plan = plan;
    this.#linked = linked;
    this.#spill = spill;
  }

  /** The frame that a place names; undefined when it cannot be read. */
  frameOf(place: Address, words: Uint32Array): Address | undefined {
    return this.#wordAt(words, this.#plan.first, place + this.#fields.layout.cframe.currentFrame);
  }

  /** The place outside of one; undefined when it cannot be read. */
  outsideOf(place: Address, words: Uint32Array): Address | undefined {
    return this.#wordAt(words, this.#plan.first, place + this.#fields.layout.cframe.previous);
  }

  /**
   * Whether a place was set, from which a walk began: the innermost frame that was entered from C is called by the frame that
   * the place outside of this one names. Undefined if unreadable.
   *
   * @param entryCaller the caller of that frame.
   */
  isSet(place: Address, entryCaller: Address, words: Uint32Array): boolean | undefined {
    if (this.#isOutermost(place)) return this.frameOf(place, words) === 0;
    const outside = this.outsideOf(place, words);
    if (outside === undefined) return undefined;
    const caller = this.frameOf(outside, words);
    if (caller === undefined) return undefined;
    if (caller !== entryCaller) return false;
    if (caller !== 0 || this.#isOutermost(outside)) return true;
    // That of a stack which was begun with none (greenlet).
    const beyond = this.outsideOf(outside, words);
    return beyond !== undefined && this.#isOutermost(beyond);
  }

  /** The outermost place is the thread state's own, and names no frame. Any other may hold zeros until it is set. */
  #isOutermost(place: Address): boolean {
    return place > this.#tstate && place < this.#tstate + MAX_STATE;
  }

  /** Whether both copies say that a place names the same frame. */
  isEqual(place: Address, words: Uint32Array): boolean {
    const at = place + this.#fields.layout.cframe.currentFrame;
    return this.#wordAt(words, this.#plan.first, at) === this.#wordAt(words, this.#plan.second, at);
  }

  /** The word at an address of the C stack or the thread state; undefined when it could not be read. */
  #wordAt(words: Uint32Array, copy: Copy, at: Address): Address | undefined {
    if ((at & 7) !== 0) return undefined;
    const { headStart, headOffset, headRead, windows } = this.#plan;
    const inside = at - headStart;
    if (inside >= 0 && inside + 8 <= headRead) return pointerAt(words, headOffset + inside);
    const linkedAt = this.#linked.offsetOfPlace(words, at);
    const window = windows.find(at, at + 8, windows.order[0]!);
    if (window >= 0) {
      windows.uses[window]!++;
      windows.isPlace[window] = 1;
      windows.widen(window, at, at + 8);
    }
    if (linkedAt >= 0) return pointerAt(words, linkedAt);
    if (window >= 0 && this.#plan.areWindowsRead) {
      return pointerAt(words, copy.offsets[window]! + at - windows.starts[window]!);
    }
    if (!this.#spill.read(at, at + 8)) return undefined;
    this.#plan.remember(at, at + 8);
    return pointerAt(this.#spill.words, 0);
  }
}
