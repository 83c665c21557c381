import assert from "node:assert/strict";
import fc from "fast-check";
import { ProfilerError } from "../../src/errors.ts";
import type { Profile } from "../../src/profile.ts";
import { renderSvg } from "../../src/render/svg.ts";
import { packProfile, profileMarkup, readSvg } from "../../src/render/svg_data.ts";
import { djangoProfile, frame, HOSTILE, INFO, profileOf, thread } from "./render_helper.ts";

const anyText = fc.oneof(fc.string({ unit: "binary", maxLength: 20 }), fc.constantFrom(...HOSTILE));
const anyCount = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.maxSafeNat());
const anyFrame = fc.record({
  name: anyText,
  file: anyText,
  line: fc.integer({ min: -3, max: 2 ** 31 - 1 }),
  firstLine: fc.integer({ min: -3, max: 2 ** 31 - 1 }),
});

const anyProfile: fc.Arbitrary<Profile> = fc.record({
  frames: fc.array(fc.tuple(anyFrame, anyText), { minLength: 1, maxLength: 8 }),
  names: fc.array(fc.option(anyText, { nil: undefined }), { minLength: 1, maxLength: 3 }),
  processes: fc.option(fc.array(fc.record({ pid: fc.nat(), command: fc.array(anyText) }), { minLength: 2 }), {
    nil: undefined,
  }),
  hasFullFiles: fc.boolean(),
  command: fc.array(anyText),
  unit: fc.constantFrom("sample" as const, "cpu_us" as const),
}).chain(({ frames, names, processes, hasFullFiles, command, unit }) =>
  fc.array(fc.record({
    thread: fc.integer({ min: -1, max: names.length - 1 }),
    frames: fc.array(fc.nat(frames.length - 1), { maxLength: 9 }),
    count: anyCount,
    ...processes === undefined ? {} : { process: fc.nat(processes.length - 1) },
  })).chain((stacks) =>
    fc.array(fc.option(fc.array(anyCount, { minLength: 4, maxLength: 4 }), { nil: undefined }), {
      minLength: stacks.length,
      maxLength: stacks.length,
    }).map((activities): Profile => ({
      info: { ...INFO, command, unit },
      frames: frames.map(([one]) => one),
      ...hasFullFiles ? { fullFiles: frames.map(([, fullFile]) => fullFile) } : {},
      threads: names.map((name, index) => ({ ...thread(index), name })),
      processes,
      stacks: stacks.map((stack, index) => {
        const byActivity = activities[index];
        return byActivity === undefined ? stack : { ...stack, byActivity };
      }),
      timeline: undefined,
    }))
  )
);

/** The smallest text that carries a profile. */
function carry(profile: Profile): string {
  return `<svg>${profileMarkup(packProfile(profile))}</svg>`;
}

/** As fast-check's values have no prototype, and ours do. */
function plain(profile: Profile): unknown {
  return structuredClone(profile);
}

Deno.test("a profile is read back from its flamegraph exactly as it was", () => {
  fc.assert(fc.property(anyProfile, (profile) => {
    assert.deepEqual(plain(readSvg(carry(profile))), plain(profile));
  }));
});

Deno.test("a real recording is read back from the whole picture", () => {
  const profile = djangoProfile();
  const svg = renderSvg(profile, { threads: true });
  const { timeline: _, ...rest } = readSvg(svg);
  const { timeline: _timeline, ...expected } = profile;
  assert.deepEqual(JSON.parse(JSON.stringify(rest)), JSON.parse(JSON.stringify(expected)));
});

Deno.test("thousands of stacks that share their beginnings are read back", () => {
  const frames = Array.from({ length: 60 }, (_, index) => frame(`f${index}`));
  const stacks = Array.from({ length: 5000 }, (_, stack) => ({
    thread: stack % 3,
    frames: Array.from({ length: 1 + stack % 20 }, (_, depth) => (stack * (1 + depth % 4) + depth * 7) % 60),
    count: stack,
  }));
  const threads = [thread(1), thread(2), thread(3)];
  const profile = { ...profileOf([], { threads }), frames, stacks };
  assert.deepEqual(readSvg(carry(profile)).stacks, stacks);
});

Deno.test("stacks of one activity, of several and of unknown ones keep them", () => {
  const stacks = [
    { byActivity: [7, 0, 0, 0] },
    { byActivity: [0, 0, 0, 7] },
    { byActivity: [3, 1, 2, 1] },
    { byActivity: [3, 4, 0, 1] },
    {},
  ].map((parts) => ({ thread: 0, frames: [0], count: 7, ...parts }));
  const profile = { ...profileOf([{ frames: [frame("f")], count: 1 }]), stacks };
  assert.deepEqual(readSvg(carry(profile)).stacks, stacks);
});

Deno.test("fractions are rounded, as they cannot be counted", () => {
  const stacks = [{ thread: 0, frames: [0], count: 2.6, byActivity: [0.4, 2.2, 0, 0] }];
  const profile = { ...profileOf([{ frames: [frame("f")], count: 1 }]), stacks };
  assert.deepEqual(readSvg(carry(profile)).stacks, [
    { thread: 0, frames: [0], count: 3, byActivity: [0, 2, 0, 0] },
  ]);
});

Deno.test("other files are refused, and it is said what they are", () => {
  const refused = (text: string) => {
    try {
      readSvg(text);
    } catch (error) {
      assert.ok(error instanceof ProfilerError, String(error));
      return error.message;
    }
    throw new Error("was taken");
  };
  const whole = carry(djangoProfile());
  assert.match(refused(""), /no profile of pyspy/);
  assert.match(refused("<svg><metadata>{}</metadata></svg>"), /no profile of pyspy/);
  assert.match(refused(whole.slice(0, whole.length / 2)), /ends too early/);
  assert.match(refused(whole.replace('"pid":4120', '"pid":4121')), /was changed/);
  assert.match(refused(whole.replace('"version":1', '"version":2')), /the version 2/);
  assert.match(refused(whole.replace('"version":1', '"version":')), /not JSON/);
});

Deno.test("what is changed on purpose, with its checksum made right, is a profile or an error", () => {
  const packed = JSON.parse(JSON.stringify(packProfile(djangoProfile())));
  const anyValue = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.double(),
    fc.constant(null),
    fc.array(fc.integer()),
    fc.base64String({ maxLength: 300 }),
  );
  fc.assert(fc.property(fc.constantFrom(...Object.keys(packed)), anyValue, (key, value) => {
    const text = profileMarkup({ ...packed, [key]: value });
    try {
      readSvg(text);
    } catch (error) {
      assert.ok(error instanceof ProfilerError, `${key}: ${error}`);
    }
  }));
  const few = { ...packed, nodes: 2 ** 31, stackCount: 2 ** 31 };
  assert.throws(() => readSvg(profileMarkup(few)), ProfilerError);
});
