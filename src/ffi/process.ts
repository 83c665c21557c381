/** What the rest of the program may ask of an operating system: each OS implements these interfaces. */
import type { Interrupts, TargetMemory } from "../memory.ts";
import type { Image, TargetThreads } from "../types.ts";

/** A process that is read from outside. Nothing here changes it or stops it. */
export interface RemoteProcess extends TargetMemory, Interrupts, TargetThreads {
  readonly pid: number;
  /** Its pid in its own PID namespace, as in a container; undefined when that is ours. */
  innerPid(): number | undefined;
  /** The command line, one item an argument. */
  command(): string[];
  /** Path of the executable as the target sees it. */
  executable(): string;
  /** Mapped executables and libraries in which a Python interpreter may live, likeliest first. */
  images(): Iterable<Image>;
  /** Why there is no interpreter that can be read: another implementation, or another kind of machine. */
  foreign(): { readonly what: string; readonly remedy: string } | undefined;
  /** False once the process has ended (a zombie has ended). */
  isAlive(): boolean;
  /** Time since the process was started. */
  ageSeconds(): number;
  /** A source file's name from its package or folder on; works on for a while after the process has ended. */
  shortFileName(file: string): string;
  close(): void;
}

/** A process of the system, as far as it may be looked at. */
export interface ListedProcess {
  readonly pid: number;
  readonly parent: number;
  readonly command: readonly string[];
  readonly threads: number;
  /** Name of the user, or the number. */
  readonly user: string;
  /** Id of the container, or what else keeps the process apart from us; "" for none. */
  readonly container: string;
  /** Its pid in its own PID namespace. */
  readonly innerPid: number;
}

/** Standard streams of a program that we start: ours; or nothing to read, and what it prints kept for us or in a file. */
export type ChildStreams = "inherit" | "keep" | { readonly path: string };

/** A program that we started. */
export interface ChildProcess {
  readonly pid: number;
  /** What it prints, if that is kept; to be read all the time, or it will wait. */
  readonly output: Deno.FsFile | undefined;
  /** Exit code as a shell sees it (128 + n after signal n), or undefined while it runs. Never blocks. */
  poll(): number | undefined;
  /** Sends a signal by its name; a process that has ended is no error. */
  signal(name: "SIGINT" | "SIGTERM" | "SIGHUP"): void;
}
