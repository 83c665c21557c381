/** The last values of something that is looked at from time to time. */

/** Values that are kept. */
export const TREND_LENGTH = 12;

const NONE: readonly number[] = new Array<number>(TREND_LENGTH).fill(0);

/** A ring of values; intervals without a value count as 0. */
export class Trend {
  readonly #values = new Float32Array(TREND_LENGTH);
  #last = -1;

  /** Sets the value of an interval, counted from 0; never an earlier one than before. */
  set(interval: number, value: number): void {
    for (let i = Math.max(this.#last + 1, interval - TREND_LENGTH + 1); i < interval; i++) {
      this.#values[i % TREND_LENGTH] = 0;
    }
    this.#values[interval % TREND_LENGTH] = value;
    this.#last = interval;
  }

  /** The values up to an interval, oldest first. */
  upTo(interval: number): readonly number[] {
    if (this.#last <= interval - TREND_LENGTH) return NONE;
    return Array.from({ length: TREND_LENGTH }, (_, i) => {
      const at = interval - TREND_LENGTH + 1 + i;
      const isKnown = at >= 0 && at <= this.#last && at > this.#last - TREND_LENGTH;
      return isKnown ? this.#values[at % TREND_LENGTH]! : 0;
    });
  }
}
