/** The time of each test function below a test runner. */
import type { Profile } from "../profile.ts";
import { functionsOf } from "./functions.ts";

/** A test, and what it took. */
export interface TestTime {
  /** Like `test_orders.py::TestOrders.test_total`. */
  readonly name: string;
  /** In the unit of the profile's counts. */
  readonly count: number;
}

/** Test runners, by their files. */
const RUNNERS = /(?:^|[/\\])(?:_?pytest|pluggy|unittest|nose2?)(?:[/\\]|\.py$)/;
const TEST_NAME = /(?:^|\.)test_[^.]*$/;

/**
 * Times of tests, longest first: samples count for the outermost function that is called `test_...` below a runner.
 *
 * @returns undefined when no test runner was seen. `outside` is the time of the rest: collection, fixtures, plugins.
 */
export function testTimes(profile: Profile): { tests: TestTime[]; outside: number } | undefined {
  const { ofFrame, firstFrame } = functionsOf(profile);
  const kinds = firstFrame.map((index) => {
    const { name, file } = profile.frames[index]!;
    if (RUNNERS.test(file) || RUNNERS.test(profile.fullFiles?.[index] ?? file)) return "runner";
    return TEST_NAME.test(name) ? "test" : "other";
  });
  if (!kinds.includes("runner")) return undefined;
  const counts = new Map<number, number>();
  let outside = 0;
  for (const { frames, count } of profile.stacks) {
    const runner = frames.findIndex((frame) => kinds[ofFrame[frame]!] === "runner");
    const test = runner < 0
      ? -1
      : frames.findIndex((frame, i) => i > runner && kinds[ofFrame[frame]!] === "test");
    if (test < 0) outside += count;
    else {
      const key = ofFrame[frames[test]!]!;
      counts.set(key, (counts.get(key) ?? 0) + count);
    }
  }
  const tests = [...counts].map(([key, count]) => {
    const { name, file } = profile.frames[firstFrame[key]!]!;
    return { name: file === "" ? name : `${file}::${name.replaceAll("<locals>.", "")}`, count };
  });
  return { tests: tests.sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1)), outside };
}
