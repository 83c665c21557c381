/**
 * Finding the place of a stack in the recording, without making its thread wait for it.
 *
 * On its processor a thread waits for whatever we do. So we leave it as soon as all was read that belongs to this moment:
 * its stack, and what tells code objects apart that may be freed once it goes on. The rest of them is read afterwards, and
 * counts if they were still the same then.
 */
import type { CallNode } from "./call_node.ts";
import type { Recording } from "./recording.ts";
import type { StackReader } from "./stack_reader.ts";
import type { ThreadEntry } from "./thread_table.ts";
import type { Clock } from "./types.ts";

/** A deeper stack takes long to look up, and to check. */
const DEEPEST_JOINED = 1000;
/** Frames of new code objects; with more of them even a search leaves, which has to come back then. */
const FEW_NEW = 16;
/** Innermost frames whose code objects may soon be freed: a module runs its own once, and imports others meanwhile. */
const SHORT_LIVED = 16;

/** Looks up the stacks that a reader has just walked. */
export class StackLookup {
  readonly #reader: StackReader;
  readonly #recording: Recording;
  readonly #clock: Clock;
  #leftMs = -Infinity;

  constructor(reader: StackReader, recording: Recording, clock: Clock) {
    this.#reader = reader;
    this.#recording = recording;
    this.#clock = clock;
  }

  /** Until when a thread waited that we went to: now, or when it was left last. Units: ms of the clock. */
  get joinedUntilMs(): number {
    return this.#reader.rest.isJoined ? this.#clock.now() : this.#leftMs;
  }

  /**
   * Whether the stack that was looked up last was on the thread at one moment: it stood still, or the inner frames were copied
   * at once, and the outer ones have been what they are for long.
   */
  isProof({ thread, cursor }: ThreadEntry): boolean {
    if (this.#reader.isStill) return true;
    const { depth } = this.#reader.stack;
    const inner = this.#reader.depthAtOnce(thread, this.#recording.codes.frameSizeAt);
    return inner > 0 && (inner === depth || cursor.hasStayed(depth - inner));
  }

  /** Reads, on a visit, what tells the code objects apart of the stack that was just walked. */
  readonly capture = (): void => {
    const { stack } = this.#reader;
    if (stack.depth > DEEPEST_JOINED) return;
    this.#recording.codes.capture(stack.codes, Math.min(stack.depth, SHORT_LIVED));
  };

  /** @returns what `Recording.insert` does. */
  insert({ index, cursor }: ThreadEntry): CallNode {
    const { stack, isOfVisit, rest: { isJoined } } = this.#reader;
    const { codes } = this.#recording;
    const isDeep = stack.depth > DEEPEST_JOINED;
    let checked = isOfVisit && !isDeep;
    if (isJoined) {
      const news = isDeep ? 0 : codes.countNew(stack.codes, stack.depth);
      checked = news > 0;
      if (checked) this.capture();
      if (isDeep || news > FEW_NEW) {
        this.#reader.leaveProcessor();
        this.#leftMs = this.#clock.now();
      }
    }
    if (checked) codes.settle(stack.codes, stack.depth);
    return this.#recording.insert(index, cursor, stack, { checked });
  }
}
