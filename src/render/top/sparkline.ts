/** A trend as a row of small bars. */

const BARS = "▁▂▃▄▅▆▇█";
/** Smaller differences than this share of the time are no trend but chance. */
const LEAST_FULL = 0.05;

/** Draws values, oldest first; the largest is a full bar. A space is nothing at all. */
export function sparkline(values: readonly number[]): string {
  const full = Math.max(LEAST_FULL, ...values);
  return values.map((value) =>
    value <= 0 ? " " : BARS[Math.min(BARS.length - 1, Math.floor(value / full * BARS.length))]!
  ).join("");
}
