/** Reading Python ints: their head, and the value of those that are not negative and fit a number, such as identifiers. */
import type { MemoryReader, Struct } from "../memory.ts";
import type { Address, Offset } from "../types.ts";
import type { Layout } from "./layout.ts";
import { typeName } from "./types.ts";

const DIGIT_BITS = 30;
const DIGIT_LIMIT = 2 ** DIGIT_BITS;
const POSITIVE = 0;
const ZERO = 1;
const NEGATIVE = 2;

/** What the head of an int says. Shape: `count` digits of 30 bits. */
export interface IntHead {
  readonly isNegative: boolean;
  readonly count: number;
}

/**
 * Decodes sign and number of digits, which are at `offset` of `struct`.
 *
 * Source: Include/longintrepr.h, v3.8.18 (`ob_size`); Include/cpython/longintrepr.h and Include/internal/pycore_long.h,
 * v3.13.0 (`lv_tag`: bits 0-1 sign, from bit 3 the number of digits).
 * @returns undefined for a sign that there is not.
 */
export function intHead({ traits }: Layout, struct: Struct, offset: Offset): IntHead | undefined {
  if (traits.longSize === "ob_size") {
    const size = struct.i64(offset);
    return { isNegative: size < 0, count: Math.abs(size) };
  }
  const tag = struct.pointer(offset);
  const sign = tag % 4;
  if (sign === ZERO) return { isNegative: false, count: 0 };
  if (sign !== POSITIVE && sign !== NEGATIVE) return undefined;
  return { isNegative: sign === NEGATIVE, count: Math.floor(tag / 8) };
}

/**
 * Reads an int from 0 to 2^53 - 1.
 *
 * Source: Include/intobject.h, v2.7.18 (`int` beside `long`); else see `intHead`.
 * @returns undefined when unreadable, negative, larger, or not an int of 30-bit digits.
 */
export function readInt(reader: MemoryReader, layout: Layout, address: Address): number | undefined {
  const type = layout.int.value < 0 ? "long" : typeName(reader, layout, address);
  if (type === "int") {
    const value = reader.i64(address + layout.int.value) ?? -1;
    return value >= 0 && Number.isSafeInteger(value) ? value : undefined;
  }
  if (type !== "long") return undefined;
  const { size, digits } = layout.long;
  // An int of one digit may end with its page, so a second digit is asked for but not required.
  const int = reader.struct(address, digits + 8) ?? reader.struct(address, digits + 4);
  if (int === undefined) return undefined;
  const head = intHead(layout, int, size);
  if (head === undefined || head.isNegative) return undefined;
  const { count } = head;
  if (count === 0) return 0;
  if (count !== 1 && count !== 2) return undefined;
  if (digits + 4 * count > int.bytes.length) return undefined;
  const low = int.u32(digits);
  const high = count === 2 ? int.u32(digits + 4) : 0;
  if (low >= DIGIT_LIMIT || high >= DIGIT_LIMIT) return undefined;
  const value = low + high * DIGIT_LIMIT;
  return Number.isSafeInteger(value) ? value : undefined;
}
