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

/** Code that is read on a visit, which tests do not look at. */
const NOTHING = { capture: () => {} };

Deno.test("the thread that may run Python code is visited for one call and its walk, and no list is read there", () => {
  const { target, now } = settled();
  const { reader, memory } = target;
  const captured: unknown[] = [];
  const capture = () => captured.push([reader.rest.isJoined, reader.stack.codes[0], memory.reads]);
  assert.equal(reader.readVisiting("all", now, { capture }), true);
  const [visit] = target.visits;
  assert.deepEqual([target.visits.length, visit!.id, memory.reads - visit!.reads], [1, 101, 1]);
  assert.deepEqual(captured, [[true, 0x3000, memory.reads]], "still there, once it was walked");
  assert.deepEqual([reader.rest.isJoined, reader.rest.hasVisited, reader.pauseMs], [false, true, 0.03]);
  const walks = reader.selected.map((thread) => [reader.walk(thread), reader.isStill, reader.isOfVisit]);
  const elsewhere = [Walk.Reached, false, false];
  assert.deepEqual(walks, [[Walk.Reached, true, true], elsewhere, elsewhere], "the others may run");
  assert.deepEqual(reader.selected.map(({ info }) => info.osThreadId), [101, 102, 100]);
  reader.read("all", now + 2);
  assert.deepEqual([reader.rest.hasVisited, reader.pauseMs], [false, 0], "nobody was visited");
});

Deno.test("a thread that has run since we came, or to whose processor we cannot go, proves nothing", () => {
  const { target, now } = settled();
  const { reader } = target;
  target.onRead = () => target.runs.set(101, (target.runs.get(101) ?? 0) + 1);
  reader.readVisiting("all", now, NOTHING);
  assert.deepEqual([reader.walk(reader.selected[0]!), reader.isStill], [Walk.Reached, false]);
  target.canVisit = false;
  assert.equal(reader.readVisiting("all", now + 2, NOTHING), true);
  assert.deepEqual([reader.rest.hasVisited, reader.walk(reader.selected[0]!), reader.isStill], [
    false,
    Walk.Reached,
    false,
  ]);
});

Deno.test("what a visit has shown is gone with the next read", () => {
  const { target, now } = settled();
  const { reader } = target;
  reader.readVisiting("all", now, NOTHING);
  const thread = reader.selected[0]!;
  reader.read("all", now + 2);
  assert.deepEqual([reader.walk(thread), reader.isStill, reader.isOfVisit], [Walk.Reached, false, false]);
});

Deno.test("the lists are read before: a thread that has come is read on the same visit", () => {
  const { target, now } = settled();
  target.start(3);
  assert.equal(target.reader.readVisiting("all", now + 2, NOTHING), true);
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
    const { reader } = target;
    const stillThere: boolean[] = [];
    reader.readVisiting("all", now, { capture: () => stillThere.push(reader.isStill) });
    assert.deepEqual(stillThere, [false], "not yet");
    assert.equal(reader.walk(reader.threads[0]!), Walk.Reached);
    return reader.isStill;
  };
  assert.equal(isProven(() => {}), true);
  assert.equal(isProven(({ memory }) => memory.word(inner + layout.frame.instr, 0x2000)), true);
  assert.equal(isProven(({ runs }) => runs.clear()), false, "it has not run");
  const goOn = ({ memory }: FakeTarget) => memory.word(inner + layout.frame.instr, 0x2000 + 4);
  assert.equal(isProven((target) => (target.runs.clear(), goOn(target))), true, "it has");
  assert.equal(isProven(({ memory }) => memory.word(inner + layout.frame.previous, outer + 8)), false);
  assert.equal(isProven(({ memory }) => memory.word(inner + layout.frame.code, 0x3000)), false);
});

Deno.test("a frame that has not begun is proven on a visit if its thread counts as many frames", () => {
  const layout = LAYOUT_OF_LINK.get("direct")!;
  const isProven = (counted: number) => {
    const target = new FakeTarget(layout, { freeThreaded: false });
    target.start(0);
    target.canVisit = true;
    const tstate = FakeTarget.tstate(0);
    const [outer, inner] = [tstate + 3072, tstate + 3072 + 256];
    target.memory.write(outer + layout.frame.owner, [layout.traits.shimOwner]);
    target.memory.word(inner + layout.frame.instr, 0x2000 + layout.code.bytecode);
    target.memory.write(tstate + layout.thread.recursionLimit, [100, 0, 0, 0]);
    target.memory.write(tstate + layout.thread.recursionRemaining, [100 - counted, 0, 0, 0]);
    const now = target.settle();
    const stillThere: boolean[] = [];
    target.reader.readVisiting("all", now, { capture: () => stillThere.push(target.reader.isStill) });
    return stillThere;
  };
  assert.deepEqual([isProven(1), isProven(2), isProven(0)], [[true], [false], [false]]);
});

Deno.test("a stack that cannot be followed is not taken for none, though nothing is outside of its place", () => {
  const layout = LAYOUT_OF_LINK.get("cframe without shims")!;
  const target = new FakeTarget(layout);
  target.start(0);
  target.giveGil(0);
  target.canVisit = true;
  const now = target.settle();
  const inner = FakeTarget.tstate(0) + 3072 + 256;
  // A generator that is just being suspended.
  target.memory.word(inner + layout.frame.previous, 0);
  target.memory.write(inner + layout.frame.owner, [1]);
  target.memory.write(inner + layout.generator.state - layout.generator.frame, [0xff]);
  target.reader.readVisiting("all", now, NOTHING);
  assert.equal(target.reader.walk(target.reader.threads[0]!), Walk.Broken);
});
