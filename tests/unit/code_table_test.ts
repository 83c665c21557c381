import assert from "node:assert/strict";
import { CodeTable, NOT_CODE } from "../../src/cpython/code_table.ts";
import type { Layout } from "../../src/cpython/layout.ts";
import { FakeCodes } from "./fake_codes.ts";
import { garbageMemory, LAYOUTS } from "./fake_memory.ts";

const PAGE = 4096;

Deno.test("a code object is read once and keeps its number", () => {
  const codes = new FakeCodes();
  const address = codes.add({ name: "größe", file: "/app/файл.py", firstLine: 300 });
  const id = codes.table.idOf(address);
  const { name, file, firstLine } = codes.table.get(id);
  assert.deepEqual({ name, file, firstLine }, { name: "größe", file: "/app/файл.py", firstLine: 300 });
  assert.equal(codes.table.lineAt(id, 0), 300);
  assert.equal(codes.table.lineAt(id, 8), 304);
  codes.memory.reads = 0;
  assert.equal(codes.table.idOf(address), id);
  assert.equal(codes.memory.reads, 0);
});

Deno.test("what is no code object has no number", () => {
  const codes = new FakeCodes();
  const valid = codes.add({ name: "f" });
  const other = codes.add({ name: "f" });
  codes.memory.word(other + codes.layout.object.type, codes.typeNamed("function"));
  const longer = codes.add({ name: "f" });
  codes.memory.word(longer + codes.layout.object.type, codes.typeNamed("codec"));
  const nameless = codes.add({ name: "f" });
  codes.memory.word(nameless + codes.layout.code.name, 0);
  for (const address of [0, 8, valid + 4, valid + 0x1000_0000, other, longer, nameless]) {
    assert.equal(codes.table.idOf(address), NOT_CODE, address.toString(16));
  }
  assert.notEqual(codes.table.idOf(valid), NOT_CODE);
  assert.equal(codes.table.idOf(other), NOT_CODE, "also once the type of code objects is known");
});

Deno.test("an address that another code object has taken over gets a new number; the old one keeps what it was", () => {
  const codes = new FakeCodes();
  const address = codes.add({ name: "old" });
  const neighbour = codes.add({ name: "neighbour" });
  const id = codes.table.idOf(address);
  const neighbourId = codes.table.idOf(neighbour);
  codes.table.revalidate();
  assert.deepEqual([codes.table.generation, codes.table.idOf(address)], [0, id]);
  codes.add({ name: "new" }, address);
  codes.table.revalidate();
  assert.equal(codes.table.generation, 1);
  const newId = codes.table.idOf(address);
  assert.notEqual(newId, id);
  assert.deepEqual([codes.table.get(newId).name, codes.table.get(id).name], ["new", "old"]);
  assert.equal(codes.table.idOf(neighbour), neighbourId);
});

Deno.test("each field that tells code objects apart is compared", () => {
  const { filename, name, firstLineNo, lineTable } = LAYOUTS.get("3.8")!.code;
  for (const offset of [filename, name, firstLineNo, lineTable, LAYOUTS.get("3.8")!.object.type]) {
    const codes = new FakeCodes();
    const address = codes.add({ name: "f" });
    codes.table.idOf(address);
    codes.memory.write(address + offset, [0x99]);
    codes.table.revalidate();
    assert.equal(codes.table.generation, 1, `offset ${offset}`);
  }
});

Deno.test("an address whose page has gone is forgotten, and hides no other", () => {
  const codes = new FakeCodes();
  const far = 0x6000_0000_0000;
  codes.memory.write(far, new Uint8Array(400));
  codes.add({ name: "gone" }, far);
  const address = codes.add({ name: "stays" });
  const goneId = codes.table.idOf(far);
  const id = codes.table.idOf(address);
  codes.memory.pages.delete(far / PAGE);
  codes.table.revalidate();
  assert.equal(codes.table.generation, 1);
  assert.equal(codes.table.idOf(far), NOT_CODE);
  assert.equal(codes.table.idOf(address), id);
  assert.equal(codes.table.get(goneId).name, "gone");
});

Deno.test("what was no code object is looked at again at once", () => {
  const codes = new FakeCodes();
  const address = codes.memory.room(200);
  assert.equal(codes.table.idOf(address), NOT_CODE);
  codes.add({ name: "late" }, address);
  assert.equal(codes.table.get(codes.table.idOf(address)).name, "late");
});

Deno.test("more code objects than one batch are all compared", () => {
  const codes = new FakeCodes();
  const addresses = Array.from({ length: 1100 }, (_, i) => codes.add({ name: `f${i}`, lineTable: [] }));
  const ids = addresses.map((address) => codes.table.idOf(address));
  assert.equal(new Set(ids).size, 1100);
  for (const i of [0, 511, 512, 1099]) codes.add({ name: `new${i}` }, addresses[i]!);
  codes.table.revalidate();
  assert.equal(codes.table.generation, 4);
  const changed = addresses.filter((address, i) => codes.table.idOf(address) !== ids[i]);
  assert.deepEqual(changed, [0, 511, 512, 1099].map((i) => addresses[i]));
});

Deno.test("recheck compares the code objects of one stack only", () => {
  const codes = new FakeCodes();
  const [a, b] = [codes.add({ name: "a" }), codes.add({ name: "b" })];
  const id = codes.table.idOf(a);
  codes.table.idOf(b);
  assert.equal(codes.table.recheck([a, b, a], 3), false);
  codes.add({ name: "new" }, a);
  codes.table.beginPeriod();
  assert.equal(codes.table.recheck([b, a], 1), false);
  assert.equal(codes.table.idOf(a), id);
  assert.equal(codes.table.recheck([b, a], 2), true);
  assert.notEqual(codes.table.idOf(a), id);
});

Deno.test("in one period a code object is compared once, but for one that may be freed at any time", () => {
  const codes = new FakeCodes();
  const [f, module] = [codes.add({ name: "f" }), codes.add({ name: "<module>", isModule: true })];
  const reads = (...addresses: number[]) => {
    const before = codes.memory.reads;
    const hasChanged = codes.table.recheck(addresses, addresses.length);
    return [hasChanged, codes.memory.reads - before];
  };
  for (const address of [f, module]) codes.table.idOf(address);
  assert.deepEqual(reads(f), [false, 0], "it has just been read");
  assert.deepEqual(reads(f, module), [false, 1]);
  codes.table.beginPeriod();
  assert.deepEqual([reads(f), reads(f)], [[false, 1], [false, 0]]);
  codes.add({ name: "g" }, f);
  assert.deepEqual(reads(f), [false, 0]);
  codes.table.beginPeriod();
  assert.deepEqual(reads(f), [true, 1]);
  codes.table.idOf(f);
  assert.deepEqual(reads(f), [false, 1], "an address that was used again may be so once more");
});

Deno.test("an unreadable line table gives no line; an empty one has a meaning", () => {
  const codes = new FakeCodes();
  const unreadable = codes.add({ name: "f" });
  codes.memory.word(unreadable + codes.layout.code.lineTable, 0x5000_0000_0000);
  assert.equal(codes.table.lineAt(codes.table.idOf(unreadable), 4), 0);
  const empty = codes.add({ name: "g", firstLine: 7, lineTable: [] });
  assert.equal(codes.table.lineAt(codes.table.idOf(empty), 4), 7);
});

Deno.test("byte offsets are made from what each version keeps in a frame", () => {
  const offsetIn = (instruction: Layout["traits"]["instruction"], instrOf: (address: number) => number) => {
    const codes = new FakeCodes();
    const layout = { ...codes.layout, code: { ...codes.layout.code, bytecode: 192 } };
    const table = new CodeTable(codes.memory, { ...layout, traits: { ...layout.traits, instruction } });
    const address = codes.add({ name: "f" });
    return table.byteOffset(table.idOf(address), instrOf(address));
  };
  assert.equal(offsetIn("byte_index", () => 6), 6);
  assert.equal(offsetIn("byte_index", () => -1), -1);
  assert.equal(offsetIn("unit_index", () => 6), 12);
  assert.equal(offsetIn("unit_index", () => -1), -1);
  assert.equal(offsetIn("address", (address) => address + 192 + 6), 6);
});

Deno.test("garbage is read without an error and within bounds", () => {
  for (const layout of LAYOUTS.values()) {
    for (let seed = 1; seed <= 50; seed++) {
      const memory = garbageMemory(seed);
      const table = new CodeTable(memory, layout);
      for (let i = 0; i < 20; i++) table.idOf(0x7f00_0000_0000 + i * 64);
      table.revalidate();
      assert.ok(memory.bytes < 20 << 20, `${memory.bytes} bytes`);
    }
  }
});
