/**
 * Where the bytecode of a code object is that a thread runs.
 *
 * Mostly that is inside the code object. Builds that may run without a GIL give each thread a copy of its own (from 3.14 on),
 * since the interpreter rewrites what it runs.
 */
import type { Layout } from "./layout.ts";
import { isPlausible } from "../memory.ts";
import type { MemoryReader } from "../memory.ts";
import type { Address } from "../types.ts";

/** Copies of one code object that are looked at: one for each thread that has run it. */
const MAX_COPIES = 65_536;
/** Units: bytes. */
const MAX_BYTECODE = 0x1000_0000;
const UNIT = 2;

/** Units: bytes. */
interface Copies {
  readonly size: number;
  readonly starts: readonly Address[];
}

/** The copies of all code objects that were asked for. */
export class BytecodeCopies {
  readonly #reader: MemoryReader;
  readonly #layout: Layout;
  readonly #copies = new Map<Address, Copies>();

  constructor(reader: MemoryReader, layout: Layout) {
    this.#reader = reader;
    this.#layout = layout;
  }

  /** @returns the start of the bytecode that holds an instruction: that of the code object itself where no copy does. */
  readonly startOf = (code: Address, instr: Address): Address => {
    const own = code + this.#layout.code.bytecode;
    if (this.#layout.code.tlbc < 0) return own;
    const known = this.#copies.get(code);
    const start = known === undefined ? undefined : holding(known, instr);
    if (start !== undefined) return start;
    // A thread that runs it for the first time makes a copy.
    const copies = this.#read(code, own);
    if (copies === undefined) return own;
    this.#copies.set(code, copies);
    return holding(copies, instr) ?? own;
  };

  /** To be called when a code object may have gone: its address may be used again. */
  forget(code: Address): void {
    this.#copies.delete(code);
  }

  forgetAll(): void {
    this.#copies.clear();
  }

  /** Source: `_PyCodeArray` of Include/cpython/code.h, and `Py_SIZE` of a code object, at v3.14.0. */
  #read(code: Address, own: Address): Copies | undefined {
    const { code: { tlbc }, tuple } = this.#layout;
    const units = this.#reader.struct(code + tuple.size, 8)?.i64(0) ?? 0;
    if (!(units > 0 && units * UNIT <= MAX_BYTECODE)) return undefined;
    const array = this.#reader.pointer(code + tlbc) ?? 0;
    const count = array === 0 ? 0 : this.#reader.struct(array, 8)?.i64(0) ?? 0;
    const entries = count > 0 ? this.#reader.struct(array + 8, Math.min(count, MAX_COPIES) * 8) : undefined;
    const starts = [own];
    for (let i = 0; entries !== undefined && i < Math.min(count, MAX_COPIES); i++) {
      const start = entries.pointer(i * 8);
      if (isPlausible(start)) starts.push(start);
    }
    return { size: units * UNIT, starts };
  }
}

function holding({ size, starts }: Copies, instr: Address): Address | undefined {
  return starts.find((start) => instr >= start && instr < start + size);
}
