/** Two recordings of a program, and which of its functions take more or less time in the second one. */
import type { Profile } from "../profile.ts";
import type { Frame } from "../types.ts";
import { amountOf } from "./threshold.ts";
import type { Judgement, Limit } from "./threshold.ts";
import { matchFrames } from "./pattern.ts";
import { LEAST_OF_SAMPLING, relativeVariances, runToRunOf, samplesEachOf } from "./variation.ts";

/** Functions with fewer counts than this in both are not looked at. Units: samples. */
export const MIN_SAMPLES = 10;
/** Functions from which the common factor is taken, and how many samples make a full vote. Units: samples. */
const MIN_VOTING = 30;
const FULL_VOTE = 400;
const MIN_VOTES_FOR_SPREAD = 8;
/** The chance that any difference is shown where there is none. */
const ERROR_RATE = 0.05;
const Z95 = 1.96;
/** Half of a normal distribution lies within so many standard deviations. */
const MEDIAN_DISTANCE = 0.6745;
/** Intervals of changes that are wider than this, or than the limit, can judge nothing. Units: share. */
const WIDEST_CHANGE = 0.1;

/** A change of time as a share: 0.2 is a fifth more. `low` to `high` is its 95 % interval. */
export interface Change {
  readonly change: number;
  readonly low: number;
  readonly high: number;
}

/** A function in both recordings. Units: seconds of its own code, and with what it calls. */
export interface FunctionChange extends Change {
  readonly frame: Frame;
  readonly self: readonly [before: number, after: number];
  readonly total: readonly [before: number, after: number];
  /** Whether it is a change, or may be chance. */
  readonly isCertain: boolean;
}

/** By how much two recordings may differ by chance. Shape: pairs are before and after. */
export interface Chance {
  /** A change of so many standard deviations is none. */
  readonly critical: number;
  /** Independent samples that a count of one stands for. */
  readonly samplesEach: readonly [number, number];
  /** Variance of any time in another run beyond that of sampling, relative to its square. */
  readonly relative: readonly [number, number];
  /** How many times as much the samples of a function vary as independent ones; by `keysFor`. */
  readonly dispersion: readonly [ReadonlyMap<string, number>, ReadonlyMap<string, number>];
}

/** What was found. Shape: `functions` with certain changes first, the largest first. */
export interface Comparison {
  /** What the time of most functions has changed by; 1 is nothing. Changes of functions are beyond that. */
  readonly factor: number;
  readonly seconds: readonly [before: number, after: number];
  readonly functions: readonly FunctionChange[];
  readonly chance: Chance;
}

/** Counts of one function. Units: counts. */
interface Entry {
  readonly frame: Frame;
  self: number;
  total: number;
  variance: number;
}

interface Side {
  readonly profile: Profile;
  readonly secondsEach: number;
  readonly entries: ReadonlyMap<string, Entry>;
}

/** A profile and the time that a count of one stands for. */
export interface Run {
  readonly profile: Profile;
  readonly secondsEach: number;
}

/** Compares two recordings. */
export function compare(before: Run, after: Run): Comparison {
  const name = keysFor(before.profile, after.profile);
  const sides = [sideOf(before, name), sideOf(after, name)] as const;
  const { log: common, variance: commonVariance, spread } = commonFactor(sides);
  const keys = new Set(sides.flatMap(({ entries }) => [...entries.keys()]));
  const enough = [...keys].filter((key) => sides.some((side) => samplesOf(side, key) >= MIN_SAMPLES));
  const critical = normalQuantile(1 - ERROR_RATE / (2 * Math.max(1, enough.length)));
  const functions = [...keys].filter((key) => sides.some(({ entries }) => (entries.get(key)?.total ?? 0) > 0))
    .map((key) => {
      const difference = differenceOf(sides, key);
      const deviation = spread * Math.sqrt(difference.variance + commonVariance);
      const seconds = (part: "self" | "total") =>
        sides.map(({ entries, secondsEach }) => (entries.get(key)?.[part] ?? 0) * secondsEach) as [
          number,
          number,
        ];
      return {
        frame: (sides[1].entries.get(key) ?? sides[0].entries.get(key))!.frame,
        self: seconds("self"),
        total: seconds("total"),
        ...changeOf(difference.log - common, deviation),
        isCertain: sides.some((side) => samplesOf(side, key) >= MIN_SAMPLES) &&
          Math.abs(difference.log - common) > critical * deviation,
      };
    });
  const size = ({ self: [a, b] }: FunctionChange) => Math.abs(b - a * Math.exp(common));
  return {
    factor: Math.exp(common),
    seconds: [secondsOf(before), secondsOf(after)],
    functions: functions.sort((a, b) => Number(b.isCertain) - Number(a.isCertain) || size(b) - size(a)),
    chance: chanceOf(sides, { critical: critical * spread, commonVariance }),
  };
}

function chanceOf(
  sides: readonly [Side, Side],
  { critical, commonVariance }: { readonly critical: number; readonly commonVariance: number },
): Chance {
  const [before, after] = sides.map((side) => chanceOfSide(side)) as [SideChance, SideChance];
  return {
    critical,
    samplesEach: [before.samplesEach, after.samplesEach],
    // The common factor is as uncertain for the times of all functions.
    relative: [before.runToRun + commonVariance, after.runToRun],
    dispersion: [before.dispersion, after.dispersion],
  };
}

type SideChance = ReturnType<typeof chanceOfSide>;

function chanceOfSide({ profile, secondsEach, entries }: Side) {
  const samplesEach = samplesEachOf(profile, { secondsEach });
  const runToRun = runToRunOf(profile.info) ** 2;
  const all = profile.stacks.reduce((sum, { count }) => sum + count, 0);
  const dispersion = new Map<string, number>();
  for (const [key, { self, variance }] of entries) {
    const independent = (1 - self / all) / (self * samplesEach);
    if (self > 0 && independent > 0) {
      dispersion.set(key, Math.max(LEAST_OF_SAMPLING, (variance - runToRun) / independent));
    }
  }
  return { samplesEach, runToRun, dispersion };
}

/** Judges a limit of how much a group of functions may have changed, beyond the common factor. */
export function judgeChange(before: Run, after: Run, limit: Limit): Judgement {
  const name = keysFor(before.profile, after.profile);
  const { log: common, variance, spread } = commonFactor([sideOf(before, name), sideOf(after, name)]);
  const parts = [before, after].map(({ profile, secondsEach }) => {
    const { amount, wasSeen } = amountOf(profile, limit);
    const isMeant = matchFrames(profile, [limit.pattern]);
    const groupOf = profile.stacks.map(({ frames }) => {
      const counts = limit.kind === "self"
        ? isMeant[frames.at(-1) ?? -1]
        : frames.some((frame) => isMeant[frame]);
      return counts === true ? 0 : -1;
    });
    return {
      seconds: (amount + 0.5) * secondsEach,
      variance: relativeVariances(profile, { groupOf, groups: 1 })[0]!,
      wasSeen,
    };
  });
  const [a, b] = parts as [typeof parts[0], typeof parts[0]];
  const { change, low, high } = changeOf(
    Math.log(b.seconds / a.seconds) - common,
    spread * Math.sqrt(a.variance + b.variance + variance),
  );
  const wasSeen = a.wasSeen || b.wasSeen;
  const isTooWide = (high - low) / 2 > Math.max(WIDEST_CHANGE, limit.value);
  const verdict = !wasSeen
    ? "holds"
    : low > limit.value
    ? "broken"
    : high <= limit.value || !isTooWide
    ? "holds"
    : "undecided";
  return { limit, verdict, share: { share: change, low, high }, wasSeen };
}

function secondsOf({ profile, secondsEach }: Run): number {
  return profile.stacks.reduce((sum, { count }) => sum + count, 0) * secondsEach;
}

function samplesOf({ entries, secondsEach, profile }: Side, key: string): number {
  const count = entries.get(key)?.self ?? 0;
  const { unit, rateHz } = profile.info;
  return unit === "cpu_us" || unit === "wall_us" ? count * secondsEach * (rateHz || 100) : count;
}

/** Functions are the same by name and file; lines change. Where only one recording has full paths, the file's name has to do. */
export function keysFor(a: Profile, b: Profile): (frame: Frame) => string {
  const isFull = ({ frames }: Profile) => frames.some(({ file }) => file.startsWith("/"));
  const byName = isFull(a) !== isFull(b);
  return ({ name, file }) => `${name}\0${byName ? file.replace(/^.*\//, "") : file}`;
}

function sideOf({ profile, secondsEach }: Run, keyOf: (frame: Frame) => string): Side {
  const entries = new Map<string, Entry>();
  const numbers = new Map<Entry, number>();
  const ofFrame = profile.frames.map((frame) => {
    const key = keyOf(frame);
    const entry = entries.get(key) ?? { frame, self: 0, total: 0, variance: 0 };
    entries.set(key, entry);
    if (!numbers.has(entry)) numbers.set(entry, numbers.size);
    return entry;
  });
  const leaves = profile.stacks.map(({ frames, count }) => {
    const leaf = ofFrame[frames.at(-1) ?? -1];
    if (leaf !== undefined) leaf.self += count;
    for (const entry of new Set(frames.map((frame) => ofFrame[frame]!))) entry.total += count;
    return leaf === undefined ? -1 : numbers.get(leaf)!;
  });
  // Only functions that are looked at need a variance: there may be very many others.
  const side = { profile, secondsEach, entries };
  const looked = [...entries].filter(([key]) => samplesOf(side, key) > 0).map(([, entry]) => entry);
  const groups = new Map(looked.map((entry, i) => [numbers.get(entry)!, i]));
  const groupOf = leaves.map((leaf) => groups.get(leaf) ?? -1);
  const variances = relativeVariances(profile, { groupOf, groups: looked.length });
  looked.forEach((entry, i) => entry.variance = variances[i]!);
  return side;
}

/** The logarithm of how many times as long a function took. Half a sample stands for none. */
function differenceOf(
  [before, after]: readonly [Side, Side],
  key: string,
): { log: number; variance: number } {
  const partOf = ({ profile, entries, secondsEach }: Side) => {
    const { self: count, variance } = entries.get(key) ?? { self: 0, variance: 0 };
    // What was never seen may be there as well.
    const ofUnseen = 2 + runToRunOf(profile.info) ** 2;
    return { seconds: (count + 0.5) * secondsEach, variance: count > 0 ? variance : ofUnseen };
  };
  const [a, b] = [partOf(before), partOf(after)];
  return { log: Math.log(b.seconds / a.seconds), variance: a.variance + b.variance };
}

/** What most functions have in common. */
interface Common {
  /** The logarithm of how many times as long they took. */
  readonly log: number;
  readonly variance: number;
  /** How many times as far as expected they lie apart, at least 1: runs may differ by more than one of them can know. */
  readonly spread: number;
}

/** The median of the times of functions, each having a vote by its samples, up to a full one. */
function commonFactor(sides: readonly [Side, Side]): Common {
  const votes = [...sides[0].entries.keys()].flatMap((key) => {
    const samples = Math.min(samplesOf(sides[0], key), samplesOf(sides[1], key));
    if (samples < MIN_VOTING) return [];
    return [{ weight: Math.min(1, samples / FULL_VOTE), ...differenceOf(sides, key) }];
  });
  const all = votes.reduce((sum, { weight }) => sum + weight, 0);
  if (all === 0) return { log: 0, variance: 0, spread: 1 };
  const log = weightedMedian(votes.map(({ weight, log }) => ({ weight, value: log })));
  // Of a median, the variance is half as much again as that of a mean.
  const variance = 1.57 * votes.reduce((sum, one) => sum + one.weight ** 2 * one.variance, 0) / all ** 2;
  const distances = votes.map((one) => ({
    weight: one.weight,
    value: Math.abs(one.log - log) / Math.sqrt(one.variance),
  }));
  // Of a few functions nothing can be said: one of them may be the changed one.
  const spread = all < MIN_VOTES_FOR_SPREAD ? 1 : weightedMedian(distances) / MEDIAN_DISTANCE;
  return { log, variance, spread: Math.max(1, spread) };
}

function weightedMedian(values: readonly { readonly weight: number; readonly value: number }[]): number {
  const sorted = values.toSorted((a, b) => a.value - b.value);
  const half = sorted.reduce((sum, { weight }) => sum + weight, 0) / 2;
  let sum = 0;
  return sorted.find(({ weight }) => (sum += weight) >= half)?.value ?? 0;
}

function changeOf(log: number, deviation: number): Change {
  const at = (value: number) => Math.exp(value) - 1;
  return { change: at(log), low: at(log - Z95 * deviation), high: at(log + Z95 * deviation) };
}

/** The value below which a normal distribution has this share. Source: P. J. Acklam's approximation, to 1e-9. */
export function normalQuantile(share: number): number {
  if (share < 0.5) return -normalQuantile(1 - share);
  if (share > 0.97575) {
    const q = Math.sqrt(-2 * Math.log(1 - share));
    return -(((((-7.784894002430293e-3 * q - 0.3223964580411365) * q - 2.400758277161838) * q -
              2.549732539343734) * q + 4.374664141464968) * q + 2.938163982698783) /
      ((((7.784695709041462e-3 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416) *
          q + 1);
  }
  const q = share - 0.5;
  const r = q * q;
  return (((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.3577518672690) *
          r - 30.66479806614716) * r + 2.506628277459239) *
    q /
    (((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r -
          13.28068155288572) * r + 1);
}
