import assert from "node:assert/strict";
import { BytecodeCopies } from "../../src/cpython/bytecode_copies.ts";
import { MemoryReader } from "../../src/memory.ts";
import { FakeMemory, freeThreadedLayout, LAYOUTS } from "./fake_memory.ts";

const UNITS = 20;

/** A code object with copies of its bytecode, and what finds them. */
function codeWithCopies(count: number) {
  const memory = new FakeMemory();
  const layout = freeThreadedLayout("3.14.10t");
  const code = memory.room(layout.code.bytecode + 2 * UNITS);
  memory.word(code + layout.tuple.size, UNITS);
  const array = memory.room(8 + 8 * 16);
  memory.word(code + layout.code.tlbc, array);
  const own = code + layout.code.bytecode;
  const starts = [own];
  const add = () => {
    starts.push(memory.room(2 * UNITS));
    memory.word(array, starts.length);
    starts.forEach((start, i) => memory.word(array + 8 + i * 8, start));
  };
  for (let i = 0; i < count; i++) add();
  return {
    memory,
    code,
    own,
    starts,
    add,
    copies: new BytecodeCopies(new MemoryReader(memory), layout),
    array,
  };
}

Deno.test("an instruction is found in the copy that holds it", () => {
  const { code, starts, copies } = codeWithCopies(3);
  for (const start of starts) {
    for (const offset of [0, 2, 2 * UNITS - 2]) assert.equal(copies.startOf(code, start + offset), start);
  }
});

Deno.test("a copy that is made later is found, and what is known takes no reads", () => {
  const { memory, code, starts, add, copies } = codeWithCopies(1);
  assert.equal(copies.startOf(code, starts[1]! + 4), starts[1]);
  add();
  assert.equal(copies.startOf(code, starts[2]! + 4), starts[2]);
  memory.reads = 0;
  for (const start of starts) copies.startOf(code, start);
  assert.equal(memory.reads, 0);
});

Deno.test("what no copy holds belongs to the code object itself", () => {
  const { memory, code, own, starts, copies, array } = codeWithCopies(1);
  assert.equal(copies.startOf(code, own - 2), own);
  assert.equal(copies.startOf(code, own + 2 * UNITS), own);
  memory.word(array, 2 ** 40);
  copies.forgetAll();
  assert.equal(copies.startOf(code, starts[1]!), own, "a size that cannot be");
});

Deno.test("where threads share the bytecode nothing is read", () => {
  const memory = new FakeMemory();
  const layout = { ...LAYOUTS.get("3.13")! };
  const copies = new BytecodeCopies(new MemoryReader(memory), layout);
  assert.equal(copies.startOf(0x1000_0000, 0x5000_0000), 0x1000_0000 + layout.code.bytecode);
  assert.equal(memory.reads, 0);
});
