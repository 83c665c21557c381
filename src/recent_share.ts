/** Whether something has happened lately in more than some share of the ticks. */

const HIGH = 50;
const MOST = 100;

/** Grows with each time that it happens, and falls with each tick; at first it is high. */
export class RecentShare {
  readonly #weight: number;
  #level = MOST;

  /** @param oneIn it is high while it happens more often than in one tick in so many; from 100 on, for 50 ticks after each time. */
  constructor(oneIn: number) {
    this.#weight = oneIn;
  }

  add(): void {
    this.#level = Math.min(MOST, this.#level + this.#weight);
  }

  endTick(): void {
    this.#level = Math.max(0, this.#level - 1);
  }

  get isHigh(): boolean {
    return this.#level > HIGH;
  }
}
