/** How reading went. */
import type { StopCounters } from "./thread_hold.ts";

/** Counts of one reader, for the whole recording. */
export interface ReadCounters extends StopCounters {
  /** Vectored calls, without those of single frames. */
  calls: number;
  /** Frames that had to be read on their own. */
  misses: number;
  /** Calls made again because planned memory had gone. */
  stale: number;
  /** Times the lists of threads were read anew. */
  relists: number;
}

/** Counts of a reader that has read nothing yet. */
export function newReadCounters(): ReadCounters {
  return { calls: 0, misses: 0, stale: 0, relists: 0, stops: 0, unstopped: 0 };
}
