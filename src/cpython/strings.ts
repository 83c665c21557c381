/** Reading `str` and `bytes` objects of the target. */
import { isPlausible, type MemoryReader, type Struct } from "../memory.ts";
import type { Address } from "../types.ts";
import type { Layout } from "./layout.ts";
import { typeName } from "./types.ts";

/** How much of a string is read unless told otherwise. Units: characters. */
export const MAX_STRING_LENGTH = 0x1_0000;

/** The largest bytes object that is read unless told otherwise. Units: bytes. */
export const MAX_BYTES_LENGTH = 0x100_0000;

/** Read along with the header, so that most names and paths take one read. Units: bytes. */
const READ_AHEAD = 128;

/** Where the characters of a string are. Units: `width` bytes a character, `length` characters. */
interface Characters {
  readonly width: number;
  readonly length: number;
  /** Offset from the object, or -1 when `PyUnicodeObject.data` points to them. */
  readonly offset: number;
}

/**
 * Reads a `str` of any kind: ASCII, Latin-1, UCS-2, UCS-4; compact, or with its characters elsewhere.
 *
 * Shape: lone surrogates are kept; what is no code point becomes U+FFFD; what exceeds `maxLength` characters
 * is replaced by "…".
 * Source: Include/cpython/unicodeobject.h, `PyASCIIObject`, v3.8.18 and v3.13.0.
 * @returns undefined when unreadable, or when what is there cannot be a string.
 */
export function readString(
  reader: MemoryReader,
  layout: Layout,
  address: Address,
  maxLength: number = MAX_STRING_LENGTH,
): string | undefined {
  if (layout.traits.names === "bytes") return readOldString(reader, layout, address, maxLength);
  const { asciiData, data } = layout.unicode;
  // The read ahead may touch a page that does not exist; the smallest string certainly ends where it does.
  const object = reader.struct(address, data + READ_AHEAD) ?? reader.struct(address, asciiData);
  if (object === undefined) return undefined;
  const characters = locateCharacters(layout, object);
  if (characters === undefined) return undefined;
  const { width, length, offset } = characters;
  const count = Math.min(length, Math.max(0, Math.floor(maxLength)));
  const size = count * width;
  let bytes: Uint8Array | undefined;
  if (offset < 0) {
    const target = reader.pointer(address + data);
    bytes = target === undefined ? undefined : reader.bytes(target, size);
  } else if (offset + size <= object.bytes.length) {
    bytes = object.bytes.subarray(offset, offset + size);
  } else {
    bytes = reader.bytes(address + offset, size);
  }
  if (bytes === undefined) return undefined;
  const text = decode(bytes, width);
  return count < length ? `${text}…` : text;
}

/**
 * Reads a `str`, which is made of bytes in 2.7, as UTF-8; or a `unicode` of 4 bytes a character, or of 2.
 *
 * Source: Include/stringobject.h and Include/unicodeobject.h, v2.7.18.
 */
function readOldString(
  reader: MemoryReader,
  layout: Layout,
  address: Address,
  maxLength: number,
): string | undefined {
  const name = typeName(reader, layout, address);
  if (name !== "str" && name !== "unicode") return undefined;
  const { size, data } = layout.bytes;
  const length = reader.i64(address + (name === "str" ? size : layout.unicode.length)) ?? -1;
  const count = Math.min(length, Math.max(0, Math.floor(maxLength)));
  if (count < 0) return undefined;
  const text = name === "str"
    ? decodeUtf8(reader.bytes(address + data, count))
    : readOldUnicode(reader, reader.pointer(address + layout.unicode.data), count);
  return text !== undefined && count < length ? `${text}…` : text;
}

function decodeUtf8(bytes: Uint8Array<ArrayBuffer> | undefined): string | undefined {
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

function readOldUnicode(reader: MemoryReader, at: Address | undefined, count: number): string | undefined {
  if (at === undefined) return undefined;
  // Builds differ in the width, and nothing says which one it is: two characters in one word are no code point.
  const wide = reader.bytes(at, count * 4);
  const isWide = wide !== undefined &&
    new Uint32Array(wide.slice().buffer).every((point) => point <= 0x10_ffff);
  const bytes = isWide ? wide : reader.bytes(at, count * 2);
  return bytes === undefined ? undefined : decode(bytes, isWide ? 4 : 2);
}

function locateCharacters(layout: Layout, object: Struct): Characters | undefined {
  const { asciiData, compactData } = layout.unicode;
  const length = object.i64(layout.unicode.length);
  const flags = object.u32(layout.unicode.state);
  const kind = flags >>> layout.traits.unicodeKindBit;
  const width = kind & 7;
  const isCompact = (kind & 8) !== 0;
  const isAscii = (kind & 0x10) !== 0;
  if (width !== 1 && width !== 2 && width !== 4) return undefined;
  if (isAscii && width !== 1) return undefined;
  if (!(length >= 0 && isPlausible(4096 + length * width))) return undefined;
  const offset = isCompact ? (isAscii ? asciiData : compactData) : -1;
  return { width, length, offset };
}

/** Without TextDecoder: its "latin1" is windows-1252, and its "utf-16le" replaces lone surrogates. */
function decode(bytes: Uint8Array, width: number): string {
  let units: Uint8Array | Uint16Array | Uint32Array = bytes;
  if (width > 1) {
    const aligned = bytes.slice().buffer;
    units = width === 2 ? new Uint16Array(aligned) : new Uint32Array(aligned);
  }
  let text = "";
  // The arguments of a call are on the stack, so a long string is converted in pieces.
  for (let start = 0; start < units.length; start += 4096) {
    const piece = units.subarray(start, start + 4096);
    if (width === 4) {
      text += String.fromCodePoint(...Array.from(piece, (point) => point > 0x10_ffff ? 0xfffd : point));
    } else {
      text += String.fromCharCode(...piece);
    }
  }
  return text;
}

/**
 * Reads a `bytes` object, such as a line table.
 *
 * Source: Include/cpython/bytesobject.h, `PyBytesObject`, v3.13.0.
 * @returns undefined when unreadable, or longer than `maxLength`: half a table would give wrong answers.
 */
export function readBytes(
  reader: MemoryReader,
  layout: Layout,
  address: Address,
  maxLength: number = MAX_BYTES_LENGTH,
): Uint8Array<ArrayBuffer> | undefined {
  const { size, data } = layout.bytes;
  const object = reader.struct(address, data + READ_AHEAD) ?? reader.struct(address, data);
  if (object === undefined) return undefined;
  const length = object.i64(size);
  if (!(length >= 0 && length <= maxLength)) return undefined;
  if (data + length <= object.bytes.length) return object.bytes.slice(data, data + length);
  return reader.bytes(address + data, length);
}
