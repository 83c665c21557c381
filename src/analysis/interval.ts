/** How sure a share is that was estimated from samples. */
import type { Profile } from "../profile.ts";

/** A share of the whole with its 95 % interval, all from 0 to 1. */
export interface Share {
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

/** Of a normal distribution, 95 % lie within so many standard deviations. */
const Z95 = 1.96;

/**
 * The share of samples that have some property, with Wilson's interval: it holds for few samples, and for 0 and 1.
 *
 * Threads that are sampled at the same moment may all do the same: no more than one sample a tick counts as independent.
 *
 * @param part what has the property, in the unit of the profile's counts.
 */
export function shareOf({ info, stacks }: Profile, part: number): Share {
  const whole = stacks.reduce((sum, { count }) => sum + count, 0);
  const isTime = info.unit === "cpu_us" || info.unit === "wall_us";
  const samples = isTime ? info.samples : whole;
  const independent = info.ticks > 0 ? Math.min(samples, info.ticks) : samples;
  if (whole <= 0 || independent <= 0) return { share: 0, low: 0, high: 1 };
  const share = part / whole;
  const z2 = Z95 * Z95 / independent;
  const middle = (share + z2 / 2) / (1 + z2);
  const half = Z95 / (1 + z2) * Math.sqrt(share * (1 - share) / independent + z2 / (4 * independent));
  return { share, low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}
