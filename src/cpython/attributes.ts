/** Reading an attribute of an instance of a class written in Python. */
import { isPlausible, type MemoryReader, type Struct } from "../memory.ts";
import type { Address } from "../types.ts";
import { type DictItems, dictItems, findItem, splitItems } from "./dicts.ts";
import type { Layout } from "./layout.ts";

/** Source: Include/object.h, v3.13.0. */
const INLINE_VALUES = 1 << 2;
const MANAGED_DICT = 1 << 4;

/** `PyDictValues.valid`, from 3.13 on. */
const VALUES_VALID = 3;

/** Attributes that are looked at; `dict` keeps them in the order in which they were first set. */
const MAX_ATTRIBUTES = 256;

/**
 * Finds an attribute that is kept by the instance itself; class attributes and properties are not looked at.
 *
 * @param names see `findItem`.
 * @returns the address of the value, or undefined.
 */
export function readAttribute(
  reader: MemoryReader,
  layout: Layout,
  object: Address,
  name: string,
  names?: Map<Address, string | undefined>,
): Address | undefined {
  return findItem(reader, layout, attributeItems(reader, layout, object), name, names);
}

/** Gives the attributes that an instance itself keeps, at most 256. */
export function* attributeItems(reader: MemoryReader, layout: Layout, object: Address): DictItems {
  const { basicSize, flags, dictOffset, cachedKeys } = layout.type;
  const typeAddress = reader.pointer(object + layout.object.type);
  if (typeAddress === undefined) return false;
  // Read as far as types go that are no heap types, in case there is nothing behind one.
  const type = reader.struct(typeAddress, Math.max(basicSize, flags, dictOffset) + 8);
  if (type === undefined) return false;
  const sharedKeys = () => reader.pointer(typeAddress + cachedKeys) ?? 0;
  const isManaged = (type.u32(flags) & MANAGED_DICT) !== 0;
  switch (layout.traits.attributes) {
    case "values_pointer":
      if (isManaged) return yield* pointedItems(reader, layout, object, sharedKeys);
      break;
    case "dict_or_values":
      if (isManaged) return yield* taggedItems(reader, layout, object, sharedKeys);
      break;
    case "inline_values":
      if (isManaged) return yield* inlineItems(reader, layout, object, type, sharedKeys);
      break;
    case "dict_offset":
      break;
  }
  return yield* dictAtOffset(reader, layout, object, type);
}

/** None where there is no dict yet. */
function* itemsOfDict(reader: MemoryReader, layout: Layout, dict: Address): DictItems {
  return dict === 0 || (yield* dictItems(reader, layout, dict, MAX_ATTRIBUTES));
}

/** Source: Objects/object.c, `_PyObject_GetDictPtr`, v3.10.13. Below 0 are objects of variable size only. */
function* dictAtOffset(
  reader: MemoryReader,
  layout: Layout,
  object: Address,
  type: Struct,
): DictItems {
  const offset = type.i64(layout.type.dictOffset);
  if (!(offset > 0 && offset <= type.i64(layout.type.basicSize))) return true;
  const dict = reader.pointer(object + offset);
  return dict !== undefined && (yield* itemsOfDict(reader, layout, dict));
}

/**
 * Shape: PyDictValues* 4 words before the object, dict 3 words before it; one of both is NULL.
 * Source: Include/internal/pycore_object.h, `_PyObject_ValuesPointer`, v3.11.7.
 */
function* pointedItems(
  reader: MemoryReader,
  layout: Layout,
  object: Address,
  sharedKeys: () => Address,
): DictItems {
  const head = reader.struct(object - 32, 16);
  if (head === undefined) return false;
  const values = head.pointer(0);
  return values === 0
    ? yield* itemsOfDict(reader, layout, head.pointer(8))
    : yield* splitItems(reader, layout, sharedKeys(), values);
}

/**
 * Shape: one word, 3 words before the object: a dict, or PyDictValues* less 1, which makes it odd.
 * Source: Include/internal/pycore_object.h, `PyDictOrValues`, v3.12.1.
 */
function* taggedItems(
  reader: MemoryReader,
  layout: Layout,
  object: Address,
  sharedKeys: () => Address,
): DictItems {
  const word = reader.pointer(object - 24);
  if (word === undefined) return false;
  return word % 2 === 1
    ? yield* splitItems(reader, layout, sharedKeys(), word + 1)
    : yield* itemsOfDict(reader, layout, word);
}

/**
 * Shape: a dict or NULL before the object, 3 words or 1; PyDictValues behind it, which hold until `valid` is 0.
 * Source: Include/internal/pycore_object.h, `MANAGED_DICT_OFFSET` and `_PyObject_InlineValues`, v3.15.2.
 */
function* inlineItems(
  reader: MemoryReader,
  layout: Layout,
  object: Address,
  type: Struct,
  sharedKeys: () => Address,
): DictItems {
  const dict = reader.pointer(object + layout.traits.managedDict);
  if (dict === undefined) return false;
  if (isPlausible(dict)) return yield* itemsOfDict(reader, layout, dict);
  if ((type.u32(layout.type.flags) & INLINE_VALUES) === 0) return true;
  const values = object + type.i64(layout.type.basicSize);
  const head = reader.struct(values, 4);
  if (head === undefined) return false;
  return head.u8(VALUES_VALID) === 0 || (yield* splitItems(reader, layout, sharedKeys(), values));
}
