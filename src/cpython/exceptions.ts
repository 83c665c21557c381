/**
 * The exceptions of a thread: the one that it is handling, as its own `sys.exc_info()` has it, and one that is on its way.
 *
 * Messages are what `str` gives where it is that of a built-in class. None of the target's code runs: for a class with a
 * `__str__` of its own, as for `UnicodeError` and `SyntaxError`, all arguments are shown, as a tuple.
 */
import type { Layout } from "./layout.ts";
import { ReprWriter, UNREADABLE } from "./repr.ts";
import { readString } from "./strings.ts";
import { nameOfType, typeName } from "./types.ts";
import { isPlausible } from "../memory.ts";
import type { MemoryReader } from "../memory.ts";
import type { Address, ExceptionText } from "../types.ts";

/** Generators inside of each other that are looked at. */
const MAX_ITEMS = 10_000;
const MAX_CLASSES = 64;
/** Exceptions that are arguments of each other. */
const MAX_DEPTH = 4;
/** Tried in turn: a name may end where memory ends. Units: bytes. */
const NAME_SIZES = [512, 64, 16];
/** Source: Include/object.h, v3.13.0. */
const HEAP_TYPE = 1 << 9;
/** Built-in classes whose `str` is known; that of `BaseException` is that of most. `EnvironmentError` is that of 2.7. */
const WRITERS = [
  "KeyError",
  "OSError",
  "EnvironmentError",
  "BaseExceptionGroup",
  "ImportError",
  "BaseException",
];
/** A `str` that is not known, and one of which not even that can be read. */
const OWN = "own";
const UNKNOWN = "unknown";

/** How an exception is written. */
interface ExceptionClass {
  readonly name: string;
  /** One of `WRITERS`, `OWN`, or `UNKNOWN`. */
  readonly writer: string;
}

/** Reads the exceptions of threads that stand still. */
export class ExceptionReader {
  readonly #reader: MemoryReader;
  readonly #layout: Layout;
  readonly #maxLength: number;
  readonly #writer: ReprWriter;

  /** Units: `maxLength` in characters; longer messages end with "…". */
  constructor(reader: MemoryReader, layout: Layout, maxLength: number) {
    this.#reader = reader;
    this.#layout = layout;
    this.#maxLength = maxLength;
    this.#writer = new ReprWriter(reader, layout, { maxLength, attributes: false });
  }

  /** The exception that a thread is handling; undefined when there is none. */
  handled(tstate: Address): ExceptionText | undefined {
    const value = this.#handledValue(tstate);
    return value === 0 ? undefined : this.#describe(value);
  }

  /** The exception that has been raised and has not come to a handler yet; undefined when there is none. */
  raised(tstate: Address): ExceptionText | undefined {
    const { raised, raisedType } = this.#layout.thread;
    const value = this.#reader.pointer(tstate + raised);
    if (raisedType < 0) return value === 0 ? undefined : this.#describe(value);
    const type = this.#reader.pointer(tstate + raisedType);
    if (type === 0) return undefined;
    if (type === undefined || value === undefined) return this.#describe(undefined);
    const instance = this.#classOf(value);
    if (instance !== undefined) return this.#describe(value);
    // It is made only where it is needed: so far there are its class and its arguments.
    const made = this.#classFrom(type);
    if (made === undefined) return this.#describe(undefined);
    const kind = value === 0 ? "NoneType" : typeName(this.#reader, this.#layout, value);
    const message = kind === "NoneType"
      ? ""
      : kind === "tuple"
      ? this.#ofArguments(value, made.writer, 0)
      : this.#ofArgument(value, made.writer, 0);
    return { type: made.name, message: this.#cut(message) };
  }

  /** 0 for none, undefined when unreadable. Source: Python/errors.c, `_PyErr_GetTopmostException`, v3.8.18. */
  #handledValue(tstate: Address): Address | undefined {
    const { thread, excItem } = this.#layout;
    if (thread.excInfo < 0) return this.#unlessNone(this.#reader.pointer(tstate + thread.excValue));
    let item = this.#reader.pointer(tstate + thread.excInfo);
    for (let count = 0; count < MAX_ITEMS && item !== undefined; count++) {
      if (item === 0) return 0;
      const struct = this.#reader.struct(item, Math.max(excItem.value, excItem.previous) + 8);
      const value = this.#unlessNone(struct?.pointer(excItem.value));
      if (value !== 0) return value;
      item = struct?.pointer(excItem.previous);
    }
    return undefined;
  }

  #unlessNone(value: Address | undefined): Address | undefined {
    return value && typeName(this.#reader, this.#layout, value) === "NoneType" ? 0 : value;
  }

  #describe(exception: Address | undefined): ExceptionText {
    const known = exception === undefined ? undefined : this.#classOf(exception);
    if (exception === undefined || known === undefined) return { type: UNREADABLE, message: "" };
    return { type: known.name, message: this.#cut(this.#message(exception, known.writer, 0)) };
  }

  /** Undefined for what is no exception. */
  #classOf(object: Address): ExceptionClass | undefined {
    if (!isPlausible(object)) return undefined;
    const type = this.#reader.pointer(object + this.#layout.object.type);
    return type === undefined ? undefined : this.#classFrom(type);
  }

  #classFrom(type: Address): ExceptionClass | undefined {
    const { mro, str } = this.#layout.type;
    const { size, items } = this.#layout.tuple;
    const name = this.#nameOf(type);
    const tuple = this.#reader.pointer(type + mro);
    const write = this.#reader.pointer(type + str);
    if (name === undefined || tuple === undefined || write === undefined) return undefined;
    const count = Math.min(this.#reader.i64(tuple + size) ?? 0, MAX_CLASSES);
    for (let i = 0; i < count; i++) {
      const base = this.#reader.pointer(tuple + items + 8 * i) ?? 0;
      const writer = this.#nameOf(base);
      const baseWrite = this.#reader.pointer(base + str);
      const flags = this.#reader.i64(base + this.#layout.type.flags);
      if (writer === undefined || baseWrite === undefined || flags === undefined) {
        return { name, writer: UNKNOWN };
      }
      // Not a class of the target's own by the same name.
      const isBuiltIn = Math.floor(flags / HEAP_TYPE) % 2 === 0;
      if (!isBuiltIn || !WRITERS.includes(writer)) continue;
      if (baseWrite === write) return { name, writer };
      if (writer === "BaseException") return { name, writer: OWN };
    }
    return undefined;
  }

  /** `__name__`: without a module. */
  #nameOf(type: Address): string | undefined {
    for (const size of NAME_SIZES) {
      const name = nameOfType(this.#reader, this.#layout, type, size);
      if (name !== undefined) return name.slice(name.lastIndexOf(".") + 1);
    }
    return undefined;
  }

  #message(exception: Address, writer: string, depth: number): string {
    if (writer === UNKNOWN) return UNREADABLE;
    const isOsError = writer === "OSError" || writer === "EnvironmentError";
    const text = isOsError ? this.#ofOsError(exception, depth) : undefined;
    if (text !== undefined) return text;
    const args = this.#reader.pointer(exception + this.#layout.exception.args);
    return args === undefined ? UNREADABLE : this.#ofArguments(args, writer, depth);
  }

  /** Source: Objects/exceptions.c, `BaseException_str`, `KeyError_str` and `BaseExceptionGroup_str`, v3.13.0. */
  #ofArguments(args: Address, writer: string, depth: number): string {
    const count = this.#lengthOf(args, "tuple");
    if (count === undefined) return UNREADABLE;
    if (writer === OWN) return this.#writer.write(args);
    if (count === 0) return "";
    const [first, second] = [0, 1].map((i) =>
      this.#reader.pointer(args + this.#layout.tuple.items + 8 * i) ?? 0
    );
    if (count === 1) return this.#ofArgument(first!, writer, depth);
    if (writer !== "BaseExceptionGroup") return this.#writer.write(args);
    const members = this.#lengthOf(second!, "list") ?? this.#lengthOf(second!, "tuple");
    const counted = `${members ?? UNREADABLE} sub-exception${members === 1 ? "" : "s"}`;
    return `${this.#plain(first!, depth)} (${counted})`;
  }

  #ofArgument(argument: Address, writer: string, depth: number): string {
    return writer === "KeyError" ? this.#writer.write(argument) : this.#plain(argument, depth);
  }

  /** Length of a list or tuple; undefined for anything else. */
  #lengthOf(object: Address, type: "list" | "tuple"): number | undefined {
    if (!isPlausible(object) || typeName(this.#reader, this.#layout, object) !== type) return undefined;
    const length = this.#reader.i64(object + this.#layout[type].size) ?? -1;
    return length < 0 ? undefined : length;
  }

  /** `str` of an object. */
  #plain(object: Address, depth: number): string {
    const name = isPlausible(object) ? typeName(this.#reader, this.#layout, object) : undefined;
    if (name === "str" || name === "unicode") {
      return readString(this.#reader, this.#layout, object, this.#maxLength) ?? UNREADABLE;
    }
    const exception = this.#classOf(object);
    if (exception === undefined) return this.#writer.write(object);
    return depth === MAX_DEPTH ? "…" : this.#message(object, exception.writer, depth + 1);
  }

  /** Undefined where it is written as any other. Source: Objects/exceptions.c, `OSError_str`, v3.13.0. */
  #ofOsError(exception: Address, depth: number): string | undefined {
    const { errno, strerror, filename, filename2 } = this.#layout.osError;
    const struct = this.#reader.struct(exception, Math.max(filename, filename2) + 8);
    if (struct === undefined) return UNREADABLE;
    const [number, text, file] = [errno, strerror, filename].map((offset) => struct.pointer(offset));
    if (file === 0 && (number === 0 || text === 0)) return undefined;
    const orNone = (object: Address) => object === 0 ? "None" : this.#plain(object, depth);
    const head = `[Errno ${orNone(number!)}] ${orNone(text!)}`;
    if (file === 0) return head;
    const other = filename2 < 0 ? 0 : struct.pointer(filename2);
    return `${head}: ${this.#writer.write(file!)}${other === 0 ? "" : ` -> ${this.#writer.write(other)}`}`;
  }

  #cut(text: string): string {
    const characters = [...text.slice(0, 2 * this.#maxLength + 2)];
    return characters.length > this.#maxLength ? `${characters.slice(0, this.#maxLength).join("")}…` : text;
  }
}
