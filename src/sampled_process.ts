/** One process that is sampled; on its own, over the programs that it runs in turn (exec). */
import { attach } from "./attach.ts";
import type { Target } from "./attach.ts";
import { CodeTable } from "./cpython/code_table.ts";
import { ProfilerError } from "./errors.ts";
import { Recording } from "./recording.ts";
import { Sampler } from "./sampler.ts";
import type { SampleListener, SamplerOptions, SampleTimes } from "./sampler.ts";
import { StackReader } from "./stack_reader.ts";
import type { ReadThread } from "./thread_table.ts";
import type { Clock, SampleCounters } from "./types.ts";

/** Attempts to read a living target whose interpreter has gone, one a tick. Units: ms. */
const REATTACH_LIMIT = 1000;

/** What all processes of a session have in common. */
export interface SamplingContext {
  readonly clock: Clock;
  readonly counters: SampleCounters;
  readonly times: SampleTimes | undefined;
  /** Of the part that is being recorded. */
  startMs: number;
  readonly perThread: boolean;
  readonly timeline: boolean;
  /** Attach again when a process executes another program; else it counts as ended. */
  readonly reattaches: boolean;
  readonly sampler: SamplerOptions;
  /** Who wants to know of the samples of a recording. */
  readonly listen?: ((process: SampledProcess, recording: Recording) => SampleListener) | undefined;
}

/** What was recorded of a process. */
export interface ProcessRecordings {
  readonly pid: number;
  readonly command: readonly string[];
  readonly pythonVersion: string;
  readonly freeThreaded: boolean;
  /** True when nobody has checked this version of Python. */
  readonly guessed: boolean;
  /** One for each program that the process has run. */
  readonly recordings: readonly Recording[];
  /** A source file's name from its package or folder on. */
  readonly shortFileName: (file: string) => string;
}

/** Samples one process. */
export class SampledProcess implements ProcessRecordings {
  readonly pid: number;
  readonly command: readonly string[];
  readonly pythonVersion: string;
  readonly freeThreaded: boolean;
  readonly guessed: boolean;
  recordings: Recording[] = [];
  /** One for each program, too. */
  readonly readers: StackReader[] = [];
  readonly #context: SamplingContext;
  readonly #first: Target;
  #target: Target;
  #sampler: Sampler;
  /** Failures count as errors once the target is read again; those at its end are no errors, but its end. */
  #failures = 0;
  #failingSince = Infinity;

  constructor(target: Target, context: SamplingContext) {
    this.pid = target.process.pid;
    this.command = target.process.command();
    this.pythonVersion = target.pythonVersion;
    this.freeThreaded = target.runtime.freeThreaded;
    this.guessed = target.runtime.guessed;
    this.#context = context;
    this.#first = target;
    this.#target = target;
    this.#sampler = this.#newSampler(target);
  }

  /** Samples once. @returns false when the process has ended, or does not run Python any more. */
  tick(nowMs: number): boolean | Promise<boolean> {
    if (this.#sampler.tick(nowMs)) {
      this.#context.counters.errors += this.#failures;
      this.#failures = 0;
      this.#failingSince = Infinity;
      return true;
    }
    if (!this.#context.reattaches || !this.#target.process.isAlive()) return false;
    this.#failures++;
    this.#failingSince = Math.min(this.#failingSince, nowMs);
    return nowMs - this.#failingSince > REATTACH_LIMIT ? false : this.#reattach();
  }

  /** Uses the time until the next tick. @returns true when that took some. Units: ms of the clock. */
  prove(untilMs: number): boolean {
    return this.#sampler.prove(untilMs);
  }

  /** What is sampled now: its program may be another than at first. */
  get target(): Target {
    return this.#target;
  }

  /** The threads as of the last tick. */
  get threads(): readonly ReadThread[] {
    return this.readers.at(-1)!.threads;
  }

  /** Takes over what is known last. To be called before the recordings are read. */
  finish(): void {
    this.#sampler.finish();
  }

  readonly shortFileName = (file: string): string => this.#first.process.shortFileName(file);

  /** Takes what was recorded, and begins anew. */
  takePart(): ProcessRecordings {
    this.#sampler.finish();
    const { pid, command, pythonVersion, freeThreaded, guessed, recordings, shortFileName } = this;
    this.recordings = [];
    this.#sampler = this.#newSampler(this.#target);
    return { pid, command, pythonVersion, freeThreaded, guessed, recordings, shortFileName };
  }

  get isAlive(): boolean {
    return this.#target.process.isAlive();
  }

  /** Closes what was opened for it. */
  close(): void {
    this.#target.process.close();
    if (this.#target !== this.#first) this.#first.process.close();
  }

  async #reattach(): Promise<boolean> {
    try {
      const next = await attach(this.pid);
      this.#sampler.finish();
      // The first one is the caller's.
      if (this.#target !== this.#first) this.#target.process.close();
      this.#target = next;
      this.#sampler = this.#newSampler(next);
      return true;
    } catch (error) {
      if (!(error instanceof ProfilerError)) throw error;
      // Between two programs, or on its way out: the next tick tells.
      return error.kind !== "permission" && this.#target.process.isAlive();
    }
  }

  #newSampler({ process, runtime }: Target): Sampler {
    const { perThread, timeline, clock, counters, times, startMs, sampler, listen } = this.#context;
    const recording = new Recording(new CodeTable(process, runtime.layout), { perThread, timeline });
    this.recordings.push(recording);
    const reader = new StackReader(process, runtime);
    this.readers.push(reader);
    const listener = listen?.(this, recording);
    const made = new Sampler({ reader, recording, clock, counters, times, startMs, listener }, sampler);
    made.rehearse(clock.now());
    return made;
  }
}
