/** Two recordings for the tests of what is drawn of them. */
import { compare } from "../../src/analysis/compare.ts";
import { type MergedRuns, mergeRuns } from "../../src/analysis/merge_runs.ts";
import type { Profile, RecordingInfo } from "../../src/profile.ts";
import { renderDiffSvg } from "../../src/render/diff_svg.ts";
import { secondsPerCount } from "../../src/render/numbers.ts";
import { makeModel } from "../../src/render/svg_client/model.js";
import { firstState } from "../../src/render/svg_client/state.js";
import { makeTree } from "../../src/render/svg_client/tree.js";
import type { ViewState, ViewTree } from "../../src/render/svg_client/types.ts";
import { weighNodes } from "../../src/render/svg_client/weigh.js";
import { packRuns } from "../../src/render/svg_data.ts";
import { frame, INFO, profileOf } from "./render_helper.ts";

/** A recording of some samples a second, all ticks of which have one. */
export function infoOf(samples: number, parts: Partial<RecordingInfo> = {}): RecordingInfo {
  return {
    ...INFO,
    command: ["python", "shop.py"],
    rateHz: 100,
    ticks: samples,
    samples,
    durationSeconds: samples / 100,
    missed: 0,
    late: 0,
    ...parts,
  };
}

/** A recording of stacks given by names, as `main;work`; their lines are told apart. */
export function runOf(
  stacks: Readonly<Record<string, number>>,
  { line = 1, ...parts }: Partial<RecordingInfo> & { line?: number } = {},
): Profile {
  const samples = Object.values(stacks).reduce((sum, count) => sum + count, 0);
  return profileOf(
    Object.entries(stacks).map(([path, count]) => ({
      frames: path.split(";").map((name, depth) => frame(name, "shop.py", line + depth, line)),
      count,
    })),
    { info: infoOf(samples, parts) },
  );
}

/** The same with times: each stack comes in turn, for some samples at a time, until all of it was seen. */
export function withTimes(profile: Profile, samplesAtOnce: number): Profile {
  const left = profile.stacks.map(({ count }) => count);
  const timeline = { stack: [] as number[], startNs: [] as number[], weightNs: [] as number[] };
  let now = 0;
  while (left.some((count) => count > 0)) {
    left.forEach((count, stack) => {
      const taken = Math.min(count, samplesAtOnce);
      left[stack] = count - taken;
      if (taken === 0) return;
      timeline.stack.push(stack);
      timeline.startNs.push(now * 1e7);
      timeline.weightNs.push(taken * 1e7);
      now += taken;
    });
  }
  return { ...profile, timeline };
}

/** Compares and merges two recordings. */
export function mergeOf(before: Profile, after: Profile): MergedRuns {
  const [a, b] = [before, after].map((profile) => ({ profile, secondsEach: secondsPerCount(profile.info) }));
  return mergeRuns(a!, b!, compare(a!, b!));
}

/** The picture of two recordings. */
export function diffSvg(before: Profile, after: Profile): string {
  return renderDiffSvg(mergeOf(before, after), { names: ["old/a.pyspy.json", "new/b.pyspy.json"] });
}

/** The tree that the picture of two recordings is drawn from. */
export function diffTree(before: Profile, after: Profile, parts: Partial<ViewState> = {}): ViewTree {
  const model = makeModel(packRuns(mergeOf(before, after)));
  const state = { ...firstState({ isComparison: true }), ...parts };
  return makeTree(model, { weights: weighNodes(model, { filter: state, hidden: [] }), shape: state });
}

/** A program of which one function was made slower, one was taken away, and one is new; the others vary a little. */
export const OLD: Profile = runOf({
  "main;parse": 1000,
  "main;load;read": 800,
  "main;load;check": 600,
  "main;sort": 900,
  "main;log": 500,
  "main;rare": 3,
});
export const NEW: Profile = runOf({
  "main;parse": 1010,
  "main;load;read": 1700,
  "main;load": 12,
  "main;sort": 880,
  "main;log": 495,
  "main;cache": 400,
  "main;odd": 4,
}, { line: 7 });
