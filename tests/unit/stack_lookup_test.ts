import assert from "node:assert/strict";
import type { RawStack } from "../../src/cpython/raw_stack.ts";
import { Cursor, Recording } from "../../src/recording.ts";
import { StackLookup } from "../../src/stack_lookup.ts";
import type { StackReader } from "../../src/stack_reader.ts";
import type { ReadThread, ThreadEntry } from "../../src/thread_table.ts";
import type { Clock } from "../../src/types.ts";
import { FakeCodes, rawStack } from "./fake_codes.ts";

/** A thread on whose processor we are, unless `isJoined` is false. */
function setUp({ isJoined = true, onLeave = () => {} } = {}) {
  const codes = new FakeCodes();
  const recording = new Recording(codes.table, { perThread: false, timeline: false });
  const reader = {
    stack: rawStack([]),
    isJoined,
    left: 0,
    leaveProcessor(): void {
      this.isJoined = false;
      this.left++;
      onLeave();
    },
  };
  const state = { timeMs: 5 };
  const clock = { now: () => state.timeMs } as Clock;
  const lookup = new StackLookup(reader as unknown as StackReader, recording, clock);
  const info = { pid: 1, threadId: 2, osThreadId: 3, name: undefined, interpreterId: 0 };
  const index = recording.addThread(info);
  const entry: ThreadEntry = { thread: { info } as ReadThread, cursor: new Cursor(), index };
  const insert = (stack: RawStack) => {
    reader.stack = stack;
    return lookup.insert(entry);
  };
  return { codes, recording, reader, lookup, insert, clock: state };
}

Deno.test("a thread does not wait while code is read that is new, nor does it take away what we need", () => {
  const free: number[] = [];
  const { codes, recording, reader, lookup, insert, clock } = setUp({
    // As modules do whose code is run once.
    onLeave: () => free.forEach((address) => codes.memory.word(address + codes.layout.object.type, 0)),
  });
  const addresses = Array.from({ length: 20 }, (_, i) => codes.add({ name: `f${i}` }));
  free.push(...addresses.slice(4));
  const node = insert(rawStack(addresses.map((address) => [address, 0])));
  assert.equal(codes.table.get(node.codeId).name, "f19");
  assert.equal(recording.insertedPartly, false);
  clock.timeMs = 9;
  assert.deepEqual([reader.left, lookup.joinedUntilMs], [1, 5]);
});

Deno.test("a thread waits for a few code objects that are new, which take few calls", () => {
  const { codes, recording, reader, insert } = setUp();
  const addresses = Array.from({ length: 16 }, (_, i) => codes.add({ name: `f${i}` }));
  codes.table.idOf(addresses[0]!);
  const { reads } = codes.memory;
  const node = insert(rawStack(addresses.map((address) => [address, 0])));
  assert.equal(codes.table.get(node.codeId).name, "f15");
  assert.deepEqual([recording.insertedPartly, reader.left], [false, 0]);
  const calls = codes.memory.reads - reads;
  assert.ok(calls <= 4, `${calls} calls: the known one, structs, texts, line tables`);
});

Deno.test("a thread is left for a stack that is very deep, not for one that is known", () => {
  const { codes, reader, insert } = setUp();
  const address = codes.add({ name: "f" });
  codes.table.idOf(address);
  insert(rawStack([[address, 0], [address, 2]]));
  assert.equal(reader.left, 0);
  const deep = rawStack(Array.from({ length: 1001 }, () => [address, 2] as const));
  const { reads } = codes.memory;
  const leave = reader.leaveProcessor.bind(reader);
  reader.leaveProcessor = () => {
    assert.equal(codes.memory.reads, reads, "nor is it checked before");
    leave();
  };
  insert(deep);
  assert.equal(reader.left, 1);
});

Deno.test("from elsewhere there is nothing to leave", () => {
  const { codes, reader, insert } = setUp({ isJoined: false });
  const node = insert(rawStack([[codes.add({ name: "f" }), 0]]));
  assert.equal(codes.table.get(node.codeId).name, "f");
  assert.equal(reader.left, 0);
});
