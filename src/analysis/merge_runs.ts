/** Two recordings as one, whose stacks have a count of each. */
import type { Profile, StackCount } from "../profile.ts";
import { type Comparison, keysFor, type Run } from "./compare.ts";

/** Both recordings, and what is needed to judge what any part of them has changed by. */
export interface MergedRuns {
  /**
   * The stacks of both, functions without their lines, threads and processes as one; with the counts and all that is
   * known of the second recording. A stack that it has not has a count of 0.
   */
  readonly profile: Profile;
  /** The count that each of those stacks has in the first recording, in counts of that. */
  readonly before: readonly number[];
  /** The time that a count of one stands for. Units: seconds. */
  readonly secondsEach: readonly [before: number, after: number];
  readonly runs: readonly [before: Profile, after: Profile];
  readonly comparison: Comparison;
  /** Of each frame, in both: how many times as much its samples vary as independent ones. */
  readonly dispersion: readonly [before: readonly number[], after: readonly number[]];
}

/** Merges two recordings that were compared. */
export function mergeRuns(before: Run, after: Run, comparison: Comparison): MergedRuns {
  const keyOf = keysFor(before.profile, after.profile);
  const merged = mergedFrames([after.profile, before.profile], keyOf);
  const stacks: StackCount[] = [];
  const counts: number[] = [];
  const known = new Map<string, number>();
  const indexOf = (own: readonly number[], ofFrame: readonly number[]) => {
    const frames = own.map((frame) => ofFrame[frame]!);
    const key = frames.join(",");
    let index = known.get(key);
    if (index === undefined) {
      known.set(key, index = stacks.length);
      stacks.push({ thread: -1, frames, count: 0 });
      counts.push(0);
    }
    return index;
  };
  for (const { frames, count } of after.profile.stacks) {
    const index = indexOf(frames, merged.ofFrame[0]!);
    stacks[index] = { ...stacks[index]!, count: stacks[index]!.count + count };
  }
  for (const { frames, count } of before.profile.stacks) {
    counts[indexOf(frames, merged.ofFrame[1]!)]! += count;
  }
  const { frames, fullFiles, keys } = merged;
  const dispersionOf = (ofKey: ReadonlyMap<string, number>) => keys.map((key) => ofKey.get(key) ?? 1);
  return {
    profile: { info: after.profile.info, frames, fullFiles, threads: [], stacks, timeline: undefined },
    before: counts,
    secondsEach: [before.secondsEach, after.secondsEach],
    runs: [before.profile, after.profile],
    comparison,
    dispersion: [
      dispersionOf(comparison.chance.dispersion[0]),
      dispersionOf(comparison.chance.dispersion[1]),
    ],
  };
}

/** The functions of several profiles, without lines: they move when a program is edited. */
function mergedFrames(profiles: readonly Profile[], keyOf: ReturnType<typeof keysFor>) {
  const known = new Map<string, number>();
  const frames: Profile["frames"][number][] = [];
  const fullFiles: string[] = [];
  const ofFrame = profiles.map((profile) =>
    profile.frames.map((frame, i) => {
      const key = keyOf(frame);
      let index = known.get(key);
      if (index === undefined) {
        known.set(key, index = frames.length);
        frames.push({ ...frame, line: 0, firstLine: 0 });
        fullFiles.push(profile.fullFiles?.[i] ?? frame.file);
      }
      return index;
    })
  );
  return { frames, fullFiles, keys: [...known.keys()], ofFrame };
}
