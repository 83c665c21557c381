/** Structs of the two C libraries, as their headers lay them out. */
import assert from "node:assert/strict";
import { isMuslThread, muslWaiters, possibleThreadIds } from "../../src/cpython/pthreads.ts";
import { nativeThreadIds } from "../../src/cpython/thread_list.ts";
import { MemoryReader } from "../../src/memory.ts";
import { FakeMemory } from "./fake_memory.ts";

const ID = 4321;

/** A `struct pthread`: words from its start on, where 0 stands for its own address, and the thread's id. */
function thread(head: (self: number) => number[], idAt: number) {
  const memory = new FakeMemory();
  const address = memory.room(1024);
  head(address).forEach((word, i) => memory.word(address + 8 * i, word));
  memory.write(address + idAt, new Uint8Array(new Uint32Array([ID]).buffer));
  return { reader: new MemoryReader(memory), address };
}

const DTV = 0x7f00_1234_5000;
const OTHER = 0x7f00_1234_6000;
const CASES: readonly [string, boolean, (self: number) => number[], number][] = [
  ["glibc, the first thread", false, (self) => [self, DTV, self, 0], 720],
  ["glibc, several threads", false, (self) => [self, DTV, self, 1], 720],
  ["musl 1.2.3, one thread", true, (self) => [self, DTV, self, self, 0, 0x1234_5678], 48],
  ["musl 1.2.3, several threads", true, (self) => [self, DTV, OTHER, OTHER, 0, 0x1234_5678], 48],
  ["musl 1.1.24, several threads", true, (self) => [self, DTV, OTHER, OTHER, 0, 0x1234_5678, 9], 56],
  ["musl 1.1.19, which has no list", true, (self) => [self, DTV, 0, 0, 0, 0x1234_5678, 9], 56],
];

for (const [name, isMusl, head, idAt] of CASES) {
  Deno.test(`threads of the C library: ${name}`, () => {
    const { reader, address } = thread(head, idAt);
    assert.equal(isMuslThread(reader, address), isMusl);
    const ids = possibleThreadIds(reader, address);
    assert.equal(ids.filter((id) => id === ID).length, 1, String(ids));
    assert.ok(isMusl || ids.length === 1);
  });
}

Deno.test("threads of the C library: memory that is gone gives no id", () => {
  assert.deepEqual(possibleThreadIds(new MemoryReader(new FakeMemory()), DTV), [0]);
});

Deno.test("threads of the C library: its id is asked for where the interpreter's is none of the process's threads", () => {
  const { reader, address } = thread((self) => [self, DTV, self, 0], 720);
  const listed = { tstate: 0, interpreter: 0, interpreterId: 0, threadId: address };
  assert.deepEqual([...nativeThreadIds(reader, { ...listed, nativeThreadId: 99 })], [99, ID]);
  assert.deepEqual([...nativeThreadIds(reader, { ...listed, nativeThreadId: 0 })], [ID]);
});

Deno.test("musl: each thread that waits for a condition has a futex of its own", () => {
  const memory = new FakeMemory();
  const condition = memory.room(48);
  const waiters = [memory.room(40), memory.room(40), memory.room(40)];
  memory.word(condition + 8, waiters[0]!);
  waiters.forEach((waiter, i) => memory.word(waiter + 8, waiters[i + 1] ?? 0));
  const reader = new MemoryReader(memory);
  assert.deepEqual([...muslWaiters(reader, condition)], waiters.map((waiter) => waiter + 20));
  memory.word(waiters[2]! + 8, waiters[1]!);
  assert.equal(muslWaiters(reader, condition).size, 3, "a list that runs in a circle ends");
  assert.equal(muslWaiters(reader, DTV).size, 0);
});
