/** Objects of Python 2.7, where text is bytes, ints are of two kinds, and dicts are open tables. */
import assert from "node:assert/strict";
import { dictItems, findItem } from "../../src/cpython/dicts.ts";
import { readInt } from "../../src/cpython/ints.ts";
import { layoutFor } from "../../src/cpython/layouts.ts";
import { readString } from "../../src/cpython/strings.ts";
import { MemoryReader } from "../../src/memory.ts";
import { FakeMemory } from "./fake_memory.ts";

const LAYOUT = layoutFor({ major: 2, minor: 7, micro: 18, release: "" }).layout;

/** Writes objects as Python 2.7 would. Every method gives the address of what it wrote. */
class OldObjects {
  readonly memory = new FakeMemory();
  readonly reader = new MemoryReader(this.memory);
  readonly #types = new Map<string, number>();

  #object(type: string, size: number): number {
    const known = this.#types.get(type);
    const typeAddress = known ?? this.memory.room(LAYOUT.type.dictOffset + 8);
    if (known === undefined) {
      const name = this.memory.room(64);
      this.memory.write(name, [...new TextEncoder().encode(type), 0]);
      this.memory.word(typeAddress + LAYOUT.type.name, name);
      this.#types.set(type, typeAddress);
    }
    const address = this.memory.room(size);
    this.memory.word(address + LAYOUT.object.type, typeAddress);
    return address;
  }

  str(text: string | Uint8Array): number {
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    const address = this.#object("str", LAYOUT.bytes.data + bytes.length + 1);
    this.memory.word(address + LAYOUT.bytes.size, bytes.length);
    this.memory.write(address + LAYOUT.bytes.data, bytes);
    return address;
  }

  unicode(points: readonly number[], width: 2 | 4): number {
    const address = this.#object("unicode", 48);
    const characters = this.memory.room(points.length * width + 64);
    const units = width === 2 ? Uint16Array.from(points) : Uint32Array.from(points);
    this.memory.write(characters, new Uint8Array(units.buffer));
    this.memory.word(address + LAYOUT.unicode.length, points.length);
    this.memory.word(address + LAYOUT.unicode.data, characters);
    return address;
  }

  int(value: number): number {
    const address = this.#object("int", 24);
    this.memory.word(address + LAYOUT.int.value, value);
    return address;
  }

  long(digits: readonly number[]): number {
    const address = this.#object("long", 24 + 4 * digits.length);
    this.memory.word(address + LAYOUT.long.size, digits.length);
    this.memory.write(address + LAYOUT.long.digits, new Uint8Array(Uint32Array.from(digits).buffer));
    return address;
  }

  /** Shape: slots of key and value; undefined is an empty one. */
  dict(slots: readonly (readonly [number, number] | undefined)[]): number {
    const address = this.#object("dict", 248);
    const table = this.memory.room(slots.length * 24);
    slots.forEach((slot, i) => {
      this.memory.word(table + i * 24 + 8, slot?.[0] ?? 0);
      this.memory.word(table + i * 24 + 16, slot?.[1] ?? 0);
    });
    this.memory.word(address + LAYOUT.dict.keys, table);
    this.memory.word(address + LAYOUT.dict.mask, slots.length - 1);
    return address;
  }
}

Deno.test("text of 2.7: bytes as UTF-8, Unicode of either width, and nothing else", () => {
  const objects = new OldObjects();
  const read = (address: number, max?: number) => readString(objects.reader, LAYOUT, address, max);
  assert.equal(read(objects.str("größer")), "größer");
  assert.equal(read(objects.str("")), "");
  assert.equal(read(objects.str(Uint8Array.of(0x61, 0xff))), "a\ufffd");
  assert.equal(read(objects.str("abcdef"), 3), "abc…");
  assert.equal(read(objects.unicode([0x61, 0x1f40d], 4)), "a🐍");
  assert.equal(
    read(objects.unicode([...'a narrow "build"'].map((c) => c.charCodeAt(0)), 2)),
    'a narrow "build"',
  );
  assert.equal(read(objects.int(5)), undefined);
  assert.equal(read(0x10), undefined);
});

Deno.test("ints of 2.7 are small or long", () => {
  const objects = new OldObjects();
  const read = (address: number) => readInt(objects.reader, LAYOUT, address);
  assert.equal(read(objects.int(140_000_000_000_000)), 140_000_000_000_000);
  assert.equal(read(objects.int(-1)), undefined);
  assert.equal(read(objects.long([5, 1])), 2 ** 30 + 5);
  assert.equal(read(objects.str("5")), undefined);
});

Deno.test("dicts of 2.7 are tables with empty slots, whose size is a power of two", () => {
  const objects = new OldObjects();
  const [key, value, other] = [objects.str("key"), objects.int(1), objects.str("other")];
  const dict = objects.dict([undefined, [other, value], undefined, [key, value]]);
  const items = () => dictItems(objects.reader, LAYOUT, dict);
  assert.deepEqual([...items()], [{ key: other, value }, { key, value }]);
  assert.equal(findItem(objects.reader, LAYOUT, items(), "key"), value);
  assert.equal(findItem(objects.reader, LAYOUT, items(), "missing"), undefined);
  objects.memory.word(dict + LAYOUT.dict.mask, 4);
  assert.deepEqual([...items()], [], "5 slots cannot be");
  objects.memory.word(dict + LAYOUT.dict.mask, -1);
  assert.deepEqual([...items()], []);
});
