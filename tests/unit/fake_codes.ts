/** Code objects in fake memory, and stacks of them. */
import { CodeTable } from "../../src/cpython/code_table.ts";
import type { Layout } from "../../src/cpython/layout.ts";
import { RawStack } from "../../src/cpython/raw_stack.ts";
import { FakeMemory, FakeObjects, LAYOUTS } from "./fake_memory.ts";

/** What to write; each two bytes of bytecode are a line, unless there is another table. */
export interface FakeCode {
  readonly name: string;
  readonly file?: string;
  readonly firstLine?: number;
  readonly lineTable?: readonly number[];
  /** A module's code, in place of a function's. */
  readonly isModule?: boolean;
}

const LINES = Array.from({ length: 50 }, () => [2, 1]).flat();

/** A target with nothing but code objects, in the manner of Python 3.8. */
export class FakeCodes {
  readonly memory = new FakeMemory();
  readonly layout: Layout = LAYOUTS.get("3.8")!;
  readonly table = new CodeTable(this.memory, this.layout);
  readonly #objects = new FakeObjects(this.memory, this.layout);
  readonly #type: number = this.typeNamed("code");

  typeNamed(name: string): number {
    const type = this.memory.room(64);
    const text = this.memory.room(32);
    this.memory.write(text, [...new TextEncoder().encode(name), 0]);
    this.memory.word(type + this.layout.type.name, text);
    return type;
  }

  /** Writes a code object, on request where another one was. @returns its address. */
  add(code: FakeCode, at?: number): number {
    const { filename, name, firstLineNo, lineTable, flags } = this.layout.code;
    const address = at ?? this.memory.room(200);
    const firstLine = code.firstLine ?? 10;
    this.memory.word(address + this.layout.object.type, this.#type);
    this.memory.word(address + filename, this.#objects.text(code.file ?? "/app/main.py"));
    this.memory.word(address + name, this.#objects.text(code.name));
    this.memory.write(address + firstLineNo, [firstLine, firstLine >> 8, 0, 0]);
    this.memory.write(address + flags, [code.isModule ? 0x40 : 0x43, 0, 0, 0]);
    this.memory.word(address + lineTable, this.bytes(code.lineTable ?? LINES));
    return address;
  }

  bytes(bytes: readonly number[]): number {
    const { size, data } = this.layout.bytes;
    const address = this.memory.room(data + bytes.length + 1);
    this.memory.word(address + size, bytes.length);
    this.memory.write(address + data, bytes);
    return address;
  }
}

/** A stack as a walk leaves it. Shape: pairs of code and instruction, root first. */
export function rawStack(rootFirst: readonly (readonly [code: number, instr: number])[]): RawStack {
  const stack = new RawStack();
  for (const [code, instr] of rootFirst.toReversed()) stack.push(code, instr, 0);
  return stack;
}
