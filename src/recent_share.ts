/** Whether something has happened lately in more than some share of the ticks. */

const LEAST_RANGE = 100;

/** Grows with each time that it happens, and falls with each tick; at first it is high. */
export class RecentShare {
  readonly #weight: number;
  readonly #most: number;
  #level: number;

  /**
   * @param oneIn it is high while it happens more often than in one tick in so many; from 100 on, for half as many ticks after
   * each time.
   */
  constructor(oneIn: number) {
    this.#weight = oneIn;
    this.#level = this.#most = Math.max(LEAST_RANGE, oneIn);
  }

  add(): void {
    this.#level = Math.min(this.#most, this.#level + this.#weight);
  }

  endTick(): void {
    this.#level = Math.max(0, this.#level - 1);
  }

  get isHigh(): boolean {
    return this.#level > this.#most / 2;
  }
}
