import assert from "node:assert/strict";
import fc from "fast-check";
import type { Profile } from "../../src/profile.ts";
import { mergeOf, runOf } from "./diff_helper.ts";
import { frame, profileOf, thread } from "./render_helper.ts";

/** Each stack by names with its counts of both recordings. */
function countsOf(before: Profile, after: Profile) {
  const merged = mergeOf(before, after);
  const { frames, stacks } = merged.profile;
  return Object.fromEntries(stacks.map((stack, i) => [
    stack.frames.map((one) => frames[one]!.name).join(";"),
    [merged.before[i], stack.count],
  ]));
}

Deno.test("stacks of both runs are merged by function, whatever their lines are", () => {
  const before = runOf({ "main;a": 5, "main;a;b": 2 });
  const after = runOf({ "main;a": 7, "main;c": 4 }, { line: 30 });
  assert.deepEqual(countsOf(before, after), {
    "main;a": [5, 7],
    "main;c": [0, 4],
    "main;a;b": [2, 0],
  });
  const { frames } = mergeOf(before, after).profile;
  assert.deepEqual(frames.map(({ name, line, firstLine }) => [name, line, firstLine]), [
    ["main", 0, 0],
    ["a", 0, 0],
    ["c", 0, 0],
    ["b", 0, 0],
  ]);
});

Deno.test("threads and lines of one run are added up too", () => {
  const stacks = [
    { thread: 0, frames: [frame("f", "x.py", 1)], count: 2 },
    { thread: 1, frames: [frame("f", "x.py", 2)], count: 3 },
  ];
  const profile = profileOf(stacks, { threads: [thread(1), thread(2)] });
  assert.deepEqual(countsOf(profile, profile), { f: [5, 5] });
});

Deno.test("functions of two files are two, unless only one recording has their folders", () => {
  const run = (files: readonly string[]) =>
    profileOf(files.map((file) => ({ frames: [frame("f", file)], count: 1 })));
  assert.equal(mergeOf(run(["a/x.py", "b/x.py"]), run(["a/x.py"])).profile.frames.length, 2);
  assert.deepEqual(
    mergeOf(run(["/srv/a/x.py"]), run(["x.py"])).profile.frames.map(({ file }) => file),
    ["x.py"],
  );
});

Deno.test("no sample is lost, and none is counted twice", () => {
  const names = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 4 });
  const run = fc.dictionary(names.map((path) => path.join(";")), fc.integer({ min: 1, max: 99 }), {
    minKeys: 1,
  }).map((stacks) => ({ stacks: { ...stacks }, profile: runOf(stacks) }));
  fc.assert(fc.property(run, run, (before, after) => {
    const expected = Object.keys({ ...before.stacks, ...after.stacks })
      .map((path) => [path, [before.stacks[path] ?? 0, after.stacks[path] ?? 0]]);
    assert.deepEqual(Object.entries(countsOf(before.profile, after.profile)).sort(), expected.sort());
  }));
});
