import assert from "node:assert/strict";
import { Walk } from "../../src/cpython/thread_stack.ts";
import { FakeThread, LAYOUT_OF_LINK } from "./fake_thread.ts";
import type { FakeFrame } from "./fake_thread.ts";

const DATA_STACK = 0x7e00_0000_0400;
const SIZE = 128;
const SHIM = 0x7c00_0000_0000;
/** Inside of the first place on the C stack. */
const PLACE = 0x7c00_0000_0800;
const GENERATOR = 1;

/** A thread with three frames one after the other, root first; the innermost one executes. */
function written(layoutName: string): { thread: FakeThread; frames: number[] } {
  const thread = new FakeThread(LAYOUT_OF_LINK.get(layoutName)!);
  const frames = [0, 1, 2].map((i) => DATA_STACK + i * SIZE);
  thread.writeStack(frames, [0x1000, 0x2000, 0x3000]);
  rewrite(thread, frames, 2, { executes: true });
  return { thread, frames };
}

/** The same, read until its windows are settled. */
function threeFrames(layoutName: string, change: (thread: FakeThread, frames: number[]) => void = () => {}) {
  const { thread, frames } = written(layoutName);
  change(thread, frames);
  const walk = thread.settle().walk;
  return { walk, inner: thread.depthAtOnce(() => SIZE), withOtherSizes: thread.depthAtOnce(() => SIZE / 2) };
}

function rewrite(thread: FakeThread, frames: readonly number[], index: number, change: Partial<FakeFrame>) {
  const code = 0x1000 * (index + 1);
  thread.writeFrame(frames[index]!, {
    code,
    instr: code + 8,
    previous: index === 0 ? thread.wordAt(frames[0]! + thread.layout.frame.previous) : frames[index - 1]!,
    isEntry: index === 0,
    ...change,
  });
}

/** The ranges of the last call that hold a frame. */
function rangesOf({ memory: { starts } }: FakeThread, frame: number): number[] {
  return starts.flatMap((start, i) => start <= frame && start > frame - 512 ? [i] : []);
}

/** Lets the innermost frame be called by C; its caller executes then. */
function enterFromC(thread: FakeThread, frames: readonly number[], { executes = true } = {}): void {
  const owner = thread.layout.traits.shimOwner;
  thread.writeFrame(SHIM, { code: 0, instr: 0, previous: frames[1]!, owner });
  rewrite(thread, frames, 2, { previous: SHIM, executes: true });
  rewrite(thread, frames, 1, { executes });
  if (thread.layout.traits.frameLink !== "cframe") return;
  thread.setHead(frames[1]!);
  thread.memory.write(PLACE, new Uint8Array(64));
  thread.enterPlace(PLACE);
  thread.setHead(frames[2]!);
}

for (const link of ["cframe without shims", "cframe", "direct"]) {
  const hasStackTop = LAYOUT_OF_LINK.get(link)!.frame.stackTop >= 0;
  const hasShims = LAYOUT_OF_LINK.get(link)!.traits.shimOwner < 256;

  Deno.test(`${link}: frames that lie one after the other were copied at once`, () => {
    assert.deepEqual(threeFrames(link), { walk: Walk.Agreed, inner: 3, withOtherSizes: 3 });
  });

  Deno.test(`${link}: a frame that has perhaps been left was not`, { ignore: !hasStackTop }, () => {
    const left = threeFrames(link, (thread, frames) => rewrite(thread, frames, 2, { executes: false }));
    assert.deepEqual([left.walk, left.inner], [Walk.Agreed, 0]);
  });

  Deno.test(`${link}: nor was one that was left between the copies`, { ignore: !hasStackTop }, () => {
    const { thread, frames } = written(link);
    thread.settle();
    const [first] = rangesOf(thread, frames[0]!);
    thread.memory.between = (index) =>
      index === first ? rewrite(thread, frames, 2, { executes: false }) : undefined;
    assert.equal(thread.read()!.walk, Walk.Agreed);
    assert.equal(thread.depthAtOnce(() => SIZE), 0);
  });

  Deno.test(`${link}: the innermost frames are of one moment if their echo has them`, () => {
    const inner = (index: number, change: (thread: FakeThread, frames: number[]) => void) => {
      const { thread, frames } = written(link);
      thread.settle();
      const copies = rangesOf(thread, frames[0]!);
      assert.equal(copies.length, 3, "twice and an echo");
      assert.equal(copies[1], copies[0]! + 1);
      thread.memory.between = (at) => at === copies[index] ? change(thread, frames) : undefined;
      const { walk } = thread.read()!;
      assert.equal(walk, Walk.Reached, "the copies differ");
      return thread.stack.areFramesEqual ? thread.depthAtOnce(() => SIZE) : 0;
    };
    const leave = (thread: FakeThread, frames: number[]) => {
      rewrite(thread, frames, 1, { instr: 0x9000 });
      rewrite(thread, frames, 2, { code: 0x4000 });
    };
    assert.deepEqual([inner(0, leave), inner(1, leave)], [0, 3]);
  });

  Deno.test(`${link}: nor was what lies outside of a generator, or elsewhere`, () => {
    const inGenerator = threeFrames(
      link,
      (thread, frames) => rewrite(thread, frames, 1, { owner: GENERATOR }),
    );
    assert.equal(inGenerator.inner, 1);
    const isGenerator = threeFrames(
      link,
      (thread, frames) => rewrite(thread, frames, 2, { owner: GENERATOR, executes: true }),
    );
    assert.equal(isGenerator.inner, 1, "it itself was");
    const isSuspended = threeFrames(
      link,
      (thread, frames) => rewrite(thread, frames, 2, { owner: GENERATOR, executes: false }),
    );
    assert.equal(isSuspended.inner, hasStackTop ? 0 : 1);
    const inOtherChunk = threeFrames(link, (thread, frames) => {
      const far = DATA_STACK + 0x10_0000;
      rewrite(thread, [frames[0]!, frames[1]!, far], 2, { executes: true });
      thread.setHead(far);
    });
    assert.deepEqual([inOtherChunk.walk, inOtherChunk.inner], [Walk.Agreed, 1]);
  });

  Deno.test(`${link}: across C only without a gap, from a frame that executes`, { ignore: !hasShims }, () => {
    const result = threeFrames(link, enterFromC);
    assert.deepEqual(result, { walk: Walk.Agreed, inner: hasStackTop ? 3 : 1, withOtherSizes: 1 });
    const waits = threeFrames(link, (thread, frames) => enterFromC(thread, frames, { executes: false }));
    assert.equal(waits.inner, 1);
  });
}

Deno.test("a frame on the C stack that suddenly has no caller may have been left", () => {
  const thread = new FakeThread(LAYOUT_OF_LINK.get("direct")!);
  const frames = [0, 1, 2].map((i) => DATA_STACK + i * SIZE);
  thread.writeStack(frames, [0x1000, 0x2000, 0x3000]);
  enterFromC(thread, frames);
  thread.settle();
  assert.equal(thread.depthAtOnce(() => SIZE), 1);
  thread.writeFrame(SHIM, { code: 0, instr: 0, previous: 0, owner: thread.layout.traits.shimOwner });
  const { walk, codes } = thread.read()!;
  assert.deepEqual([walk, codes], [Walk.Agreed, [0x3000]]);
  assert.equal(thread.depthAtOnce(() => SIZE), 0);
  thread.read();
  assert.equal(thread.depthAtOnce(() => SIZE), 1, "it stays so");
});

Deno.test("frame objects are never copied at once: they lie anywhere", () => {
  assert.equal(threeFrames("frame_object").inner, 0);
});
