import assert from "node:assert/strict";
import fc from "fast-check";
import { MemoryReader } from "../../src/memory.ts";
import { readInt } from "../../src/cpython/ints.ts";
import { readBytes, readString } from "../../src/cpython/strings.ts";
import { FakeMemory, FakeObjects, garbageMemory, LAYOUTS } from "./fake_memory.ts";

function setUp(version: string) {
  const layout = LAYOUTS.get(version)!;
  const memory = new FakeMemory();
  const reader = new MemoryReader(memory);
  const objects = new FakeObjects(memory, layout);
  return { layout, memory, reader, objects, read: (address: number) => readString(reader, layout, address) };
}

const TEXTS = [
  "",
  "a",
  "threading",
  "café\x80\x9f",
  "поток",
  "🐍 \u{10ffff}",
  "x".repeat(5000),
  "ю".repeat(5000),
];

for (const version of ["3.8", "3.13"]) {
  Deno.test(`strings of ${version}: every kind is read`, () => {
    const { objects, read } = setUp(version);
    for (const text of TEXTS) assert.equal(read(objects.text(text)), text);
  });

  Deno.test(`strings of ${version}: every kind whose characters are elsewhere is read`, () => {
    const { objects, read } = setUp(version);
    for (const width of [0, 1, 2, 4] as const) {
      assert.equal(read(objects.string([65, 66], width, { compact: false })), "AB");
    }
  });

  Deno.test(`strings of ${version}: the last bytes before an unreadable page are read`, () => {
    const { objects, read } = setUp(version);
    for (const width of [0, 1, 2, 4] as const) {
      assert.equal(read(objects.string([65, 66], width, { atEnd: true })), "AB");
      assert.equal(read(objects.string([65, 66], width, { atEnd: true, compact: false })), "AB");
      assert.equal(read(objects.string([], width, { atEnd: true })), "");
    }
  });
}

Deno.test("a short string takes one read", () => {
  const { objects, memory, read } = setUp("3.13");
  const address = objects.text("/usr/lib/python3/dist-packages/module.py");
  objects.memory.room(4096);
  memory.reads = 0;
  read(address);
  assert.equal(memory.reads, 1);
});

Deno.test("lone surrogates survive, and what is no code point is replaced", () => {
  const { objects, read } = setUp("3.13");
  assert.equal(read(objects.string([0xd800, 0x41], 2)), "\ud800A");
  assert.equal(read(objects.string([0xdc80, 0x1f40d], 4)), "\udc80🐍");
  assert.equal(read(objects.string([0x11_0000, 0x41, 0xffff_ffff], 4)), "\ufffdA\ufffd");
});

Deno.test("a long string is cut at the given length", () => {
  const { objects, reader, layout, read } = setUp("3.13");
  const address = objects.text("abcdef");
  assert.equal(readString(reader, layout, address, 6), "abcdef");
  assert.equal(readString(reader, layout, address, 3), "abc…");
  assert.equal(readString(reader, layout, address, 0), "…");
  assert.equal(read(objects.text("y".repeat(70_000))), `${"y".repeat(65_536)}…`);
});

Deno.test("what is not plausible is undefined", () => {
  const { objects, memory, read, layout } = setUp("3.13");
  for (const address of [0, 1, -8, 2 ** 60, NaN, 0.5, 0x1234_5000]) assert.equal(read(address), undefined);
  for (const flags of [0, 0x20 | 3 << 2, 0x20 | 7 << 2, 0x60 | 2 << 2]) {
    const address = objects.text("name");
    memory.write(address + layout.unicode.state, [flags]);
    assert.equal(read(address), undefined);
  }
  for (const length of [-1, 2 ** 62, -(2 ** 62)]) {
    const address = objects.text("name");
    memory.word(address + layout.unicode.length, length);
    assert.equal(read(address), undefined);
  }
  const dangling = objects.string([65], 1, { compact: false });
  memory.word(dangling + layout.unicode.data, 0x6000);
  assert.equal(read(dangling), undefined);
});

Deno.test("bytes are read whole or not at all", () => {
  const { memory, reader, layout } = setUp("3.13");
  for (const length of [0, 1, 100, 128, 129, 40_000]) {
    const content = Uint8Array.from({ length }, (_, i) => i * 7);
    for (const address of [memory.room(33 + length), memory.roomAtEnd(33 + length)]) {
      memory.word(address + 16, length);
      memory.write(address + 32, content);
      assert.deepEqual(readBytes(reader, layout, address), content);
      assert.equal(readBytes(reader, layout, address, length - 1), undefined);
    }
  }
  const address = memory.roomAtEnd(33);
  for (const length of [-1, 1000, 2 ** 24 + 1, 2 ** 62]) {
    memory.word(address + 16, length);
    assert.equal(readBytes(reader, layout, address), undefined);
  }
});

for (const version of ["3.8", "3.13"]) {
  Deno.test(`ints of ${version}: from 0 to 2^53 - 1`, () => {
    const { objects, reader, layout } = setUp(version);
    fc.assert(fc.property(fc.maxSafeNat(), (value) => {
      assert.equal(readInt(reader, layout, objects.int(value)), value);
    }));
    for (const value of [0, 1, 2 ** 30 - 1, 2 ** 30, 2 ** 53 - 1]) {
      assert.equal(readInt(reader, layout, objects.int(value)), value);
    }
  });
}

Deno.test("ints that are negative, too large, or no ints are undefined", () => {
  const { memory, objects, reader } = setUp("3.8");
  for (
    const [version, sizes] of [["3.8", [-1, -2, 3, 2 ** 40]], ["3.13", [10, 18, 24, 2 ** 40, 3]]] as const
  ) {
    const layout = LAYOUTS.get(version)!;
    for (const size of sizes) {
      const address = objects.int(5);
      memory.word(address + 16, size);
      assert.equal(readInt(reader, layout, address), undefined, `${version} ${size}`);
    }
  }
  const layout = LAYOUTS.get("3.13")!;
  const address = objects.int(5);
  memory.word(address + 16, 16);
  memory.word(address + 24, (2 ** 30 - 1) * 2 ** 32);
  assert.equal(readInt(reader, layout, address), undefined);
  memory.write(address + 24, [0, 0, 0, 0x40, 0, 0, 0, 0]);
  assert.equal(readInt(reader, layout, address), undefined);
});

Deno.test("garbage never throws and takes few reads", () => {
  fc.assert(fc.property(fc.integer(), fc.constantFrom(...LAYOUTS.values()), (seed, layout) => {
    const memory = garbageMemory(seed);
    const reader = new MemoryReader(memory);
    const text = readString(reader, layout, 0x7f00_0000_1000);
    assert.ok(text === undefined || text.length <= 2 * 65_536 + 1);
    readBytes(reader, layout, 0x7f00_0000_1000);
    readInt(reader, layout, 0x7f00_0000_1000);
    assert.ok(memory.reads <= 6);
  }));
});
