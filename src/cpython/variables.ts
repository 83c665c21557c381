/** The variables of a frame: their names, where they come from, and the addresses of their values. */
import { dictItems, markedItems } from "./dicts.ts";
import type { Layout } from "./layout.ts";
import { UNREADABLE } from "./repr.ts";
import { readBytes, readString } from "./strings.ts";
import { typeName } from "./types.ts";
import { isPlausible } from "../memory.ts";
import type { MemoryReader } from "../memory.ts";
import type { Address, LocalVariable } from "../types.ts";

/** `CO_OPTIMIZED`, `CO_VARARGS`, `CO_VARKEYWORDS`. Source: Include/code.h, v3.8.18. */
const OPTIMIZED = 1;
const VARARGS = 4;
const VARKEYWORDS = 8;
/** `CO_FAST_HIDDEN`, `CO_FAST_LOCAL`, `CO_FAST_CELL`, `CO_FAST_FREE`. Source: Include/internal/pycore_code.h, v3.13.0. */
const HIDDEN = 0x10;
const LOCAL = 0x20;
const CELL = 0x40;
const FREE = 0x80;
/** Tag of a word that is no pointer. Source: Include/internal/pycore_stackref.h, v3.15.0. */
const TAGGED_INT = 3;
const DEFINITIONS: ReadonlySet<string> = new Set([
  "module",
  "function",
  "builtin_function_or_method",
  "type",
]);
const MAX_VARIABLES = 1024;
const MAX_NAME_LENGTH = 256;

/** A variable that has a value. */
export interface Variable extends Omit<LocalVariable, "text"> {
  readonly value: Address;
}

/** What a code object says of its variables. */
interface Slots {
  readonly isOptimized: boolean;
  readonly slots: readonly { readonly name: string; readonly isArgument: boolean; readonly kind: number }[];
}

/** Reads variables of frames that stand still. */
export class VariableReader {
  readonly #reader: MemoryReader;
  readonly #layout: Layout;
  readonly #slots = new Map<Address, Slots | undefined>();

  constructor(reader: MemoryReader, layout: Layout) {
    this.#reader = reader;
    this.#layout = layout;
  }

  /** Variables in the order of `f_locals`, at most 1024; undefined when the frame or its code cannot be read. */
  read(frame: Address, code: Address): Variable[] | undefined {
    let slots = this.#slots.get(code);
    if (slots === undefined && !this.#slots.has(code)) this.#slots.set(code, slots = this.#slotsOf(code));
    if (slots === undefined) return undefined;
    return slots.isOptimized ? this.#fastVariables(frame, slots) : this.#dictVariables(frame);
  }

  #fastVariables(frame: Address, { slots }: Slots): Variable[] | undefined {
    const words = this.#reader.struct(frame + this.#layout.frame.localsplus, slots.length * 8);
    if (words === undefined) return undefined;
    const found: Variable[] = [];
    slots.forEach(({ name, isArgument, kind }, i) => {
      const word = words.pointer(i * 8);
      const tag = word % (this.#layout.traits.pointerTag + 1);
      let value = word - tag;
      if ((kind & HIDDEN) !== 0 || tag === TAGGED_INT || !isPlausible(value)) return;
      if ((kind & (CELL | FREE)) !== 0 && typeName(this.#reader, this.#layout, value) === "cell") {
        const content = this.#reader.pointer(value + this.#layout.cell.value);
        if (content === 0) return;
        value = content ?? 0;
      }
      const scope = (kind & FREE) !== 0 ? "free" : (kind & CELL) !== 0 ? "cell" : "local";
      found.push({ name, isArgument, scope, value });
    });
    return found;
  }

  /** Of a module, without what it defines or imports; of a class body, or code that was given to `exec`. */
  #dictVariables(frame: Address): Variable[] | undefined {
    const { locals, globals } = this.#layout.frame;
    const dict = this.#reader.pointer(frame + locals);
    const moduleDict = this.#reader.pointer(frame + globals);
    const isModule = dict === moduleDict;
    if (
      dict === undefined || moduleDict === undefined || typeName(this.#reader, this.#layout, dict) !== "dict"
    ) return undefined;
    const found: Variable[] = [];
    for (const { key, value } of markedItems(dictItems(this.#reader, this.#layout, dict, MAX_VARIABLES))) {
      const name = readString(this.#reader, this.#layout, key, MAX_NAME_LENGTH) ?? UNREADABLE;
      if (/^__.*__$/.test(name)) continue;
      if (isModule && DEFINITIONS.has(typeName(this.#reader, this.#layout, value, 64) ?? "")) continue;
      found.push({ name, isArgument: false, scope: "dict", value });
    }
    return found;
  }

  #slotsOf(code: Address): Slots | undefined {
    const { code: fields } = this.#layout;
    const size = Math.max(...Object.values(fields)) + 8;
    const struct = this.#reader.struct(code, size);
    if (struct === undefined) return undefined;
    const flags = struct.u32(fields.flags);
    const argumentCount = struct.u32(fields.argcount) +
      (fields.kwonlyargcount < 0 ? 0 : struct.u32(fields.kwonlyargcount)) +
      ((flags & VARARGS) !== 0 ? 1 : 0) + ((flags & VARKEYWORDS) !== 0 ? 1 : 0);
    const isOptimized = (flags & OPTIMIZED) !== 0;
    if (fields.localsplusnames >= 0) {
      const names = this.#names(struct.pointer(fields.localsplusnames));
      const kinds = readBytes(this.#reader, this.#layout, struct.pointer(fields.localspluskinds));
      if (names === undefined || kinds === undefined || kinds.length < names.length) return undefined;
      const slots = names.map((name, i) => ({ name, isArgument: i < argumentCount, kind: kinds[i]! }));
      return { isOptimized, slots };
    }
    const names = this.#names(struct.pointer(fields.varnames));
    const cells = this.#names(struct.pointer(fields.cellvars));
    const frees = this.#names(struct.pointer(fields.freevars));
    if (names === undefined || cells === undefined || frees === undefined) return undefined;
    const parameters = new Set(names.slice(0, argumentCount));
    const slots = [
      // An argument that inner functions use is moved to a cell; 2.7 leaves the first value behind.
      ...names.map((name, i) => ({
        name,
        isArgument: i < argumentCount,
        kind: cells.includes(name) ? HIDDEN : LOCAL,
      })),
      ...cells.map((name) => ({ name, isArgument: parameters.has(name), kind: CELL })),
      ...frees.map((name) => ({ name, isArgument: false, kind: FREE })),
    ];
    return { isOptimized, slots };
  }

  /** Strings of a tuple. */
  #names(address: Address): string[] | undefined {
    const { size, items } = this.#layout.tuple;
    const count = this.#reader.i64(address + size) ?? -1;
    if (count < 0 || count > MAX_VARIABLES) return undefined;
    const struct = count === 0 ? undefined : this.#reader.struct(address + items, count * 8);
    if (count > 0 && struct === undefined) return undefined;
    return Array.from(
      { length: count },
      (_, i) => readString(this.#reader, this.#layout, struct!.pointer(i * 8), MAX_NAME_LENGTH) ?? UNREADABLE,
    );
  }
}
