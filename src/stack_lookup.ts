/**
 * Finding the place of a stack in the recording, without making its thread wait for it.
 *
 * On its processor a thread waits for whatever we do. To read code objects that were not met before takes up to some
 * milliseconds, so we leave it first. What may be freed as soon as it goes on is read before that.
 */
import type { CallNode } from "./call_node.ts";
import type { Recording } from "./recording.ts";
import type { StackReader } from "./stack_reader.ts";
import type { ThreadEntry } from "./thread_table.ts";
import type { Clock } from "./types.ts";

/** A deeper stack takes long to look up. */
const DEEPEST_JOINED = 1000;
/** Innermost frames whose code objects may soon be freed: a module runs its own once, and imports others meanwhile. */
const SHORT_LIVED = 16;

/** Looks up the stacks that a reader has just walked. */
export class StackLookup {
  readonly #reader: StackReader;
  readonly #recording: Recording;
  readonly #clock: Clock;
  /** When it left a thread's processor last. Units: ms of the clock. */
  leftMs = -Infinity;

  constructor(reader: StackReader, recording: Recording, clock: Clock) {
    this.#reader = reader;
    this.#recording = recording;
    this.#clock = clock;
  }

  /** @returns what `Recording.insert` does. */
  insert({ index, cursor }: ThreadEntry): CallNode {
    const { stack } = this.#reader;
    const takesLong = this.#reader.isJoined && this.#takesLong();
    if (takesLong) this.#leave();
    return this.#recording.insert(index, cursor, stack, { checked: takesLong });
  }

  #takesLong(): boolean {
    const { codes, depth } = this.#reader.stack;
    return depth > DEEPEST_JOINED || !this.#recording.codes.knows(codes, depth);
  }

  #leave(): void {
    const { codes, depth } = this.#reader.stack;
    const table = this.#recording.codes;
    table.recheck(codes, depth);
    for (let i = 0; i < Math.min(depth, SHORT_LIVED); i++) table.idOf(codes[i]!);
    this.#reader.leaveProcessor();
    this.leftMs = this.#clock.now();
  }
}
