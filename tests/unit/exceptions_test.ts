/** Exceptions in memory that is not well-formed: true ones are compared in tests/live/truth_test.ts. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ExceptionReader } from "../../src/cpython/exceptions.ts";
import { layoutFor } from "../../src/cpython/layouts.ts";
import { MemoryReader } from "../../src/memory.ts";
import type { ExceptionText } from "../../src/types.ts";
import { FakeMemory, FakeObjects, garbageMemory, LAYOUTS } from "./fake_memory.ts";

const LAYOUT = layoutFor({ major: 3, minor: 12, micro: 0, release: "" }).layout;
const UNREADABLE: ExceptionText = { type: "<unreadable>", message: "" };
const NONE: readonly number[] = [];

/** A thread, and exceptions for it. */
class Program {
  readonly memory = new FakeMemory();
  readonly objects = new FakeObjects(this.memory, LAYOUT);
  readonly tstate = this.memory.room(512);
  readonly #types = new Map<string, number>();

  /** A static type with its bases, nearest first. */
  type(name: string, bases: readonly number[] = NONE, str = 0x1000): number {
    const known = this.#types.get(name);
    if (known !== undefined) return known;
    const at = this.memory.room(name.length + 512);
    this.memory.write(at, [...new TextEncoder().encode(name), 0]);
    const type = this.memory.room(1024);
    this.memory.word(type + LAYOUT.type.name, at);
    this.memory.word(type + LAYOUT.type.str, str);
    this.#types.set(name, type);
    if (bases.length > 0) this.memory.word(type + LAYOUT.type.mro, this.tuple([type, ...bases]));
    return type;
  }

  of(type: number, size = 128): number {
    const object = this.memory.room(size);
    this.memory.word(object + LAYOUT.object.type, type);
    return object;
  }

  tuple(items: readonly number[]): number {
    const tuple = this.of(this.type("tuple"), LAYOUT.tuple.items + 8 * items.length);
    this.memory.word(tuple + LAYOUT.tuple.size, items.length);
    items.forEach((item, i) => this.memory.word(tuple + LAYOUT.tuple.items + 8 * i, item));
    return tuple;
  }

  text(text: string): number {
    const string = this.objects.text(text);
    this.memory.word(string + LAYOUT.object.type, this.type("str"));
    return string;
  }

  exception(name: string, args: readonly number[]): number {
    const base = this.type("BaseException");
    this.memory.word(base + LAYOUT.type.mro, this.tuple([base]));
    const exception = this.of(this.type(name, [base]));
    this.memory.word(exception + LAYOUT.exception.args, this.tuple(args));
    return exception;
  }

  /** An entry of the stack of handled exceptions. */
  item(value: number, previous: number): number {
    const item = this.memory.room(16);
    this.memory.word(item + LAYOUT.excItem.value, value);
    this.memory.word(item + LAYOUT.excItem.previous, previous);
    return item;
  }

  handles(item: number): ExceptionText | undefined {
    this.memory.word(this.tstate + LAYOUT.thread.excInfo, item);
    return this.read().handled(this.tstate);
  }

  read(maxLength = 20): ExceptionReader {
    return new ExceptionReader(new MemoryReader(this.memory), LAYOUT, maxLength);
  }
}

Deno.test("the innermost entry that holds an exception counts", () => {
  const program = new Program();
  const none = program.of(program.type("NoneType"));
  const error = program.exception("ValueError", [program.text("bad")]);
  const outer = program.item(error, 0);
  assert.deepEqual(program.handles(outer), { type: "ValueError", message: "bad" });
  assert.deepEqual(program.handles(program.item(0, program.item(none, outer))), {
    type: "ValueError",
    message: "bad",
  });
  assert.equal(program.handles(program.item(none, program.item(0, 0))), undefined);
});

Deno.test("entries that lead in a circle, or nowhere, are unreadable and not 'none'", () => {
  const program = new Program();
  const item = program.item(0, 0);
  program.memory.word(item + LAYOUT.excItem.previous, item);
  program.memory.reads = 0;
  assert.deepEqual(program.handles(item), UNREADABLE);
  assert.ok(program.memory.reads < 20_000, `${program.memory.reads} reads`);
  assert.deepEqual(program.handles(program.item(0, 0x5000_0000)), UNREADABLE);
  assert.deepEqual(program.handles(0x5000_0000), UNREADABLE);
  assert.deepEqual(program.read().handled(0x5000_0000), UNREADABLE);
  assert.deepEqual(program.read().raised(0x5000_0000), UNREADABLE);
});

Deno.test("what is no exception is not called one", () => {
  const program = new Program();
  const thing = program.of(program.type("Thing", [program.type("object")]));
  assert.deepEqual(program.handles(program.item(thing, 0)), UNREADABLE);
  assert.deepEqual(program.handles(program.item(0x5000_0000, 0)), UNREADABLE);
});

Deno.test("messages are cut, arguments that cannot be read say so, and a str that is not known is not guessed", () => {
  const program = new Program();
  const message = (args: readonly number[]) =>
    program.handles(program.item(program.exception("ValueError", args), 0))?.message;
  assert.equal(message([]), "");
  assert.equal(message([program.text("x".repeat(20))]), "x".repeat(20));
  assert.equal(message([program.text("x".repeat(21))]), `${"x".repeat(20)}…`);
  assert.equal(message([0x5000_0000]), "<unreadable>");
  assert.equal(message([program.text("a"), 0x5000_0000]), "('a', <unreadable>)");
  const cut = program.exception("ValueError", []);
  program.memory.word(cut + LAYOUT.exception.args, 0x5000_0000);
  assert.deepEqual(program.handles(program.item(cut, 0)), { type: "ValueError", message: "<unreadable>" });
  const own = program.exception("ValueError", [program.text("a")]);
  program.memory.word(program.type("ValueError") + LAYOUT.type.str, 0x2000);
  assert.deepEqual(program.handles(program.item(own, 0)), { type: "ValueError", message: "('a',)" });
});

Deno.test("an exception that is its own argument comes to an end", () => {
  const program = new Program();
  const error = program.exception("ValueError", [0]);
  const args = new MemoryReader(program.memory).pointer(error + LAYOUT.exception.args)!;
  program.memory.word(args + LAYOUT.tuple.items, error);
  assert.deepEqual(program.handles(program.item(error, 0)), { type: "ValueError", message: "…" });
});

Deno.test("garbage never throws, and is left soon", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      for (const layout of LAYOUTS.values()) {
        const memory = garbageMemory(seed);
        const reader = new ExceptionReader(new MemoryReader(memory), layout, 100);
        for (const text of [reader.handled(0x7f00_0000_0000), reader.raised(0x7f00_0000_0000)]) {
          assert.ok(text === undefined || text.message.length <= 201);
        }
        assert.ok(memory.reads < 20_000, `${memory.reads} reads`);
      }
    }),
    { numRuns: 50 },
  );
});
