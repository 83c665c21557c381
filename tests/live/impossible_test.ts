/** No stack is shown that could not have been, and no sample is dropped, however fast the target calls. */
import assert from "node:assert/strict";
import { SUPPORTED_MINORS } from "../../scripts/pythons.ts";
import type { Python } from "../../scripts/pythons.ts";
import { builds } from "./builds.ts";
import { covering } from "../covers.ts";
import { allPythons, python, startProgram } from "./programs.ts";
import { recordOf } from "./recording.ts";
import { impossible } from "./tiny_calls.ts";

/** The newest of each minor version, with a GIL and without: another patch release would show the same. */
function onePerMinor(minors: readonly string[]): Python[] {
  const kinds = minors.flatMap((minor) => [false, true].map((freeThreaded) => ({ minor, freeThreaded })));
  return kinds.map(({ minor, freeThreaded }) =>
    allPythons.findLast((one) => one.minor === minor && one.freeThreaded === freeThreaded)
  ).filter((one) => one !== undefined);
}

for (const one of [...onePerMinor(SUPPORTED_MINORS), ...builds]) {
  const test = covering({ python: one, modes: ["record"] });
  test(`impossible stacks: none of tiny calls at 1 kHz, Python ${one.label}`, async () => {
    await using target = await startProgram(one, "tiny_calls.py");
    const { counters, stacks } = await recordOf(target.pid, { rateHz: 1000, durationSeconds: 2 });
    const found = stacks.flatMap(({ names, count }) => {
      const reason = impossible(names);
      return reason === undefined ? [] : [`${count} x ${reason}: ${names.join(";")}`];
    });
    assert.deepEqual(found, []);
    assert.equal(counters.errors, 0);
    // The main thread always runs: each tick has its sample.
    assert.equal(counters.samples, counters.ticks);
    assert.equal(stacks.reduce((sum, { count }) => sum + count, 0), counters.samples);
    // A call that was never seen whole is cut from the profile; some must have been seen.
    const cut = stacks.filter(({ names }) => names.at(-1) === "[cut]").reduce(
      (sum, { count }) => sum + count,
      0,
    );
    assert.ok(cut < 0.9 * counters.samples, `${cut} of ${counters.samples} samples are cut`);
  });
}

for (const one of onePerMinor(["3.9", "3.11", "3.13", "3.15"])) {
  Deno.test(`threads that live for a millisecond: true stacks, no errors, Python ${one.label}`, async () => {
    await using target = await startProgram(one, "short_threads.py");
    const { counters, stacks } = await recordOf(target.pid, { rateHz: 1000, durationSeconds: 1 });
    assert.equal(counters.errors, 0);
    const computing = stacks.filter(({ names }) => names.includes("compute"));
    assert.ok(computing.length > 0, "no thread was seen at work");
    for (const { names } of stacks) {
      const text = names.join(";");
      assert.ok(!(names.includes("main") && names.includes("compute")), `two threads in one stack: ${text}`);
      if (!names.includes("compute")) continue;
      assert.equal(names.filter((name) => name === "compute").length, 1, text);
      assert.match(text, /(^|;)(Thread\.)?run;compute(;\[cut\])?$/);
    }
  });
}

Deno.test({
  name: "a target that forks all the time: only its own stacks, no errors",
  ignore: python === undefined,
  fn: async () => {
    await using target = await startProgram(python!, "forks.py");
    const { counters, stacks } = await recordOf(target.pid, { rateHz: 500, durationSeconds: 1 });
    assert.equal(counters.errors, 0);
    assert.equal(counters.samples, counters.ticks);
    const names = new Set(stacks.flatMap((stack) => stack.names));
    assert.ok(names.has("of_parent"), [...names].join(" "));
    assert.ok(!names.has("of_child"), "a child's stack is shown as the parent's");
  },
});

for (const one of onePerMinor(["3.9", "3.11", "3.13"])) {
  Deno.test(`code objects at addresses used before: none is taken for another, Python ${one.label}`, async () => {
    await using target = await startProgram(one, "new_code.py");
    const { counters, stacks } = await recordOf(target.pid, { rateHz: 1000, durationSeconds: 1.5 });
    assert.equal(counters.errors, 0);
    const numbers = new Set<string>();
    for (const { names } of stacks) {
      const found = new Set(
        names.map((name) => /_(\d+)$/.exec(name)?.[1]).filter((number) => number !== undefined),
      );
      assert.ok(found.size <= 1, `functions of two programs in one stack: ${names.join(";")}`);
      for (const number of found) numbers.add(number);
    }
    // Each runs for 10 ms, and a busy machine may not let all be proven: were old names kept for a second, two would show.
    assert.ok(numbers.size > 5, `${numbers.size} functions in ${counters.ticks} samples`);
  });
}
