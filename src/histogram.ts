/** Durations by size, with their percentiles to some 5 percent. */

/** Buckets of a factor of two. */
const PARTS = 16;
/** Units: ms. */
const SMALLEST = 1e-4;
const BUCKETS = 32 * PARTS;

/** Counts durations without keeping them. Units: ms. */
export class Histogram {
  readonly #counts = new Uint32Array(BUCKETS);
  count = 0;
  longest = 0;
  sum = 0;

  add(ms: number): void {
    const bucket = Math.floor(Math.log2(Math.max(ms, SMALLEST) / SMALLEST) * PARTS);
    this.#counts[Math.min(bucket, BUCKETS - 1)]!++;
    this.count++;
    this.sum += ms;
    if (ms > this.longest) this.longest = ms;
  }

  /** The duration that a share of all does not exceed; 0 when there are none. */
  percentile(share: number): number {
    let left = share * this.count;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#counts[bucket]!;
      if (left <= 0 && this.#counts[bucket]! > 0) {
        return Math.min(this.longest, SMALLEST * 2 ** ((bucket + 0.5) / PARTS));
      }
    }
    return this.longest;
  }
}
