import assert from "node:assert/strict";
import { ReadAhead } from "../../src/cpython/read_ahead.ts";
import { MemoryReader } from "../../src/memory.ts";
import { FakeMemory } from "./fake_memory.ts";

const PAGE = 4096;
const BASE = 0x7e00_0000_0000;

/** Three pages, the second of which does not exist. */
function setUp() {
  const memory = new FakeMemory();
  for (const page of [BASE, BASE + 2 * PAGE]) {
    memory.write(page, Array.from({ length: PAGE }, (_, i) => i % 251));
  }
  const ahead = new ReadAhead(memory);
  const reader = new MemoryReader(ahead);
  const read = (address: number, size: number) => {
    const before = memory.reads;
    const bytes = reader.bytes(address, size);
    return { bytes: bytes === undefined ? undefined : [...bytes], calls: memory.reads - before };
  };
  return { memory, ahead, read };
}

Deno.test("what was read ahead is not read again, until it is forgotten; the rest is read as ever", () => {
  const { memory, ahead, read } = setUp();
  ahead.add([[BASE + 16, 32], [BASE + 2 * PAGE, 32]]);
  assert.equal(memory.reads, 1);
  memory.write(BASE + 20, [99]);
  assert.deepEqual(read(BASE + 18, 4), { bytes: [18, 19, 20, 21], calls: 0 });
  assert.deepEqual(read(BASE + 2 * PAGE + 30, 2), { bytes: [30, 31], calls: 0 });
  assert.deepEqual([ahead.has(BASE + 16, 32), ahead.has(BASE + 16, 33), ahead.misses], [true, false, 0]);
  assert.deepEqual(read(BASE + 46, 4), { bytes: [46, 47, 48, 49], calls: 1 }, "half of it");
  assert.equal(ahead.misses, 1);
  ahead.clear();
  assert.deepEqual(read(BASE + 18, 4), { bytes: [18, 19, 99, 21], calls: 1 });
});

Deno.test("nothing is read ahead from the next page, nor from behind a page that does not exist", () => {
  const { ahead, read } = setUp();
  ahead.add([[BASE + PAGE - 8, 32]]);
  assert.equal(read(BASE + PAGE - 8, 8).calls, 0);
  ahead.add([[BASE, 32], [BASE + PAGE, 32], [BASE + 2 * PAGE, 32]]);
  assert.equal(read(BASE, 8).calls, 0);
  assert.deepEqual(read(BASE + PAGE, 8), { bytes: undefined, calls: 1 });
  assert.equal(read(BASE + 2 * PAGE, 8).calls, 1);
});
