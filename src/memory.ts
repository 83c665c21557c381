/** Reading another process's memory: ranges in, bytes out. The OS layer and snapshots implement it. */
import { doubled } from "./doubled.ts";
import type { Address } from "./types.ts";

const HIGH = 0x1_0000_0000;

/**
 * A list of memory ranges, in the form of the kernel's `struct iovec` (x86_64 and arm64).
 *
 * Shape: four u32 a range: address low, address high, length low, length high (0).
 */
export class RangeList {
  words: Uint32Array<ArrayBuffer> = new Uint32Array(4 * 64);
  count = 0;
  /** Sum of all lengths. Units: bytes. */
  byteLength = 0;

  clear(): void {
    this.count = 0;
    this.byteLength = 0;
  }

  /** Appends a range. @returns its offset in the bytes that a read fills. */
  push(address: Address, size: number): number {
    // As an integer, though the difference of two addresses is none to V8: all offsets derive from it.
    const length = size | 0;
    if ((this.count + 1) * 4 > this.words.length) this.words = doubled(this.words);
    const word = this.count * 4;
    const high = Math.floor(address / HIGH);
    this.words[word] = address - high * HIGH;
    this.words[word + 1] = high;
    this.words[word + 2] = length;
    this.words[word + 3] = 0;
    const offset = this.byteLength;
    this.count++;
    this.byteLength += length;
    return offset;
  }

  addressAt(index: number): Address {
    return this.words[index * 4]! + this.words[index * 4 + 1]! * HIGH;
  }

  lengthAt(index: number): number {
    return this.words[index * 4 + 2]!;
  }

  /** Index of the first range that a read of `length` bytes did not fill; `count` if it filled all. */
  firstUnfilled(length: number): number {
    let end = 0;
    for (let i = 0; i < this.count; i++) {
      end += this.lengthAt(i);
      if (end > length) return i;
    }
    return this.count;
  }
}

/** Where the bytes of a call go. */
export class Arena {
  bytes = new Uint8Array(1 << 16);
  /** The same memory. */
  words = new Uint32Array(this.bytes.buffer);

  /** Makes room; what was in it is gone then. Units: bytes. */
  reserve(size: number): void {
    if (size <= this.bytes.length) return;
    this.bytes = new Uint8Array(Math.ceil(size * 1.5 / 8) * 8);
    this.words = new Uint32Array(this.bytes.buffer);
  }
}

/** The memory of a target. */
export interface TargetMemory {
  /**
   * Reads all ranges, in order, back to back into `into`.
   *
   * Invariant: ranges are read in the order given, so what stands earlier was read earlier.
   * @returns the number of bytes read; less than `ranges.byteLength` when a range could not be read in full.
   */
  readv(ranges: RangeList, into: Uint8Array<ArrayBuffer>): number;
}

/** Structs of which each points to the next one. */
export interface LinkedList {
  /** Of the word that points to the first one; or to a struct in which, `through` bytes from its start, that word is. */
  readonly head: Address;
  readonly through: number | undefined;
  /** What is read of each: from `low` bytes after its address on, at most LINKED_SIZE bytes. */
  readonly low: number;
  readonly size: number;
  /** Where in a struct the pointer to the next one is. */
  readonly link: number;
}

/** Shape of what is read of a list: for each struct its address (8 bytes), and the bytes that were read. Units: bytes. */
export const LINKED_RECORD = 192;
export const LINKED_SIZE = LINKED_RECORD - 8;
/** Structs that are read of the first list, and of the second one. */
export const MOST_LINKED: readonly [number, number] = [256, 8];

/** Where the bytes of the lists begin, after so many of the ranges. */
export function linkedOffset(rangeBytes: number): number {
  return Math.ceil(rangeBytes / 8) * 8;
}

/** What is to be read at one moment. */
export interface MomentRequest {
  readonly ranges: RangeList;
  /** At most two. */
  readonly lists: readonly LinkedList[];
  /** For the bytes of the ranges, and from `linkedOffset` on for those of the lists, one after the other. */
  readonly into: Uint8Array<ArrayBuffer>;
}

/** What came of it. */
export interface Interruption {
  /** Whether all ranges were read. */
  readonly isRead: boolean;
  /** How many structs were read of each list: up to one that could not be. */
  readonly found: readonly number[];
  /**
   * How often a thread that did not run was put to work by the scheduler, else NaN.
   *
   * Invariant: if `TargetThreads.runCount` later gives the same number, the thread did not run since.
   */
  readonly runCount: number;
  /** For how long the thread was interrupted. Units: ms. */
  readonly pauseMs: number;
}

/** Reading memory at one moment of a thread that runs. */
export interface Interrupts {
  /** Whether the system lets us. */
  readonly canInterrupt: boolean;
  /** Reads while the thread is interrupted: it goes on right after. */
  interrupt(osThreadId: number, request: MomentRequest): Interruption;
}

/** Reads single values and small structs; for everything but the sampling loop. */
export class MemoryReader {
  readonly #memory: TargetMemory;
  readonly #ranges = new RangeList();

  constructor(memory: TargetMemory) {
    this.#memory = memory;
  }

  /** Copies `length` bytes at `address`. @returns undefined when a byte of them cannot be read. */
  bytes(address: Address, length: number): Uint8Array<ArrayBuffer> | undefined {
    if (!isPlausible(address) || !(length >= 0 && length <= 0x4000_0000)) return undefined;
    const into = new Uint8Array(length);
    if (length === 0) return into;
    this.#ranges.clear();
    this.#ranges.push(address, length);
    return this.#memory.readv(this.#ranges, into) === length ? into : undefined;
  }

  /** Copies a struct for access by field. @returns undefined when a byte of it cannot be read. */
  struct(address: Address, size: number): Struct | undefined {
    const bytes = this.bytes(address, size);
    return bytes === undefined ? undefined : new Struct(bytes);
  }

  /** @returns the pointer stored at `address`, or undefined when unreadable. */
  pointer(address: Address): Address | undefined {
    return this.struct(address, 8)?.pointer(0);
  }

  /** @returns the Py_ssize_t stored at `address`, or undefined when unreadable. */
  i64(address: Address): number | undefined {
    return this.struct(address, 8)?.i64(0);
  }
}

/** A copied C struct, little-endian. Fields outside of it read as 0. */
export class Struct {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** As 4-byte words. Invariant: its size is a multiple of 4. */
  get words(): Uint32Array {
    return new Uint32Array(this.bytes.buffer);
  }

  #has(offset: number, size: number): boolean {
    return offset >= 0 && offset + size <= this.bytes.length;
  }

  u8(offset: number): number {
    return this.#has(offset, 1) ? this.#view.getUint8(offset) : 0;
  }

  u32(offset: number): number {
    return this.#has(offset, 4) ? this.#view.getUint32(offset, true) : 0;
  }

  i32(offset: number): number {
    return this.#has(offset, 4) ? this.#view.getInt32(offset, true) : 0;
  }

  /** A pointer or size_t. Values above 2^53 lose their low bits; no valid address is that large. */
  pointer(offset: number): Address {
    return this.u32(offset) + this.u32(offset + 4) * HIGH;
  }

  /** A Py_ssize_t. */
  i64(offset: number): number {
    return this.u32(offset) + this.i32(offset + 4) * HIGH;
  }
}

/** The pointer at a byte offset of what a call has read, given as 4-byte words. */
export function pointerAt(words: Uint32Array, offset: number): Address {
  return words[offset >> 2]! + words[(offset >> 2) + 1]! * HIGH;
}

/** True for addresses that a user-space object can have. */
export function isPlausible(address: Address): boolean {
  return address >= 4096 && address < 0x80_0000_0000_0000 && Number.isInteger(address);
}
