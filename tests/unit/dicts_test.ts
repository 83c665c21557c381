import assert from "node:assert/strict";
import fc from "fast-check";
import { MemoryReader } from "../../src/memory.ts";
import { attributeItems, readAttribute } from "../../src/cpython/attributes.ts";
import { dictItems, findItem } from "../../src/cpython/dicts.ts";
import { FakeMemory, FakeObjects, garbageMemory, LAYOUTS } from "./fake_memory.ts";

/** Addresses of objects that nobody looks at. */
function pairs(count: number): [number, number][] {
  return Array.from({ length: count }, (_, i) => [0x10_0000 + i * 16, 0x50_0000 + i * 16]);
}

for (const [version, layout] of LAYOUTS) {
  const setUp = () => {
    const memory = new FakeMemory();
    const reader = new MemoryReader(memory);
    const objects = new FakeObjects(memory, layout);
    const items = (address: number, max?: number) =>
      [...dictItems(reader, layout, address, max)].map(({ key, value }) => [key, value]);
    return { memory, reader, objects, items };
  };

  Deno.test(`dicts of ${version}: combined tables of every index width`, () => {
    const { objects, items } = setUp();
    for (const count of [0, 1, 5, 100, 200, 5000, 50_000]) {
      const expected = pairs(count);
      assert.deepEqual(items(objects.dict(expected)), expected);
      assert.deepEqual(items(objects.dict(expected, { general: true })), expected);
    }
  });

  Deno.test(`dicts of ${version}: deleted items are left out, of split tables too`, () => {
    const { objects, items } = setUp();
    const table = pairs(20).map(([key, value], i): [number, number] => i % 3 === 0 ? [key, 0] : [key, value]);
    const expected = table.filter(([, value]) => value !== 0);
    assert.deepEqual(items(objects.dict(table)), expected);
    assert.deepEqual(items(objects.dict(table, { split: true })), expected);
  });

  Deno.test(`dicts of ${version}: no more items than asked for`, () => {
    const { objects, items } = setUp();
    const table = pairs(20);
    for (const split of [false, true]) {
      const dict = objects.dict(table, { split });
      assert.deepEqual(items(dict, 7), table.slice(0, 7));
      assert.deepEqual(items(dict, 0), []);
    }
  });

  Deno.test(`dicts of ${version}: a dict of 2000 items takes 3 reads`, () => {
    const { memory, objects, items } = setUp();
    const dict = objects.dict(pairs(2000));
    memory.reads = 0;
    items(dict);
    assert.equal(memory.reads, 3);
  });

  Deno.test(`dicts of ${version}: impossible sizes give nothing, or what the table can hold`, () => {
    const { memory, reader, objects, items } = setUp();
    const isWords = layout.traits.dictKeys === "words";
    for (const count of [-1, 2 ** 40, 2 ** 62]) {
      const dict = objects.dict(pairs(4));
      const keys = reader.pointer(dict + layout.dict.keys)!;
      memory.word(keys + (isWords ? 32 : 24), count);
      assert.deepEqual(items(dict), count < 0 ? [] : pairs(4));
      memory.word(keys + 8, isWords ? 2 ** 61 : 0xff_ffff);
      assert.deepEqual(items(dict), []);
    }
    assert.deepEqual(items(0), []);
    assert.deepEqual(items(memory.room(48)), []);
  });

  Deno.test(`attributes of ${version}: every place where they are kept`, () => {
    const { reader, objects } = setUp();
    const attributes = ["_target", "_name", "поток"].map((name, i) =>
      [objects.text(name), 0x1000 * (i + 1)] as const
    );
    for (const storage of ["values", "dict", "split_dict"] as const) {
      const object = objects.instance(attributes, storage);
      assert.equal(readAttribute(reader, layout, object, "_name"), 0x2000);
      assert.equal(readAttribute(reader, layout, object, "поток"), 0x3000);
      assert.equal(readAttribute(reader, layout, object, "_nam"), undefined);
      assert.equal(readAttribute(reader, layout, object, "_names"), undefined);
    }
    const unset = objects.instance([[attributes[0]![0], 0x1000], [attributes[1]![0], 0]], "values");
    assert.equal(readAttribute(reader, layout, unset, "_name"), undefined);
  });

  Deno.test(`attributes of ${version}: an instance without any, and no instance`, () => {
    const { memory, reader, objects } = setUp();
    assert.deepEqual([...attributeItems(reader, layout, objects.instance([], "values"))], []);
    const plain = memory.room(16);
    memory.word(plain + layout.object.type, memory.room(400));
    assert.deepEqual([...attributeItems(reader, layout, plain)], []);
    assert.deepEqual([...attributeItems(reader, layout, memory.room(16))], []);
    assert.deepEqual([...attributeItems(reader, layout, 0)], []);
  });

  Deno.test(`dicts of ${version}: garbage never throws, and is left soon`, () => {
    fc.assert(fc.property(fc.integer(), (seed) => {
      const memory = garbageMemory(seed);
      const reader = new MemoryReader(memory);
      const items = [...dictItems(reader, layout, 0x7f00_0000_1000)];
      assert.ok(items.length <= 65_536);
      for (const item of items) assert.ok(item.key >= 4096 && item.value >= 4096);
      assert.ok([...attributeItems(reader, layout, 0x7f00_0000_1000)].length <= 65_536);
      assert.ok(memory.bytes < 60_000_000, `${memory.bytes} bytes`);
    }));
  });
}

Deno.test("a key that is remembered is not read again", () => {
  const layout = LAYOUTS.get("3.13")!;
  const memory = new FakeMemory();
  const reader = new MemoryReader(memory);
  const objects = new FakeObjects(memory, layout);
  const items = [{ key: objects.text("_name"), value: 0x2000 }];
  const names = new Map<number, string | undefined>();
  assert.equal(findItem(reader, layout, items, "_name", names), 0x2000);
  memory.reads = 0;
  assert.equal(findItem(reader, layout, items, "_name", names), 0x2000);
  assert.equal(memory.reads, 0);
});

Deno.test("values that are no longer valid are not read (3.13)", () => {
  const layout = LAYOUTS.get("3.13")!;
  const memory = new FakeMemory();
  const reader = new MemoryReader(memory);
  const objects = new FakeObjects(memory, layout);
  const object = objects.instance([[objects.text("_name"), 0x2000]], "values");
  memory.write(object + 16 + 3, [0]);
  assert.equal(readAttribute(reader, layout, object, "_name"), undefined);
});
