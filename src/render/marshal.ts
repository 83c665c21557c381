/** Values as Python's `marshal` writes them, in those types that each version reads. Source: CPython Python/marshal.c. */

/** A value: whole numbers are ints. Shape: an array is a tuple; `float` a float; `dict` its keys and values. */
export type MarshalValue =
  | number
  | string
  | readonly MarshalValue[]
  | { readonly float: number }
  | { readonly dict: readonly (readonly [MarshalValue, MarshalValue])[] };

const INT_LIMIT = 0x8000_0000;
const LONG_DIGIT = 0x8000;

/** Writes a value. */
export function marshal(value: MarshalValue): Uint8Array {
  const writer = new Writer();
  writer.value(value);
  return writer.bytes();
}

class Writer {
  #buffer = new Uint8Array(4096);
  #view = new DataView(this.#buffer.buffer);
  #at = 0;
  readonly #encoder = new TextEncoder();

  bytes(): Uint8Array {
    return this.#buffer.slice(0, this.#at);
  }

  value(value: MarshalValue): void {
    if (typeof value === "number") this.#int(value);
    else if (typeof value === "string") this.#text(value);
    else if ("float" in value) this.#float(value.float);
    else if ("dict" in value) {
      this.#code("{");
      for (const [key, one] of value.dict) {
        this.value(key);
        this.value(one);
      }
      this.#code("0");
    } else {
      this.#code("(");
      this.#int32(value.length);
      for (const one of value) this.value(one);
    }
  }

  #int(value: number): void {
    if (value < INT_LIMIT) {
      this.#code("i");
      return this.#int32(value);
    }
    const digits: number[] = [];
    for (let rest = value; rest > 0; rest = Math.floor(rest / LONG_DIGIT)) digits.push(rest % LONG_DIGIT);
    this.#code("l");
    this.#int32(digits.length);
    for (const digit of digits) {
      this.#reserve(2);
      this.#view.setUint16(this.#at, digit, true);
      this.#at += 2;
    }
  }

  #float(value: number): void {
    this.#code("g");
    this.#reserve(8);
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  #text(value: string): void {
    const bytes = this.#encoder.encode(value);
    this.#code("u");
    this.#int32(bytes.length);
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #code(code: string): void {
    this.#reserve(1);
    this.#buffer[this.#at++] = code.charCodeAt(0);
  }

  #int32(value: number): void {
    this.#reserve(4);
    this.#view.setInt32(this.#at, value, true);
    this.#at += 4;
  }

  #reserve(size: number): void {
    if (this.#at + size <= this.#buffer.length) return;
    const buffer = new Uint8Array(Math.max(this.#buffer.length * 2, this.#at + size));
    buffer.set(this.#buffer);
    this.#buffer = buffer;
    this.#view = new DataView(buffer.buffer);
  }
}
