/**
 * One tick: what to read and what to count.
 *
 * No sample is dropped. One whose stack could not be proven at once counts for what it showed, and its path is searched
 * for until the next tick; if that fails, it counts for another stack that begins like it, or for the part that is proven.
 */
import { CpuTimes } from "./cpu_times.ts";
import { isDoubtful } from "./doubt.ts";
import { PathProver } from "./path_prover.ts";
import { Cursor } from "./recording.ts";
import type { Recording } from "./recording.ts";
import { isWhole, Lookout, Sight } from "./sighting.ts";
import type { Sighting } from "./sighting.ts";
import type { Histogram } from "./histogram.ts";
import { FEW_THREADS } from "./stack_reader.ts";
import type { StackReader } from "./stack_reader.ts";
import type { Selection } from "./thread_choice.ts";
import { StackLookup } from "./stack_lookup.ts";
import { StandIns } from "./stand_ins.ts";
import type { ReadThread, ThreadEntry } from "./thread_table.ts";
import { RecentLooks } from "./recent_looks.ts";
import { INTERRUPT_MS, TargetTime } from "./target_time.ts";
import type { Clock, SampleCounters } from "./types.ts";

/** Reads made at once when one led to a path that is not known, and when it did not lead to the root. */
const TORN_RETRIES = 3;
const LOST_RETRIES = 8;
/** What a sample on the target's processor usually costs the target, and the part of it that we cannot see. Units: ms. */
const JOINED_TICK_MS = 0.045;
const SWITCH_MS = 0.01;
/** Ticks that take longer, since there are many threads, would be felt; few take longer only while all is new. Units: ms. */
const LONGEST_JOINED_MS = 0.5;
const LONGEST_NEW_MS = 10;
/** Names and code objects are checked this often. Units: ms. */
const UPKEEP_INTERVAL = 1000;
/** A code object that was compared is taken to be the same for so long. Units: ms. */
const CODE_PERIOD = 5;
/** Reading the names of many threads takes milliseconds: it may take one part in so many of the time. */
const NAMES_SHARE = 500;

/** What to sample, and how often. */
export interface SamplerOptions {
  readonly rateHz: number;
  readonly durationSeconds: number | undefined;
  readonly selection: Selection;
  /** Interrupt the thread that holds the GIL for each sample, or stop it. */
  readonly blocking: boolean;
  /** Weigh samples by the CPU time that the thread used, not by wall time. */
  readonly byCpuTime: boolean;
}

/** How long reads took, and how long a thread of the target waited for them or was stopped. Units: ms. */
export interface SampleTimes {
  readonly read: Histogram;
  readonly pause: Histogram;
}

/** Who wants to know of samples as they come. */
export interface SampleListener {
  /** Once a tick, with what each thread was doing; not where only the holder of the GIL is sampled. */
  ticked(threads: readonly ReadThread[]): void;
  /** A sample was counted. Invariant: its node stays, though it may be proven only later. */
  sampled(thread: ReadThread, sighting: Sighting): void;
}

/** A thread, and what the first look at it in a tick has shown. */
interface TornStack {
  readonly entry: ThreadEntry;
  readonly first: Sighting;
}

/** Counters of a recording that has not begun. */
export function newCounters(): SampleCounters {
  return {
    ticks: 0,
    samples: 0,
    errors: 0,
    late: 0,
    missed: 0,
    paused: 0,
    rereads: 0,
    sights: [0, 0, 0, 0, 0],
    activities: [0, 0, 0, 0],
  };
}

/** Samples one process into a recording. */
export class Sampler {
  readonly counters: SampleCounters;
  readonly #reader: StackReader;
  readonly #recording: Recording;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #options: SamplerOptions;
  readonly #startMs: number;
  readonly #times: SampleTimes | undefined;
  readonly #targetTime: TargetTime;
  readonly #lookup: StackLookup;
  readonly #lookout: Lookout;
  readonly #prover: PathProver;
  readonly #standIns: StandIns;
  readonly #entries = new Map<ReadThread, ThreadEntry>();
  readonly #cpuTimes: CpuTimes | undefined;
  readonly #listener: SampleListener | undefined;
  /** Threads that ran no Python code when they were looked at last. */
  readonly #empty = new WeakSet<ThreadEntry>();
  #lastUpkeep = -Infinity;
  #nextPeriod = -Infinity;
  #nextNames = -Infinity;
  readonly #looks: RecentLooks;
  /** How long the last tick took, or was on the target's processor, without looking again. */
  #tickMs = 0;

  constructor(
    { reader, recording, clock, counters, times, startMs, listener }: {
      reader: StackReader;
      recording: Recording;
      clock: Clock;
      counters: SampleCounters;
      /** Where to note how long things take, if that is asked for. */
      times?: SampleTimes | undefined;
      /** Start of the recording on the clock; a target that was attached later has the same. */
      startMs: number;
      listener?: SampleListener | undefined;
    },
    options: SamplerOptions,
  ) {
    this.#reader = reader;
    this.#recording = recording;
    this.#clock = clock;
    this.counters = counters;
    this.#times = times;
    this.#listener = listener;
    this.#startMs = startMs;
    this.#intervalMs = 1000 / options.rateHz;
    this.#options = options;
    this.#looks = new RecentLooks(options.rateHz, reader.rest);
    this.#targetTime = new TargetTime(startMs, reader.rest);
    this.#lookup = new StackLookup(reader, recording, clock);
    this.#standIns = new StandIns(recording);
    this.#lookout = new Lookout(reader, recording, this.#lookup);
    this.#cpuTimes = options.byCpuTime ? new CpuTimes(reader.activities, recording) : undefined;
    this.#prover = new PathProver({
      reader,
      recording,
      lookup: this.#lookup,
      clock,
      counters,
      targetTime: this.#targetTime,
      pauses: times?.pause,
    });
  }

  /**
   * Samples once. Units: `now` is the time of the clock.
   *
   * @returns false when the target could not be read.
   */
  tick(now: number): boolean {
    if (now - this.#lastUpkeep >= UPKEEP_INTERVAL) this.#upkeep(now);
    if (now >= this.#nextPeriod) {
      this.#recording.codes.beginPeriod();
      this.#nextPeriod = now + CODE_PERIOD;
    }
    if (!this.#read(now)) return false;
    const { hasVisited, isJoined } = this.#reader.rest;
    const wasJoined = hasVisited || isJoined;
    this.#times?.read.add(this.#clock.now() - now);
    const again = this.#countAll(now);
    const looked = this.#clock.now() - now;
    const waitedMs = wasJoined && !hasVisited ? this.#lookup.joinedUntilMs - now : this.#reader.pauseMs;
    this.#tickMs = wasJoined ? waitedMs : looked;
    if (again !== undefined) this.#countAgain(again, now);
    this.#cpuTimes?.endTick();
    const elapsed = again === undefined ? looked : this.#clock.now() - now;
    if (hasVisited && !this.#options.blocking) {
      this.#targetTime.takeForTick(waitedMs + (this.#reader.rest.canInterrupt ? 0 : SWITCH_MS));
    } else if (isJoined) this.#targetTime.takeForSearch(waitedMs);
    if (wasJoined || waitedMs > 0) {
      this.counters.paused++;
      this.#times?.pause.add(waitedMs);
    }
    this.#looks.endTick();
    // The next tick may have to be read from elsewhere.
    if (!this.#mayVisit(now + elapsed + this.#intervalMs)) this.#reader.leaveProcessor();
    return true;
  }

  /** Our own code takes milliseconds the first time: no thread is to wait for that. Units: `now` is the time of the clock. */
  rehearse(now: number): void {
    if (!this.#reader.read(this.#options.selection, now)) return;
    for (const thread of this.#reader.selected) this.#lookout.look(this.#entryOf(thread));
  }

  /**
   * Uses the time until the next tick to prove paths that were met for the first time. Units: ms of the clock.
   *
   * @returns true when there were any.
   */
  prove(untilMs: number): boolean {
    if (!this.#prover.isSearching) return false;
    this.#prover.goOn(untilMs);
    return true;
  }

  /**
   * @returns threads whose stacks were torn or new, if any. Re-reading one of them replaces what was read of the others, so
   * all are looked at first.
   */
  #countAll(now: number): TornStack[] | undefined {
    this.counters.ticks++;
    const timeNs = this.#timeNs(now);
    let again: TornStack[] | undefined;
    for (const thread of this.#reader.selected) {
      const entry = this.#entryOf(thread);
      const first = this.#lookout.look(entry);
      this.counters.sights[first.sight]!++;
      const isKnown = first.sight === Sight.Whole && !this.#lookout.hasProven;
      if (this.#lookout.hasProven) this.#looks.addNews("proven");
      else if (!isKnown) this.#looks.addNews(first.sight === Sight.Unproven ? "unknown" : "torn");
      const { isStill, isOfVisit, rest: { isJoined } } = this.#reader;
      if (isStill && (isOfVisit || isJoined) && first.sight >= Sight.Unproven) this.#recording.provingReads++;
      if (this.#prover.isSearching && isStill) this.#prover.note(entry, first);
      if (first.sight === Sight.Empty && isStill) {
        this.#empty.add(entry);
        continue;
      }
      if (first.sight !== Sight.Whole || !isKnown && isStill) this.#looks.addUnproven();
      // A stack that is too deep will be so again.
      if (first.sight === Sight.Whole || isTooDeep(entry, first)) this.#count(entry, first, timeNs);
      else (again ??= []).push({ entry, first });
    }
    this.#countActivities();
    return again;
  }

  /** Counts threads whose stacks were torn or new. */
  #countAgain(again: readonly TornStack[], now: number): void {
    const timeNs = this.#timeNs(now);
    for (const { entry, first } of again) {
      const sighting = this.#settle(entry, { first, best: this.#lookAgain({ entry, first }, now), now });
      if (sighting.sight !== Sight.Empty) this.#count(entry, sighting, timeNs);
    }
  }

  /**
   * Counts for the path that was seen first, and has it searched for: one that is real belongs to the sample, whatever the
   * thread did right after. Were it left at a path that is known, those that were not met at the beginning would never be.
   */
  #settle(
    entry: ThreadEntry,
    { first, best, now }: { first: Sighting; best: Sighting; now: number },
  ): Sighting {
    const doubtful = first.sight === Sight.Unproven ? first : best;
    const { node } = doubtful;
    const isKnown = doubtful.sight !== Sight.Unproven || isWhole(node);
    if (!isKnown) this.#prover.search(entry, node, now + this.#intervalMs / 2);
    if (first.sight === Sight.Partial && best.sight > Sight.Partial) {
      if (this.#standIns.fits(first.node, best)) return best;
      return { ...first, node: this.#standIns.awaitBegun(first.node) };
    }
    if (isKnown) return doubtful.sight === Sight.Unproven ? { ...doubtful, sight: Sight.Whole } : best;
    if (!this.#standIns.fits(node, best)) {
      this.#standIns.await(node);
      return doubtful;
    }
    if (isDoubtful(node, this.#recording.provingReads)) return best;
    // It may turn out to be doubtful only after this sample.
    this.#recording.replaceIfTorn(node, best);
    return doubtful;
  }

  /**
   * A path that is not known may be one that was torn: further reads, of some microseconds later, may show a known one. A
   * read that did not reach the root, or met no frame, says little of where it belongs: the next one that does stands for it.
   */
  #lookAgain({ entry, first }: TornStack, now: number): Sighting {
    const isLost = first.sight < Sight.Unproven;
    const untilMs = now + this.#intervalMs / 2;
    let best = first;
    for (let i = 0; i < (isLost ? LOST_RETRIES : TORN_RETRIES); i++) {
      this.counters.rereads++;
      const next = this.#lookout.lookAgain(entry);
      if (next.sight > best.sight) best = next;
      // A thread that runs no Python code does so for longer.
      if (best.sight === Sight.Whole || best.sight === Sight.Empty && this.#empty.has(entry)) break;
      // Were the next tick missed for it, it would be missed where stacks are torn.
      if (this.#clock.now() >= untilMs) break;
    }
    if (best.sight !== Sight.Empty) {
      this.#empty.delete(entry);
      return best;
    }
    // Whoever holds the GIL mostly runs Python code: the first time it is a stack that could not be read.
    const isLostStack = entry.thread.isAttached && !this.#empty.has(entry);
    this.#empty.add(entry);
    return isLostStack ? { ...best, sight: Sight.Lost } : best;
  }

  #timeNs(now: number): number {
    return Math.max(0, (now - this.#startMs) * 1e6);
  }

  #countActivities(): void {
    if (this.#options.selection === "gil") return;
    const { threads } = this.#reader;
    for (const { activity } of threads) this.counters.activities[activity]!++;
    this.#listener?.ticked(threads);
  }

  /**
   * Reads on the target's own processor when stacks were lately torn or new, while that costs it little: there nothing is
   * torn, and each sample is proven at once. Most samples are read from elsewhere.
   */
  #read(nowMs: number): boolean {
    const { selection, blocking } = this.#options;
    if (this.#mayVisit(nowMs)) {
      return this.#reader.readVisiting(selection, nowMs, { capture: this.#lookup.capture });
    }
    if (this.#reader.rest.isJoined) this.#reader.leaveProcessor();
    if (blocking) return this.#reader.readStopped(selection, nowMs);
    const isWorthWhile = this.#looks.areNew && this.#reader.selected.length <= FEW_THREADS;
    return this.#reader.read(selection, nowMs, { copies: isWorthWhile ? 2 : 1 });
  }

  #mayVisit(nowMs: number): boolean {
    if (this.#options.blocking) return false;
    if (this.#reader.rest.canInterrupt) {
      return this.#looks.needVisits && this.#targetTime.allowsTick(INTERRUPT_MS, nowMs);
    }
    const areFew = this.#reader.threads.length <= FEW_THREADS;
    if (this.#tickMs > (areFew ? LONGEST_NEW_MS : LONGEST_JOINED_MS)) return false;
    const costMs = Math.max(JOINED_TICK_MS, this.#tickMs);
    // A search goes on there after the tick.
    if (this.#prover.isSearching && this.#reader.rest.isJoined) {
      return this.#targetTime.allowsSearch(costMs, nowMs);
    }
    return this.#looks.needVisits && this.#targetTime.allowsTick(costMs, nowMs);
  }

  /** Takes over the threads' latest names. To be called before the recording is read. */
  finish(): void {
    this.#reader.leaveProcessor();
    this.#reader.refreshNames();
    this.#rename();
  }

  #count(entry: ThreadEntry, sighting: Sighting, timeNs: number): void {
    this.counters.samples++;
    this.#standIns.offer(sighting);
    this.#listener?.sampled(entry.thread, sighting);
    if (this.#cpuTimes !== undefined) return this.#cpuTimes.count(entry, sighting, timeNs);
    const { node, leafOffset } = sighting;
    const { activity } = entry.thread;
    const weightNs = this.#intervalMs * 1e6;
    this.#recording.count(entry.index, node, { leafOffset, activity, timeNs, weightNs, amount: 1 });
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
    this.#standIns.mergeTorn();
    this.#recording.prune();
    if (now >= this.#nextNames) {
      const start = this.#clock.now();
      this.#reader.refreshNames();
      this.#nextNames = now + NAMES_SHARE * (this.#clock.now() - start);
    }
    this.#rename();
  }

  #rename(): void {
    const listed = new Set(this.#reader.threads);
    for (const [thread, { index }] of this.#entries) {
      this.#recording.renameThread(index, thread.info.name);
      if (listed.has(thread)) continue;
      this.#entries.delete(thread);
      this.#cpuTimes?.forget(thread);
    }
  }
}

function isTooDeep({ thread }: ThreadEntry, { sight }: Sighting): boolean {
  return sight === Sight.Lost && thread.stack.truncation === "too_deep";
}
