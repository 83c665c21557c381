/** Reading a thread on its own processor, where it does not run meanwhile. */
import assert from "node:assert/strict";
import { Walk } from "../../src/cpython/thread_stack.ts";
import { FakeTarget, started } from "./fake_target.ts";
import { LAYOUT_OF_LINK } from "./fake_thread.ts";

/** A target whose stacks are known, of which thread 1 of 3 holds the GIL. */
function settled() {
  const target = started(3);
  target.giveGil(1);
  target.canVisit = true;
  return { target, now: target.settle() };
}

Deno.test("the thread that may run Python code is visited for one call, in which no list is read", () => {
  const { target, now } = settled();
  const { reader, memory } = target;
  assert.equal(reader.readJoined("all", now), true);
  const [visit] = target.visits;
  assert.deepEqual([target.visits.length, visit!.id, memory.reads - visit!.reads], [1, 101, 1]);
  assert.deepEqual([reader.isJoined, reader.isVisiting], [true, true]);
  const still = reader.selected.map((thread) => (reader.walk(thread), reader.isStill));
  assert.deepEqual(still, [true, false, false], "it is the first one, and the others may run");
  assert.deepEqual(reader.selected.map(({ info }) => info.osThreadId), [101, 102, 100]);
  reader.leaveProcessor();
  assert.deepEqual([reader.isJoined, reader.isVisiting, reader.pauseMs], [false, false, 0.03]);
  reader.read("all", now + 2);
  assert.equal(reader.pauseMs, 0, "nobody was visited");
});

Deno.test("a thread that has run since we came, or to whose processor we cannot go, proves nothing", () => {
  const { target, now } = settled();
  const { reader } = target;
  reader.readJoined("all", now);
  target.runs.set(101, 7);
  reader.walk(reader.selected[0]!);
  assert.equal(reader.isStill, false);
  reader.leaveProcessor();
  target.canVisit = false;
  assert.equal(reader.readJoined("all", now + 2), true);
  assert.deepEqual([reader.isJoined, reader.walk(reader.selected[0]!), reader.isStill], [
    false,
    Walk.Reached,
    false,
  ]);
});

Deno.test("the lists are read before: a thread that has come is read on the same visit", () => {
  const { target, now } = settled();
  target.start(3);
  assert.equal(target.reader.readJoined("all", now + 2), true);
  assert.deepEqual(target.visits.map(({ id }) => id), [101]);
  assert.deepEqual(target.leaves(), [0x3000, 0x5000, 0x4000, 0x2000]);
});

Deno.test("a frame that has not begun is proven if, once its thread has run, it is linked as it was", () => {
  const layout = LAYOUT_OF_LINK.get("cframe without shims")!;
  const [outer, inner] = [FakeTarget.tstate(0) + 3072, FakeTarget.tstate(0) + 3072 + 256];
  const isProven = (onLeave: (target: FakeTarget) => void) => {
    const target = new FakeTarget(layout);
    target.start(0);
    target.giveGil(0);
    target.canVisit = true;
    const now = target.settle();
    target.memory.word(inner + layout.frame.instr, 0x2000 + layout.code.bytecode - 2);
    target.onLeave = () => onLeave(target);
    target.reader.readJoined("all", now);
    assert.equal(target.reader.walk(target.reader.threads[0]!), Walk.Reached);
    assert.equal(target.reader.isStill, false, "not yet");
    target.reader.leaveProcessor();
    return target.reader.isStill;
  };
  assert.equal(isProven(() => {}), true);
  assert.equal(isProven(({ memory }) => memory.word(inner + layout.frame.instr, 0x2000)), true);
  assert.equal(isProven(({ runs }) => runs.clear()), false, "it has not run");
  assert.equal(isProven(({ memory }) => memory.word(inner + layout.frame.previous, outer + 8)), false);
  assert.equal(isProven(({ memory }) => memory.word(inner + layout.frame.code, 0x3000)), false);
});
