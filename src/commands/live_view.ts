/** What `top` shows, taken from a session that goes on. */
import type { Target } from "../attach.ts";
import { buildProfile, buildTreeProfile } from "../build_profile.ts";
import { readCollecting, readStacks } from "../dump_stacks.ts";
import { LiveCounts } from "../live_counts.ts";
import type { LiveCaller, LiveSnapshot, LiveThread } from "../live_profile.ts";
import type { Profile } from "../profile.ts";
import type { Recording } from "../recording.ts";
import type { RecordingSession } from "../recording_session.ts";
import { renderDumpText } from "../render/dump_text.ts";
import type { TopFacts, TopText } from "../render/top/view.ts";
import type { SampledProcess } from "../sampled_process.ts";
import type { SampleListener } from "../sampler.ts";
import type { StackTrace } from "../types.ts";
import { VERSION } from "../version.ts";
import type { TopOptions } from "./top_options.ts";

/** A running thread's stack is looked at for so long, while sampling waits. Units: ms. */
const STACK_LIMIT = 4;
/** Lines that `dump` prints before the threads of a process. */
const DUMP_HEADER = 3;

/** Reads a session that goes on. */
export class LiveView {
  readonly #session: RecordingSession;
  readonly #options: TopOptions;
  readonly #pid: number;
  /** What is known before the session has begun. */
  readonly #target: Target | undefined;
  readonly #counts: LiveCounts;
  readonly #watched = new Set<SampledProcess>();
  readonly #startTime = new Date();
  readonly #startMs = performance.now();
  /** When the first process was started. */
  #bornMs: number | undefined;
  #endMs: number | undefined;
  /** Time in which we were stopped ourselves. */
  #suspendedMs = 0;

  constructor(
    session: RecordingSession,
    { options, pid, target }: { options: TopOptions; pid: number; target: Target | undefined },
  ) {
    this.#session = session;
    this.#target = target;
    this.#options = options;
    this.#pid = pid;
    const ofGil = options.selection === "gil";
    this.#counts = new LiveCounts(session.counters, this.#startMs, { ofGil });
  }

  /** What counts the samples of a recording. */
  listen(process: SampledProcess, recording: Recording): SampleListener {
    this.#watched.add(process);
    this.#bornMs ??= performance.now() - process.target.process.ageSeconds() * 1000;
    const { pid, command } = process;
    const shortName = (file: string) => this.#options.fullFilenames ? file : process.shortFileName(file);
    return this.#counts.listen({ pid, command, shortName }, recording);
  }

  /** Ends an interval. */
  refresh(): LiveSnapshot {
    this.retain();
    return this.#counts.refresh(this.#nowMs);
  }

  /** Sampling is over: time that passes from now on is not what was sampled. */
  end(): void {
    this.#endMs = performance.now();
  }

  /** Lets go of threads and processes that have ended: there may be ever new ones. */
  retain(): void {
    const running = new Map(this.#session.running.map((process) => [process.pid, process]));
    for (const process of this.#watched) {
      const now = running.get(process.pid);
      // One that has executed another program goes on under its pid.
      if (now !== process) this.#watched.delete(process);
      if (now === undefined || now === process) this.#counts.retain(process.pid, now?.threads ?? []);
    }
  }

  /** Counts from now on. */
  reset(): void {
    this.#counts.reset(performance.now());
  }

  /** We were stopped: nothing could be seen. Units: ms. */
  skip(ms: number): void {
    this.#suspendedMs += ms;
    this.#counts.skip(ms);
  }

  /** Who called a row, known by its key. */
  callersOf(key: string): readonly LiveCaller[] {
    return this.#counts.callersOf(key.startsWith("f") ? "function" : "line", Number(key.slice(1))) ?? [];
  }

  /** The target, and how sampling goes. */
  get facts(): TopFacts {
    const { counters, processes } = this.#session;
    const { selection, rateHz, subprocesses, program } = this.#options;
    const first = processes[0];
    const elapsedSeconds = this.#elapsedSeconds;
    return {
      pid: this.#pid,
      command: first?.command ?? this.#target?.process.command() ?? program,
      pythonVersion: first?.pythonVersion ?? this.#target?.pythonVersion ?? "",
      uptimeSeconds: (performance.now() - (this.#bornMs ?? this.#startMs)) / 1000,
      elapsedSeconds,
      rateHz,
      ticks: counters.ticks,
      samples: counters.samples,
      late: counters.late,
      errors: counters.errors,
      missed: Math.max(0, counters.missed - Math.ceil(this.#suspendedMs * rateHz / 1000)),
      isCollecting: this.#session.running.some(({ target }) => readCollecting(target) === true),
      selection,
      isTree: subprocesses,
    };
  }

  /** The stacks of all threads, now. */
  dump(): TopText {
    const texts = this.#session.running.map((process) => {
      process.finish();
      return this.#textOf(process, readStacks(process.target));
    });
    return { title: "Stacks of all threads", lines: linesOf(texts.join("\n")) };
  }

  /** The stack of one thread, now. */
  stackOf(thread: LiveThread | undefined): TopText {
    const process = this.#session.running.find(({ pid }) => pid === thread?.info.pid);
    if (thread === undefined || process === undefined) return { title: "The thread has ended", lines: [] };
    process.finish();
    const only = thread.info.threadId;
    const traces = readStacks(process.target, { level: 0, only, limitMs: STACK_LIMIT });
    if (traces.length === 0) return { title: "The thread has ended", lines: [] };
    const named = traces.map((trace) => ({ ...trace, thread: thread.info }));
    const [title = "", ...lines] = linesOf(this.#textOf(process, named)).slice(DUMP_HEADER);
    return { title, lines };
  }

  /** All that was recorded. */
  profile(): Profile {
    const { processes, running } = this.#session;
    for (const process of running) process.finish();
    const { facts } = this;
    const { pid, command, pythonVersion, rateHz, ticks, samples, errors, late, missed } = facts;
    const info = {
      pid,
      command,
      pythonVersion,
      pyspyVersion: VERSION,
      startTime: this.#startTime.toISOString(),
      durationSeconds: this.#elapsedSeconds,
      rateHz,
      unit: "sample" as const,
      ticks,
      samples,
      errors,
      late,
      missed,
    };
    const shortName = (file: string) =>
      this.#options.fullFilenames ? file : processes[0]?.shortFileName(file) ?? file;
    const frameOptions = { byFunction: false, withoutLines: false, shortName };
    return facts.isTree
      ? buildTreeProfile(processes, info, frameOptions)
      : buildProfile(processes.flatMap(({ recordings }) => recordings), info, frameOptions);
  }

  get #nowMs(): number {
    return this.#endMs ?? performance.now();
  }

  get #elapsedSeconds(): number {
    return (this.#nowMs - this.#startMs - this.#suspendedMs) / 1000;
  }

  #textOf(process: SampledProcess, threads: readonly StackTrace[]): string {
    const { target } = process;
    const content = {
      pid: process.pid,
      command: process.command,
      executable: target.process.executable(),
      pythonVersion: target.pythonVersion,
      threads,
    };
    const shortNames = (file: string) => process.shortFileName(file);
    return renderDumpText(content, {
      shortNames,
      fullFilenames: this.#options.fullFilenames,
      color: false,
    });
  }
}

function linesOf(text: string): string[] {
  return text.replace(/\n$/, "").split("\n");
}
