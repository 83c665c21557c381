/**
 * Finding the place of a stack in the recording, without making its thread wait for it.
 *
 * On its processor a thread waits for whatever we do. To read many code objects that were not met before takes up to some
 * milliseconds, so we leave it first. What may be freed as soon as it goes on is read before that. To leave, and to go there
 * again, takes as long as to read a few.
 */
import type { CallNode } from "./call_node.ts";
import type { Recording } from "./recording.ts";
import type { StackReader } from "./stack_reader.ts";
import type { ThreadEntry } from "./thread_table.ts";
import type { Clock } from "./types.ts";

/** A deeper stack takes long to look up, and to check. */
const DEEPEST_JOINED = 1000;
/** Frames of new code objects; with more of them we leave. */
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
    return this.#reader.isJoined ? this.#clock.now() : this.#leftMs;
  }

  /** @returns what `Recording.insert` does. */
  insert({ index, cursor }: ThreadEntry): CallNode {
    const { stack, isJoined } = this.#reader;
    const isDeep = stack.depth > DEEPEST_JOINED;
    const { codes } = this.#recording;
    const news = isJoined && !isDeep ? codes.countNew(stack.codes, stack.depth) : 0;
    const areMany = news > FEW_NEW;
    if (news > 0) {
      codes.recheck(stack.codes, stack.depth);
      codes.readNew(stack.codes, areMany ? Math.min(stack.depth, SHORT_LIVED) : stack.depth);
    }
    if (areMany || isJoined && isDeep) {
      this.#reader.leaveProcessor();
      this.#leftMs = this.#clock.now();
    }
    if (areMany) codes.readNew(stack.codes, stack.depth);
    return this.#recording.insert(index, cursor, stack, { checked: news > 0 });
  }
}
