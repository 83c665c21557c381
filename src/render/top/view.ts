/** What the screen of `top` shows, beside the user's choices. */
import type { LiveCaller, LiveSnapshot } from "../../live_profile.ts";

/** The target, and how sampling goes. Units: seconds, Hz, ticks since the start. */
export interface TopFacts {
  readonly pid: number;
  readonly command: readonly string[];
  readonly pythonVersion: string;
  /** Since the target was started. */
  readonly uptimeSeconds: number;
  readonly elapsedSeconds: number;
  readonly rateHz: number;
  readonly ticks: number;
  readonly samples: number;
  readonly late: number;
  readonly errors: number;
  readonly missed: number;
  /** Whether the garbage collector of one of them is at work now. */
  readonly isCollecting: boolean;
  readonly selection: "active" | "all" | "gil";
  /** A whole tree of processes is sampled. */
  readonly isTree: boolean;
}

/** A page of text that is shown instead of the table. */
export interface TopText {
  readonly title: string;
  readonly lines: readonly string[];
}

/** All that is shown. */
export interface TopView {
  readonly facts: TopFacts;
  readonly snapshot: LiveSnapshot;
  /** Callers of the rows that are expanded, by the row's key. */
  readonly callers: ReadonlyMap<string, readonly LiveCaller[]>;
  /** The stack of the chosen thread, or the dump. */
  readonly text: TopText | undefined;
}

/** Rows and columns of the terminal. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}
