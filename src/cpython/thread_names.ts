/** The names that a program gave to its threads, as the `threading` module keeps them. */
import type { MemoryReader } from "../memory.ts";
import type { Address } from "../types.ts";
import { readAttribute } from "./attributes.ts";
import { dictItems, findItem } from "./dicts.ts";
import { readInt } from "./ints.ts";
import type { Layout } from "./layout.ts";
import { readString } from "./strings.ts";

/** A name is shown in a heading; more of it would be in the way. Units: characters. */
const MAX_NAME_LENGTH = 256;

/** Bounds the time that garbage can take; threads beyond it have no name. */
const MAX_THREADS = 0x4000;

const MAX_ATTEMPTS = 3;

/** Classes share the names of their attributes, so few are distinct; garbage has no such habit. */
const MAX_ATTRIBUTE_NAMES = 0x1000;

/**
 * Reads `threading._active`: from `threading.get_ident()` to `Thread.name`.
 *
 * Empty when the interpreter has not imported `threading`, or when its memory makes no sense.
 * Source: Lib/threading.py, `_active` and `Thread._name`, v2.7.18 to v3.15.2.
 */
export function readThreadNames(
  reader: MemoryReader,
  layout: Layout,
  interpreter: Address,
): Map<number, string> {
  const active = findActive(reader, layout, interpreter);
  if (active === undefined) return new Map();
  // The main thread is always in it: without any, the target has just moved the table to grow it.
  for (let attempt = 1; attempt < MAX_ATTEMPTS; attempt++) {
    const names = readActive(reader, layout, active);
    if (names.size > 0) return names;
  }
  return readActive(reader, layout, active);
}

function readActive(reader: MemoryReader, layout: Layout, active: Address): Map<number, string> {
  const names = new Map<number, string>();
  const attributeNames = new Map<Address, string | undefined>();
  for (const { key, value } of dictItems(reader, layout, active, MAX_THREADS)) {
    if (attributeNames.size > MAX_ATTRIBUTE_NAMES) break;
    const ident = readInt(reader, layout, key);
    if (ident === undefined) continue;
    const name = readAttribute(reader, layout, value, layout.traits.threadName, attributeNames);
    const text = name === undefined ? undefined : readString(reader, layout, name, MAX_NAME_LENGTH);
    if (text !== undefined) names.set(ident, text);
  }
  return names;
}

function findActive(reader: MemoryReader, layout: Layout, interpreter: Address): Address | undefined {
  const modules = reader.pointer(interpreter + layout.interpreter.modules);
  if (modules === undefined) return undefined;
  const threading = findItem(reader, layout, dictItems(reader, layout, modules), "threading");
  if (threading === undefined) return undefined;
  // `md_dict` comes right after the object's head. Source: Include/internal/pycore_moduleobject.h, v3.13.0.
  const globals = reader.pointer(threading + layout.object.type + 8);
  if (globals === undefined) return undefined;
  return findItem(reader, layout, dictItems(reader, layout, globals), "_active");
}
