/** Whether something has happened lately in more than a fifth of the ticks. */

/** A tick in which it happens counts as much as so many in which it does not. */
const WEIGHT = 5;
const HIGH = 50;
const MOST = 100;

/** Grows with each time that it happens, and falls with each tick; at first it is high. */
export class RecentShare {
  #level = MOST;

  add(): void {
    this.#level = Math.min(MOST, this.#level + WEIGHT);
  }

  endTick(): void {
    this.#level = Math.max(0, this.#level - 1);
  }

  get isHigh(): boolean {
    return this.#level > HIGH;
  }
}
