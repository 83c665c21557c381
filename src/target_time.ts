/** The time that a recording may take from its target: a share of its duration, and a little at its start. */

/** What an interrupt usually takes from the target. Units: ms. */
export const INTERRUPT_MS = 0.01;

/**
 * While we run on a thread's processor, or interrupt it, it waits. What an interrupt takes is known better than what it costs a
 * thread that we are where it was. Units: share of the recording; ms.
 */
const SHARE = 0.008;
const INTERRUPTED_SHARE = 0.009;
const FREE_MS = 50;
/**
 * Of what is free, and of the share, so much is for ticks: at the start each one proves a path that may never be taken again,
 * for which no search would help. Later searches find more, unless nearly all ticks prove something.
 */
const FREE_FOR_TICKS_MS = 42;
const TICKS_PART = 3 / 4;

/** Counts the time for which the target waited for us on its processors. Units: ms. */
export class TargetTime {
  readonly #startMs: number;
  readonly #share: number;
  readonly #shareForTicks: number;
  #tickMs = 0;
  #searchMs = 0;

  constructor(startMs: number, { canInterrupt }: { canInterrupt: boolean }) {
    this.#startMs = startMs;
    this.#share = canInterrupt ? INTERRUPTED_SHARE : SHARE;
    this.#shareForTicks = canInterrupt ? this.#share : this.#share * TICKS_PART;
  }

  /** Whether a tick that costs the target this much may be made at a time of the clock. */
  allowsTick(costMs: number, nowMs: number): boolean {
    const limitMs = FREE_FOR_TICKS_MS + this.#shareForTicks * (nowMs - this.#startMs);
    return this.#tickMs + costMs <= limitMs && this.#isFree(costMs, nowMs);
  }

  /** The same of a read that searches for a path. */
  allowsSearch(costMs: number, nowMs: number): boolean {
    const limitMs = FREE_MS - FREE_FOR_TICKS_MS + this.#share * (nowMs - this.#startMs);
    return this.#searchMs + costMs <= limitMs && this.#isFree(costMs, nowMs);
  }

  #isFree(costMs: number, nowMs: number): boolean {
    return this.#tickMs + this.#searchMs + costMs <= FREE_MS + this.#share * (nowMs - this.#startMs);
  }

  takeForTick(costMs: number): void {
    this.#tickMs += costMs;
  }

  takeForSearch(costMs: number): void {
    this.#searchMs += costMs;
  }
}
