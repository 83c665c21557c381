/** The type of an object of the target, by its name. */
import type { MemoryReader } from "../memory.ts";
import type { Address } from "../types.ts";
import type { Layout } from "./layout.ts";

/** Names of types are longer, but those that are asked for are not. Units: bytes. */
const MAX_NAME = 16;

/** Up to 15 characters of `type(object).__name__`, as C has it; undefined when unreadable, or longer. */
export function typeName(reader: MemoryReader, layout: Layout, object: Address): string | undefined {
  const type = reader.pointer(object + layout.object.type);
  const name = type === undefined ? undefined : reader.pointer(type + layout.type.name);
  const bytes = name === undefined ? undefined : reader.bytes(name, MAX_NAME);
  const end = bytes?.indexOf(0) ?? -1;
  return end < 0 ? undefined : new TextDecoder().decode(bytes!.subarray(0, end));
}
