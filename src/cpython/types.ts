/** The type of an object of the target, by its name. */
import type { MemoryReader } from "../memory.ts";
import type { Address } from "../types.ts";
import type { Layout } from "./layout.ts";

/** Built-in types have short names. Units: bytes. */
const MAX_NAME = 16;

/** `type(object).__name__` as C has it; undefined when unreadable, or when it does not fit `maxSize` bytes with its NUL. */
export function typeName(
  reader: MemoryReader,
  layout: Layout,
  object: Address,
  maxSize = MAX_NAME,
): string | undefined {
  const type = reader.pointer(object + layout.object.type);
  return type === undefined ? undefined : nameOfType(reader, layout, type, maxSize);
}

/** `type.__name__` as C has it, of a type object: see `typeName`. */
export function nameOfType(
  reader: MemoryReader,
  layout: Layout,
  type: Address,
  maxSize = MAX_NAME,
): string | undefined {
  const name = reader.pointer(type + layout.type.name);
  const bytes = name === undefined ? undefined : reader.bytes(name, maxSize);
  const end = bytes?.indexOf(0) ?? -1;
  return end < 0 ? undefined : new TextDecoder().decode(bytes!.subarray(0, end));
}
