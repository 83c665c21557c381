/**
 * Proving that a path, met for the first time, is one that the target really takes.
 *
 * Two copies that agree are no proof by themselves: a loop that takes as long as the reading may be at the same place in
 * both copies, and elsewhere when the pointer between them is read. A path is proven by one of these:
 *
 * 1. The thread did not run while it was read: it waits, is interrupted, or we are on its processor.
 * 2. Many reads in a row agree, and show the same path.
 */
import { Walk } from "./cpython/thread_stack.ts";
import { firstUnproven } from "./doubt.ts";
import type { Histogram } from "./histogram.ts";
import { provenPath } from "./proven_path.ts";
import type { CallNode } from "./call_node.ts";
import type { Recording } from "./recording.ts";
import { Sight } from "./sighting.ts";
import type { Sighting } from "./sighting.ts";
import type { StackLookup } from "./stack_lookup.ts";
import type { StackReader } from "./stack_reader.ts";
import type { ThreadEntry } from "./thread_table.ts";
import { INTERRUPT_MS } from "./target_time.ts";
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
/** Going there takes time: it is done for at least so long. Units: ms. */
const LEAST_JOINED_MS = 0.5;
/** On a busy machine each read may wait for its turn: then it may take longer. Units: reads; ms. */
const LEAST_JOINED_READS = 8;
const MOST_JOINED_MS = 10;
/** What going there costs the target, without the reads. Units: ms. */
const JOIN_COST_MS = 0.02;

/** The search for the proof of one path. */
interface Search {
  readonly entry: ThreadEntry;
  readonly node: CallNode;
  /** Its first step that is not proven: paths that begin with the same one share its attempts. */
  readonly step: CallNode;
  /** Units: ms of the clock. */
  readonly deadlineMs: number;
  /** The last path that was seen, where it ended, and how many reads in a row have shown it. */
  seen: CallNode | undefined;
  leafOffset: number;
  times: number;
  changes: number;
  /** When we went to the thread's processor, and the reads there. Units: ms of the clock. */
  joinedMs: number | undefined;
  joinedReads: number;
}

/**
 * Re-reads threads to prove paths, one after the other, for a bounded share of the time.
 *
 * A search may take longer than an interval. It goes on between ticks: were they left out for it, less would be counted of
 * the code that is searched for.
 */
export class PathProver {
  readonly #reader: StackReader;
  readonly #recording: Recording;
  readonly #lookup: StackLookup;
  readonly #clock: Clock;
  readonly #counters: SampleCounters;
  readonly #targetTime: TargetTime;
  readonly #pauses: Histogram | undefined;
  /** The first one is under way. */
  readonly #searches: Search[] = [];

  constructor(
    { reader, recording, lookup, clock, counters, targetTime, pauses }: {
      reader: StackReader;
      recording: Recording;
      lookup: StackLookup;
      clock: Clock;
      counters: SampleCounters;
      targetTime: TargetTime;
      /** Where to note for how long the target waits. Units: ms. */
      pauses: Histogram | undefined;
    },
  ) {
    this.#reader = reader;
    this.#recording = recording;
    this.#lookup = lookup;
    this.#clock = clock;
    this.#counters = counters;
    this.#targetTime = targetTime;
    this.#pauses = pauses;
  }

  /** Whether anything is searched for. */
  get isSearching(): boolean {
    return this.#searches.length > 0;
  }

  /**
   * Begins to search for a path that a thread was seen on; not when enough was tried, or while something is searched for
   * in this thread. Units: ms of the clock; a search that has had little time goes on after its deadline.
   */
  search(entry: ThreadEntry, node: CallNode, deadlineMs: number): void {
    const step = firstUnproven(node);
    if (Number.isNaN(step.wantedFrom)) step.wantedFrom = this.#recording.provingReads;
    if (step.attempts >= MAX_ATTEMPTS || this.#searches.some((one) => one.entry === entry)) return;
    step.attempts++;
    this.#searches.push({
      entry,
      node,
      step,
      deadlineMs,
      seen: undefined,
      leafOffset: 0,
      times: 0,
      changes: 0,
      joinedMs: undefined,
      joinedReads: 0,
    });
  }

  /** Takes what a tick has shown of a thread on its processor: it is as good as a read of the search. */
  note(entry: ThreadEntry, { sight, node }: Sighting): void {
    const search = this.#searches[0];
    if (search?.entry === entry && search.joinedMs !== undefined && sight >= Sight.Unproven) {
      this.#take(search, node);
    }
  }

  /** Goes on until the next tick is due. Units: ms of the clock. */
  goOn(untilMs: number): void {
    const isDue = this.#clock.now() >= untilMs;
    for (let search = this.#searches[0]; search !== undefined; search = this.#searches[0]) {
      if (this.#isOver(search)) {
        this.#end(search);
        continue;
      }
      // There may never be time between ticks: then one read is made all the same, unless the tick itself was one.
      const { isJoined, hasVisited } = this.#reader.rest;
      if (isDue && search.joinedMs !== undefined && (isJoined || hasVisited)) return;
      if (!this.#goOnWith(search, isDue ? Infinity : untilMs) || this.#clock.now() >= untilMs) return;
    }
  }

  /** Makes one read. @returns false when it does not fit in. */
  #goOnWith(search: Search, untilMs: number): boolean {
    let isOver = true;
    try {
      if (search.changes <= MAX_CHANGES) {
        isOver = this.#readAside(search);
      } else if (this.#join(search)) {
        const fitsIn = this.#clock.pause(untilMs);
        isOver = fitsIn && this.#readOnProcessor(search);
        return fitsIn;
      }
      return true;
    } finally {
      if (isOver) this.#end(search);
    }
  }

  #end({ joinedMs }: Search): void {
    this.#searches.shift();
    if (joinedMs !== undefined) this.#reader.leaveProcessor();
  }

  /** @returns true when the path is proven, or the thread surely is elsewhere for some time. */
  #readAside(search: Search): boolean {
    const { thread } = search.entry;
    this.#counters.rereads++;
    // Whether one that may run Python code rests would have to be asked for in vain.
    const walk = this.#reader.rereadStill(thread, { runs: thread.isAttached });
    if (walk === Walk.Empty) return true;
    const seen = walk === Walk.Broken ? undefined : this.#insert(search.entry);
    if (seen !== undefined && this.#lookup.isProof(search.entry)) {
      seen.prove();
      if (this.#reader.isStill) return true;
    }
    const isSame = walk === Walk.Agreed && seen !== undefined && seen === search.seen;
    if (!isSame) search.changes++;
    search.times = isSame ? search.times + 1 : 1;
    search.seen = walk === Walk.Agreed ? seen : undefined;
    if (search.seen !== undefined && search.times >= STEADY_READS) {
      search.seen.prove();
      return true;
    }
    return provenPath(search.node).isWhole;
  }

  /**
   * Goes to the thread's processor, if it cannot be interrupted from elsewhere.
   *
   * @returns false where that is not possible, or would cost the target too much.
   */
  #join(search: Search): boolean {
    const { canInterrupt, isJoined } = this.#reader.rest;
    if (search.joinedMs !== undefined && isJoined) return true;
    const now = this.#clock.now();
    if (!this.#targetTime.allowsSearch(canInterrupt ? INTERRUPT_MS : JOIN_COST_MS, now)) return false;
    if (!canInterrupt) {
      if (!this.#reader.rest.join(search.entry.thread)) return false;
      this.#targetTime.takeForSearch(JOIN_COST_MS);
    }
    if (search.joinedMs === undefined) {
      search.joinedMs = now;
      search.times = 0;
    }
    return true;
  }

  /** The thread does not run meanwhile, and each read proves the path that it is on. @returns true when it is over. */
  #readOnProcessor(search: Search): boolean {
    const { entry } = search;
    const { pauseMs, rest: { canInterrupt } } = this.#reader;
    const begin = this.#clock.now();
    this.#counters.rereads++;
    const walk = canInterrupt
      ? this.#reader.rereadAtOnce(entry.thread)
      : this.#reader.rereadStill(entry.thread);
    const seen = walk === Walk.Empty || walk === Walk.Broken ? undefined : this.#insert(entry);
    const waitedMs = canInterrupt ? this.#reader.pauseMs - pauseMs : this.#lookup.joinedUntilMs - begin;
    this.#targetTime.takeForSearch(waitedMs);
    this.#pauses?.add(waitedMs);
    if (walk === Walk.Empty) return true;
    // The scheduler may have moved the thread to another processor.
    if (seen === undefined || !this.#reader.isStill) {
      search.joinedReads++;
      return false;
    }
    seen.prove();
    this.#recording.provingReads++;
    this.#take(search, seen);
    return false;
  }

  /** Takes a path that was just seen on the thread's processor. */
  #take(search: Search, seen: CallNode): void {
    const { leafOffset } = this.#recording;
    const isSame = seen === search.seen && leafOffset === search.leafOffset;
    search.times = isSame ? search.times + 1 : 0;
    search.seen = seen;
    search.leafOffset = leafOffset;
    search.joinedReads++;
    search.step.attempts++;
  }

  /** Whether the path is proven, or enough was tried. */
  #isOver({ node, step, times, deadlineMs, joinedMs, joinedReads }: Search): boolean {
    if (joinedMs === undefined) return false;
    if (provenPath(node).isWhole || times >= STANDSTILL || step.attempts >= MAX_ATTEMPTS) return true;
    const now = this.#clock.now();
    const joinedFor = now - joinedMs;
    return !this.#targetTime.allowsSearch(0, now) || now >= deadlineMs && joinedFor >= LEAST_JOINED_MS &&
        (joinedReads >= LEAST_JOINED_READS || joinedFor >= MOST_JOINED_MS);
  }

  /** The node of the stack just read; undefined when part of it is no code. */
  #insert(entry: ThreadEntry): CallNode | undefined {
    const node = this.#lookup.insert(entry);
    return this.#recording.insertedPartly ? undefined : node;
  }
}
