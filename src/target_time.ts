/** The time that a recording may take from its target: a share of its duration, and a little at its start. */

/** While we run on a thread's processor it waits. Units: share of the recording; ms. */
const SHARE = 0.008;
const FREE_MS = 50;
/** Ticks leave this much of what is free to searches, and half of the share. */
const FREE_FOR_SEARCHES_MS = 10;

/** Counts the time for which the target waited for us on its processors. Units: ms. */
export class TargetTime {
  readonly #startMs: number;
  #takenMs = 0;

  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  /** Whether a search that costs the target this much may be made at a time of the clock. */
  allows(costMs: number, nowMs: number): boolean {
    return this.#takenMs + costMs <= FREE_MS + SHARE * (nowMs - this.#startMs);
  }

  /**
   * The same of a tick. At the start each one proves a path that may never be taken again, for which no search would help;
   * later searches find more.
   */
  allowsTick(costMs: number, nowMs: number): boolean {
    return this.#takenMs + costMs <= FREE_MS - FREE_FOR_SEARCHES_MS + SHARE / 2 * (nowMs - this.#startMs);
  }

  take(costMs: number): void {
    this.#takenMs += costMs;
  }
}
