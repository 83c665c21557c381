/** The time that a recording may take from its target: a share of its duration, and a little at its start. */
import type { Clock } from "./types.ts";

/** While we run on a thread's processor it waits. Units: share of the recording; ms. */
const SHARE = 0.004;
const FREE_MS = 15;

/** Counts the time for which the target waited for us on its processors. Units: ms. */
export class TargetTime {
  readonly #clock: Clock;
  readonly #startMs: number;
  #takenMs = 0;

  constructor(clock: Clock, startMs: number) {
    this.#clock = clock;
    this.#startMs = startMs;
  }

  /** Whether something that costs the target this much may be done, now or in some time. */
  allows(costMs: number, inMs = 0): boolean {
    return this.#takenMs + costMs <= FREE_MS + SHARE * (this.#clock.now() + inMs - this.#startMs);
  }

  take(costMs: number): void {
    this.#takenMs += costMs;
  }
}
