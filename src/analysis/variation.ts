/** By how much the time of a function would differ in another recording of the same program. */
import type { Profile, RecordingInfo } from "../profile.ts";

/**
 * What two runs of the same program differ by, beyond the chance of sampling: addresses, hashes, caches, the machine. As a
 * share of a function's time. It cannot be known from one run of each, and is that of a quiet machine.
 */
const RUN_TO_RUN = 0.02;
/** The same of a machine so busy that all ticks were missed. */
const RUN_TO_RUN_BUSY = 0.2;
const MIN_BLOCKS = 8;
const MAX_BLOCKS = 100;
/** With so many samples of a group, what its blocks differ by is believed where it is less than chance alone would make. */
const MANY_SAMPLES = 200;
export const LEAST_OF_SAMPLING = 1 / 3;

/** The time of some groups of stacks in consecutive parts of a recording. */
interface Blocks {
  readonly count: number;
  /** Shape: `count` values for each group, one group after the other. */
  readonly ofGroup: Float64Array;
  /** Time of all stacks. */
  readonly all: Float64Array;
}

/**
 * Variances of the times of groups of stacks, each relative to the square of the group's time.
 *
 * It is taken from the differences between neighbouring parts of the recording: it is larger than that of independent
 * samples where a function stays for long or comes and goes, and smaller where it returns at every tick. (Only neighbours
 * are compared: a function that runs in one phase of the program does so in each run.) For want of times, or of samples,
 * it is at least that of independent samples. To that comes what runs differ by in any case.
 *
 * @param groupOf the group of each stack, -1 for none.
 */
export function relativeVariances(
  profile: Profile,
  { groupOf, groups }: { readonly groupOf: readonly number[]; readonly groups: number },
): Float64Array {
  const amounts = new Float64Array(groups);
  let all = 0;
  profile.stacks.forEach(({ count }, i) => {
    all += count;
    if (groupOf[i]! >= 0) amounts[groupOf[i]!]! += count;
  });
  const blocks = blocksOf(profile, { groupOf, groups });
  const samplesEach = independentSamples(profile) / Math.max(all, 1);
  const runToRun = runToRunOf(profile.info);
  return amounts.map((amount, group) => {
    const share = all > 0 ? amount / all : 0;
    const samples = amount * samplesEach;
    const bySampling = (1 - share) / Math.max(samples, 0.5);
    if (blocks === undefined) return bySampling + runToRun ** 2;
    const least = samples >= MANY_SAMPLES ? bySampling * LEAST_OF_SAMPLING : bySampling;
    return Math.max(least, blockVariance(blocks, group)) + runToRun ** 2;
  });
}

/** What two runs of the same program differ by in any case. Units: share of a function's time. */
export function runToRunOf({ ticks, missed }: RecordingInfo): number {
  return RUN_TO_RUN + (RUN_TO_RUN_BUSY - RUN_TO_RUN) * missed / Math.max(ticks + missed, 1);
}

/** How many independent samples a count of one stands for; where counts are times, no more than the rate could take. */
export function samplesEachOf(profile: Profile, { secondsEach }: { readonly secondsEach: number }): number {
  const { unit, rateHz } = profile.info;
  const all = profile.stacks.reduce((sum, { count }) => sum + count, 0);
  const samples = independentSamples(profile) / Math.max(all, 1);
  const byRate = unit === "cpu_us" || unit === "wall_us" ? secondsEach * (rateHz || 100) : 1;
  return samples > 0 ? Math.min(samples, byRate) : byRate;
}

/** Samples of one tick may all show the same. */
function independentSamples({ info, stacks }: Profile): number {
  const isTime = info.unit === "cpu_us" || info.unit === "wall_us";
  const samples = isTime ? info.samples : stacks.reduce((sum, { count }) => sum + count, 0);
  return info.ticks > 0 ? Math.min(samples, info.ticks) : samples;
}

function blocksOf(
  { timeline, info }: Profile,
  { groupOf, groups }: { readonly groupOf: readonly number[]; readonly groups: number },
): Blocks | undefined {
  if (timeline === undefined || info.durationSeconds <= 0) return undefined;
  const ticks = info.ticks > 0 ? info.ticks : timeline.stack.length;
  const count = Math.min(MAX_BLOCKS, Math.max(MIN_BLOCKS, Math.round(Math.sqrt(ticks) / 1.5)));
  const length = info.durationSeconds * 1e9 / count;
  const blocks = { count, ofGroup: new Float64Array(groups * count), all: new Float64Array(count) };
  timeline.stack.forEach((stack, i) => {
    const group = groupOf[stack]!;
    const end = timeline.startNs[i]! + timeline.weightNs[i]!;
    // A run may reach over several blocks.
    for (let from = timeline.startNs[i]!; from < end;) {
      const block = Math.min(count - 1, Math.floor(from / length));
      const until = block === count - 1 ? end : Math.min(end, Math.max((block + 1) * length, from + 1));
      blocks.all[block]! += until - from;
      if (group >= 0) blocks.ofGroup[group * count + block]! += until - from;
      from = until;
    }
  });
  return blocks;
}

/** From the differences of neighbouring blocks, of what is more or less than the group's share of the block. */
function blockVariance({ count, ofGroup, all }: Blocks, group: number): number {
  const own = ofGroup.subarray(group * count, (group + 1) * count);
  const sum = own.reduce((a, b) => a + b, 0);
  const whole = all.reduce((a, b) => a + b, 0);
  if (sum === 0) return 0;
  let squares = 0;
  for (let i = 1; i < count; i++) {
    const difference = own[i]! - own[i - 1]! - sum / whole * (all[i]! - all[i - 1]!);
    squares += difference ** 2;
  }
  return count * squares / (2 * (count - 1)) / sum ** 2;
}
