/**
 * From a position in the bytecode to a line of the source, for the formats CPython has had.
 *
 * Tables come from another process and may be torn or garbage. Each step of each loop consumes at least one
 * byte of the table, so no input takes longer than its own length, and none makes a decoder throw.
 */
import type { Traits } from "./layout.ts";

/**
 * Gives the line that the target itself would report as `frame.f_lineno`.
 *
 * Units: `instr` is a byte offset into the bytecode; below 0 means "not started", which gives `firstLine`.
 * @returns 0 where CPython says None: the instruction has no line, or lies outside of the table.
 */
export type LineDecoder = (table: Uint8Array, firstLine: number, instr: number) => number;

/** Chooses the decoder for a version, once. */
export function lineDecoder(format: Traits["lineTable"]): LineDecoder {
  switch (format) {
    case "lnotab_ascending":
      return lnotabAscending;
    case "lnotab":
      return lnotab;
    case "pep626":
      return pep626;
    case "locations":
      return locations;
  }
}

/**
 * Decodes `co_lnotab` of 3.6 to 3.9.
 *
 * Shape: pairs of address increment (u8) and line increment (i8; u8 in 2.7). The last line has no end.
 * Source: Objects/codeobject.c, `PyCode_Addr2Line`, v3.9.18.
 */
export const lnotab: LineDecoder = (table, firstLine, instr) =>
  decodeLnotab(table, firstLine, instr, toSigned);

/** Decodes `co_lnotab` of 2.7. Source: Objects/codeobject.c, `PyCode_Addr2Line`, v2.7.18. */
export const lnotabAscending: LineDecoder = (table, firstLine, instr) =>
  decodeLnotab(table, firstLine, instr, (byte) => byte);

function decodeLnotab(
  table: Uint8Array,
  firstLine: number,
  instr: number,
  increment: (byte: number) => number,
): number {
  let line = firstLine;
  let address = 0;
  for (let i = 0; i + 1 < table.length; i += 2) {
    address += table[i]!;
    if (address > instr) break;
    line += increment(table[i + 1]!);
  }
  return toLine(line);
}

/**
 * Decodes `co_linetable` of 3.10 (PEP 626).
 *
 * Shape: pairs of range length (u8, bytes) and line increment (i8), where -128 is a range without a line.
 * Source: Objects/codeobject.c, `advance`, v3.10.13; Objects/lnotab_notes.txt.
 */
export const pep626: LineDecoder = (table, firstLine, instr) => {
  if (instr < 0) return toLine(firstLine);
  let line = firstLine;
  let end = 0;
  for (let i = 0; i + 1 < table.length; i += 2) {
    const increment = toSigned(table[i + 1]!);
    if (increment !== -128) line += increment;
    end += table[i]!;
    if (end > instr) return increment === -128 ? 0 : toLine(line);
  }
  return 0;
};

const NO_COLUMNS = 13;
const LONG = 14;
const NO_LINE = 15;

/**
 * Decodes the location table of 3.11 and later.
 *
 * Shape: entries of a first byte with bit 7 set (bits 3-6 kind, bits 0-2 length less one, in 2-byte units)
 * and the bytes up to the next byte with bit 7 set.
 * Source: Objects/codeobject.c, `advance` and `get_line_delta`, v3.13.0; Objects/locations.md, v3.11.7.
 */
export const locations: LineDecoder = (table, firstLine, instr) => {
  if (instr < 0) return toLine(firstLine);
  let line = firstLine;
  let end = 0;
  let at = 0;
  while (at < table.length) {
    const first = table[at++]!;
    const kind = (first >> 3) & 15;
    if (kind === NO_COLUMNS || kind === LONG) {
      line += signedVarint(table, at);
    } else if (kind === 11 || kind === 12) {
      line += kind - 10;
    }
    end += ((first & 7) + 1) * 2;
    if (end > instr) return kind === NO_LINE ? 0 : toLine(line);
    while (at < table.length && table[at]! < 128) at++;
  }
  return 0;
};

/** Six bits a byte, lowest first, bit 6 for "more follows"; then bit 0 is the sign. */
function signedVarint(table: Uint8Array, start: number): number {
  let value = 0;
  // A C int takes six groups; what a longer one means is undefined there too.
  for (let i = 0; i < 6 && start + i < table.length; i++) {
    const byte = table[start + i]!;
    value |= (byte & 63) << (6 * i);
    if ((byte & 64) === 0) break;
  }
  const magnitude = value >>> 1;
  return (value & 1) === 1 ? -magnitude : magnitude;
}

function toSigned(byte: number): number {
  return byte < 128 ? byte : byte - 256;
}

/** Only garbage gives a line that is not positive or not a C int; "unknown" is what that means. */
function toLine(line: number): number {
  return line > 0 && line <= 0x7fff_ffff ? line : 0;
}
