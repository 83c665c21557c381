/** A finished recording: distinct stacks with their counts, and on request each sample in time order. */
import type { Frame, ThreadInfo } from "./types.ts";

/** Pseudo-frame that ends a stack whose remaining steps no sample has proven. */
export const CUT_FRAME: Frame = { name: "[cut]", file: "", line: 0, firstLine: 0 };

/** A distinct stack of one thread. Shape: `frames` are indices into `Profile.frames`, root first. */
export interface StackCount {
  readonly thread: number;
  /** Index into `Profile.processes`, if it has any. */
  readonly process?: number;
  readonly frames: readonly number[];
  /** Units: samples, or microseconds of CPU time: see `RecordingInfo.unit`. */
  readonly count: number;
  /** Parts of `count` by what the thread was doing: with the GIL, native, waiting for the GIL, idle. */
  readonly byActivity?: readonly number[];
}

/**
 * Samples in time order as parallel arrays, runs of equal stacks of one thread merged.
 *
 * Units: `startNs` since the start of the recording; `weightNs` the time the run stands for.
 */
export interface Timeline {
  /** Index into `Profile.stacks`. */
  readonly stack: readonly number[];
  readonly startNs: readonly number[];
  readonly weightNs: readonly number[];
}

/** How a recording went; every renderer may show it. Units: seconds, Hz, samples. */
export interface RecordingInfo {
  readonly pid: number;
  /** The target's command line. */
  readonly command: readonly string[];
  readonly pythonVersion: string;
  readonly pyspyVersion: string;
  /** ISO 8601, UTC. */
  readonly startTime: string;
  readonly durationSeconds: number;
  readonly rateHz: number;
  /** What the counts of stacks are: samples, microseconds of CPU time, or (from other profilers) of other time. */
  readonly unit?: "sample" | "cpu_us" | "wall_us";
  /** Ticks at which the target was sampled. */
  readonly ticks: number;
  /** Stacks counted: one per sampled thread and tick. */
  readonly samples: number;
  /** Samples whose stack is shown only up to its last proven step; in the unit of the counts. */
  readonly cut: number;
  /** Samples that could not be read at all. */
  readonly errors: number;
  /** Ticks that began more than half an interval late. */
  readonly late: number;
  /** Ticks left out because the one before took too long. */
  readonly missed: number;
  /** What was done to the profile since, such as what was filtered out: sentences for people. */
  readonly notes?: readonly string[];
}

/** One of several processes of a recording. */
export interface RecordedProcess {
  readonly pid: number;
  readonly command: readonly string[];
}

/** A finished recording, ready to be rendered. */
export interface Profile {
  readonly info: RecordingInfo;
  /** Distinct frames; `file` is already shortened or full, as the user asked. */
  readonly frames: readonly Frame[];
  /** Each frame's file as the target has it, if `file` was shortened: tells libraries from the user's code. */
  readonly fullFiles?: readonly string[];
  readonly threads: readonly ThreadInfo[];
  /** Where several processes were recorded, to be shown apart. */
  readonly processes?: readonly RecordedProcess[] | undefined;
  readonly stacks: readonly StackCount[];
  /** Present when a renderer that needs time was asked for. */
  readonly timeline: Timeline | undefined;
}

/** The text of a frame, as in folded files and flamegraphs: `name (file:line)`, `name (file)` or `name`. */
export function frameLabel(frame: Frame): string {
  if (frame.file === "") return frame.name;
  return frame.line > 0 ? `${frame.name} (${frame.file}:${frame.line})` : `${frame.name} (${frame.file})`;
}

/** The text of a process's root frame: `process 1234: "python app.py"`. */
export function processLabel({ pid, command }: RecordedProcess): string {
  return `process ${pid}: "${command.join(" ")}"`;
}

/** The text of a thread's root frame: `thread (1234): "name"`. */
export function threadLabel(thread: ThreadInfo): string {
  const id = thread.osThreadId > 0
    ? String(thread.osThreadId)
    : `0x${thread.threadId.toString(16).toUpperCase()}`;
  const name = thread.name ?? thread.osName;
  return name === undefined ? `thread (${id})` : `thread (${id}): ${name}`;
}
