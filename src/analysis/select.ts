/** A part of a profile: some of its samples, or what lies below a function. What is left out is counted and said. */
import { CUT_FRAME } from "../profile.ts";
import type { Profile, StackCount } from "../profile.ts";
import { globMatcher, matchFrames } from "./pattern.ts";

/** What of a profile to keep. Shape: patterns, see `matchFrames`. */
export interface SelectOptions {
  /** Samples with one of these functions on their stack. */
  readonly include: readonly string[];
  /** Samples with none of these. */
  readonly exclude: readonly string[];
  /** Samples of threads with one of these names. */
  readonly threads: readonly string[];
  /** Stacks begin at the outermost of these functions; those without it are left out. */
  readonly root: string | undefined;
}

/** Nothing is left out. */
export const SELECT_ALL: SelectOptions = { include: [], exclude: [], threads: [], root: undefined };

/** Whether anything is asked for. */
export function isSelective({ include, exclude, threads, root }: SelectOptions): boolean {
  return include.length > 0 || exclude.length > 0 || threads.length > 0 || root !== undefined;
}

/** Looks at the patterns before anything is done. @throws ProfilerError `usage` for one that is bad. */
export function checkPatterns({ include, exclude, threads, root }: SelectOptions): void {
  for (const pattern of [...include, ...exclude, ...threads]) globMatcher(pattern);
  if (root !== undefined) globMatcher(root);
}

/** Keeps a part of a profile; its notes say how much was left out. @throws ProfilerError `usage` for a bad pattern. */
export function select(profile: Profile, options: SelectOptions): Profile {
  if (!isSelective(options)) return profile;
  const whole = amountOf(profile);
  let part = profile;
  const filters = [
    ["--include", options.include, onStack(profile, options.include, true)],
    ["--exclude", options.exclude, onStack(profile, options.exclude, false)],
    ["--thread", options.threads, ofThreads(profile, options.threads)],
  ] as const;
  const isKept = (stack: StackCount) =>
    filters.every(([, patterns, keeps]) => patterns.length === 0 || keeps(stack));
  if (filters.some(([, patterns]) => patterns.length > 0)) {
    part = changeStacks(part, (stack) => isKept(stack) ? stack.frames : undefined);
    const asked = filters.flatMap(([name, patterns]) => patterns.map((pattern) => `${name} ${pattern}`));
    part = withNote(
      part,
      `Filtered out by ${asked.join(", ")}: ${share(part, { of: whole, left: amountOf(part) })}.`,
    );
  }
  if (options.root === undefined) return part;
  const before = amountOf(part);
  const isRoot = matchFrames(part, [options.root]);
  part = changeStacks(part, ({ frames }) => {
    const start = frames.findIndex((frame) => isRoot[frame]);
    return start < 0 ? undefined : frames.slice(start);
  });
  return withNote(
    part,
    `Stacks begin at ${options.root}; outside of it and left out: ${
      share(part, { of: before, left: amountOf(part) })
    }.`,
  );
}

function onStack(profile: Profile, patterns: readonly string[], wanted: boolean) {
  const isMeant = matchFrames(profile, patterns);
  return ({ frames }: StackCount) => frames.some((frame) => isMeant[frame]) === wanted;
}

function ofThreads({ threads }: Profile, patterns: readonly string[]) {
  const matchers = patterns.map(globMatcher);
  const isMeant = threads.map(({ name, osName, osThreadId }) =>
    [name, osName, String(osThreadId)].some((text) =>
      text !== undefined && matchers.some((matcher) => matcher(text))
    )
  );
  return ({ thread }: StackCount) => isMeant[thread] === true;
}

/** Samples, or microseconds. */
function amountOf({ stacks }: Profile): number {
  return stacks.reduce((sum, { count }) => sum + count, 0);
}

/** `12 of 34 samples (35.3 %)`; counts of time are no samples. */
function share({ info }: Profile, { of, left }: { of: number; left: number }): string {
  const percent = `${of > 0 ? (100 * (of - left) / of).toFixed(1) : "0.0"} %`;
  const isCounted = info.unit === undefined || info.unit === "sample";
  return isCounted ? `${of - left} of ${of} samples (${percent})` : `${percent} of the time`;
}

function withNote(profile: Profile, note: string): Profile {
  return { ...profile, info: { ...profile.info, notes: [...profile.info.notes ?? [], note] } };
}

/**
 * Gives each stack other frames, or drops it for undefined; stacks that become equal become one.
 *
 * Samples and cut ones are counted anew, and the timeline follows.
 */
export function changeStacks(
  profile: Profile,
  change: (stack: StackCount) => readonly number[] | undefined,
): Profile {
  const stacks: { -readonly [K in keyof StackCount]: StackCount[K] }[] = [];
  const known = new Map<string, number>();
  const moved = profile.stacks.map((stack) => {
    const frames = change(stack);
    if (frames === undefined) return -1;
    const key = `${stack.thread},${stack.process},${frames.join(",")}`;
    const index = known.get(key);
    if (index === undefined) {
      known.set(key, stacks.length);
      return stacks.push({ ...stack, frames }) - 1;
    }
    const same = stacks[index]!;
    same.count += stack.count;
    if (same.byActivity !== undefined) {
      same.byActivity = same.byActivity.map((count, i) => count + (stack.byActivity?.[i] ?? 0));
    }
    return index;
  });
  const { info, timeline } = profile;
  const kept = timeline?.stack.map((_, i) => i).filter((i) => moved[timeline.stack[i]!]! >= 0) ?? [];
  const sum = (some: readonly StackCount[]) => some.reduce((total, { count }) => total + count, 0);
  const isCut = ({ frames }: StackCount) => {
    const leaf = profile.frames[frames.at(-1) ?? -1];
    return leaf?.name === CUT_FRAME.name && leaf.file === CUT_FRAME.file;
  };
  const isCounted = info.unit === undefined || info.unit === "sample";
  return {
    ...profile,
    info: { ...info, ...(isCounted ? { samples: sum(stacks) } : {}), cut: sum(stacks.filter(isCut)) },
    stacks,
    timeline: timeline === undefined ? undefined : {
      stack: kept.map((i) => moved[timeline.stack[i]!]!),
      startNs: kept.map((i) => timeline.startNs[i]!),
      weightNs: kept.map((i) => timeline.weightNs[i]!),
    },
  };
}
