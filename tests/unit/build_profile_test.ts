import assert from "node:assert/strict";
import fc from "fast-check";
import { buildProfile } from "../../src/build_profile.ts";
import type { FrameOptions } from "../../src/build_profile.ts";
import { CUT_FRAME, frameLabel } from "../../src/profile.ts";
import type { Profile } from "../../src/profile.ts";
import { Cursor, Recording } from "../../src/recording.ts";
import { CUT_OFFSET, selfKey } from "../../src/call_node.ts";
import type { CallNode } from "../../src/call_node.ts";
import { Activity } from "../../src/types.ts";
import type { ThreadInfo } from "../../src/types.ts";
import { FakeCodes, rawStack } from "./fake_codes.ts";

const THREAD: ThreadInfo = { pid: 1, threadId: 2, osThreadId: 3, name: undefined, interpreterId: 0 };
const INFO = {
  pid: 1,
  command: [],
  pythonVersion: "3.8.0",
  pyspyVersion: "0",
  startTime: "",
  durationSeconds: 1,
  rateHz: 100,
  ticks: 0,
  samples: 0,
  errors: 0,
  late: 0,
  missed: 0,
};
const LINES: FrameOptions = {
  byFunction: false,
  withoutLines: false,
  shortName: (file) => file.replace("/app/", ""),
};

/** A recording of functions a (at line 10), b (20), c (30) and "none", which is no code object. */
class Recorder {
  readonly codes = new FakeCodes();
  readonly recording: Recording;
  samples = 0;
  readonly #addresses = new Map<string, number>();
  readonly #threads: number[] = [];

  constructor({ threads = 1, timeline = false, perThread = false } = {}) {
    this.recording = new Recording(this.codes.table, { perThread, timeline });
    for (let i = 0; i < threads; i++) {
      this.#threads.push(this.recording.addThread({ ...THREAD, osThreadId: 3 + i }));
    }
    ["a", "b", "c"].forEach((name, i) =>
      this.#addresses.set(name, this.codes.add({ name, firstLine: 10 * (i + 1) }))
    );
    this.#addresses.set("none", this.codes.memory.room(200));
  }

  /** Counts a sample. Shape: "a:11 b:20" is root first, with lines. */
  sample(stack: string, { proven = true, thread = 0 } = {}): CallNode {
    const pairs = stack.split(" ").map((text) => {
      const [name, line] = text.split(":");
      return [this.#addresses.get(name!)!, (Number(line) % 10) * 2] as const;
    });
    const index = this.#threads[thread]!;
    const node = this.recording.insert(index, new Cursor(), rawStack(pairs));
    if (proven && !this.recording.insertedPartly) node.prove();
    const { leafOffset } = this.recording;
    this.recording.count(index, node, {
      leafOffset,
      timeNs: this.samples * 10,
      weightNs: 10,
      activity: Activity.Gil,
      amount: 1,
    });
    this.samples++;
    return node;
  }

  profile(options: FrameOptions = LINES): Profile {
    return buildProfile([this.recording], { ...INFO, samples: this.samples }, options);
  }
}

function folded(profile: Profile): Record<string, number> {
  return Object.fromEntries(
    profile.stacks.map((
      { frames, count },
    ) => [frames.map((id) => frameLabel(profile.frames[id]!)).join(";"), count]),
  );
}

Deno.test("callers are shown at the line of the call, the leaf at its own", () => {
  const recorder = new Recorder();
  recorder.sample("a:11 b:25");
  recorder.sample("a:11 b:25");
  recorder.sample("a:12 b:25");
  recorder.sample("a:11");
  const profile = recorder.profile();
  assert.deepEqual(folded(profile), {
    "a (main.py:11);b (main.py:25)": 2,
    "a (main.py:12);b (main.py:25)": 1,
    "a (main.py:11)": 1,
  });
  assert.equal(profile.info.cut, 0);
  assert.deepEqual(profile.fullFiles, profile.frames.map(() => "/app/main.py"));
  assert.deepEqual(profile.stacks.map(({ thread }) => thread), [-1, -1, -1], "threads are not told apart");
});

Deno.test("by function, lines are those of the definitions; without lines there are none", () => {
  const recorder = new Recorder();
  for (const stack of ["a:11 b:25", "a:12 b:26", "a:13"]) recorder.sample(stack);
  assert.deepEqual(folded(recorder.profile({ ...LINES, byFunction: true })), {
    "a (main.py:10);b (main.py:20)": 2,
    "a (main.py:10)": 1,
  });
  assert.deepEqual(folded(recorder.profile({ ...LINES, withoutLines: true })), {
    "a (main.py);b (main.py)": 2,
    "a (main.py)": 1,
  });
});

Deno.test("two functions that differ in their first line only stay two, also without lines", () => {
  const recorder = new Recorder();
  const twin = recorder.codes.add({ name: "a", firstLine: 50 });
  recorder.sample("a:11");
  const node = recorder.recording.insert(0, new Cursor(), rawStack([[twin, 0]]));
  node.prove();
  recorder.recording.count(0, node, {
    leafOffset: 0,
    timeNs: 0,
    weightNs: 10,
    activity: Activity.Gil,
    amount: 1,
  });
  assert.equal(recorder.profile({ ...LINES, withoutLines: true }).stacks.length, 2);
});

Deno.test("a path that was never proven counts for its proven part, and says that it was cut", () => {
  const recorder = new Recorder();
  recorder.sample("a:11");
  recorder.sample("a:12 b:21 c:31", { proven: false });
  recorder.sample("b:21", { proven: false });
  const profile = recorder.profile();
  assert.deepEqual(folded(profile), { "a (main.py:11)": 1, "a (main.py:10);[cut]": 1, "[cut]": 1 });
  assert.equal(profile.info.cut, 2);
});

Deno.test("a path that is proven later repairs the samples before it", () => {
  const recorder = new Recorder();
  recorder.sample("a:12 b:21 c:31", { proven: false });
  recorder.sample("a:12 b:21 c:35");
  const profile = recorder.profile();
  assert.deepEqual(folded(profile), {
    "a (main.py:12);b (main.py:21);c (main.py:31)": 1,
    "a (main.py:12);b (main.py:21);c (main.py:35)": 1,
  });
  assert.equal(profile.info.cut, 0);
});

Deno.test("where only the caller's line is not proven, the nearest proven call of that function is shown", () => {
  const recorder = new Recorder();
  recorder.sample("a:11 b:21");
  recorder.sample("a:17 b:21");
  recorder.sample("a:16 b:22", { proven: false });
  recorder.sample("a:12 c:31", { proven: false });
  const profile = recorder.profile();
  assert.deepEqual(folded(profile), {
    "a (main.py:11);b (main.py:21)": 1,
    "a (main.py:17);b (main.py:21)": 1,
    "a (main.py:17);b (main.py:22)": 1,
    "a (main.py:10);[cut]": 1,
  });
  assert.equal(profile.info.cut, 1);
});

Deno.test("a path that was searched for in vain gives way to what stands in for it", () => {
  const recorder = new Recorder({ timeline: true });
  const known = recorder.sample("a:11 b:25");
  const torn = recorder.sample("a:11 c:35", { proven: false });
  torn.wantedFrom = 100;
  torn.standIn = { node: known, leafOffset: 2 * 7 };
  recorder.recording.provingReads = 499;
  const both = { "a (main.py:11);b (main.py:25)": 1 };
  assert.deepEqual(
    folded(recorder.profile()),
    { ...both, "a (main.py:10);[cut]": 1 },
    "it may still be found",
  );
  recorder.recording.provingReads = 500;
  const profile = recorder.profile();
  assert.deepEqual(folded(profile), { ...both, "a (main.py:11);b (main.py:27)": 1 });
  assert.equal(profile.info.cut, 0);
  assert.deepEqual(profile.timeline!.stack, [0, 1]);
  torn.prove();
  assert.deepEqual(folded(recorder.profile()), { ...both, "a (main.py:11);c (main.py:35)": 1 });
});

Deno.test("a path of which the beginning alone is known is shown as any that begins like it", () => {
  const recorder = new Recorder();
  const known = recorder.sample("a:11 b:25");
  recorder.sample("c:31");
  const begin = (start: CallNode) =>
    recorder.recording.beginPath(start).count(selfKey(CUT_OFFSET, Activity.Gil), 1);
  begin(known.parent!);
  assert.deepEqual(folded(recorder.profile()), { "a (main.py:11);b (main.py:25)": 2, "c (main.py:31)": 1 });
  const other = recorder.sample("b:21 a:11").parent!;
  other.children!.clear();
  begin(other);
  const { "b (main.py:20);[cut]": cut } = folded(recorder.profile());
  assert.equal(cut, 1, "there is none");
});

Deno.test("a frame that is no code object cuts a stack", () => {
  const recorder = new Recorder();
  recorder.sample("a:11");
  recorder.sample("a:12 none:0 b:21");
  const profile = recorder.profile();
  assert.deepEqual(folded(profile), { "a (main.py:11)": 1, "a (main.py:10);[cut]": 1 });
  assert.equal(profile.info.cut, 1);
});

Deno.test("the timeline names the stack of each run, in the order of time", () => {
  const recorder = new Recorder({ timeline: true, threads: 2 });
  recorder.sample("a:11");
  recorder.sample("a:11");
  recorder.sample("b:21", { thread: 1 });
  recorder.sample("a:11 b:22", { proven: false });
  recorder.sample("a:11");
  const { timeline, stacks, threads } = recorder.profile();
  assert.deepEqual(threads.map(({ osThreadId }) => osThreadId), [3, 4]);
  assert.deepEqual(timeline!.startNs, [0, 20, 30, 40]);
  assert.deepEqual(timeline!.weightNs, [20, 10, 10, 10]);
  assert.deepEqual(timeline!.stack.map((id) => stacks[id]!.thread), [0, 1, 0, 0]);
  assert.equal(timeline!.stack[0], timeline!.stack[3]);
  assert.equal(new Set(timeline!.stack).size, 3);
});

Deno.test("recordings of several programs are put together, each with its own threads", () => {
  const [first, second] = [new Recorder({ perThread: true }), new Recorder({ perThread: true, threads: 2 })];
  first.sample("a:11");
  second.sample("a:11");
  second.sample("a:11", { thread: 1 });
  const profile = buildProfile([first.recording, second.recording], INFO, LINES);
  assert.deepEqual(profile.stacks.map(({ thread, count }) => [thread, count]), [[0, 1], [1, 1], [2, 1]]);
  assert.equal(profile.frames.length, 1, "the same function is one frame in all of them");
  assert.equal(profile.threads.length, 3);
});

Deno.test("every sample is counted in one stack, cut ones are counted as such, and stacks are distinct", () => {
  const frame = fc.tuple(fc.constantFrom("a", "b", "c", "a", "b", "c", "none"), fc.nat(2)).map((
    [name, line],
  ) => `${name}:${line}`);
  const sample = fc.record({
    stack: fc.array(frame, { minLength: 1, maxLength: 5 }).map((frames) => frames.join(" ")),
    proven: fc.boolean(),
    thread: fc.nat(1),
  });
  const options = fc.record({
    byFunction: fc.boolean(),
    withoutLines: fc.boolean(),
    shortName: fc.constant((file: string) => file),
  });
  fc.assert(
    fc.property(
      fc.array(sample, { maxLength: 30 }),
      options,
      fc.boolean(),
      (samples, frameOptions, timeline) => {
        const recorder = new Recorder({ timeline, perThread: true, threads: 2 });
        for (const { stack, proven, thread } of samples) recorder.sample(stack, { proven, thread });
        const profile = recorder.profile(frameOptions);
        const sum = (stacks: readonly { count: number }[]) =>
          stacks.reduce((total, { count }) => total + count, 0);
        assert.equal(sum(profile.stacks), samples.length);
        const isCut = ({ frames }: { frames: readonly number[] }) =>
          profile.frames[frames.at(-1)!] === CUT_FRAME;
        assert.equal(sum(profile.stacks.filter(isCut)), profile.info.cut);
        const keys = profile.stacks.map(({ thread, frames }) => `${thread} ${frames.join(" ")}`);
        assert.equal(new Set(keys).size, keys.length);
        const indices = [...profile.stacks.flatMap(({ frames }) => frames)];
        assert.ok(indices.every((id) => profile.frames[id] !== undefined));
        const weight = profile.timeline?.weightNs.reduce((total, ns) => total + ns, 0);
        assert.equal(weight, timeline ? samples.length * 10 : undefined);
        for (const stack of profile.timeline?.stack ?? []) assert.ok(profile.stacks[stack] !== undefined);
      },
    ),
    { numRuns: 400 },
  );
});
