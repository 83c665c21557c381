/**
 * The clock and the loop: when to sample, what to count, and how to prove a path that was met for the first time.
 *
 * No sample is dropped. One whose stack could not be proven at once is re-read a few times on the spot, to prove its path;
 * if that fails, it counts for the part of the path that is proven.
 */
import { Walk } from "./cpython/thread_stack.ts";
import { provenPath } from "./proven_path.ts";
import { Cursor, CUT_OFFSET } from "./recording.ts";
import type { CallNode, Recording } from "./recording.ts";
import type { ReadThread, Selection, StackReader } from "./stack_reader.ts";

/** Reads made to prove one path, over the whole recording. */
const MAX_ATTEMPTS = 400;
/** Of these, reads at once made from wherever we run. */
const PLAIN_ATTEMPTS = 8;
/** Time on the target's processor: a share of the recording, and some at its start. Units: ms. */
const JOINED_SHARE = 0.01;
const FREE_JOINED_MS = 20;
/** Equal proven stacks in a row after which a thread is taken to stand still, and the path sought to be over. */
const STANDSTILL = 16;
/** Reads made at once when a walk did not reach the root. */
const BROKEN_RETRIES = 8;
/** Names, code objects and the plan are checked this often. Units: ms. */
const UPKEEP_INTERVAL = 1000;

/** A steady clock. Units: ms. */
export interface Clock {
  now(): number;
  /** Waits until a time of `now`, letting signals and timers run; undefined when there was nothing to wait for. */
  wait(untilMs: number): Promise<void> | undefined;
  /** Lets the target run for a few microseconds. */
  pause(): void;
  /** A random number in [0, 1), for the moment inside each interval. */
  random(): number;
}

/** How sampling goes. */
export interface SampleCounters {
  /** Ticks at which the target was sampled. */
  ticks: number;
  /** Stacks counted. */
  samples: number;
  /** Ticks at which the target could not be read. */
  errors: number;
  /** Ticks that began more than half an interval late. */
  late: number;
  /** Ticks left out because the one before took too long. */
  missed: number;
  /** Reads made to prove paths. */
  rereads: number;
}

/** What to sample, and how often. */
export interface SamplerOptions {
  readonly rateHz: number;
  readonly durationSeconds: number | undefined;
  readonly selection: Selection;
}

/** A path that is sought, and what was seen instead. */
interface Search {
  readonly thread: ReadThread;
  readonly node: CallNode;
  readonly step: CallNode;
  readonly deadline: number;
  standing: CallNode | undefined;
  standingOffset: number;
  times: number;
}

/** Why sampling came to its end. */
export type StopReason = "duration" | "stopped" | "target_gone";

/** Samples one process into a recording. */
export class Sampler {
  readonly counters: SampleCounters;
  readonly #reader: StackReader;
  readonly #recording: Recording;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #selection: Selection;
  readonly #startMs: number;
  readonly #cursors = new Map<ReadThread, { cursor: Cursor; index: number }>();
  #lastUpkeep = -Infinity;
  /** Time spent on processors of the target. */
  #joinedMs = 0;

  constructor(
    { reader, recording, clock, counters, startMs }: {
      reader: StackReader;
      recording: Recording;
      clock: Clock;
      counters: SampleCounters;
      /** Start of the recording on the clock; a target that was attached later has the same. */
      startMs: number;
    },
    options: SamplerOptions,
  ) {
    this.#reader = reader;
    this.#recording = recording;
    this.#clock = clock;
    this.counters = counters;
    this.#startMs = startMs;
    this.#intervalMs = 1000 / options.rateHz;
    this.#selection = options.selection;
  }

  /**
   * Samples once.
   *
   * @returns false when the target could not be read.
   */
  tick(): boolean {
    const now = this.#clock.now();
    if (now - this.#lastUpkeep >= UPKEEP_INTERVAL) this.#upkeep(now);
    if (!this.#reader.read(this.#selection, now)) return false;
    this.counters.ticks++;
    const timeNs = Math.max(0, (now - this.#startMs) * 1e6);
    const deadline = now + this.#intervalMs / 2;
    // Re-reading one thread replaces what was read of the others: walk them all first.
    const unproven: { thread: ReadThread; node: CallNode }[] = [];
    const broken: ReadThread[] = [];
    for (const thread of this.#reader.selected) {
      const walk = this.#reader.walk(thread);
      if (walk === Walk.Empty) continue;
      // A stack that is too deep will be so again.
      if (walk === Walk.Broken && thread.stack.truncation === "too_deep") this.#countBroken(thread, timeNs);
      else if (walk === Walk.Broken) broken.push(thread);
      else {
        const node = this.#count(thread, walk, timeNs);
        if (!provenPath(node).isWhole) unproven.push({ thread, node });
      }
    }
    for (const thread of broken) this.#retry(thread, timeNs);
    for (const { thread, node } of unproven) this.#prove(thread, node, deadline);
    return true;
  }

  /** Takes over the threads' latest names. To be called before the recording is read. */
  finish(): void {
    this.#reader.refreshNames();
    this.#rename();
  }

  #count(thread: ReadThread, walk: Walk, timeNs: number): CallNode {
    const { cursor, index } = this.#entryOf(thread);
    let node = this.#recording.insert(index, cursor, this.#reader.stack);
    let leafOffset = this.#recording.leafOffset;
    if (walk === Walk.Proven && !this.#recording.insertedPartly) node.prove();
    if (!node.proven && isTorn(walk, thread) && this.#reader.walkSecondCopy(thread) === Walk.Unproven) {
      const second = this.#recording.insert(index, cursor, this.#reader.stack);
      if (second.proven) {
        node = second;
        leafOffset = this.#recording.leafOffset;
      }
    }
    this.#recording.count(index, node, {
      leafOffset,
      timeNs,
      weightNs: this.#intervalMs * 1e6,
    });
    this.counters.samples++;
    return node;
  }

  /** A walk that did not reach the root says nothing of where it belongs: the next one that does stands for it. */
  #retry(thread: ReadThread, timeNs: number): void {
    for (let i = 0; i < BROKEN_RETRIES; i++) {
      this.counters.rereads++;
      const walk = this.#reader.reread(thread);
      if (walk === Walk.Empty) return;
      if (walk === Walk.Broken) continue;
      this.#count(thread, walk, timeNs);
      return;
    }
    this.#countBroken(thread, timeNs);
  }

  #countBroken(thread: ReadThread, timeNs: number): void {
    const { index } = this.#entryOf(thread);
    const weightNs = this.#intervalMs * 1e6;
    this.#recording.count(index, this.#recording.roots[index]!, { leafOffset: CUT_OFFSET, timeNs, weightNs });
    this.counters.samples++;
  }

  /**
   * Re-reads until the path was seen whole, the thread stands still elsewhere, or enough was tried.
   *
   * A path of short calls is torn in almost every read that is made while it runs. So after a few plain reads we go to the
   * thread's own processor, for a small share of the time.
   */
  #prove(thread: ReadThread, node: CallNode, deadline: number): void {
    // Paths that begin with the same unproven step share its attempts.
    const step = firstUnproven(node);
    const search: Search = { thread, node, step, deadline, standing: undefined, standingOffset: 0, times: 0 };
    for (let i = 0; i < PLAIN_ATTEMPTS; i++) if (!this.#attempt(search)) return;
    const start = this.#clock.now();
    const allowance = FREE_JOINED_MS + JOINED_SHARE * (start - this.#startMs);
    if (this.#joinedMs > allowance || !this.#reader.joinProcessor(thread)) {
      while (this.#attempt(search));
      return;
    }
    try {
      do {
        this.#clock.pause();
      } while (this.#attempt(search) && this.#joinedMs + this.#clock.now() - start <= allowance);
    } finally {
      this.#reader.leaveProcessor();
      this.#joinedMs += this.#clock.now() - start;
    }
  }

  /** One more read. @returns false when the search is over. */
  #attempt(search: Search): boolean {
    const { thread, node, step, deadline } = search;
    if (provenPath(node).isWhole || step.attempts >= MAX_ATTEMPTS || this.#clock.now() >= deadline) return false;
    const { cursor, index } = this.#entryOf(thread);
    step.attempts++;
    this.counters.rereads++;
    const walk = this.#reader.reread(thread);
    if (walk === Walk.Empty) return false;
    if (walk !== Walk.Proven) return true;
    const seen = this.#recording.insert(index, cursor, this.#reader.stack);
    if (this.#recording.insertedPartly) return true;
    seen.prove();
    const isSame = seen === search.standing && this.#recording.leafOffset === search.standingOffset;
    search.times = isSame ? search.times + 1 : 0;
    search.standing = seen;
    search.standingOffset = this.#recording.leafOffset;
    return search.times < STANDSTILL;
  }

  #entryOf(thread: ReadThread): { cursor: Cursor; index: number } {
    let entry = this.#cursors.get(thread);
    if (entry === undefined) {
      entry = { cursor: new Cursor(), index: this.#recording.addThread(thread.info) };
      this.#cursors.set(thread, entry);
    }
    return entry;
  }

  #upkeep(now: number): void {
    this.#lastUpkeep = now;
    this.#recording.codes.revalidate();
    this.#reader.shrink();
    this.#reader.refreshNames();
    this.#rename();
  }

  #rename(): void {
    const listed = new Set(this.#reader.threads);
    for (const [thread, { index }] of this.#cursors) {
      this.#recording.renameThread(index, thread.info.name);
      if (!listed.has(thread)) this.#cursors.delete(thread);
    }
  }
}

/** A walk whose two copies differ; one that read frames on their own has no second copy of them. */
function isTorn(walk: Walk, thread: ReadThread): boolean {
  return walk === Walk.Unproven && thread.stack.misses === 0;
}

function firstUnproven(node: CallNode): CallNode {
  let step = node;
  while (step.parent !== undefined && !step.parent.proven) step = step.parent;
  return step;
}

/**
 * Calls `tick` once in each interval, at a random moment inside it, so that a periodic program is not seen always in the
 * same phase. An interval that has passed while a tick went on is left out and counted: the schedule does not drift.
 *
 * @param tick returns false to stop.
 */
export async function runSchedule(
  tick: () => boolean | Promise<boolean>,
  { clock, startMs, rateHz, durationSeconds, counters, isStopped }: {
    clock: Clock;
    startMs: number;
    rateHz: number;
    durationSeconds: number | undefined;
    counters: SampleCounters;
    isStopped: () => boolean;
  },
): Promise<StopReason> {
  const intervalMs = 1000 / rateHz;
  const end = durationSeconds === undefined ? Infinity : startMs + durationSeconds * 1000;
  let index = 0;
  for (;;) {
    const due = startMs + (index + clock.random()) * intervalMs;
    const waiting = clock.wait(Math.min(due, end));
    if (waiting !== undefined) await waiting;
    if (isStopped()) return "stopped";
    const now = clock.now();
    if (due >= end || now >= end) {
      counters.missed += Math.max(0, Math.floor((Math.min(now, end) - startMs) / intervalMs + 1e-6) - index);
      return "duration";
    }
    if (now - due > intervalMs / 2) counters.late++;
    const result = tick();
    if (!(typeof result === "boolean" ? result : await result)) return "target_gone";
    const next = Math.max(index + 1, Math.floor((Math.min(clock.now(), end) - startMs) / intervalMs));
    counters.missed += next - index - 1;
    index = next;
  }
}
