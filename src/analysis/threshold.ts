/** Limits for continuous integration: `self:json.dumps>20%`, and whether a profile keeps them. */
import { ProfilerError } from "../errors.ts";
import type { Profile } from "../profile.ts";
import { shareOf } from "./interval.ts";
import type { Share } from "./interval.ts";
import { globMatcher, matchFrames } from "./pattern.ts";

/** A limit. Units: `value` is a share of all samples (0 to 1), a change of it, or seconds. */
export interface Limit {
  /** As the user wrote it. */
  readonly text: string;
  /** Time of the functions themselves, or with what they call. */
  readonly kind: "self" | "total";
  readonly pattern: string;
  readonly value: number;
  readonly unit: "%" | "s";
}

/**
 * What is known of a limit.
 *
 * "undecided": there are too few samples to tell.
 */
export interface Judgement {
  readonly limit: Limit;
  readonly verdict: "broken" | "holds" | "undecided";
  readonly share: Share;
  /** Whether any function is meant. */
  readonly wasSeen: boolean;
}

/** Intervals wider than this can judge no limit. Units: share; the larger of both. */
const WIDEST = 0.01;
const WIDEST_OF_LIMIT = 1 / 4;

/** Reads a limit; `+` before the number, for changes, is allowed if `isChange`. @throws ProfilerError `usage` */
export function parseLimit(text: string, { isChange }: { isChange: boolean }): Limit {
  const match = /^(self|total):(.+)>\s*(\+?)(\d{1,9}(?:\.\d{1,9})?)\s*(%|s)$/.exec(text.trim());
  const isWanted = match !== null && (isChange ? match[5] === "%" : match[3] === "");
  if (!isWanted) {
    throw new ProfilerError(
      "usage",
      `Cannot tell what '${text}' is to limit`,
      isChange
        ? "--fail-if 'total:mymodule.*>+5%'"
        : "--fail-if 'self:json.dumps>20%', or 'total:mymodule.*>1.5s'",
    );
  }
  const [, kind, pattern, , value, unit] = match;
  globMatcher(pattern!.trim());
  return {
    text,
    kind: kind as Limit["kind"],
    pattern: pattern!.trim(),
    value: unit === "%" ? Number(value) / 100 : Number(value),
    unit: unit as Limit["unit"],
  };
}

/** The part of a profile's counts that a limit is about. */
export function amountOf(profile: Profile, { kind, pattern }: Pick<Limit, "kind" | "pattern">) {
  const isMeant = matchFrames(profile, [pattern]);
  let amount = 0;
  for (const { frames, count } of profile.stacks) {
    const counts = kind === "self" ? isMeant[frames.at(-1) ?? -1] : frames.some((frame) => isMeant[frame]);
    if (counts === true) amount += count;
  }
  return { amount, wasSeen: isMeant.includes(true) };
}

/**
 * Judges a limit: it is broken if the whole 95 % interval lies above it, so that chance fails no build.
 *
 * @param secondsEach the time that a count of one stands for.
 */
export function judge(profile: Profile, limit: Limit, { secondsEach }: { secondsEach: number }): Judgement {
  const { amount, wasSeen } = amountOf(profile, limit);
  const share = shareOf(profile, amount);
  const whole = profile.stacks.reduce((sum, { count }) => sum + count, 0) * secondsEach;
  const value = limit.unit === "%" ? limit.value : whole > 0 ? limit.value / whole : Infinity;
  const isTooWide = (share.high - share.low) / 2 > Math.max(WIDEST, value * WIDEST_OF_LIMIT);
  const verdict = share.low > value ? "broken" : share.high <= value || !isTooWide ? "holds" : "undecided";
  return { limit, verdict, share, wasSeen };
}
