/** The text of objects that are not well-formed, or larger than anybody wants to see. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ReprWriter } from "../../src/cpython/repr.ts";
import { MemoryReader } from "../../src/memory.ts";
import { FakeMemory, LAYOUTS } from "./fake_memory.ts";

const LAYOUT = LAYOUTS.get("3.13")!;

class Objects {
  readonly memory = new FakeMemory();
  readonly #types = new Map<string, number>();

  of(type: string, size: number): number {
    let address = this.#types.get(type);
    if (address === undefined) {
      const name = this.memory.room(64);
      this.memory.write(name, [...new TextEncoder().encode(type), 0]);
      address = this.memory.room(LAYOUT.type.dictOffset + 8);
      this.memory.word(address + LAYOUT.type.name, name);
      this.#types.set(type, address);
    }
    const object = this.memory.room(size);
    this.memory.word(object + LAYOUT.object.type, address);
    return object;
  }

  list(items: readonly number[], size = items.length): number {
    const list = this.of("list", 40);
    const array = this.memory.room(items.length * 8);
    items.forEach((item, i) => this.memory.word(array + 8 * i, item));
    this.memory.word(list + LAYOUT.list.size, size);
    this.memory.word(list + LAYOUT.list.items, array);
    return list;
  }

  write(address: number, maxLength = 100): string {
    return new ReprWriter(new MemoryReader(this.memory), LAYOUT, { maxLength, attributes: true }).write(
      address,
    );
  }
}

Deno.test("a list that holds itself, and one that is deep, come to an end", () => {
  const objects = new Objects();
  const cycle = objects.list([0]);
  objects.memory.word(objects.memory.room(0), 0);
  const view = new MemoryReader(objects.memory).pointer(cycle + LAYOUT.list.items)!;
  objects.memory.word(view, cycle);
  assert.equal(objects.write(cycle), "[[...]]");
  let deep = objects.list([]);
  for (let i = 0; i < 20; i++) deep = objects.list([deep]);
  assert.equal(objects.write(deep), "[[[[[[[[[…]]]]]]]]]");
});

Deno.test("a bool is 0 or 1, and nothing is made of one that cannot be read", () => {
  const objects = new Objects();
  const { size, digits } = LAYOUT.long;
  const bool = (tag: number, digit: number) => {
    const object = objects.of("bool", digits + 8);
    objects.memory.word(object + size, tag);
    objects.memory.word(object + digits, digit);
    return object;
  };
  assert.equal(objects.write(bool(1, 0)), "False");
  assert.equal(objects.write(bool(8, 1)), "True");
  for (const [tag, digit] of [[8, 7], [3, 0], [8 * 10_000, 1]] as const) {
    assert.equal(objects.write(bool(tag, digit)), "<unreadable>");
  }
  const cut = objects.of("bool", 0);
  const atEnd = objects.memory.roomAtEnd(16);
  objects.memory.word(atEnd + LAYOUT.object.type, new MemoryReader(objects.memory).pointer(cut + 8)!);
  assert.equal(objects.write(atEnd), "<unreadable>");
});

Deno.test("what is longer than wanted is cut, and takes few reads", () => {
  const objects = new Objects();
  const none = objects.of("NoneType", 16);
  const long = objects.list(Array<number>(100_000).fill(none));
  objects.memory.reads = 0;
  assert.equal(objects.write(long, 20), "[None, None, None, N…");
  assert.ok(objects.memory.reads < 200, `${objects.memory.reads} reads`);
});

Deno.test("what cannot be read says so", () => {
  const objects = new Objects();
  assert.equal(objects.write(0x5000_0000), "<unreadable>");
  assert.equal(objects.write(objects.list([], -5)), "<unreadable>");
  assert.equal(objects.write(objects.list([0x5000_0000, 8], 2)), "[<unreadable>, <unreadable>]");
  assert.match(objects.write(objects.list([], 2 ** 50)), /^\[(<unreadable>, )*.*…$/);
  assert.match(objects.write(objects.of("Thing", 32)), /^<Thing at 0x[0-9a-f]+>$/);
});

Deno.test("garbage never throws, and is left soon", () => {
  const types = ["list", "tuple", "dict", "set", "int", "float", "complex", "str", "bytes", "function", "X"];
  fc.assert(fc.property(
    fc.constantFrom(...types),
    fc.array(fc.oneof(fc.nat(), fc.maxSafeInteger(), fc.constant(0)), { minLength: 8, maxLength: 8 }),
    (type, words) => {
      const objects = new Objects();
      const object = objects.of(type, 16 + 8 * words.length);
      words.forEach((word, i) => objects.memory.word(object + 16 + 8 * i, Math.abs(word)));
      assert.ok(objects.write(object).length <= 101);
      assert.ok(objects.memory.reads < 2000);
    },
  ));
});
