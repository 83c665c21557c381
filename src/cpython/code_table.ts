/**
 * Code objects of the target, read once and then known by a small number.
 *
 * A code object may be freed and its address used again, by another code object or by anything. So each entry keeps a
 * fingerprint of its fields, `revalidate` compares it with the target from time to time, and an address whose content
 * has changed gets a new number: what was counted before stays with the old one.
 */
import { BytecodeCopies } from "./bytecode_copies.ts";
import type { Layout } from "./layout.ts";
import { lineDecoder } from "./line_table.ts";
import type { LineDecoder } from "./line_table.ts";
import { readBytes, readString } from "./strings.ts";
import { nameOfType } from "./types.ts";
import { isPlausible, MemoryReader, RangeList, Struct } from "../memory.ts";
import type { TargetMemory } from "../memory.ts";
import type { Address } from "../types.ts";

/** Number of something that is not a code object. */
export const NOT_CODE = -1;

const REVALIDATE_BATCH = 512;
/**
 * Name and file of the code that stands between a class and its `__init__` from 3.13 on.
 *
 * Source: Python/specialize.c at v3.13.0, `_Py_InitCleanup`.
 */
const INIT_CLEANUP = "__init__";

/** What is kept of a code object. */
export interface CodeObject {
  readonly name: string;
  readonly file: string;
  readonly firstLine: number;
  /** Undefined when it could not be read; an empty one has a meaning (to 3.9: all on the first line). */
  readonly lineTable: Uint8Array<ArrayBuffer> | undefined;
  /** The interpreter's own, which Python itself never shows. */
  readonly isHidden: boolean;
}

/** Code objects by address and by number. */
export class CodeTable {
  readonly #layout: Layout;
  readonly #memory: TargetMemory;
  readonly #reader: MemoryReader;
  readonly #decode: LineDecoder;
  /** Only where threads have copies of their own. */
  readonly #copies: BytecodeCopies | undefined;
  readonly #structSize: number;
  /** `&PyCode_Type` in the target; 0 until the first code object was seen. */
  #codeType: Address = 0;
  #ids = new Map<Address, number>();
  readonly #objects: CodeObject[] = [];
  readonly #fingerprints: string[] = [];
  /** Addresses that have been used again: they may be so at any time. */
  readonly #reused = new Set<Address>();
  /** Where the bytecode of each begins. Shape: by number. */
  #bytecodeStarts = new Float64Array(1024);
  /** Grows whenever an address has lost its number, so that cached numbers must be looked up again. */
  generation = 0;

  constructor(memory: TargetMemory, layout: Layout) {
    this.#memory = memory;
    this.#reader = new MemoryReader(memory);
    this.#layout = layout;
    this.#decode = lineDecoder(layout.traits.lineTable);
    this.#copies = layout.code.tlbc < 0 ? undefined : new BytecodeCopies(this.#reader, layout);
    const { filename, name, qualname, firstLineNo, lineTable } = layout.code;
    this.#structSize = Math.max(filename, name, qualname, firstLineNo, lineTable) + 8;
  }

  /**
   * @returns the number of the code object at `address`, read now if it is new, or NOT_CODE. That is not kept: torn stacks
   * show addresses at which a code object is just about to be made.
   */
  idOf(address: Address): number {
    const known = this.#ids.get(address);
    if (known !== undefined) return known;
    const id = this.#read(address);
    if (id !== NOT_CODE) this.#ids.set(address, id);
    return id;
  }

  /** Whether all of a stack's code objects have been read. Shape: the first `depth` of `addresses`. */
  knows(addresses: ArrayLike<Address>, depth: number): boolean {
    for (let i = 0; i < depth; i++) if (!this.#ids.has(addresses[i]!)) return false;
    return true;
  }

  get(id: number): CodeObject {
    return this.#objects[id]!;
  }

  /** Byte offset into the bytecode for the instruction field of a frame, as its layout means it; -1 before the first. */
  byteOffset(id: number, instr: number): number {
    switch (this.#layout.traits.instruction) {
      case "byte_index":
        return instr;
      case "unit_index":
        return instr < 0 ? instr : instr * 2;
      case "address":
        return this.#copies === undefined
          ? instr - this.#bytecodeStarts[id]!
          : instr - this.#copies.startOf(this.#bytecodeStarts[id]! - this.#layout.code.bytecode, instr);
    }
  }

  /** Line of an instruction. Units: 1-based; 0 when it has none. */
  lineAt(id: number, byteOffset: number): number {
    const code = this.#objects[id]!;
    // Before its first instruction a frame is where its function begins, as Python itself says.
    if (byteOffset < 0) return code.firstLine;
    return code.lineTable === undefined ? 0 : this.#decode(code.lineTable, code.firstLine, byteOffset);
  }

  /** Compares all entries with the target and forgets the addresses whose content has changed. */
  revalidate(): void {
    const addresses = [...this.#ids.keys()];
    for (let first = 0; first < addresses.length; first += REVALIDATE_BATCH) {
      this.#revalidateBatch(addresses.slice(first, first + REVALIDATE_BATCH));
    }
  }

  /** Whether one of a stack's addresses has been used again before. Shape: the first `depth` of `addresses`. */
  holdsReused(addresses: ArrayLike<Address>, depth: number): boolean {
    if (this.#reused.size === 0) return false;
    for (let i = 0; i < depth; i++) if (this.#reused.has(addresses[i]!)) return true;
    return false;
  }

  /**
   * Compares the entries of one stack with the target. Shape: the first `depth` of `addresses`.
   *
   * @returns true when one has changed: `generation` has grown, and cached numbers must be looked up again.
   */
  recheck(addresses: ArrayLike<Address>, depth: number): boolean {
    const before = this.generation;
    const known = new Set<Address>();
    for (let i = 0; i < depth; i++) {
      if (this.#ids.has(addresses[i]!)) known.add(addresses[i]!);
    }
    const list = [...known];
    for (let first = 0; first < list.length; first += REVALIDATE_BATCH) {
      this.#revalidateBatch(list.slice(first, first + REVALIDATE_BATCH));
    }
    return this.generation !== before;
  }

  #revalidateBatch(addresses: readonly Address[]): void {
    const ranges = new RangeList();
    for (const address of addresses) ranges.push(address, this.#structSize);
    const into = new Uint8Array(ranges.byteLength);
    const length = this.#memory.readv(ranges, into);
    addresses.forEach((address, i) => {
      const start = i * this.#structSize;
      const end = start + this.#structSize;
      // One unreadable range hides all that follow: those are read on their own.
      const struct = end <= length
        ? new Struct(into.subarray(start, end))
        : this.#reader.struct(address, this.#structSize);
      if (struct !== undefined && this.#fingerprint(struct) === this.#fingerprints[this.#ids.get(address)!]) {
        return;
      }
      this.#ids.delete(address);
      this.#copies?.forget(address);
      this.#reused.add(address);
      this.generation++;
    });
  }

  #read(address: Address): number {
    if (address % 8 !== 0 || !isPlausible(address)) return NOT_CODE;
    const struct = this.#reader.struct(address, this.#structSize);
    if (struct === undefined || !this.#isCode(struct)) return NOT_CODE;
    const { filename, name, qualname, firstLineNo, lineTable } = this.#layout.code;
    const file = readString(this.#reader, this.#layout, struct.pointer(filename));
    const shownName = readString(this.#reader, this.#layout, struct.pointer(qualname < 0 ? name : qualname));
    if (file === undefined || shownName === undefined) return NOT_CODE;
    const id = this.#objects.length;
    this.#objects.push({
      name: shownName,
      file,
      firstLine: Math.max(0, struct.i32(firstLineNo)),
      lineTable: readBytes(this.#reader, this.#layout, struct.pointer(lineTable)),
      isHidden: file === INIT_CLEANUP && shownName === INIT_CLEANUP,
    });
    this.#fingerprints.push(this.#fingerprint(struct));
    if (id >= this.#bytecodeStarts.length) {
      const grown = new Float64Array(this.#bytecodeStarts.length * 2);
      grown.set(this.#bytecodeStarts);
      this.#bytecodeStarts = grown;
    }
    this.#bytecodeStarts[id] = address + this.#layout.code.bytecode;
    return id;
  }

  #isCode(struct: Struct): boolean {
    const type = struct.pointer(this.#layout.object.type);
    if (this.#codeType !== 0) return type === this.#codeType;
    if (nameOfType(this.#reader, this.#layout, type) !== "code") return false;
    this.#codeType = type;
    return true;
  }

  #fingerprint(struct: Struct): string {
    const { filename, name, firstLineNo, lineTable } = this.#layout.code;
    return `${struct.pointer(this.#layout.object.type)} ${struct.pointer(filename)} ${
      struct.pointer(name)
    } ` +
      `${struct.i32(firstLineNo)} ${struct.pointer(lineTable)}`;
  }
}
