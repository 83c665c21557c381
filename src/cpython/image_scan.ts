/** Searching the writable memory of a mapped file. */
import type { PythonVersion } from "./layout.ts";
import type { MemoryReader } from "../memory.ts";
import type { Address, Image, MemoryRange } from "../types.ts";

const SCAN_CHUNK = 1 << 20;
const MAX_SCAN = 64 << 20;

/**
 * The version in the text that `Py_GetVersion` builds at start, "3.9.18 (main, Aug 24 2023, ...", or in the file's name.
 *
 * Source: Python/getversion.c.
 */
export function findVersionText(reader: MemoryReader, image: Image): PythonVersion | undefined {
  const decoder = new TextDecoder("latin1");
  for (const { bytes } of chunks(reader, image.writable)) {
    // The text stands alone between NULs: a number inside of other text is no version.
    const match = /(?:^|\0)([23])\.(\d{1,2})\.(\d{1,3})((?:a|b|rc)\d+)?\+? \(/.exec(decoder.decode(bytes));
    if (match !== null) {
      return {
        major: Number(match[1]),
        minor: Number(match[2]),
        micro: Number(match[3]),
        release: match[4] ?? "",
      };
    }
  }
  const name = /python([23])\.(\d{1,2})[^/]*$/.exec(image.path);
  return name === null
    ? undefined
    : { major: Number(name[1]), minor: Number(name[2]), micro: 0, release: "" };
}

/** Reads ranges piece by piece, in pieces that overlap. Shape: each begins at a multiple of 8. */
export function* chunks(
  reader: MemoryReader,
  ranges: readonly MemoryRange[],
): Iterable<{ start: Address; bytes: Uint8Array<ArrayBuffer> }> {
  for (const { start, size } of ranges) {
    const from = Math.ceil(start / 8) * 8;
    const end = start + Math.min(size, MAX_SCAN);
    for (let at = from; at < end; at += SCAN_CHUNK) {
      // Chunks overlap, so that what lies across their border is seen too.
      const bytes = reader.bytes(at, Math.min(SCAN_CHUNK + 256, end - at));
      if (bytes !== undefined) yield { start: at, bytes };
    }
  }
}
