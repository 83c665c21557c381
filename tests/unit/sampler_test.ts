import assert from "node:assert/strict";
import { Walk } from "../../src/cpython/thread_stack.ts";
import { CUT_OFFSET, selfParts } from "../../src/call_node.ts";
import type { CallNode } from "../../src/call_node.ts";
import { Recording } from "../../src/recording.ts";
import { Histogram } from "../../src/histogram.ts";
import { STEADY_READS } from "../../src/path_prover.ts";
import { newCounters, Sampler } from "../../src/sampler.ts";
import type { Clock, SampleCounters } from "../../src/types.ts";
import type { StackReader } from "../../src/stack_reader.ts";
import { FakeReader } from "./fake_reader.ts";
import type { Step } from "./fake_reader.ts";

interface Setup {
  readonly reader: FakeReader;
  readonly sampler: Sampler;
  readonly recording: Recording;
  readonly counters: SampleCounters;
  readonly clock: { time: number; stepMs: number };
  /** Samples once, now. */
  tick(): boolean;
  counts(): Record<string, number>;
}

function setUp(
  threads: readonly Step[][],
  { timeline = false, blocking = false, byCpuTime = false } = {},
): Setup {
  const reader = new FakeReader();
  for (const steps of threads) reader.addThread(steps);
  const state = { time: 0, stepMs: 0 };
  const clock: Clock = {
    now: () => state.time += state.stepMs,
    begin: () => {},
    end: () => {},
    wait: () => undefined,
    pause: () => ++reader.pauses > 0,
    random: () => 0,
  };
  const recording = new Recording(reader.codes.table, { perThread: timeline, timeline });
  const counters = newCounters();
  const times = { read: new Histogram(), pause: new Histogram() };
  const sampler = new Sampler(
    { reader: reader as unknown as StackReader, recording, clock, counters, times, startMs: 0 },
    { rateHz: 100, durationSeconds: undefined, selection: "all", blocking, byCpuTime },
  );
  const counts = () => {
    const found: Record<string, number> = {};
    const visit = (node: CallNode, path: string) => {
      const name = node.parent === undefined ? path : `${path} ${reader.codes.table.get(node.codeId).name}`;
      for (const [key, count] of node.selfCounts ?? []) {
        const offset = selfParts(key).leafOffset;
        const end = offset === CUT_OFFSET ? "cut" : `:${offset}`;
        found[`${name}${end}${node.proven ? "" : " unproven"}`.trim()] = count;
      }
      for (const child of node.children?.values() ?? []) visit(child, name);
    };
    recording.roots.forEach((root) => visit(root, ""));
    return found;
  };
  const tick = () => {
    const isReadable = sampler.tick(clock.now());
    sampler.prove(Infinity);
    return isReadable;
  };
  return { reader, sampler, recording, counters, clock: state, tick, counts };
}

Deno.test("a path that some reads in a row agree on is proven, and costs no further read", () => {
  const { tick, reader, counts } = setUp([[{ walk: Walk.Agreed, stack: "a:0 b:2" }]]);
  assert.equal(tick(), true);
  assert.equal(reader.rereads, 3 + STEADY_READS);
  assert.deepEqual(counts(), { "a b:2": 1 });
  assert.equal(tick(), true);
  assert.equal(reader.rereads, 3 + STEADY_READS);
  assert.deepEqual(counts(), { "a b:2": 2 });
});

Deno.test("a sample of a thread that did not run is proven, and costs no further read", () => {
  const { tick, reader, counts } = setUp([[{ walk: Walk.Agreed, stack: "a:0 b:2" }]]);
  reader.canBeStill = true;
  assert.equal(tick(), true);
  assert.equal(reader.rereads, 0);
  assert.deepEqual(counts(), { "a b:2": 1 });
});

Deno.test("two copies that agree now and then prove nothing", () => {
  // What a loop that takes as long as a read may look like: "b" is only ever called by "c".
  const steps: Step[] = Array.from({ length: 1000 }, (_, i) => (
    { walk: i % STEADY_READS === 0 ? Walk.Reached : Walk.Agreed, stack: "a:0 b:2" }
  ));
  const { tick, counts } = setUp([steps]);
  for (let i = 0; i < 10; i++) tick();
  assert.deepEqual(counts(), { "a b:2 unproven": 10 });
});

Deno.test("a thread without Python code is no sample; a target that cannot be read is no tick", () => {
  const { tick, reader, counters } = setUp([[{ walk: Walk.Empty }]]);
  assert.equal(tick(), true);
  assert.deepEqual([counters.ticks, counters.samples], [1, 0]);
  reader.isReadable = false;
  assert.equal(tick(), false);
  assert.deepEqual([counters.ticks, counters.samples], [1, 0]);
});

Deno.test("a read during which the thread did not run proves its path at once", () => {
  const { tick, reader, counters, counts } = setUp([[
    { walk: Walk.Reached, stack: "a:0 b:2", misses: 1 },
    { walk: Walk.Reached, stack: "a:0 b:2" },
    { walk: Walk.Reached, stack: "a:0 b:2" },
    { walk: Walk.Reached, stack: "a:0 b:2" },
    { walk: Walk.Agreed, stack: "a:0 b:4", still: true },
    { walk: Walk.Reached, stack: "a:0 b:2" },
  ]]);
  tick();
  assert.deepEqual([reader.rereads, counters.rereads], [4, 4]);
  assert.deepEqual(counts(), { "a b:2": 1 }, "the reads that prove are no samples");
  tick();
  assert.equal(reader.rereads, 4, "the path is known now");
  assert.deepEqual(counts(), { "a b:2": 2 });
});

Deno.test("the search for a proof ends when the thread stands still elsewhere", () => {
  const { tick, reader, counts } = setUp([[
    { walk: Walk.Reached, stack: "a:0 b:2", misses: 1 },
    { walk: Walk.Agreed, stack: "a:0 c:2" },
  ]]);
  tick();
  assert.equal(reader.rereads, 3 + STEADY_READS);
  assert.deepEqual(counts(), { "a b:2 unproven": 1 });
});

Deno.test("the search for a proof ends after a number of reads for good", () => {
  const endless = setUp([[{ walk: Walk.Reached, stack: "a:0 b:2" }]]);
  for (let i = 0; i < 50; i++) endless.tick();
  assert.ok(endless.reader.rereads < 500, `${endless.reader.rereads} reads`);
  assert.deepEqual(endless.counts(), { "a b:2 unproven": 50 }, "samples are counted all the same");
});

Deno.test("on the thread's processor the search ends in time for the next tick", () => {
  const timed = setUp([[{ walk: Walk.Reached, stack: "a:0 b:2" }]]);
  timed.reader.isJoinable = true;
  timed.clock.stepMs = 1;
  timed.tick();
  assert.ok(timed.reader.pauses <= 5, "half an interval of 10 ms");
});

Deno.test("after a few reads the search goes on on the thread's processor, which it leaves again in any case", () => {
  const steps: Step[] = Array.from(
    { length: 20 },
    () => ({ walk: Walk.Reached, stack: "a:0 b:2", misses: 1 }),
  );
  const found = setUp([[...steps, { walk: Walk.Agreed, stack: "a:0 b:2", still: true }]]);
  found.reader.isJoinable = true;
  found.tick();
  assert.deepEqual(found.reader.joined, ["join", "leave"]);
  assert.deepEqual(found.counts(), { "a b:2": 1 });
  assert.ok(found.reader.pauses > 5, "the target is let run between the reads");

  const ended = setUp([[...steps, { walk: Walk.Empty }]]);
  ended.reader.isJoinable = true;
  ended.tick();
  assert.deepEqual(ended.reader.joined, ["join", "leave"]);

  const failing = setUp([steps]);
  failing.reader.isJoinable = true;
  const reread = failing.reader.rereadStill.bind(failing.reader);
  failing.reader.rereadStill = (thread) => {
    if (failing.reader.rereads > 12) throw new Error("lost");
    return reread(thread);
  };
  assert.throws(() => failing.tick(), { message: "lost" });
  assert.deepEqual(failing.reader.joined, ["join", "leave"]);
});

Deno.test("time on the thread's processor is a small share of the recording", () => {
  let ticks = 0;
  // Each tick meets another path that cannot be proven: each has its own number of attempts.
  const unprovable: Step = {
    walk: Walk.Reached,
    misses: 1,
    get stack() {
      return `a:${2 * ticks} b:2`;
    },
  };
  const { tick, reader, clock } = setUp([[{ walk: Walk.Agreed, stack: "a:0" }, unprovable]]);
  reader.isJoinable = true;
  clock.stepMs = 0.2;
  for (; ticks < 1000; ticks++) tick();
  const joins = reader.joined.filter((one) => one === "join").length;
  assert.ok(joins > 0 && joins < 500, `${joins} times in 1000 ticks`);
  // Each read takes 0.2 ms on this clock; the target runs in the pauses between them.
  const waitedMs = 0.2 * reader.pauses;
  assert.ok(waitedMs < 51 + 0.008 * clock.time, `${waitedMs} ms of ${clock.time}`);
  assert.equal(reader.joined.at(-1), "leave");
});

/** A thread that is seen on a known path, and then on what `shown` says: at first when it is looked at, then in further reads. */
function setUpPassing({ still = false } = {}) {
  let shown = ["a:0 b:6"];
  const made = setUp([[{
    walk: Walk.Reached,
    still,
    get stack() {
      return shown.length > 1 ? shown.shift()! : shown[0]!;
    },
  }]]);
  made.reader.canBeStill = true;
  made.tick();
  made.reader.canBeStill = false;
  const pass = (...stacks: string[]) => {
    shown = stacks;
    made.tick();
  };
  return { ...made, pass };
}

Deno.test("a path that is not known gives way to a known one only when much was tried to prove it", () => {
  const { pass, counts } = setUpPassing();
  for (let i = 0; i < 10; i++) pass("a:0 c:4", "a:0 b:6");
  assert.deepEqual(counts(), { "a b:6": 1, "a c:4 unproven": 10 });
  for (let i = 0; i < 190; i++) pass("a:0 c:4", "a:0 b:6");
  const { "a b:6": known = 0, "a c:4 unproven": unproven = 0, ...others } = counts();
  assert.deepEqual(others, {});
  assert.equal(known + unproven, 201);
  assert.ok(unproven < 100, `${unproven} samples of a path that was not found again`);
});

Deno.test("reads on the processor that searched for other paths tell of this one too", () => {
  let shown = ["a:0 b:6"];
  const made: Setup = setUp([[{
    walk: Walk.Reached,
    get still() {
      return made.reader.joined.at(-1) === "join";
    },
    get stack() {
      return shown.length > 1 ? shown.shift()! : shown[0]!;
    },
  }]]);
  made.reader.isJoinable = true;
  const pass = (instr: number) => {
    shown = [`a:${instr} c:4`, "a:0 b:6"];
    made.tick();
  };
  made.tick();
  pass(2);
  pass(2);
  assert.deepEqual(made.counts(), { "a b:6": 1, "a c:4 unproven": 2 });
  const before = made.reader.rereads;
  for (let instr = 4; made.reader.rereads < before + 500; instr += 2) pass(instr);
  const { "a b:6": known } = made.counts();
  pass(2);
  assert.equal(made.counts()["a b:6"], known! + 1, "the path was not among hundreds that were seen");
});

Deno.test("a sample that was torn never counts for what its thread did next, but for one that begins as it does", () => {
  let shown = ["a:0 b:6"];
  const { tick, reader, recording, counts } = setUp([[{
    walk: Walk.Reached,
    get stack() {
      return shown.length > 1 ? shown.shift()! : shown[0]!;
    },
  }]]);
  reader.canBeStill = true;
  tick();
  shown = ["b:0 a:2"];
  tick();
  reader.canBeStill = false;
  const known = { "a b:6": 1, "b a:2": 1 };
  shown = ["a:0 c:4", "b:0 a:2"];
  tick();
  const foundAgain = () => {
    recording.provingReads += 400;
    recording.prune();
    return counts();
  };
  assert.deepEqual(foundAgain(), { ...known, "a c:4 unproven": 1 }, "what came next is of other code");
  tick();
  assert.deepEqual(foundAgain(), { ...known, "b a:2": 2, "a c:4 unproven": 1 });
  shown = ["a:0 b:6"];
  tick();
  assert.deepEqual(foundAgain(), { "a b:6": 3, "b a:2": 2 }, "its own sample, and the torn one");
});

Deno.test("a search goes on from tick to tick, and what these show belongs to it", () => {
  let shown = ["a:0 b:6"];
  const made: Setup = setUp([[{
    walk: Walk.Reached,
    get still() {
      return made.reader.isJoined;
    },
    get stack() {
      return shown.length > 1 ? shown.shift()! : shown[0]!;
    },
  }]]);
  const { reader, sampler, clock, recording, counters } = made;
  reader.isJoinable = true;
  reader.canBeStill = true;
  const tick = (untilMs: number) => {
    sampler.tick(clock.time);
    sampler.prove(untilMs);
  };
  tick(0);
  reader.canBeStill = false;
  shown = ["a:0 c:4", "a:0 b:6"];
  clock.stepMs = 0.001;
  tick(clock.time);
  assert.deepEqual([counters.rereads, reader.isJoined], [2, false], "one read where no time is left");
  while (!reader.isJoined) tick(clock.time);
  const { rereads } = counters;
  const before = recording.provingReads;
  reader.canBeStill = true;
  for (let i = 0; i < 5; i++) tick(clock.time);
  assert.deepEqual([counters.rereads, recording.provingReads], [rereads, before + 5]);
  shown = ["a:0 c:4"];
  tick(clock.time);
  assert.equal(reader.isJoined, false, "it is proven, and the search over");
  assert.deepEqual(made.counts()["a c:4"], 2);
});

Deno.test("a sample belongs to the path that was seen first once that is proven", () => {
  const { pass, counts } = setUpPassing({ still: true });
  pass("a:0 c:4", "a:0 b:6", "a:0 c:4");
  assert.deepEqual(counts(), { "a b:6": 1, "a c:4": 1 });
});

Deno.test("a stack that does not reach its root is replaced by the next one that does", () => {
  const { tick, reader, counts, counters } = setUp([[
    { walk: Walk.Broken, stack: "b:2" },
    { walk: Walk.Broken, stack: "b:2" },
    { walk: Walk.Agreed, stack: "a:0 b:2" },
    { walk: Walk.Agreed, stack: "a:0 b:2", still: true },
  ]]);
  tick();
  assert.deepEqual([reader.rereads, counters.samples], [9, 1]);
  assert.deepEqual(counts(), { "a b:2": 1 });
});

Deno.test("a stack that never reaches its root counts as cut at the root: no sample is dropped", () => {
  const { tick, reader, counts } = setUp([[{ walk: Walk.Broken, stack: "b:2" }]]);
  tick();
  assert.equal(reader.rereads, 8);
  assert.deepEqual(counts(), { cut: 1 });
});

Deno.test("all threads of one read are looked at before any of them is read again", () => {
  const { tick, recording, counters } = setUp([
    [{ walk: Walk.Broken }, { walk: Walk.Agreed, stack: "a:0" }],
    [{ walk: Walk.Reached, stack: "b:0", misses: 1 }, { walk: Walk.Agreed, stack: "b:0" }],
    [{ walk: Walk.Agreed, stack: "c:0" }],
  ], { timeline: true });
  tick();
  assert.equal(counters.samples, 3);
  const names = recording.log!.node.map((node) => recording.codes.get(node.codeId).name);
  assert.deepEqual(names, ["a", "b", "c"]);
  assert.deepEqual(recording.log!.startNs, [0, 0, 0]);
  assert.deepEqual(recording.log!.weightNs, [1e7, 1e7, 1e7]);
});

Deno.test("names are taken over once a second, and once more at the end", () => {
  const { tick, sampler, reader, recording, clock } = setUp([[{ walk: Walk.Agreed, stack: "a:0" }]], {
    timeline: true,
  });
  for (const time of [0, 10, 999]) {
    clock.time = time;
    tick();
  }
  assert.equal(reader.refreshes, 1);
  clock.time = 1000;
  tick();
  assert.equal(reader.refreshes, 2);
  assert.deepEqual(recording.threads.map(({ name }) => name), ["thread 0"]);
  reader.refreshNames = () => reader.threads[0]!.info = { ...reader.threads[0]!.info, name: "at the end" };
  sampler.finish();
  assert.deepEqual(recording.threads.map(({ name }) => name), ["at the end"]);
});

Deno.test("with --blocking each tick stops", () => {
  const { tick, reader } = setUp([[{ walk: Walk.Agreed, stack: "a:0" }]], { blocking: true });
  tick();
  tick();
  assert.equal(reader.stops, 2);
});

Deno.test("with --cpu a sample weighs what its thread has used since its last one, in microseconds", () => {
  const { tick, reader, counts } = setUp([[
    { walk: Walk.Agreed, stack: "a:0" },
    { walk: Walk.Agreed, stack: "a:0" },
    { walk: Walk.Agreed, stack: "a:2" },
    { walk: Walk.Agreed, stack: "a:4" },
  ]], { byCpuTime: true });
  reader.canBeStill = true;
  for (const cpuTime of [5_000_000, 7_000_000, 7_000_000, 7_500_000]) {
    reader.cpuTime = cpuTime;
    tick();
  }
  assert.deepEqual(counts(), { "a:0": 2000, "a:2": 0, "a:4": 500 });
});
