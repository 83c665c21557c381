import assert from "node:assert/strict";
import { ATTACHED, SUSPENDED } from "../../src/cpython/layout.ts";
import type { Layout } from "../../src/cpython/layout.ts";
import { Walk } from "../../src/cpython/thread_stack.ts";
import { Activity } from "../../src/types.ts";
import { FakeTarget, INTERPRETER, LAYOUT, PAGE, RUNTIME, started } from "./fake_target.ts";
import { LAYOUT_OF_LINK } from "./fake_thread.ts";

const WITHOUT_GIL: Layout = { ...LAYOUT, thread: { ...LAYOUT.thread, state: 300 } };

Deno.test("all threads are read by one call once it is known where their frames lie", () => {
  const target = started(3);
  const now = target.settle();
  target.memory.reads = 0;
  assert.equal(target.reader.read("all", now), true);
  assert.deepEqual(target.leaves(), [0x4000, 0x3000, 0x2000]);
  assert.equal(target.memory.reads, 1);
  assert.deepEqual(target.reader.threads.map(({ info }) => info.osThreadId), [102, 101, 100]);
});

Deno.test("a thread that has come since is part of the same tick, one that has ended is not", () => {
  const target = started(2);
  const now = target.settle();
  target.start(2);
  assert.equal(target.reader.read("all", now), true);
  assert.deepEqual(target.leaves(), [0x4000, 0x3000, 0x2000]);
  target.end(1);
  assert.deepEqual(target.forgotten, []);
  assert.equal(target.reader.read("all", now + 2), true);
  assert.deepEqual(target.leaves(), [0x4000, 0x2000]);
  assert.deepEqual(target.forgotten, [101]);
});

Deno.test("of many threads, one that has come is noticed at once, one that has ended after some ticks", () => {
  const target = started(40);
  const now = target.settle();
  target.reader.read("all", now);
  target.start(40);
  assert.equal(target.reader.read("all", now + 1), true);
  assert.equal(target.leaves().length, 41);
  target.end(7);
  const lengths = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((ms) => {
    assert.equal(target.reader.read("all", now + ms), true);
    return target.leaves().length;
  });
  assert.equal(lengths.at(-1), 40);
});

Deno.test("what was read of a thread before it ended is not taken for new", () => {
  const target = started(2);
  target.settle();
  const ended = target.reader.threads[1]!;
  assert.notEqual(target.reader.reread(ended), Walk.Empty);
  target.end(0);
  assert.equal(target.reader.reread(ended), Walk.Empty);
  assert.notEqual(target.reader.reread(target.reader.threads[0]!), Walk.Empty);
});

Deno.test("a thread that is listed and cannot be read has a stack of which nothing is known", () => {
  const target = started(1);
  target.settle();
  const thread = target.reader.threads[0]!;
  target.memory.pages.delete(Math.floor((RUNTIME + LAYOUT.runtime.gilLastHolder) / PAGE));
  assert.equal(target.reader.reread(thread), Walk.Broken);
  assert.deepEqual([thread.stack.truncation, target.reader.stack.depth], ["unreadable", 0]);
});

Deno.test("a target without interpreter or threads cannot be read", () => {
  const target = started(1);
  target.settle();
  target.memory.pages.delete(Math.floor(RUNTIME / PAGE));
  target.memory.pages.delete(INTERPRETER / PAGE);
  target.end(0);
  assert.equal(target.reader.read("all", 100), false);
});

Deno.test("active threads are those that run now", () => {
  const target = started(3);
  const now = target.settle();
  target.running.delete(101);
  assert.equal(target.reader.read("active", now), true);
  assert.deepEqual(target.leaves(), [0x4000, 0x2000]);
});

Deno.test("while the only thread holds the GIL the system is not asked whether it runs, but once a ms", () => {
  const target = started(1);
  target.giveGil(0);
  let now = target.settle("active");
  const tick = (ms: number) => {
    target.asked.length = 0;
    assert.equal(target.reader.read("active", now += ms), true);
    return [target.leaves().length, target.asked.length];
  };
  assert.deepEqual(tick(2), [1, 1]);
  assert.deepEqual([tick(0.3), tick(0.3)], [[1, 0], [1, 0]]);
  target.memory.write(RUNTIME + LAYOUT.runtime.gilLocked, [0]);
  assert.deepEqual(tick(0.3), [1, 1], "it runs without the GIL");
  assert.deepEqual(tick(0.3), [1, 1]);
  target.giveGil(0);
  assert.deepEqual([tick(2), tick(0.3)], [[1, 1], [1, 0]]);
  target.running.clear();
  target.memory.write(RUNTIME + LAYOUT.runtime.gilLocked, [0]);
  assert.deepEqual(tick(0.3), [0, 1], "it fell asleep");
  target.start(1);
  target.giveGil(1);
  assert.deepEqual([tick(2)[0], tick(0.3)], [1, [1, 2]], "there are two");
});

Deno.test("threads that say that they hold the GIL are believed, but for the one that is to be stopped", () => {
  const target = new FakeTarget(WITHOUT_GIL, { freeThreaded: false });
  [0, 1].forEach((index) => target.start(index));
  target.giveGil(0);
  target.setState(1, ATTACHED);
  let now = target.settle();
  const { reader, memory } = target;
  const holders = () => reader.threads.filter(({ ownsGil }) => ownsGil).map(({ info }) => info.osThreadId);
  assert.deepEqual(holders(), [101]);
  assert.deepEqual(reader.threads.map(({ activity }) => activity), [Activity.Gil, Activity.Native]);
  memory.pages.delete(Math.floor((RUNTIME + LAYOUT.runtime.gilLastHolder) / PAGE));
  assert.equal(reader.read("all", now += 2), true, "the GIL is not read");
  target.setState(1, 0);
  target.setState(0, ATTACHED);
  reader.read("all", now += 2);
  target.leaves();
  assert.deepEqual(holders(), [100]);
  target.running.delete(101);
  target.futexes.set(101, RUNTIME + LAYOUT.runtime.gilLastHolder + 40);
  reader.read("all", now += 2);
  assert.deepEqual(reader.threads[0]!.activity, Activity.Waiting, "where the GIL is is known");
  target.running.add(101);
  target.giveGil(1);
  reader.readStopped("all", now += 2);
  assert.equal(target.stops.at(-1), 101, "whoever says so");
});

Deno.test("while nothing runs, threads that were blocked are not asked one by one, unless they may wait for the GIL", () => {
  const target = new FakeTarget();
  for (let index = 0; index < 10; index++) target.start(index);
  for (let index = 1; index < 10; index++) target.running.delete(100 + index);
  let now = target.settle("active");
  const activities = () => target.reader.threads.map(({ activity }) => activity);
  const tick = () => {
    target.asked.length = 0;
    assert.equal(target.reader.read("active", now += 1), true);
    return target.asked.toSorted();
  };
  const all = Array.from({ length: 10 }, (_, index) => 100 + index);
  assert.deepEqual(tick(), all);
  target.isQuiet = true;
  target.running.clear();
  assert.deepEqual(tick(), [100], "one that ran does not any more");
  assert.deepEqual(target.reader.selected, []);
  assert.deepEqual(tick(), []);
  assert.deepEqual(activities(), Array(10).fill(Activity.Idle));
  // Its holder is blocked as well.
  target.giveGil(3);
  target.futexes.set(105, RUNTIME + LAYOUT.runtime.gilLastHolder + 40);
  assert.deepEqual(tick(), all);
  assert.deepEqual(activities().filter((one) => one === Activity.Waiting).length, 1);
  target.isQuiet = false;
  target.running.add(107);
  assert.deepEqual(tick(), all);
  assert.deepEqual(target.leaves(), [0x9000]);
});

Deno.test("the holder of the GIL is read alone, also when it has just become the holder", () => {
  const target = started(3);
  target.giveGil(0);
  const now = target.settle("gil");
  assert.deepEqual(target.leaves(), [0x2000]);
  target.giveGil(2);
  assert.equal(target.reader.read("gil", now), true);
  assert.deepEqual(target.leaves(), [0x4000]);
  assert.deepEqual(target.reader.threads.map(({ ownsGil }) => ownsGil), [true, false, false]);
  target.memory.write(RUNTIME + LAYOUT.runtime.gilLocked, [0]);
  assert.equal(target.reader.read("gil", now + 2), true);
  assert.deepEqual(target.leaves(), []);
});

Deno.test("a thread that waits for the GIL's own futex waits for the GIL, one that waits for another is idle", () => {
  const target = started(4);
  target.giveGil(0);
  const now = target.settle();
  target.running.delete(102);
  target.running.delete(103);
  target.futexes.set(102, RUNTIME + LAYOUT.runtime.gilLastHolder + 24);
  target.futexes.set(103, RUNTIME + LAYOUT.runtime.gilLastHolder + 4096);
  target.reader.read("all", now);
  target.leaves();
  assert.deepEqual(target.reader.threads.toReversed().map(({ activity }) => activity), [
    Activity.Gil,
    Activity.Native,
    Activity.Waiting,
    Activity.Idle,
  ]);
});

Deno.test("blocking stops the holder of the GIL alone, whoever it has become, and for the call only", () => {
  const target = started(3);
  target.giveGil(1);
  let now = target.settle();
  target.reader.readStopped("all", now);
  assert.deepEqual(target.stops, [101], "the holder of the last tick");
  assert.equal(target.stopped.size, 0);
  assert.deepEqual(target.leaves(), [0x4000, 0x3000, 0x2000]);
  const proven = target.reader.threads.map((thread) => (target.reader.walk(thread), target.reader.isStill));
  assert.deepEqual(proven, [false, true, false]);
  assert.ok(target.reader.pauseMs > 0);
  target.giveGil(2);
  target.reader.readStopped("all", now += 2);
  assert.deepEqual(target.stops, [101, 101, 102]);
  target.leaves();
  target.running.delete(102);
  target.reader.readStopped("all", now += 2);
  assert.deepEqual([target.stops.length, target.reader.pauseMs], [3, 0], "a thread that waits is left alone");
});

Deno.test("without a GIL each thread says whether it may run Python code", () => {
  const target = started(4, WITHOUT_GIL);
  [0, 1].forEach((index) => target.setState(index, ATTACHED));
  target.setState(3, SUSPENDED);
  let now = target.settle("all");
  assert.deepEqual(target.reader.threads.toReversed().map(({ activity }) => activity), [
    Activity.Gil,
    Activity.Gil,
    Activity.Native,
    Activity.Waiting,
  ]);
  assert.ok(target.reader.threads.every(({ ownsGil }) => !ownsGil));
  assert.equal(target.reader.read("gil", now += 2), true);
  assert.deepEqual(target.leaves(), [0x3000, 0x2000]);
  target.setState(0, 0);
  target.setState(2, ATTACHED);
  assert.equal(target.reader.read("gil", now += 2), true);
  assert.deepEqual(target.leaves(), [0x4000, 0x3000]);
});

Deno.test("without a GIL blocking stops each thread that runs, for its own read, and leaves the others alone", () => {
  const target = started(3, WITHOUT_GIL);
  [0, 1, 2].forEach((index) => target.setState(index, ATTACHED));
  const now = target.settle();
  target.running.delete(101);
  assert.equal(target.reader.readStopped("all", now), true);
  const still = target.reader.selected.map((thread) => (target.reader.walk(thread), target.reader.isStill));
  assert.deepEqual(still, [true, false, true]);
  assert.deepEqual(target.stops, [102, 100]);
  assert.equal(target.stopped.size, 0);
  assert.equal(target.reader.pauseMs, 0.04);
  assert.equal(target.reader.read("all", now + 2), true);
  assert.equal(target.leaves().length, 3);
  assert.equal(target.stops.length, 2, "only where it was asked for");
});

Deno.test("a frame on the data stack that has not begun is no proof: its link may not be written yet", () => {
  const layout = LAYOUT_OF_LINK.get("cframe without shims")!;
  const target = new FakeTarget(layout);
  target.start(0);
  target.giveGil(0);
  let now = target.settle();
  const isProof = (instr: number) => {
    const inner = FakeTarget.tstate(0) + 3072 + 256;
    target.memory.word(inner + layout.frame.instr, 0x2000 + layout.code.bytecode + instr);
    target.reader.readStopped("all", now += 2);
    const walk = target.reader.walk(target.reader.threads[0]!);
    return { walk, isStill: target.reader.isStill };
  };
  assert.deepEqual(isProof(-2), { walk: Walk.Reached, isStill: false });
  assert.deepEqual(isProof(0), { walk: Walk.Reached, isStill: false });
  assert.deepEqual(isProof(2), { walk: Walk.Reached, isStill: true });
});
