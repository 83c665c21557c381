/** A recording from start to end, also when the target replaces its program (exec) meanwhile. */
import { attach } from "./attach.ts";
import type { Target } from "./attach.ts";
import { CodeTable } from "./cpython/code_table.ts";
import { ProfilerError } from "./errors.ts";
import { Histogram } from "./histogram.ts";
import { Recording } from "./recording.ts";
import { newCounters, runSchedule, Sampler } from "./sampler.ts";
import type { SamplerOptions, SampleTimes, StopReason } from "./sampler.ts";
import type { Clock, SampleCounters } from "./types.ts";
import { StackReader } from "./stack_reader.ts";

/** Attempts to read a living target whose interpreter has gone, one a tick. Units: ms. */
const REATTACH_LIMIT = 1000;

/** What to record, and how. */
export interface SessionOptions {
  readonly pid: number;
  readonly clock: Clock;
  readonly perThread: boolean;
  readonly timeline: boolean;
  /** Note how long reads take. */
  readonly measured?: boolean;
  readonly sampler: SamplerOptions;
}

/** The state of a session, for who shows progress. Units: ms of the clock. */
export interface SessionState {
  readonly nowMs: number;
  readonly startMs: number;
  readonly counters: SampleCounters;
}

/** Samples one process, over one or more programs that it runs in turn. */
export class RecordingSession {
  /** One for each program that the process has run. */
  readonly recordings: Recording[] = [];
  readonly counters = newCounters();
  /** How long reads took, if that is measured. */
  readonly times: SampleTimes | undefined;
  /** One for each program, too. */
  readonly readers: StackReader[] = [];
  elapsedSeconds = 0;
  readonly #options: SessionOptions;
  #startMs = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.times = options.measured === true ? { read: new Histogram(), pause: new Histogram() } : undefined;
  }

  /** Samples until the duration is over, `isStopped` says so, or the target has ended. */
  async run(
    target: Target,
    { isStopped, onTick }: { isStopped: () => boolean; onTick: (state: SessionState) => void },
  ): Promise<StopReason> {
    const { clock, sampler: { rateHz, durationSeconds } } = this.#options;
    const { counters } = this;
    const startMs = clock.now();
    this.#startMs = startMs;
    let current = target;
    let sampler = this.#newSampler(target);
    // Failures count as errors once the target is read again; those at its end are no errors, but its end.
    let failures = 0;
    let failingSince = Infinity;
    const state = { nowMs: startMs, startMs, counters };
    const tick = (nowMs: number): boolean | Promise<boolean> => {
      const isRead = sampler.tick(nowMs);
      state.nowMs = nowMs;
      onTick(state);
      if (isRead) {
        counters.errors += failures;
        failures = 0;
        failingSince = Infinity;
        return true;
      }
      if (!current.process.isAlive()) return false;
      failures++;
      failingSince = Math.min(failingSince, nowMs);
      return nowMs - failingSince > REATTACH_LIMIT ? false : reattach();
    };
    const reattach = async (): Promise<boolean> => {
      try {
        const next = await attach(this.#options.pid);
        sampler.finish();
        if (current !== target) current.process.close();
        current = next;
        sampler = this.#newSampler(next);
        return true;
      } catch (error) {
        if (!(error instanceof ProfilerError)) throw error;
        // Between two programs, or on its way out: the next tick tells.
        return error.kind !== "permission" && current.process.isAlive();
      }
    };
    clock.begin(rateHz);
    try {
      return await runSchedule(tick, { clock, startMs, rateHz, durationSeconds, counters, isStopped });
    } finally {
      clock.end();
      this.elapsedSeconds = (clock.now() - startMs) / 1000;
      sampler.finish();
    }
  }

  #newSampler({ process, runtime }: Target): Sampler {
    const { perThread, timeline, clock, sampler } = this.#options;
    const recording = new Recording(new CodeTable(process, runtime.layout), { perThread, timeline });
    this.recordings.push(recording);
    const reader = new StackReader(process, runtime);
    this.readers.push(reader);
    return new Sampler(
      { reader, recording, clock, counters: this.counters, times: this.times, startMs: this.#startMs },
      sampler,
    );
  }
}
