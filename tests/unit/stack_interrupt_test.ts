/** Reading a thread in an interrupt of its processor: all of it is of one moment, wherever it lies. */
import assert from "node:assert/strict";
import { Walk } from "../../src/cpython/thread_stack.ts";
import { Activity } from "../../src/types.ts";
import { FakeTarget, PAGE } from "./fake_target.ts";
import { LAYOUT_OF_LINK } from "./fake_thread.ts";

const NOTHING = { capture: () => {} };

/** A target whose stacks are known, of which thread 1 of 3 holds the GIL. */
function settled(layout = LAYOUT_OF_LINK.get("frame_object")!) {
  const target = new FakeTarget(layout);
  for (let i = 0; i < 3; i++) target.start(i);
  target.giveGil(1);
  target.canInterrupt = true;
  return { target, reader: target.reader, now: target.settle() };
}

/** Where a thread's two frames are, and are then put. */
function framesOf(index: number) {
  const outer = FakeTarget.tstate(index) + 3072;
  return { outer, inner: outer + 256, moved: FakeTarget.tstate(index) + 40 * PAGE + 64 };
}

for (const link of ["frame_object", "cframe without shims"]) {
  Deno.test(`frames that have never been read before are proven by one interrupt, ${link}`, () => {
    const layout = LAYOUT_OF_LINK.get(link)!;
    const { target, reader, now } = settled(layout);
    const { memory } = target;
    const { outer, inner, moved } = framesOf(1);
    const { code, previous, instr } = layout.frame;
    for (const [at, byteCode, caller] of [[moved + PAGE, 0x9000, outer], [moved, 0x8000, moved + PAGE]]) {
      memory.write(at!, new Uint8Array(256));
      memory.word(at! + code, byteCode!);
      memory.word(at! + previous, caller!);
      memory.word(at! + instr, byteCode! + 0x1000);
    }
    const head = link === "frame_object"
      ? FakeTarget.tstate(1) + layout.thread.frame
      : FakeTarget.tstate(1) + 2560 + layout.cframe.currentFrame;
    memory.word(head, moved);
    const captured: unknown[] = [];
    assert.equal(
      reader.readVisiting("all", now, { capture: () => captured.push(reader.stack.codes[0]) }),
      true,
    );
    assert.deepEqual([target.interrupted, target.visits, captured], [[101], [], [0x8000]]);
    const host = reader.selected[0]!;
    assert.deepEqual([host.info.osThreadId, reader.walk(host)], [101, Walk.Reached]);
    assert.deepEqual([...reader.stack.codes.subarray(0, reader.stack.depth)], [0x8000, 0x9000, 0x1000]);
    assert.deepEqual([reader.isStill, reader.isOfVisit, host.stack.misses], [true, true, 0]);
    assert.deepEqual([reader.rest.hasVisited, reader.pauseMs], [true, 0.01]);
    // They are known from now on.
    memory.word(head, moved);
    reader.read("all", now + 2);
    assert.equal(reader.walk(host), Walk.Reached);
    assert.deepEqual([host.stack.misses, reader.isStill, inner > outer], [0, false, true]);
  });
}

Deno.test("the others are read as they run, and after the tick the thread is, too", () => {
  const { target, reader, now } = settled();
  reader.readVisiting("all", now, NOTHING);
  const walks = reader.selected.map((thread) => [reader.walk(thread), reader.isStill]);
  assert.deepEqual(walks, [[Walk.Reached, true], [Walk.Reached, false], [Walk.Reached, false]]);
  const activities = reader.selected.map(({ activity }) => activity);
  assert.deepEqual(activities, [Activity.Gil, Activity.Native, Activity.Native]);
  assert.deepEqual([reader.walk(reader.selected[0]!), reader.isStill], [Walk.Reached, false]);
  reader.read("all", now + 2);
  assert.deepEqual([target.interrupted, reader.rest.hasVisited, reader.pauseMs], [[101], false, 0]);
});

Deno.test("a thread that does not run is read as it is, and proven if it did not run meanwhile", () => {
  const { target, reader, now } = settled();
  target.runs.set(101, 7);
  target.onInterrupt = () => ({ isRead: false, found: [], runCount: 7, pauseMs: 0 });
  const thread = reader.threads.find(({ info }) => info.osThreadId === 101)!;
  reader.readVisiting("all", now, NOTHING);
  assert.deepEqual([reader.walk(thread), reader.isStill, reader.rest.hasVisited], [
    Walk.Reached,
    true,
    false,
  ]);
  reader.readVisiting("all", now + 2, NOTHING);
  target.runs.set(101, 8);
  assert.deepEqual([reader.walk(thread), reader.isStill], [Walk.Reached, false], "it has run");
});

Deno.test("what cannot be read so is read on the thread's processor, or proves nothing", () => {
  const { target, reader, now } = settled();
  target.onInterrupt = () => ({ isRead: false, found: [], runCount: NaN, pauseMs: 0 });
  const walks = () => reader.selected.map((thread) => [reader.walk(thread), reader.isStill]);
  reader.readVisiting("all", now, NOTHING);
  assert.deepEqual(walks(), [0, 1, 2].map(() => [Walk.Reached, false]));
  target.canVisit = true;
  reader.readVisiting("all", now + 2, NOTHING);
  assert.deepEqual(walks(), [true, false, false].map((isStill) => [Walk.Reached, isStill]));
});

Deno.test("a thread is interrupted for one read alone; one that does not run is read without", () => {
  const { target, reader } = settled();
  const thread = reader.threads[0]!;
  assert.deepEqual([reader.rereadAtOnce(thread), reader.isStill, target.interrupted], [
    Walk.Reached,
    true,
    [102],
  ]);
  target.onInterrupt = () => ({ isRead: false, found: [], runCount: 0, pauseMs: 0 });
  assert.deepEqual([reader.rereadAtOnce(thread), reader.isStill], [Walk.Reached, true]);
  target.runs.set(102, 1);
  assert.deepEqual([reader.rereadAtOnce(thread), reader.isStill], [Walk.Reached, false], "it had run before");
});

Deno.test("a frame that has not begun is proven by an interrupt once its thread has come further", () => {
  const layout = LAYOUT_OF_LINK.get("cframe without shims")!;
  const isProven = (onRead: (target: FakeTarget) => void, stackTop = [5, 0, 0, 0]) => {
    const { target, reader } = settled(layout);
    const { inner } = framesOf(2);
    target.memory.write(inner + layout.frame.stackTop, stackTop);
    target.memory.word(inner + layout.frame.instr, 0x4000 + layout.code.bytecode - 2);
    const { onInterrupt } = target;
    target.onInterrupt = (request) => {
      const interruption = onInterrupt(request);
      onRead(target);
      return interruption;
    };
    assert.equal(reader.rereadAtOnce(reader.threads[0]!), Walk.Reached);
    return reader.isStill;
  };
  const { outer, inner } = framesOf(2);
  assert.equal(isProven(() => {}), false, "it is still there");
  assert.equal(isProven(() => {}, [255, 255, 255, 255]), true, "it executes, so it was linked before");
  assert.equal(isProven(({ memory }) => memory.word(inner + layout.frame.instr, 0x5000)), true);
  const goOn = (target: FakeTarget) =>
    target.memory.word(FakeTarget.tstate(2) + 2560 + layout.cframe.currentFrame, outer);
  assert.equal(isProven(goOn), true);
  const relink = (target: FakeTarget) => (goOn(target), target.memory.word(inner + layout.frame.previous, 8));
  assert.equal(isProven(relink), false, "it was linked after that");
});

Deno.test("blocking interrupts the holder of the GIL, whoever it has become, and stops nobody", () => {
  const { target, reader, now } = settled();
  target.giveGil(2);
  assert.equal(reader.readStopped("all", now), true);
  assert.deepEqual([target.interrupted, target.stops], [[101, 102], []]);
  const walks = reader.selected.map((thread) => {
    const walk = reader.walk(thread);
    return [thread.info.osThreadId, walk, reader.isStill];
  });
  assert.deepEqual(walks, [[102, Walk.Reached, true], [101, Walk.Reached, false], [
    100,
    Walk.Reached,
    false,
  ]]);
});

Deno.test("blocking leaves a holder alone that does not run", () => {
  const { target, reader, now } = settled();
  target.onInterrupt = () => ({ isRead: false, found: [], runCount: 0, pauseMs: 0 });
  reader.readStopped("all", now);
  const holder = reader.selected.find(({ info }) => info.osThreadId === 101)!;
  assert.deepEqual([target.stops, reader.walk(holder), reader.isStill], [[], Walk.Reached, true]);
  target.onInterrupt = () => ({ isRead: false, found: [], runCount: NaN, pauseMs: 0 });
  reader.readStopped("all", now + 2);
  assert.deepEqual(target.stops, [101], "it is stopped where nothing is known of it");
});
