/** Telling the root of a thread's stack from a frame that has no caller because it is not on any stack. */
import type { FrameFields } from "./frame_fields.ts";
import { NULL_POINTER } from "./layout.ts";
import type { Address } from "../types.ts";

/** `FRAME_OWNED_BY_GENERATOR` and `FRAME_EXECUTING`. Source: Include/internal/pycore_frame.h at v3.11.0. */
const OWNED_BY_GENERATOR = 1;
const GENERATOR_EXECUTES = 0;
/**
 * The first frame of a thread may have called a trace function at its end: a frame object that does not seem to run is taken
 * for the root once it ended so many walks in a row.
 */
const ROOT_WALKS = 6;

/** The root of one thread. */
export class RootFrame {
  readonly #fields: FrameFields;
  /** The frame at which the last walk ended, and how many in a row did. */
  #root: Address = NaN;
  #rootWalks = 0;
  /** The entry from C at which a whole walk ended, and by how much the thread's count of frames was more than those seen. */
  #entry: Address = NaN;
  #surplus = NaN;

  constructor(fields: FrameFields) {
    this.#fields = fields;
  }

  /** Takes over where a walk ended that saw all frames. `surplus` is NaN where the thread does not count frames. */
  learn(entry: Address, surplus: number): void {
    this.#entry = entry;
    this.#surplus = surplus;
  }

  /**
   * Whether the frame that comes next in a walk is known to be the root, so that it need not be read.
   *
   * It lies on the C stack, in a page of its own. If there were frames outside of it, the thread would count them.
   */
  isKnown(frame: Address, surplus: number): boolean {
    return frame === this.#entry && surplus === this.#surplus;
  }

  /** Whether a frame is the one that was learned, and whole walks leave it out. */
  isLeftOut(frame: Address): boolean {
    return this.isEntry(frame) && !Number.isNaN(this.#surplus);
  }

  /**
   * Whether a frame at which a walk ended is surely the root. Where that is one on the C stack, it is copied with another range
   * than its callee: it may have been left meanwhile, and seem to have no caller.
   */
  isSure(frame: Address): boolean {
    return this.#fields.shimOwner >= 256 || this.isEntry(frame);
  }

  /** Whether a frame is the one that was learned. */
  isEntry(frame: Address): boolean {
    return frame === this.#entry;
  }

  /**
   * Whether a frame without a caller is the root of its thread.
   *
   * A generator has no caller while it is suspended, and a frame object (to 3.10) none while it is free for the next call.
   * Such a frame may be on the stack when the pointer to the innermost frame is read, and be off it again in the second
   * copy: both copies agree, and still no such stack existed.
   */
  isRoot(frame: Address, words: Uint32Array, at: number): boolean {
    const { shimOwner, owner, executing, generatorState, layout } = this.#fields;
    const byteAt = (offset: number) => words[at + (offset >> 2)]! >>> ((offset & 3) * 8) & 0xff;
    // Where entries from C have frames, one of these is at the root.
    if (shimOwner < 256) return byteAt(owner) >= shimOwner;
    if (generatorState !== 0) {
      return byteAt(owner) !== OWNED_BY_GENERATOR || byteAt(generatorState) === GENERATOR_EXECUTES;
    }
    if (layout.traits.executing === NULL_POINTER) {
      // A frame that is free has no references, and keeps the pointer as it was.
      const isNull = words[at + (executing >> 2)] === 0 && words[at + (executing >> 2) + 1] === 0;
      return isNull && words[at] !== 0;
    }
    this.#rootWalks = frame === this.#root ? this.#rootWalks + 1 : 1;
    this.#root = frame;
    return byteAt(executing) === layout.traits.executing || this.#rootWalks >= ROOT_WALKS;
  }
}
