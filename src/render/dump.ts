/** What the two forms of `dump` have in common: their input, and how they word it. */
import type { Frame, StackTrace } from "../types.ts";

/** A process whose stacks were read once. */
export interface ProcessDump {
  readonly pid: number;
  /** Its pid in its own PID namespace; undefined when that is ours. */
  readonly innerPid?: number | undefined;
  readonly command: readonly string[];
  readonly executable: string;
  /** As in `sys.version_info`: `3.11.7`. */
  readonly pythonVersion: string;
  /** Whether the garbage collector was at work; undefined when that is not known. */
  readonly collectingGarbage?: boolean | undefined;
  /** In the order to be shown. */
  readonly threads: readonly StackTrace[];
}

/** Short names of source files: a map or a function. A name that is missing in the map stays as it is. */
export type ShortNames = ReadonlyMap<string, string> | ((filename: string) => string);

/** The short name of a frame's file. */
export function shortFilename(frame: Frame, names: ShortNames): string {
  return typeof names === "function" ? names(frame.file) : names.get(frame.file) ?? frame.file;
}

/** The state of a thread in py-spy's words. */
export function stateWord(trace: StackTrace): "active" | "idle" | "stopped" {
  return trace.state === "running" ? "active" : trace.state;
}

/** What follows a pid: the process's own pid in its container, or nothing. */
export function innerPidNote(innerPid: number | undefined): string {
  return innerPid === undefined ? "" : ` (pid ${innerPid} in its namespace)`;
}
