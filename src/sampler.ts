/**
 * The clock and the loop: when to sample, what to count, and how to prove a path that was met for the first time.
 *
 * No sample is dropped. One whose stack could not be proven at once is re-read a few times on the spot, to prove its path;
 * if that fails, it counts for the part of the path that is proven.
 */
import { Walk } from "./cpython/thread_stack.ts";
import { PathProver } from "./path_prover.ts";
import type { ThreadEntry } from "./path_prover.ts";
import { provenPath } from "./proven_path.ts";
import { Cursor, CUT_OFFSET } from "./recording.ts";
import type { CallNode, Recording } from "./recording.ts";
import type { ReadThread, Selection, StackReader } from "./stack_reader.ts";
import type { Clock, SampleCounters } from "./types.ts";

/** Reads made at once when a walk did not reach the root. */
const BROKEN_RETRIES = 8;
/** What a sample on the target's processor costs the target. Units: ms. */
const JOINED_TICK_MS = 0.06;
/** Time that samples may cost the target: a share of the recording, and some at its start. Units: ms. */
const JOINED_SHARE = 0.06;
const FREE_JOINED_MS = 20;
/** Names, code objects and the plan are checked this often. Units: ms. */
const UPKEEP_INTERVAL = 1000;

/** What to sample, and how often. */
export interface SamplerOptions {
  readonly rateHz: number;
  readonly durationSeconds: number | undefined;
  readonly selection: Selection;
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
  readonly #prover: PathProver;
  readonly #entries = new Map<ReadThread, ThreadEntry>();
  #lastUpkeep = -Infinity;
  /** Time for which the target waited for samples. */
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
    this.#prover = new PathProver({ reader, recording, clock, counters, startMs });
  }

  /**
   * Samples once.
   *
   * @returns false when the target could not be read.
   */
  tick(): boolean {
    const now = this.#clock.now();
    if (now - this.#lastUpkeep >= UPKEEP_INTERVAL) this.#upkeep(now);
    if (!this.#read(now)) return false;
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
    for (const thread of broken) {
      const node = this.#retry(thread, timeNs);
      if (node !== undefined && !provenPath(node).isWhole) unproven.push({ thread, node });
    }
    for (const { thread, node } of unproven) this.#prover.prove(this.#entryOf(thread), node, deadline);
    return true;
  }

  /**
   * Reads on the target's own processor while that costs it little: a sample that is never torn favours no code. At higher
   * rates, where it would cost more, some samples are read from elsewhere.
   */
  #read(nowMs: number): boolean {
    if (JOINED_TICK_MS + this.#joinedMs > JOINED_SHARE * (nowMs - this.#startMs) + FREE_JOINED_MS) {
      this.#reader.leaveProcessor();
      return this.#reader.read(this.#selection, nowMs);
    }
    const isRead = this.#reader.readJoined(this.#selection, nowMs);
    this.#joinedMs += JOINED_TICK_MS;
    return isRead;
  }

  /** Takes over the threads' latest names. To be called before the recording is read. */
  finish(): void {
    this.#reader.leaveProcessor();
    this.#reader.refreshNames();
    this.#rename();
  }

  #count(thread: ReadThread, walk: Walk, timeNs: number): CallNode {
    const { cursor, index } = this.#entryOf(thread);
    let node = this.#recording.insert(index, cursor, this.#reader.stack);
    let leafOffset = this.#recording.leafOffset;
    if (this.#reader.isStill && !this.#recording.insertedPartly) node.prove();
    if (!node.proven && isTorn(walk, thread) && this.#reader.walkSecondCopy(thread) === Walk.Torn) {
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
  #retry(thread: ReadThread, timeNs: number): CallNode | undefined {
    for (let i = 0; i < BROKEN_RETRIES; i++) {
      this.counters.rereads++;
      const walk = this.#reader.reread(thread);
      if (walk === Walk.Empty) return undefined;
      if (walk !== Walk.Broken) return this.#count(thread, walk, timeNs);
    }
    this.#countBroken(thread, timeNs);
    return undefined;
  }

  #countBroken(thread: ReadThread, timeNs: number): void {
    const { index } = this.#entryOf(thread);
    const weightNs = this.#intervalMs * 1e6;
    this.#recording.count(index, this.#recording.roots[index]!, { leafOffset: CUT_OFFSET, timeNs, weightNs });
    this.counters.samples++;
  }

  #entryOf(thread: ReadThread): ThreadEntry {
    let entry = this.#entries.get(thread);
    if (entry === undefined) {
      entry = { thread, cursor: new Cursor(), index: this.#recording.addThread(thread.info) };
      this.#entries.set(thread, entry);
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
    for (const [thread, { index }] of this.#entries) {
      this.#recording.renameThread(index, thread.info.name);
      if (!listed.has(thread)) this.#entries.delete(thread);
    }
  }
}

/** A walk whose two copies differ; one that read frames on their own has no second copy of them. */
function isTorn(walk: Walk, thread: ReadThread): boolean {
  return walk === Walk.Torn && thread.stack.misses === 0;
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
