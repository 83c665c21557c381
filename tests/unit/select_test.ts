import assert from "node:assert/strict";
import { globMatcher, matchFrames } from "../../src/analysis/pattern.ts";
import { select, SELECT_ALL } from "../../src/analysis/select.ts";
import { testTimes } from "../../src/analysis/test_times.ts";
import { ProfilerError } from "../../src/errors.ts";
import { CUT_FRAME } from "../../src/profile.ts";
import { renderCiSummary } from "../../src/render/ci_summary.ts";
import { frame, HOSTILE, INFO, profileOf, thread } from "./render_helper.ts";

Deno.test("a glob matches whole texts; characters of regular expressions mean themselves", () => {
  const matching = [["*", ""], ["a*c", "abbc"], ["a?c", "abc"], ["*.py", "x.py"], ["a**b", "ab"], [
    "<lambda>",
    "<lambda>",
  ]];
  for (const [glob, text] of matching) assert.ok(globMatcher(glob!)(text!), `${glob} ${text}`);
  const others = [["a", "ab"], ["a?", "a"], ["a.c", "abc"], ["(a|b)", "a"], ["A", "a"], ["*a", "ab"]];
  for (const [glob, text] of others) assert.ok(!globMatcher(glob!)(text!), `${glob} ${text}`);
});

Deno.test("a glob that would ruin a regular expression is soon done with", () => {
  const start = performance.now();
  assert.equal(globMatcher("*a".repeat(400) + "!")("a".repeat(100_000)), false);
  assert.ok(performance.now() - start < 2000);
});

Deno.test("a pattern that says nothing is refused", () => {
  for (const pattern of ["", "x".repeat(1001)]) {
    assert.throws(
      () => globMatcher(pattern),
      (error) => error instanceof ProfilerError && error.kind === "usage",
    );
  }
});

const main = frame("main", "app.py");
const dumps = frame("dumps", "json/__init__.py");
const run = frame("Worker.run", "/srv/shop/jobs/worker.py", 8);

Deno.test("a pattern names functions by name, module or file, from any folder on", () => {
  const profile = profileOf([{ frames: [main, dumps, run], count: 1 }]);
  const named = (pattern: string) =>
    matchFrames(profile, [pattern]).map((isMeant, i) => isMeant ? i : -1).filter((i) => i >= 0);
  for (const pattern of ["json.dumps", "dumps", "json", "json.*", "json/*", "json/__init__.py"]) {
    assert.deepEqual(named(pattern), [1], pattern);
  }
  for (
    const pattern of ["Worker.*", "worker.Worker.run", "jobs.worker", "shop/jobs/*", "worker.py", "/srv/*"]
  ) {
    assert.deepEqual(named(pattern), [2], pattern);
  }
  assert.deepEqual(named("nothing"), []);
  assert.deepEqual(named("*"), [0, 1, 2]);
});

const profile = profileOf([
  { frames: [main, dumps], count: 4 },
  { frames: [main, run], count: 3 },
  { frames: [main], count: 2 },
  { thread: 1, frames: [run, CUT_FRAME], count: 1 },
], {
  threads: [thread(1), thread(2, "pool-1")],
  timeline: { stack: [0, 1, 3, 2], startNs: [0, 1, 2, 3], weightNs: [4, 3, 1, 2] },
});
const counts = ({ stacks }: typeof profile) => stacks.map(({ count }) => count);

Deno.test("filters keep samples by function or thread, and say how many they left out", () => {
  const included = select(profile, { ...SELECT_ALL, include: ["Worker.run"] });
  assert.deepEqual(counts(included), [3, 1]);
  assert.deepEqual(included.info.samples, 4);
  assert.deepEqual(included.info.cut, 1);
  assert.deepEqual(included.info.notes, ["Filtered out by --include Worker.run: 6 of 10 samples (60.0 %)."]);
  assert.deepEqual(included.timeline, { stack: [0, 1], startNs: [1, 2], weightNs: [3, 1] });
  assert.deepEqual(counts(select(profile, { ...SELECT_ALL, exclude: ["json", "Worker.run"] })), [2]);
  assert.deepEqual(counts(select(profile, { ...SELECT_ALL, threads: ["pool-*"] })), [1]);
  const both = select(profile, { ...SELECT_ALL, include: ["main"], exclude: ["json"], threads: ["Main*"] });
  assert.deepEqual(counts(both), [3, 2]);
  assert.equal(select(profile, SELECT_ALL), profile);
});

Deno.test("--root lets stacks begin at a function, makes equal ones one, and counts those without it", () => {
  const rooted = select(profile, { ...SELECT_ALL, root: "Worker.run" });
  assert.deepEqual(
    rooted.stacks.map(({ frames, count }) => [frames.map((i) => rooted.frames[i]!.name), count]),
    [
      [["Worker.run"], 3],
      [["Worker.run", "[cut]"], 1],
    ],
  );
  assert.match(rooted.info.notes![0]!, /begin at Worker\.run; .* left out: 6 of 10 samples \(60\.0 %\)/);
  const merged = select(
    profileOf([{ frames: [main, run], count: 1 }, { frames: [run], count: 2 }], {
      timeline: { stack: [0, 1], startNs: [0, 1], weightNs: [1, 2] },
    }),
    { ...SELECT_ALL, root: "run*" },
  );
  assert.deepEqual(counts(merged), []);
  const one = select(
    profileOf([{ frames: [main, run], count: 1 }, { frames: [run], count: 2 }], {
      timeline: { stack: [0, 1], startNs: [0, 1], weightNs: [1, 2] },
    }),
    { ...SELECT_ALL, root: "*run" },
  );
  assert.deepEqual(counts(one), [3]);
  assert.deepEqual(one.timeline?.stack, [0, 0]);
});

const runner = frame("pytest_pyfunc_call", "_pytest/python.py");
const tested = profileOf([
  {
    frames: [main, runner, frame("test_a", "tests/test_x.py", 3, 3), frame("test_helper", "lib.py")],
    count: 5,
  },
  { frames: [main, runner, frame("TestOrders.test_b", "tests/test_x.py", 9, 9), dumps], count: 7 },
  { frames: [main, runner, frame("fixture", "tests/conftest.py")], count: 2 },
  { frames: [frame("test_not_run_by_pytest", "x.py"), runner], count: 1 },
]);

Deno.test("tests are told apart: samples count for the outermost test below a runner", () => {
  assert.deepEqual(testTimes(tested), {
    tests: [
      { name: "tests/test_x.py::TestOrders.test_b", count: 7 },
      { name: "tests/test_x.py::test_a", count: 5 },
    ],
    outside: 3,
  });
  assert.equal(testTimes(profile), undefined);
});

Deno.test("a summary shows functions, tests and limits, and as much as there is room for", () => {
  const info = { ...INFO, samples: 15, durationSeconds: 0.15, ticks: 15 };
  const parts = { tests: testTimes(tested), judgements: [], maxBytes: 1_000_000 };
  const text = renderCiSummary({ ...tested, info }, parts)!;
  assert.match(text, /\| 46\.7 % \| 0\.07 s \| `tests\/test_x\.py::TestOrders\.test_b` \|/);
  assert.match(text, /\| 20\.0 % \| 0\.03 s \| outside of tests \|/);
  const many = profileOf(
    Array.from({ length: 3000 }, (_, i) => ({
      frames: [runner, frame(`test_${i}${HOSTILE.at(-1)}`, HOSTILE[i % HOSTILE.length])],
      count: 1,
    })),
  );
  const size = (maxBytes: number) => {
    const all = { tests: testTimes(many), judgements: [], maxBytes };
    const text = renderCiSummary(many, all);
    return text === undefined ? undefined : new TextEncoder().encode(text).length;
  };
  const whole = size(1_000_000)!;
  assert.ok(whole < 100_000, `${whole}`);
  assert.ok(size(whole - 1)! < whole);
  assert.equal(size(100), undefined);
});
