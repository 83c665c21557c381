/**
 * The text of an object of the target, as its own `repr` would write it, without running any of the target's code.
 *
 * The built-in types are written in full; of others their type and address are shown. The target may be anything: depth,
 * length and the number of reads are bounded, and what cannot be read is "<unreadable>".
 */
import { attributeItems } from "./attributes.ts";
import { dictItems, markedItems } from "./dicts.ts";
import { intHead } from "./ints.ts";
import type { Layout } from "./layout.ts";
import { bytesText, complexText, floatText, int64Text, intText, stringText } from "./python_text.ts";
import { readString } from "./strings.ts";
import { typeName } from "./types.ts";
import { isPlausible } from "../memory.ts";
import type { MemoryReader } from "../memory.ts";
import type { Address } from "../types.ts";

/** Stands for what cannot be read. */
export const UNREADABLE = "<unreadable>";
/** Source: Objects/setobject.c, v2.7.18. */
const OLD_DELETED_KEY = "'<dummy key>'";
const MAX_DEPTH = 8;
const MAX_DIGITS = 512;
const MAX_ATTRIBUTES = 32;
const MAX_SET_SLOTS = 0x1_0000;
/** Objects that are the only ones of their type. */
const SINGLETONS: Readonly<Record<string, string>> = {
  NoneType: "None",
  ellipsis: "Ellipsis",
  NotImplementedType: "NotImplemented",
};
/** What the two of type bool are as ints. */
const BOOLS: Readonly<Record<string, string>> = { "0": "False", "1": "True" };
/** Scalars of numpy: how to read what follows the object's head. Source: numpy/arrayscalars.h, v2.0. */
const NUMPY: Readonly<Record<string, (view: DataView) => string>> = {
  float16: (view) => floatText(view.getFloat16(0, true)),
  float32: (view) => float32Text(view.getFloat32(0, true)),
  float64: (view) => floatText(view.getFloat64(0, true)),
  int8: (view) => `${view.getInt8(0)}`,
  int16: (view) => `${view.getInt16(0, true)}`,
  int32: (view) => `${view.getInt32(0, true)}`,
  int64: (view) => int64Text(view, true),
  longlong: (view) => int64Text(view, true),
  uint8: (view) => `${view.getUint8(0)}`,
  uint16: (view) => `${view.getUint16(0, true)}`,
  uint32: (view) => `${view.getUint32(0, true)}`,
  uint64: (view) => int64Text(view, false),
  ulonglong: (view) => int64Text(view, false),
  bool: (view) => view.getUint8(0) === 0 ? "False" : "True",
  bool_: (view) => view.getUint8(0) === 0 ? "False" : "True",
};

/** The shortest digits that give the same number of 32 bits. */
function float32Text(value: number): string {
  for (let precision = 1; precision < 10; precision++) {
    const shortened = Number(value.toPrecision(precision));
    if (Math.fround(shortened) === value) return floatText(shortened);
  }
  return floatText(value);
}

/** How much to write. */
export interface ReprOptions {
  /** Units: characters; what is longer ends with "…". */
  readonly maxLength: number;
  /** Write the attributes of the outermost object, where its type is not a built-in one. */
  readonly attributes: boolean;
}

/** Writes objects. */
export class ReprWriter {
  readonly #reader: MemoryReader;
  readonly #layout: Layout;
  readonly #options: ReprOptions;
  readonly #isOld: boolean;
  /** Objects that are being written, outermost first. */
  readonly #open: Address[] = [];
  #text = "";

  constructor(reader: MemoryReader, layout: Layout, options: ReprOptions) {
    this.#reader = reader;
    this.#layout = layout;
    this.#options = options;
    this.#isOld = layout.traits.names === "bytes";
  }

  /** The text of one object. */
  write(address: Address): string {
    this.#text = "";
    this.#open.length = 0;
    this.#object(address);
    const { maxLength } = this.#options;
    const characters = [...this.#text.slice(0, 2 * maxLength + 2)];
    return characters.length > maxLength ? `${characters.slice(0, maxLength).join("")}…` : this.#text;
  }

  get #isFull(): boolean {
    return this.#text.length > this.#options.maxLength * 2;
  }

  #object(address: Address): void {
    if (this.#isFull) return;
    const name = isPlausible(address) ? typeName(this.#reader, this.#layout, address, 64) : undefined;
    if (name === undefined) {
      this.#text += UNREADABLE;
      return;
    }
    if (this.#isContainer(name)) this.#nested(address, name);
    else this.#text += this.#scalar(address, name) ?? this.#other(address, name);
  }

  #isContainer(name: string): boolean {
    return name === "list" || name === "tuple" || name === "dict" || name === "set" || name === "frozenset";
  }

  #scalar(address: Address, name: string): string | undefined {
    const singleton = SINGLETONS[name];
    if (singleton !== undefined) return singleton;
    switch (name) {
      case "bool":
        return BOOLS[this.#int(address) ?? ""] ?? UNREADABLE;
      case "int":
        return this.#int(address);
      case "long": {
        const text = this.#int(address);
        return text === undefined ? undefined : `${text}L`;
      }
      case "float": {
        const value = this.#doubles(address, 1);
        return value === undefined ? UNREADABLE : floatText(value[0]!);
      }
      case "complex": {
        const value = this.#doubles(address, 2);
        return value === undefined ? UNREADABLE : complexText(value[0]!, value[1]!);
      }
      case "str":
      case "unicode":
        return this.#string(address, name);
      case "bytes":
        return this.#bytes(address, "b");
    }
    const scalar = name.startsWith("numpy.") ? NUMPY[name.slice(6)] : undefined;
    if (scalar === undefined) return undefined;
    const value = this.#reader.struct(address + this.#layout.float.value, 8);
    const bytes = value?.bytes;
    return bytes === undefined
      ? UNREADABLE
      : `np.${name.slice(6)}(${scalar(new DataView(bytes.buffer, bytes.byteOffset, 8))})`;
  }

  #string(address: Address, name: string): string {
    if (this.#isOld && name === "str") return this.#bytes(address, "");
    const text = readString(this.#reader, this.#layout, address, this.#options.maxLength);
    if (text === undefined) return UNREADABLE;
    return this.#isOld ? `u${stringText(text, true)}` : stringText(text);
  }

  #bytes(address: Address, prefix: string): string {
    const { size, data } = this.#layout.bytes;
    const length = this.#reader.i64(address + size) ?? -1;
    const count = Math.min(length, this.#options.maxLength);
    const bytes = count < 0 ? undefined : this.#reader.bytes(address + data, count);
    return bytes === undefined ? UNREADABLE : bytesText(bytes, prefix);
  }

  #doubles(address: Address, count: number): number[] | undefined {
    const bytes = this.#reader.struct(address + this.#layout.float.value, 8 * count)?.bytes;
    if (bytes === undefined) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, 8 * count);
    return Array.from({ length: count }, (_, i) => view.getFloat64(8 * i, true));
  }

  /** Undefined when it is too long to be written. */
  #int(address: Address): string | undefined {
    const { long, int } = this.#layout;
    if (int.value >= 0 && typeName(this.#reader, this.#layout, address, 64) !== "long") {
      const bytes = this.#reader.struct(address + int.value, 8)?.bytes;
      if (bytes === undefined) return UNREADABLE;
      return int64Text(new DataView(bytes.buffer, bytes.byteOffset, 8), true);
    }
    const struct = this.#reader.struct(address + long.size, 8);
    const head = struct === undefined ? undefined : intHead(this.#layout, struct, 0);
    if (head === undefined) return UNREADABLE;
    const { count, isNegative } = head;
    if (count > MAX_DIGITS) return undefined;
    const digits = count === 0 ? new Uint8Array() : this.#reader.bytes(address + long.digits, 4 * count);
    return digits === undefined ? UNREADABLE : intText(new Uint32Array(digits.slice().buffer), isNegative);
  }

  /** Containers, which may hold themselves. */
  #nested(address: Address, name: string): void {
    const [open, close] = name === "list" ? ["[", "]"] : name === "tuple" ? ["(", ")"] : ["{", "}"];
    if (this.#open.includes(address)) {
      this.#text += name === "set"
        ? "set(...)"
        : name === "frozenset"
        ? "frozenset(...)"
        : `${open}...${close}`;
      return;
    }
    if (this.#open.length >= MAX_DEPTH) {
      this.#text += `${open}…${close}`;
      return;
    }
    this.#open.push(address);
    if (name === "dict") this.#dict(address);
    else if (name === "list" || name === "tuple") this.#sequence(address, name);
    else this.#set(address, name);
    this.#open.pop();
  }

  #sequence(address: Address, name: "list" | "tuple"): void {
    const { size, items } = this.#layout[name];
    const count = this.#reader.i64(address + size) ?? -1;
    const start = name === "tuple" ? address + items : this.#reader.pointer(address + items);
    if (start === undefined || count < 0) {
      this.#text += UNREADABLE;
      return;
    }
    this.#text += name === "list" ? "[" : "(";
    for (let i = 0; i < count && !this.#isFull; i++) {
      if (i > 0) this.#text += ", ";
      this.#object(this.#reader.pointer(start + 8 * i) ?? 0);
    }
    if (name === "tuple" && count === 1) this.#text += ",";
    this.#text += name === "list" ? "]" : ")";
  }

  #dict(address: Address): void {
    this.#text += "{";
    let isFirst = true;
    const items = dictItems(this.#reader, this.#layout, address, this.#options.maxLength);
    for (const { key, value } of markedItems(items)) {
      if (this.#isFull) break;
      if (!isFirst) this.#text += ", ";
      isFirst = false;
      if (key === 0) {
        this.#text += UNREADABLE;
        break;
      }
      this.#object(key);
      this.#text += ": ";
      this.#object(value);
    }
    this.#text += "}";
  }

  #set(address: Address, name: string): void {
    const members = this.#members(address);
    if (members === undefined) {
      this.#text += UNREADABLE;
      return;
    }
    const [open, close] = this.#setBrackets(name, members.length === 0);
    this.#text += open;
    members.forEach((member, i) => {
      if (this.#isFull) return;
      if (i > 0) this.#text += ", ";
      this.#object(member);
    });
    this.#text += close;
  }

  #setBrackets(name: string, isEmpty: boolean): readonly [string, string] {
    if (this.#isOld) return [`${name}([`, "])"];
    if (isEmpty) return [`${name}(`, ")"];
    return name === "set" ? ["{", "}"] : [`${name}({`, "})"];
  }

  /**
   * Source: Include/cpython/setobject.h, v3.13.0: a key is deleted where its hash is -1. In 2.7 the hash comes before the key,
   * and a deleted key is a string that no other place knows.
   */
  #members(address: Address): Address[] | undefined {
    const { table, mask } = this.#layout.set;
    const slots = this.#reader.i64(address + mask) ?? -1;
    const start = this.#reader.pointer(address + table);
    if (start === undefined || slots < 0) return undefined;
    const count = Math.min(slots + 1, MAX_SET_SLOTS);
    const entries = this.#reader.struct(start, count * 16);
    if (entries === undefined) return undefined;
    const keyAt = this.#isOld ? 8 : 0;
    const members: Address[] = [];
    for (let at = 0; at < count * 16 && members.length <= this.#options.maxLength; at += 16) {
      const key = entries.pointer(at + keyAt);
      const isDeleted = entries.i64(at + 8 - keyAt) === -1;
      if (!isPlausible(key) || isDeleted) continue;
      if (this.#isOld && this.#string(key, "str") === OLD_DELETED_KEY) continue;
      members.push(key);
    }
    return members;
  }

  #function(address: Address): string {
    const pointer = this.#reader.pointer(address + this.#layout.function.qualname) ?? 0;
    const qualname = isPlausible(pointer) ? readString(this.#reader, this.#layout, pointer, 256) : undefined;
    return `<function ${qualname ?? UNREADABLE} at 0x${address.toString(16)}>`;
  }

  /** An object of any other type. */
  #other(address: Address, name: string): string {
    if (name === "function") return this.#function(address);
    const head = `<${name} at 0x${address.toString(16)}>`;
    const isDefinition = name === "type" || name === "module";
    if (!this.#options.attributes || this.#open.length > 0 || isDefinition) return head;
    this.#open.push(address);
    const before = this.#text;
    this.#text = "";
    let count = 0;
    for (const { key, value } of markedItems(attributeItems(this.#reader, this.#layout, address))) {
      if (this.#isFull || ++count > MAX_ATTRIBUTES) break;
      const attribute = readString(this.#reader, this.#layout, key, 64) ?? UNREADABLE;
      this.#text += `${this.#text === "" ? "" : ", "}${attribute}`;
      if (attribute === UNREADABLE) continue;
      this.#text += "=";
      this.#object(value);
    }
    const attributes = this.#text;
    this.#text = before;
    this.#open.pop();
    return attributes === "" ? head : `${head} (${attributes})`;
  }
}
