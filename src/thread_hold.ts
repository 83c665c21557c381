/** Reading while a thread stands still: it is stopped for one call of the system, and let go at once. */
import { ownOsThreadId } from "./thread_table.ts";
import type { ReadThread } from "./thread_table.ts";
import { RUNS } from "./types.ts";
import type { TargetThreads } from "./types.ts";

/** Time for stopping threads one after the other at one tick; the others are read as they run. Units: ms. */
const MAX_STOPPING = 2;

/** Times a thread was stopped, and times that it should have been and could not. */
export interface StopCounters {
  stops: number;
  unstopped: number;
}

/** Stops threads, one at a time. */
export class ThreadHold {
  /** The one that was stopped for the last read. */
  stopped: ReadThread | undefined;
  /** For how long threads stood still since the tick began. Units: ms. */
  pauseMs = 0;
  readonly #os: TargetThreads;
  readonly #counters: StopCounters;
  #spentMs = 0;

  constructor(os: TargetThreads, counters: StopCounters) {
    this.#os = os;
    this.#counters = counters;
  }

  beginTick(): void {
    this.stopped = undefined;
    this.pauseMs = 0;
    this.#spentMs = 0;
  }

  /** Reads while a thread stands still, if it runs. @returns what `read` does. */
  read(thread: ReadThread, read: () => number): number {
    const id = ownOsThreadId(thread);
    this.stopped = undefined;
    // To stop a thread that sleeps would wake it.
    if (id === 0 || this.#os.waitsFor(id) !== RUNS) return read();
    const start = performance.now();
    let isStopped = false;
    try {
      isStopped = this.#spentMs < MAX_STOPPING && this.#os.stopThread(id);
      if (isStopped) this.#counters.stops++;
      else this.#counters.unstopped++;
      const length = read();
      if (isStopped) this.stopped = thread;
      return length;
    } finally {
      const stoppedMs = this.#os.releaseThread();
      if (isStopped) this.pauseMs += stoppedMs;
      this.#spentMs += performance.now() - start;
    }
  }
}
