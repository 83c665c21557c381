import assert from "node:assert/strict";
import { SHRINK_WALKS } from "../../src/cpython/frame_windows.ts";
import { Walk } from "../../src/cpython/thread_stack.ts";
import { FakeThread, LAYOUT_OF_LINK } from "./fake_thread.ts";

const LAYOUT = LAYOUT_OF_LINK.get("direct")!;
const FRAMES = 0x7e00_0000_0000;
const ENTRY = 0x7d00_0000_0000;
const OUTER = ENTRY + 0x1000;
const LIMIT = 1000;

/** Two frames below an entry from C that lies in a page of its own; the thread counts them. */
function prepared(): FakeThread {
  const thread = new FakeThread(LAYOUT);
  for (const page of [FRAMES, ENTRY, OUTER]) thread.memory.write(page, new Uint8Array(0x1000));
  writeEntry(thread, ENTRY, 0);
  thread.writeFrame(FRAMES, { code: 0x1000, instr: 0x1008, previous: ENTRY });
  thread.writeFrame(FRAMES + 256, { code: 0x2000, instr: 0x2008, previous: FRAMES });
  thread.setHead(FRAMES + 256);
  setCount(thread, 2);
  thread.settle();
  return thread;
}

function writeEntry(thread: FakeThread, address: number, previous: number): void {
  thread.writeFrame(address, { code: 0, instr: 0, previous, owner: LAYOUT.traits.shimOwner });
}

function setCount(thread: FakeThread, frames: number): void {
  const { recursionLimit, recursionRemaining } = LAYOUT.thread;
  const remaining = LIMIT - frames;
  thread.memory.write(thread.tstate + recursionLimit, [LIMIT & 255, LIMIT >> 8]);
  thread.memory.write(thread.tstate + recursionRemaining, [remaining & 255, remaining >> 8]);
}

/** Reads without proof, until what is not used has left the plan. */
function readQuickly(thread: FakeThread) {
  for (let i = 0; i < 4 * SHRINK_WALKS; i++) thread.read(1);
  return thread.read(1)!;
}

Deno.test("an entry that is known to be the root is not read while the thread counts the frames that are seen", () => {
  const thread = prepared();
  const { walk, codes, misses } = readQuickly(thread);
  assert.deepEqual({ walk, codes, misses }, { walk: Walk.Reached, codes: [0x2000, 0x1000], misses: 0 });
  assert.ok(thread.memory.starts.every((start) => start < ENTRY || start >= OUTER), "its page is left out");
  // Of a frame more, the thread knows as well.
  thread.writeFrame(FRAMES + 512, { code: 0x3000, instr: 0x3008, previous: FRAMES + 256 });
  thread.setHead(FRAMES + 512);
  setCount(thread, 3);
  thread.read(1);
  assert.deepEqual(thread.read(1)!.misses, 0);
});

Deno.test("where the thread counts more frames than are seen, the entry is read, and what is outside of it shown", () => {
  const thread = prepared();
  readQuickly(thread);
  thread.writeFrame(OUTER + 256, { code: 0x4000, instr: 0x4008, previous: OUTER });
  writeEntry(thread, OUTER, 0);
  writeEntry(thread, ENTRY, OUTER + 256);
  setCount(thread, 3);
  assert.deepEqual(thread.read(1)!.codes, [0x2000, 0x1000, 0x4000]);
  assert.deepEqual(readQuickly(thread).codes, [0x2000, 0x1000, 0x4000]);
});

Deno.test("a walk that is to prove something reads the entry", () => {
  const thread = prepared();
  readQuickly(thread);
  writeEntry(thread, ENTRY, OUTER + 256);
  thread.writeFrame(OUTER + 256, { code: 0x4000, instr: 0x4008, previous: OUTER });
  writeEntry(thread, OUTER, 0);
  // Even if the thread's count should not say it.
  assert.deepEqual(thread.read(1)!.codes, [0x2000, 0x1000]);
  assert.deepEqual(thread.read(2)!.codes, [0x2000, 0x1000, 0x4000]);
  assert.deepEqual(thread.read(1, true)!.codes, [0x2000, 0x1000, 0x4000]);
});
