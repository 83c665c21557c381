/**
 * Proving that a path, met for the first time, is one that the target really takes.
 *
 * Two copies that agree are no proof by themselves: a loop that takes as long as the reading may be at the same place in
 * both copies, and elsewhere when the pointer between them is read. A path is proven by one of these:
 *
 * 1. The thread did not run while it was read: it waits, or we are on its processor.
 * 2. Many reads in a row agree, and show the same path.
 */
import { Walk } from "./cpython/thread_stack.ts";
import { firstUnproven } from "./doubt.ts";
import { provenPath } from "./proven_path.ts";
import type { CallNode, Recording } from "./recording.ts";
import type { StackReader } from "./stack_reader.ts";
import type { ThreadEntry } from "./thread_table.ts";
import type { TargetTime } from "./target_time.ts";
import type { Clock, SampleCounters } from "./types.ts";

/** Reads in a row that must show one path; each is of a random moment of the target's loops. */
export const STEADY_READS = 8;
/** Reads that show another path than the one before, or none, after which the thread does not stand still. */
const MAX_CHANGES = 2;
/** Searches for one step and reads that showed other paths, over the whole recording: then it is searched for no more. */
const MAX_ATTEMPTS = 400;
/** Equal stacks in a row on its processor after which a thread is taken to stand still, and the path to be over. */
const STANDSTILL = 16;
/** Going there takes time: it is done for at least so long, even if the next tick is late for it. Units: ms. */
const LEAST_JOINED_MS = 0.5;
/** On a busy machine each read may wait for its turn: then it may take longer. Units: reads; ms. */
const LEAST_JOINED_READS = 8;
const MOST_JOINED_MS = 10;
/** What going there costs the target, without the reads. Units: ms. */
const JOIN_COST_MS = 0.02;

/** Re-reads threads to prove paths, for a bounded share of the time. */
export class PathProver {
  readonly #reader: StackReader;
  readonly #recording: Recording;
  readonly #clock: Clock;
  readonly #counters: SampleCounters;
  readonly #targetTime: TargetTime;

  constructor(
    { reader, recording, clock, counters, targetTime }: {
      reader: StackReader;
      recording: Recording;
      clock: Clock;
      counters: SampleCounters;
      targetTime: TargetTime;
    },
  ) {
    this.#reader = reader;
    this.#recording = recording;
    this.#clock = clock;
    this.#counters = counters;
    this.#targetTime = targetTime;
  }

  /** Re-reads a thread until the path is proven, the thread stands still elsewhere, or enough was tried. */
  prove(entry: ThreadEntry, node: CallNode, deadlineMs: number): void {
    // Paths that begin with the same unproven step share its attempts.
    const step = firstUnproven(node);
    if (step.attempts >= MAX_ATTEMPTS) return;
    if (step.attempts === 0) step.searchedFrom = this.#recording.provingReads;
    step.attempts++;
    if (this.#isSettled(entry, node)) return;
    const start = this.#clock.now();
    if (!this.#targetTime.allows(JOIN_COST_MS, start) || !this.#reader.joinProcessor(entry.thread)) return;
    try {
      this.#targetTime.take(JOIN_COST_MS);
      const end = Math.max(deadlineMs, start + LEAST_JOINED_MS);
      this.#proveOnProcessor(entry, { node, step, end, latest: start + MOST_JOINED_MS });
    } finally {
      this.#reader.leaveProcessor();
    }
  }

  /** @returns true when the path is proven, or the thread surely is elsewhere for some time. */
  #isSettled(entry: ThreadEntry, node: CallNode): boolean {
    let steady: CallNode | undefined;
    let times = 0;
    for (let changes = 0; changes <= MAX_CHANGES;) {
      const walk = this.#reread(entry);
      if (walk === Walk.Empty) return true;
      const seen = walk === Walk.Broken ? undefined : this.#insert(entry);
      if (seen !== undefined && this.#reader.isStill) {
        seen.prove();
        return true;
      }
      const isSame = walk === Walk.Agreed && seen !== undefined && seen === steady;
      if (!isSame) changes++;
      times = isSame ? times + 1 : 1;
      steady = walk === Walk.Agreed ? seen : undefined;
      if (steady === undefined || times < STEADY_READS) continue;
      steady.prove();
      return true;
    }
    return provenPath(node).isWhole;
  }

  /** While we run there the thread does not, and each read proves the path that it is on. */
  #proveOnProcessor(
    entry: ThreadEntry,
    { node, step, end, latest }: { node: CallNode; step: CallNode; end: number; latest: number },
  ): void {
    let standing: CallNode | undefined;
    let standingOffset = 0;
    let times = 0;
    for (let reads = 0; step.attempts < MAX_ATTEMPTS; reads++) {
      const now = this.#clock.now();
      if (now >= end && (reads >= LEAST_JOINED_READS || now >= latest)) return;
      if (!this.#targetTime.allows(0, now)) return;
      this.#clock.pause();
      const begin = this.#clock.now();
      const walk = this.#reread(entry);
      this.#targetTime.take(this.#clock.now() - begin);
      if (walk === Walk.Empty) return;
      const seen = walk === Walk.Broken ? undefined : this.#insert(entry);
      // The scheduler may have moved the thread to another processor.
      if (seen === undefined || !this.#reader.isStill) continue;
      step.attempts++;
      this.#recording.provingReads++;
      seen.prove();
      if (provenPath(node).isWhole) return;
      const isSame = seen === standing && this.#recording.leafOffset === standingOffset;
      times = isSame ? times + 1 : 0;
      if (times === STANDSTILL) return;
      standing = seen;
      standingOffset = this.#recording.leafOffset;
    }
  }

  #reread({ thread }: ThreadEntry): Walk {
    this.#counters.rereads++;
    return this.#reader.rereadStill(thread);
  }

  /** The node of the stack just read; undefined when part of it is no code. */
  #insert({ index, cursor }: ThreadEntry): CallNode | undefined {
    const node = this.#recording.insert(index, cursor, this.#reader.stack);
    return this.#recording.insertedPartly ? undefined : node;
  }
}
