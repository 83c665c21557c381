import assert from "node:assert/strict";
import { Walk } from "../../src/cpython/thread_stack.ts";
import { STEADY_READS } from "../../src/path_prover.ts";
import type { Step } from "./fake_reader.ts";
import { setUp } from "./sampler_helper.ts";
import type { Setup } from "./sampler_helper.ts";

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

Deno.test("threads are visited while that shows new paths, as long as it costs them little", () => {
  let ticks = 0;
  let paths = 5000;
  const { tick, reader, counters, clock } = setUp([[{
    walk: Walk.Reached,
    get stack() {
      return `a:${2 * (ticks % paths)} b:2`;
    },
  }]]);
  reader.visitMs = 0.09;
  const run = (count: number) => {
    const before = reader.visits;
    for (let i = 0; i < count; i++, ticks++, clock.time += 1) tick();
    return reader.visits - before;
  };
  assert.equal(run(300), 300);
  assert.deepEqual([reader.isJoined, counters.paused, counters.rereads], [false, 300, 0]);
  // 42 ms and 0.6 % of the time, 0.1 ms each.
  const later = run(700);
  assert.ok(later > 140 && later < 200, `${later} more`);
  paths = 3;
  run(1000);
  clock.time += 100_000;
  assert.equal(run(500), 0, "all is known");
});

Deno.test("where threads can be interrupted, searches do that, and nobody goes to their processors", () => {
  let reads = 0;
  const { tick, reader, counts, clock } = setUp([[{
    walk: Walk.Reached,
    get stack() {
      return reads++ % 2 === 0 ? "a:0 b:2" : `a:0 c:${reads}`;
    },
  }]], { canInterrupt: true });
  reader.isJoinable = true;
  clock.stepMs = 0.01;
  tick();
  assert.ok(reader.interrupts > 0);
  assert.ok(!reader.joined.includes("join"));
  const { interrupts } = reader;
  assert.ok(counts()["a b:2"]! > 0, "and it is proven");
  for (let i = 0; i < 20_000; i++) tick();
  const pausedMs = 0.01 * (reader.interrupts - interrupts);
  assert.ok(pausedMs < 51 + 0.009 * clock.time, `${pausedMs} ms of ${clock.time}`);
});

Deno.test("a new stack that was copied at once is proven by the read of its tick", () => {
  const { tick, reader, counts, counters } = setUp([[{ walk: Walk.Agreed, stack: "a:0 b:2" }]]);
  reader.inner = 2;
  tick();
  assert.deepEqual([counts(), counters.rereads], [{ "a b:2": 1 }, 0]);
});

Deno.test("frames outside of those that were copied at once must have been the same for long", () => {
  let leaf = 0;
  const { tick, reader, counts } = setUp([[{
    walk: Walk.Agreed,
    get stack() {
      return `a:0 b:${leaf++} c:0`;
    },
  }]]);
  reader.inner = 2;
  const run = (count: number) => {
    for (let i = 0; i < count; i++) tick();
    return counts()["a b c:0 unproven"]!;
  };
  assert.equal(run(1), 1);
  const unproven = run(40);
  assert.ok(unproven < 30, `${unproven} stacks`);
  assert.equal(run(10), unproven, "each is a new one, and proven");
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
