/** A recording from start to end: one process, or all that come from it. */
import type { Target } from "./attach.ts";
import { Histogram } from "./histogram.ts";
import { Newcomers } from "./newcomers.ts";
import { ProcessTree } from "./process_tree.ts";
import { newCounters } from "./sampler.ts";
import type { SamplerOptions, SampleTimes } from "./sampler.ts";
import { SampledProcess } from "./sampled_process.ts";
import type { ProcessRecordings, SamplingContext } from "./sampled_process.ts";
import { runSchedule } from "./schedule.ts";
import type { StopReason } from "./schedule.ts";
import type { Clock, SampleCounters } from "./types.ts";

/** New processes are looked for so often, or more seldom where that takes more than a twentieth of the time. Units: ms. */
const TREE_INTERVAL = 20;
const TREE_SHARE = 20;

/** What to record, and how. */
export interface SessionOptions {
  readonly pid: number;
  /** Sample the processes that it starts as well. */
  readonly subprocesses?: boolean;
  readonly clock: Clock;
  readonly perThread: boolean;
  readonly timeline: boolean;
  /** Note how long reads take. */
  readonly measured?: boolean;
  readonly sampler: SamplerOptions;
  readonly listen?: SamplingContext["listen"];
}

/** The state of a session, for who shows progress. Units: ms of the clock. */
export interface SessionState {
  readonly nowMs: number;
  readonly startMs: number;
  readonly counters: SampleCounters;
}

/** What was recorded from one time to another. */
export interface SessionPart {
  readonly processes: readonly ProcessRecordings[];
  readonly counters: SampleCounters;
}

/** Samples a process, over one or more programs that it runs in turn; with `subprocesses` all that come from it. */
export class RecordingSession implements SessionPart {
  /** All that were sampled, oldest first. */
  readonly processes: SampledProcess[] = [];
  readonly counters = newCounters();
  /** How long reads took, if that is measured. */
  readonly times: SampleTimes | undefined;
  readonly newcomers = new Newcomers();
  /** Length of the last part, once the session is over. */
  elapsedSeconds = 0;
  readonly #options: SessionOptions;
  readonly #tree: ProcessTree | undefined;
  #running: SampledProcess[] = [];
  #context: SamplingContext | undefined;
  #nextGrowth = -Infinity;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.times = options.measured === true ? { read: new Histogram(), pause: new Histogram() } : undefined;
    this.#tree = options.subprocesses === true ? new ProcessTree(options.pid) : undefined;
  }

  /** Those that are sampled now. */
  get running(): readonly SampledProcess[] {
    return this.#running;
  }

  /**
   * Samples until the duration is over, `isStopped` says so, or all targets have ended.
   *
   * @param target undefined only with `subprocesses`: when the process itself does not run Python, or not yet.
   */
  async run(
    target: Target | undefined,
    { isStopped, onTick }: { isStopped: () => boolean; onTick: (state: SessionState) => void },
  ): Promise<StopReason> {
    const { clock, perThread, timeline, sampler, listen } = this.#options;
    const { rateHz, durationSeconds } = sampler;
    const { counters, times } = this;
    const startMs = clock.now();
    const reattaches = this.#tree === undefined;
    const context = { clock, counters, times, startMs, perThread, timeline, reattaches, sampler, listen };
    if (target !== undefined) this.#begin(target, context);
    else this.newcomers.add(this.#options.pid, startMs);
    this.#context = context;
    const state = { nowMs: startMs, startMs, counters };
    const tick = (nowMs: number): boolean | Promise<boolean> => {
      const result = this.#tree === undefined
        ? this.#running[0]!.tick(nowMs)
        : this.#tickTree(nowMs, this.#tree, context);
      state.nowMs = nowMs;
      state.startMs = context.startMs;
      onTick(state);
      return result;
    };
    const between = (untilMs: number): boolean => {
      let hasProven = false;
      for (const process of this.#running) hasProven = process.prove(untilMs) || hasProven;
      return hasProven;
    };
    clock.begin(rateHz);
    try {
      return await runSchedule(tick, {
        clock,
        startMs,
        rateHz,
        durationSeconds,
        counters,
        isStopped,
        between,
      });
    } finally {
      clock.end();
      this.elapsedSeconds = (clock.now() - context.startMs) / 1000;
      for (const process of this.#running) process.finish();
    }
  }

  /** Takes what was recorded until now, and goes on with a new part. To be called between two ticks. Units: ms of the clock. */
  takePart(nowMs: number): SessionPart {
    this.#context!.startMs = nowMs;
    const running = new Set(this.#running);
    const processes = this.processes.map((one) => running.has(one) ? one.takePart() : one);
    const part = { processes, counters: { ...this.counters } };
    // Those that have ended are no part of the next one.
    this.processes.splice(0, Infinity, ...this.#running);
    Object.assign(this.counters, newCounters());
    return part;
  }

  #begin(target: Target, context: SamplingContext): void {
    const process = new SampledProcess(target, context);
    this.processes.push(process);
    this.#running.push(process);
  }

  /** @returns false when nothing of the tree is left. */
  #tickTree(nowMs: number, tree: ProcessTree, context: SamplingContext): boolean {
    if (nowMs >= this.#nextGrowth) {
      for (const pid of tree.grow()) this.newcomers.add(pid, nowMs);
      const elapsed = context.clock.now() - nowMs;
      this.#nextGrowth = nowMs + Math.max(TREE_INTERVAL, TREE_SHARE * elapsed);
      for (const target of this.newcomers.attach(nowMs)) this.#begin(target, context);
    }
    const { counters } = context;
    const before = counters.ticks;
    for (const process of [...this.#running]) {
      if (process.tick(nowMs) === false) this.#end(process, nowMs);
    }
    // One tick, however many processes there are.
    counters.ticks = before + 1;
    return !tree.isEmpty || this.#running.length > 0;
  }

  #end(process: SampledProcess, nowMs: number): void {
    process.finish();
    process.close();
    this.#running = this.#running.filter((one) => one !== process);
    // It may run Python again: it executes another program.
    this.newcomers.add(process.pid, nowMs);
  }
}
