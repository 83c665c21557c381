/** Reading `dict` objects of the target: their entries, in order of insertion where CPython keeps it (from 3.6 on). */
import { isPlausible, type MemoryReader } from "../memory.ts";
import type { Address, Offset } from "../types.ts";
import type { Layout } from "./layout.ts";
import { readString } from "./strings.ts";

/** One item of a dict: addresses of two objects. */
export interface DictItem {
  readonly key: Address;
  readonly value: Address;
}

/** Gives items. @returns false when some that there are could not be read. */
export type DictItems = Generator<DictItem, boolean, undefined>;

/** Items that are given at most unless told otherwise. */
export const MAX_DICT_ITEMS = 0x1_0000;

/** Slots looked at for each item wanted: much of a dict may be deleted items, and garbage all zeros. */
const SLOTS_PER_ITEM = 16;

/** Slots that one read covers; up to 48 KiB. */
const SLOTS_PER_READ = 2048;

/** Head of `PyDictValues` from 3.13 on: `capacity`, `size`, `embedded`, `valid`, and padding. */
const VALUES_HEAD = 8;

/** Where the slots of a `PyDictKeysObject` are. Units: `stride` bytes. */
interface KeyTable {
  readonly slots: Address;
  readonly count: number;
  readonly stride: number;
  readonly keyAt: Offset;
  readonly valueAt: Offset;
}

/**
 * Gives the items of a dict, combined or split, at most `maxItems`. Garbage gives few items or none.
 *
 * Source: Include/cpython/dictobject.h, `PyDictObject`, v2.7.18 to v3.15.2.
 */
export function* dictItems(
  reader: MemoryReader,
  layout: Layout,
  address: Address,
  maxItems: number = MAX_DICT_ITEMS,
): DictItems {
  const { keys, values, mask } = layout.dict;
  const dict = reader.struct(address, Math.max(keys, values, mask) + 8);
  if (dict === undefined) return false;
  if (layout.traits.dictKeys === "table") {
    return yield* combinedItems(reader, readOldTable(dict.pointer(keys), dict.i64(mask)), maxItems);
  }
  const table = readKeyTable(reader, layout, dict.pointer(keys));
  if (table === undefined) return false;
  const split = dict.pointer(values);
  return split === 0
    ? yield* combinedItems(reader, table, maxItems)
    : yield* zipValues(reader, layout, table, split, maxItems);
}

/** The same items, and one of NULLs at the end when some could not be read. */
export function* markedItems(items: DictItems): Generator<DictItem, void, undefined> {
  if (!(yield* items)) yield { key: 0, value: 0 };
}

/**
 * Gives the items of one object that shares its keys with others and has no dict yet.
 *
 * Source: Include/internal/pycore_dict.h, `struct _dictvalues`, v3.11.7 to v3.15.2.
 */
export function* splitItems(
  reader: MemoryReader,
  layout: Layout,
  keys: Address,
  values: Address,
): DictItems {
  const table = readKeyTable(reader, layout, keys);
  return table !== undefined && (yield* zipValues(reader, layout, table, values, MAX_DICT_ITEMS));
}

/**
 * Finds the value of a key that is a string.
 *
 * @param names remembers keys by address, so that a key that many tables share is read once.
 * @returns undefined when there is no such key.
 */
export function findItem(
  reader: MemoryReader,
  layout: Layout,
  items: Iterable<DictItem>,
  name: string,
  names?: Map<Address, string | undefined>,
): Address | undefined {
  for (const { key, value } of items) {
    let text: string | undefined;
    if (names?.has(key)) {
      text = names.get(key);
    } else {
      text = readString(reader, layout, key, name.length);
      names?.set(key, text);
    }
    if (text === name) return value;
  }
  return undefined;
}

function* combinedItems(
  reader: MemoryReader,
  table: KeyTable,
  maxItems: number,
): DictItems {
  let left = maxItems;
  const total = Math.min(table.count, maxItems * SLOTS_PER_ITEM);
  for (let start = 0; start < total; start += SLOTS_PER_READ) {
    const count = Math.min(SLOTS_PER_READ, total - start);
    const slots = reader.struct(table.slots + start * table.stride, count * table.stride);
    if (slots === undefined) return false;
    for (let at = 0; at < slots.bytes.length; at += table.stride) {
      if (left <= 0) return true;
      const key = slots.pointer(at + table.keyAt);
      const value = slots.pointer(at + table.valueAt);
      if (!isPlausible(key) || !isPlausible(value)) continue;
      left--;
      yield { key, value };
    }
  }
  return true;
}

function* zipValues(
  reader: MemoryReader,
  layout: Layout,
  table: KeyTable,
  address: Address,
  maxItems: number,
): DictItems {
  const head = layout.traits.attributes === "inline_values" ? VALUES_HEAD : 0;
  // Split tables are small: shared keys stop at 30 from 3.11 on, and before that grow with one class only.
  const count = Math.min(table.count, SLOTS_PER_READ);
  const slots = reader.struct(table.slots, count * table.stride);
  const values = reader.struct(address, head + count * 8);
  if (slots === undefined || values === undefined) return false;
  const filled = head === 0 ? count : Math.min(count, values.u8(0));
  let left = maxItems;
  for (let i = 0; i < filled && left > 0; i++) {
    const key = slots.pointer(i * table.stride + table.keyAt);
    const value = values.pointer(head + i * 8);
    if (!isPlausible(key) || !isPlausible(value)) continue;
    left--;
    yield { key, value };
  }
  return true;
}

function readKeyTable(reader: MemoryReader, layout: Layout, address: Address): KeyTable | undefined {
  return layout.traits.dictKeys === "words"
    ? readWordTable(reader, address)
    : readLogarithmTable(reader, address);
}

/** Shape: slots of hash, key and value, as many as the mask is large. Source: Include/dictobject.h, `PyDictEntry`, v2.7.18. */
function readOldTable(slots: Address, mask: number): KeyTable {
  const isMask = mask >= 0 && Number.isInteger(Math.log2(mask + 1));
  return { slots, count: isMask ? mask + 1 : 0, stride: 24, keyAt: 8, valueAt: 16 };
}

/**
 * Shape: dk_refcnt 0, dk_size 8, dk_lookup 16, dk_usable 24, dk_nentries 32, dk_indices 40, then the slots.
 * Source: Objects/dict-common.h, `struct _dictkeysobject`, v3.10.13; Objects/dictobject.c, `DK_IXSIZE`.
 */
function readWordTable(reader: MemoryReader, address: Address): KeyTable | undefined {
  const keys = reader.struct(address, 40);
  if (keys === undefined) return undefined;
  const size = keys.pointer(8);
  if (size > 2 ** 40 || !Number.isInteger(Math.log2(size))) return undefined;
  const indexWidth = size <= 0xff ? 1 : size <= 0xffff ? 2 : size <= 0xffff_ffff ? 4 : 8;
  return {
    slots: address + 40 + size * indexWidth,
    count: slotCount(keys.i64(32), size),
    stride: 24,
    keyAt: 8,
    valueAt: 16,
  };
}

/**
 * Shape: dk_refcnt 0, dk_log2_size 8, dk_log2_index_bytes 9, dk_kind 10, dk_version 12, dk_usable 16,
 * dk_nentries 24, dk_indices 32, then the slots, which have no hash when all keys are strings.
 * Source: Include/internal/pycore_dict.h, `struct _dictkeysobject`, v3.11.7, v3.13.0, v3.15.2.
 */
function readLogarithmTable(reader: MemoryReader, address: Address): KeyTable | undefined {
  const keys = reader.struct(address, 32);
  if (keys === undefined) return undefined;
  const logSize = keys.u8(8);
  const logIndexBytes = keys.u8(9);
  const kind = keys.u8(10);
  if (logSize > 40 || logIndexBytes > 43 || logIndexBytes < logSize || kind > 2) return undefined;
  const hashSize = kind === 0 ? 8 : 0;
  return {
    slots: address + 32 + 2 ** logIndexBytes,
    count: slotCount(keys.i64(24), 2 ** logSize),
    stride: hashSize + 16,
    keyAt: hashSize,
    valueAt: hashSize + 8,
  };
}

/** No table has more slots than two thirds of its size. Source: Objects/dictobject.c, `USABLE_FRACTION`. */
function slotCount(entries: number, size: number): number {
  return Math.max(0, Math.min(entries, Math.floor(size * 2 / 3)));
}
