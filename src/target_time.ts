/** The time that a recording may take from its target: a share of its duration, and a little at its start. */

/** While we run on a thread's processor it waits. Units: share of the recording; ms. */
const SHARE = 0.008;
const FREE_MS = 50;

/** Counts the time for which the target waited for us on its processors. Units: ms. */
export class TargetTime {
  readonly #startMs: number;
  #takenMs = 0;

  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  /** Whether something that costs the target this much may be done at a time of the clock. */
  allows(costMs: number, nowMs: number): boolean {
    return this.#takenMs + costMs <= this.#allowed(nowMs);
  }

  /** The same of something that is to leave half of all for what is worth more. */
  allowsFromHalf(costMs: number, nowMs: number): boolean {
    return this.#takenMs + costMs <= this.#allowed(nowMs) / 2;
  }

  #allowed(nowMs: number): number {
    return FREE_MS + SHARE * (nowMs - this.#startMs);
  }

  take(costMs: number): void {
    this.#takenMs += costMs;
  }
}
