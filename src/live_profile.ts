/** What is known of a program while it is sampled: counts of the last interval, and since the start. */
import type { Frame, ThreadInfo } from "./types.ts";

/** A stretch of time. Units: seconds; `activities` are thread-ticks by `Activity`. */
export interface LiveSpan {
  readonly seconds: number;
  readonly ticks: number;
  readonly samples: number;
  readonly activities: readonly number[];
  /** Ticks at which the GIL was held by a thread that ran. */
  readonly gil: number;
}

/** Samples of a function or a line: in which it was the leaf, and in which it was on the stack. */
export interface LiveCount {
  readonly own: number;
  readonly total: number;
}

/** A function, or one of its lines. */
export interface LiveRow {
  /** The same in each snapshot. */
  readonly id: number;
  /** `line` is 0 for a function; `file` is already shortened or full, as the user asked. */
  readonly frame: Frame;
  /** Its file as the target has it: tells libraries from the user's code. */
  readonly fullFile: string;
  readonly now: LiveCount;
  readonly sum: LiveCount;
  /** Samples a tick in the last intervals, oldest first; until the next interval ends. */
  readonly ownTrend: () => readonly number[];
  readonly totalTrend: () => readonly number[];
}

/** What a thread was doing: ticks by `Activity`. */
export interface LiveThread {
  readonly id: number;
  readonly info: ThreadInfo;
  /** As of the last tick, by `Activity`; undefined once it has ended. */
  readonly activity: number | undefined;
  readonly now: readonly number[];
  readonly sum: readonly number[];
  /** Ticks at which it ran, as a share, in the last intervals, oldest first. */
  readonly trend: readonly number[];
}

/** A process of a tree, with what all its threads were doing. */
export interface LiveProcess {
  readonly id: number;
  readonly pid: number;
  readonly command: readonly string[];
  readonly hasEnded: boolean;
  readonly threads: number;
  readonly now: readonly number[];
  readonly sum: readonly number[];
  readonly trend: readonly number[];
}

/** Who called a function, from itself outwards. */
export interface LiveCaller {
  readonly frame: Frame;
  readonly fullFile: string;
  readonly now: number;
  readonly sum: number;
  readonly callers: readonly LiveCaller[];
}

/** All that a live view shows, until the next interval ends. Shape: rows in no order. */
export interface LiveSnapshot {
  readonly now: LiveSpan;
  readonly sum: LiveSpan;
  readonly functions: readonly LiveRow[];
  readonly lines: readonly LiveRow[];
  readonly threads: readonly LiveThread[];
  readonly processes: readonly LiveProcess[];
}
