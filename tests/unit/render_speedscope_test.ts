import assert from "node:assert/strict";
import { Ajv } from "ajv";
import fc from "fast-check";
import schema from "speedscope/dist/release/file-format-schema.json" with { type: "json" };
import type { Profile } from "../../src/profile.ts";
import { renderSpeedscope, type SpeedscopeFile } from "../../src/render/speedscope.ts";
import { djangoProfile, frame, HOSTILE, INFO, profileOf, thread } from "./render_helper.ts";

const validate = new Ajv({ strict: false }).compile(schema);

function speedscope(profile: Profile): SpeedscopeFile {
  const file: SpeedscopeFile = JSON.parse(new TextDecoder().decode(renderSpeedscope(profile)));
  const isValid: boolean = validate(file);
  assert.ok(isValid, JSON.stringify(validate.errors));
  return file;
}

const threads = [thread(7), thread(8, "W-0")];
const twoThreads = profileOf([
  { thread: 0, frames: [frame("main"), frame("f", "app.py", 9)], count: 3 },
  { thread: 1, frames: [frame("work", "", 0)], count: 1 },
  { thread: 0, frames: [frame("main")], count: 2 },
], { threads });

Deno.test("with a timeline, each thread is a profile in real time", () => {
  const timeline = { stack: [0, 1, 2, 0], startNs: [0, 5e8, 2e9, 3e9], weightNs: [2e8, 1e8, 5e8, 1e8] };
  const file = speedscope({ ...twoThreads, timeline });
  assert.deepEqual(file.shared.frames, [
    { name: "main", file: "app.py", line: 1 },
    { name: "f", file: "app.py", line: 9 },
    { name: "work" },
  ]);
  assert.equal(file.exporter, "pyspy@0.1.0");
  assert.deepEqual(file.profiles, [
    {
      type: "sampled",
      name: 'Thread 7 "MainThread"',
      unit: "seconds",
      startValue: 0,
      endValue: 3.1,
      samples: [[0, 1], [0], [0, 1]],
      weights: [0.2, 0.5, 0.1],
    },
    {
      type: "sampled",
      name: 'Thread 8 "W-0"',
      unit: "seconds",
      startValue: 0.5,
      endValue: 0.6,
      samples: [[2]],
      weights: [0.1],
    },
  ]);
});

Deno.test("without a timeline, each stack is one sample of its whole time", () => {
  const info = { ...INFO, durationSeconds: 2, ticks: 4 };
  const [first, second] = speedscope({ ...twoThreads, info }).profiles;
  assert.deepEqual([first?.weights, first?.endValue], [[1.5, 1], 2.5]);
  assert.deepEqual([second?.weights, second?.endValue], [[0.5], 0.5]);
});

Deno.test("without any clock, weights are samples", () => {
  const info = { ...INFO, durationSeconds: 0, ticks: 0, rateHz: 0 };
  const [first] = speedscope({ ...twoThreads, info }).profiles;
  assert.deepEqual([first?.unit, first?.weights, first?.endValue], ["none", [3, 2], 5]);
});

Deno.test("an empty recording is a valid file with an empty profile", () => {
  assert.deepEqual(speedscope(profileOf([])).profiles.map(({ samples }) => samples), [[]]);
});

Deno.test("a real recording is a valid file that loses no sample", () => {
  const profile = djangoProfile();
  const file = speedscope(profile);
  assert.equal(file.profiles.length, profile.threads.length);
  const seconds = file.profiles.flatMap(({ weights }) => weights).reduce((sum, weight) => sum + weight, 0);
  assert.ok(
    Math.abs(seconds - profile.info.samples * profile.info.durationSeconds / profile.info.ticks) < 1e-6,
  );
});

Deno.test("any names give a valid file, and come back as they are", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.constantFrom(...HOSTILE)), (name) => {
    const file = speedscope(
      profileOf([{ frames: [frame(name, name)], count: 1 }], { threads: [thread(1, name)] }),
    );
    assert.equal(file.shared.frames[0]?.name, name);
  }));
});
