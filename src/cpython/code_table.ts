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
import { doubled } from "../doubled.ts";
import { ReadAhead } from "./read_ahead.ts";
import { readBytes, readString } from "./strings.ts";
import { nameOfType } from "./types.ts";
import { isPlausible, MemoryReader, RangeList } from "../memory.ts";
import type { Struct, TargetMemory } from "../memory.ts";
import type { Address, Offset } from "../types.ts";

/** Number of something that is not a code object. */
export const NOT_CODE = -1;

const REVALIDATE_BATCH = 512;
/** What is read ahead of names and paths, and of line tables: most are shorter. Units: bytes. */
const TEXT_AHEAD = 256;
const TABLE_AHEAD = 512;
const MAX_TABLE = 0x1_0000;
/** `CO_NEWLOCALS`: what a function's code has. Source: Include/cpython/code.h, and Include/code.h at v2.7.18. */
const NEW_LOCALS = 2;
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
  /** Mostly run once, and then freed: that of a module, a class or `exec`. */
  readonly isOnce: boolean;
  /** The interpreter's own, which Python itself never shows. */
  readonly isHidden: boolean;
}

/** Code objects by address and by number. */
export class CodeTable {
  readonly #layout: Layout;
  readonly #memory: TargetMemory;
  readonly #ahead: ReadAhead;
  readonly #reader: MemoryReader;
  readonly #decode: LineDecoder;
  /** Only where threads have copies of their own. */
  readonly #copies: BytecodeCopies | undefined;
  readonly #structSize: number;
  /** Of the name that is shown: the qualified one where there is one. */
  readonly #shownName: Offset;
  /** `&PyCode_Type` in the target; 0 until the first code object was seen. */
  #codeType: Address = 0;
  #ids = new Map<Address, number>();
  readonly #objects: CodeObject[] = [];
  /** Words of the struct by which code objects are told apart, and those of each. Shape: by number, one after the other. */
  readonly #fingerprint: readonly number[];
  #fingerprints: Uint32Array<ArrayBuffer>;
  /** Addresses that have been used again: they may be so at any time. */
  readonly #reused = new Set<Address>();
  /**
   * Where the bytecode of each begins, when it was read or compared last, and what its frames take in memory. Shape: by
   * number. Units: bytes.
   */
  #bytecodeStarts = new Float64Array(1024);
  #comparedIn = new Float64Array(1024);
  #frameSizes = new Float64Array(1024);
  #period = 0;
  /** Grows whenever an address has lost its number, so that cached numbers must be looked up again. */
  generation = 0;

  constructor(memory: TargetMemory, layout: Layout) {
    this.#memory = memory;
    this.#ahead = new ReadAhead(memory);
    this.#reader = new MemoryReader(this.#ahead);
    this.#layout = layout;
    this.#decode = lineDecoder(layout.traits.lineTable);
    this.#copies = layout.code.tlbc < 0 ? undefined : new BytecodeCopies(this.#reader, layout);
    const { filename, name, qualname, firstLineNo, lineTable, flags, frameSize } = layout.code;
    const last = Math.max(filename, name, qualname, firstLineNo, lineTable, flags, frameSize);
    this.#structSize = Math.ceil(last / 8) * 8 + 8;
    this.#shownName = qualname < 0 ? name : qualname;
    const pointers = [layout.object.type, filename, name, lineTable];
    this.#fingerprint = [...pointers.flatMap((offset) => [offset, offset + 4]), firstLineNo].map((at) =>
      at >> 2
    );
    this.#fingerprints = new Uint32Array(1024 * this.#fingerprint.length);
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

  /**
   * Reads of a stack's code objects what tells them apart, in one call, since later they may be freed: of those that are new,
   * or have used an address again. Shape: the first `depth` of `addresses`.
   */
  capture(addresses: ArrayLike<Address>, depth: number): void {
    const captured = new Set<Address>();
    for (let i = 0; i < depth; i++) {
      const address = addresses[i]!;
      const isSure = this.#ids.has(address) && !this.#reused.has(address);
      if (!isSure && isCodeAddress(address)) captured.add(address);
    }
    if (captured.size > 0) this.#addStructs([...captured]);
  }

  /**
   * Compares a stack's code objects that are known, and reads those that are new, all in few calls. One that may be another
   * than when the stack was read is taken out of it. Shape: the first `depth` of `addresses`.
   */
  settle(addresses: Float64Array, depth: number): void {
    const stack = [...new Set(addresses.subarray(0, depth))];
    const known = stack.filter((address) => this.#ids.has(address));
    const captured = known.filter((address) => this.#ahead.has(address));
    const lost = new Set(this.#forgetChanged(known.filter((address) => !captured.includes(address))));
    for (const address of captured) {
      const struct = this.#reader.struct(address, this.#structSize)!;
      if (!this.#isSame(address, struct.words, 0)) this.#forget(address);
    }
    const fresh = stack.filter((address) =>
      !this.#ids.has(address) && !lost.has(address) && isCodeAddress(address)
    );
    for (const address of this.#readAll(fresh)) lost.add(address);
    this.#ahead.clear();
    if (lost.size === 0) return;
    for (let i = 0; i < depth; i++) if (lost.has(addresses[i]!)) addresses[i] = 0;
  }

  /** Reads new code objects. @returns those that have changed before all of them was read. */
  #readAll(fresh: readonly Address[]): Address[] {
    this.#addStructs(fresh);
    const structs = this.#structsOf(fresh);
    this.#readTexts([...structs.values()]);
    // At once: some are freed by the time that they are decoded.
    const lost = this.#changedAmong([...structs.keys()], (address, words, at) => {
      const before = structs.get(address)!.words;
      return this.#fingerprint.every((word) => words[at + word] === before[word]);
    });
    const later: Address[] = [];
    for (const address of structs.keys()) {
      const { misses } = this.#ahead;
      const isKnown = !lost.includes(address) && this.idOf(address) !== NOT_CODE;
      if (isKnown && this.#ahead.misses > misses) later.push(address);
    }
    return [...lost, ...this.#forgetChanged(later)];
  }

  #addStructs(addresses: readonly Address[]): void {
    const others = addresses.filter((address) => !this.#ahead.has(address));
    this.#ahead.add(others.map((address) => [address, this.#structSize] as const));
  }

  /** The structs of those that are code objects. */
  #structsOf(addresses: Iterable<Address>): Map<Address, Struct> {
    const structs = new Map<Address, Struct>();
    for (const address of addresses) {
      const struct = this.#reader.struct(address, this.#structSize);
      if (struct !== undefined && this.#isCode(struct)) structs.set(address, struct);
    }
    return structs;
  }

  /** Reads ahead what code objects refer to: names, paths and line tables. */
  #readTexts(structs: readonly Struct[]): void {
    const { code: { filename, lineTable }, bytes: { size, data } } = this.#layout;
    const texts = structs.flatMap((struct) => [struct.pointer(filename), struct.pointer(this.#shownName)]);
    const tables = structs.map((struct) => struct.pointer(lineTable)).filter(isPlausible);
    this.#ahead.add(
      new Map([
        ...texts.filter(isPlausible).map((text) => [text, TEXT_AHEAD] as const),
        ...tables.map((table) => [table, TABLE_AHEAD] as const),
      ]),
    );
    const sizes = tables.map((table) => [table, data + (this.#reader.i64(table + size) ?? 0)] as const);
    const longer = sizes.filter(([table, length]) => length < MAX_TABLE && !this.#ahead.has(table, length));
    this.#ahead.add(longer, { exist: true });
  }

  /** Frames of a stack whose code objects have not been read yet. Shape: the first `depth` of `addresses`. */
  countNew(addresses: ArrayLike<Address>, depth: number): number {
    let count = 0;
    for (let i = 0; i < depth; i++) if (!this.#ids.has(addresses[i]!)) count++;
    return count;
  }

  /** What a frame of the code object at an address takes in memory; NaN for one that is not known. Units: bytes. */
  readonly frameSizeAt = (address: Address): number => {
    const id = this.#ids.get(address);
    return id === undefined ? NaN : this.#frameSizes[id]!;
  };

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
    this.#forgetChanged([...this.#ids.keys()]);
  }

  /** Whether one of a stack's addresses has been used again before. Shape: the first `depth` of `addresses`. */
  holdsReused(addresses: ArrayLike<Address>, depth: number): boolean {
    if (this.#reused.size === 0) return false;
    for (let i = 0; i < depth; i++) if (this.#reused.has(addresses[i]!)) return true;
    return false;
  }

  /** From now on `recheck` compares again what it has compared before. */
  beginPeriod(): void {
    this.#period++;
  }

  /**
   * Compares the entries of one stack with the target: those that were not in this period, and those that may change at any
   * time. Shape: the first `depth` of `addresses`.
   *
   * @returns true when one has changed: `generation` has grown, and cached numbers must be looked up again.
   */
  recheck(addresses: ArrayLike<Address>, depth: number): boolean {
    const due = new Set<Address>();
    for (let i = 0; i < depth; i++) {
      const id = this.#ids.get(addresses[i]!);
      if (id === undefined) continue;
      const isDue = this.#comparedIn[id] !== this.#period || this.#objects[id]!.isOnce ||
        this.#reused.has(addresses[i]!);
      if (isDue) due.add(addresses[i]!);
    }
    return this.#forgetChanged([...due]).length > 0;
  }

  /** Compares known addresses with the target. @returns those whose content has changed: they are known no more. */
  #forgetChanged(addresses: readonly Address[]): Address[] {
    const changed: Address[] = [];
    for (let first = 0; first < addresses.length; first += REVALIDATE_BATCH) {
      const batch = addresses.slice(first, first + REVALIDATE_BATCH);
      changed.push(...this.#changedAmong(batch, (address, words, at) => this.#isSame(address, words, at)));
    }
    for (const address of addresses) this.#comparedIn[this.#ids.get(address)!] = this.#period;
    for (const address of changed) this.#forget(address);
    return changed;
  }

  #forget(address: Address): void {
    this.#ids.delete(address);
    this.#copies?.forget(address);
    this.#reused.add(address);
    this.generation++;
  }

  /** Reads structs anew. @returns those that are not the same; `at` is where one begins in `words`. */
  #changedAmong(
    addresses: readonly Address[],
    isSame: (address: Address, words: Uint32Array, at: number) => boolean,
  ): Address[] {
    if (addresses.length === 0) return [];
    const ranges = new RangeList();
    for (const address of addresses) ranges.push(address, this.#structSize);
    const into = new Uint8Array(ranges.byteLength);
    const words = new Uint32Array(into.buffer);
    const length = this.#memory.readv(ranges, into);
    return addresses.filter((address, i) => {
      const start = i * this.#structSize;
      if (start + this.#structSize <= length) return !isSame(address, words, start >> 2);
      // One unreadable range hides all that follow: those are read on their own, and not as they were read ahead.
      const struct = new MemoryReader(this.#memory).struct(address, this.#structSize);
      return struct === undefined || !isSame(address, struct.words, 0);
    });
  }

  /** Whether the struct at an index of `words` has the fields of a known code object. */
  #isSame(address: Address, words: Uint32Array, at: number): boolean {
    const size = this.#fingerprint.length;
    const start = this.#ids.get(address)! * size;
    return this.#fingerprint.every((word, i) => words[at + word] === this.#fingerprints[start + i]);
  }

  #read(address: Address): number {
    if (!isCodeAddress(address)) return NOT_CODE;
    const struct = this.#reader.struct(address, this.#structSize);
    if (struct === undefined || !this.#isCode(struct)) return NOT_CODE;
    const { filename, firstLineNo, lineTable } = this.#layout.code;
    const file = readString(this.#reader, this.#layout, struct.pointer(filename));
    const shownName = readString(this.#reader, this.#layout, struct.pointer(this.#shownName));
    if (file === undefined || shownName === undefined) return NOT_CODE;
    const id = this.#objects.length;
    this.#objects.push({
      name: shownName,
      file,
      firstLine: Math.max(0, struct.i32(firstLineNo)),
      lineTable: readBytes(this.#reader, this.#layout, struct.pointer(lineTable)),
      isOnce: this.#isOnce(struct),
      isHidden: file === INIT_CLEANUP && shownName === INIT_CLEANUP,
    });
    if (id >= this.#bytecodeStarts.length) {
      this.#bytecodeStarts = doubled(this.#bytecodeStarts);
      this.#comparedIn = doubled(this.#comparedIn);
      this.#frameSizes = doubled(this.#frameSizes);
      this.#fingerprints = doubled(this.#fingerprints);
    }
    const { words } = struct;
    this.#fingerprints.set(this.#fingerprint.map((at) => words[at]!), id * this.#fingerprint.length);
    this.#bytecodeStarts[id] = address + this.#layout.code.bytecode;
    this.#comparedIn[id] = this.#period;
    this.#frameSizes[id] = struct.i32(this.#layout.code.frameSize) * 8;
    return id;
  }

  #isOnce(struct: Struct): boolean {
    return (struct.u32(this.#layout.code.flags) & NEW_LOCALS) === 0;
  }

  #isCode(struct: Struct): boolean {
    const type = struct.pointer(this.#layout.object.type);
    if (this.#codeType !== 0) return type === this.#codeType;
    if (nameOfType(this.#reader, this.#layout, type) !== "code") return false;
    this.#codeType = type;
    return true;
  }
}

function isCodeAddress(address: Address): boolean {
  return address % 8 === 0 && isPlausible(address);
}
