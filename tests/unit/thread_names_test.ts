import assert from "node:assert/strict";
import fc from "fast-check";
import { MemoryReader } from "../../src/memory.ts";
import { readThreadNames } from "../../src/cpython/thread_names.ts";
import { FakeMemory, FakeObjects, garbageMemory, LAYOUTS } from "./fake_memory.ts";
import type { Layout } from "../../src/cpython/layout.ts";

const THREADS = new Map([
  [0x7f12_3456_7740, "MainThread"],
  [0x7f12_3456_6700, "поток"],
  [0x7f12_3456_5700, "🐍"],
  [0x7f12_3456_4700, "café"],
  [12345, ""],
]);

/** Writes what `import threading` and a few threads leave behind. @returns the interpreter. */
function writeThreads(objects: FakeObjects, threads: ReadonlyMap<number, string>): number {
  const text = (value: string) => objects.text(value);
  const [target, name, other] = [text("_target"), text("_name"), text("other")];
  const instances = [...threads].map(([ident, threadName], i): [number, number] => {
    const attributes = [[target, text("")], [name, text(threadName)], [other, text("x")]] as const;
    const storage = (["values", "dict", "split_dict"] as const)[i % 3]!;
    return [objects.int(ident), objects.instance(attributes, storage)];
  });
  const active = objects.dict(instances, { general: true });
  const header = objects.layout.object.type + 8;
  const module = objects.memory.room(header + 40);
  const globals = objects.dict([[text("__name__"), text("threading")], [text("_active"), active]]);
  objects.memory.word(module + header, globals);
  const modules = objects.dict([[text("sys"), text("")], [text("threading"), module]]);
  const interpreter = objects.memory.room(objects.layout.interpreter.modules + 8);
  objects.memory.word(interpreter + objects.layout.interpreter.modules, modules);
  return interpreter;
}

function setUp(layout: Layout) {
  const memory = new FakeMemory();
  return { memory, reader: new MemoryReader(memory), objects: new FakeObjects(memory, layout) };
}

for (const [version, layout] of LAYOUTS) {
  Deno.test(`thread names of ${version} are read from wherever they are kept`, () => {
    const { reader, objects } = setUp(layout);
    const interpreter = writeThreads(objects, THREADS);
    assert.deepEqual(readThreadNames(reader, layout, interpreter), THREADS);
  });

  Deno.test(`thread names of ${version}: 1000 threads cost a few reads each`, () => {
    const { memory, reader, objects } = setUp(layout);
    const threads = new Map(Array.from({ length: 1000 }, (_, i) => [2 ** 46 + i * 4096, `Thread-${i}`]));
    const interpreter = writeThreads(objects, threads);
    memory.reads = 0;
    assert.deepEqual(readThreadNames(reader, layout, interpreter), threads);
    assert.ok(memory.reads < 11_000, `${memory.reads} reads`);
  });

  Deno.test(`thread names of ${version}: a name of great length is cut`, () => {
    const { reader, objects } = setUp(layout);
    const interpreter = writeThreads(objects, new Map([[1, "n".repeat(1000)]]));
    assert.equal(readThreadNames(reader, layout, interpreter).get(1), `${"n".repeat(256)}…`);
  });

  Deno.test(`thread names of ${version}: none without threading`, () => {
    const { memory, reader, objects } = setUp(layout);
    const interpreter = memory.room(4096);
    assert.equal(readThreadNames(reader, layout, interpreter).size, 0);
    memory.word(interpreter + layout.interpreter.modules, objects.dict([[objects.text("sys"), interpreter]]));
    assert.equal(readThreadNames(reader, layout, interpreter).size, 0);
    assert.equal(readThreadNames(reader, layout, 0).size, 0);
  });

  Deno.test(`thread names of ${version}: damaged memory never throws, and is left soon`, () => {
    const { memory, reader, objects } = setUp(layout);
    const interpreter = writeThreads(objects, THREADS);
    const [pages, first] = [memory.pages.size, Math.min(...memory.pages.keys()) * 4096];
    const originals = new Map([...memory.pages].map(([number, page]) => [number, page.slice()]));
    const word = fc.record({
      at: fc.nat(pages * 512 - 1),
      value: fc.oneof(
        fc.constantFrom(0, 1, -1, 3, 64, 2 ** 40, 2 ** 53 - 1),
        fc.nat(pages * 512 - 1).map((index) => first + index * 8),
      ),
    });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 200 }), (damages) => {
        for (const [number, page] of originals) memory.pages.get(number)!.set(page);
        for (const { at, value } of damages) {
          if (originals.has(Math.floor((first + at * 8) / 4096))) memory.word(first + at * 8, value);
        }
        memory.reads = 0;
        const names = readThreadNames(reader, layout, interpreter);
        assert.ok(names.size <= 0x4000);
        assert.ok(memory.reads < 100_000, `${memory.reads} reads`);
      }),
      { numRuns: 1000 },
    );
  });

  Deno.test(`thread names of ${version}: garbage never throws, and is left soon`, () => {
    fc.assert(fc.property(fc.integer(), (seed) => {
      const memory = garbageMemory(seed);
      readThreadNames(new MemoryReader(memory), layout, 0x7f00_0000_1000);
      assert.ok(memory.bytes < 200_000_000, `${memory.bytes} bytes`);
    }));
  });
}
