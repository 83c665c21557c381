/**
 * Finding the interpreter: from mapped files to `_PyRuntime`, the version and the layout.
 *
 * In the order of certainty: the symbol, the section made for debuggers (3.10+), the cookie in that section's memory
 * (3.13+), and for older ones a search for a word that points to an interpreter which its own thread points back to.
 */
import { DEBUG_COOKIE } from "./debug_offsets.ts";
import { DEBUG_OFFSETS_SIZE, layoutFor, layoutFromDebugOffsets } from "./layouts.ts";
import type { ChosenLayout } from "./layouts.ts";
import { parseVersionHex } from "./debug_offsets.ts";
import type { Layout, PythonVersion } from "./layout.ts";
import { isPlausible, Struct } from "../memory.ts";
import type { MemoryReader } from "../memory.ts";
import type { Address, Image, MemoryRange } from "../types.ts";

const SCAN_CHUNK = 1 << 20;
const MAX_SCAN = 64 << 20;
const MAX_CANDIDATES = 100_000;
const MAX_INTERPRETERS = 1_000_000;
const PYTHON_NAME = /python|uwsgi/i;

/** A located interpreter runtime. */
export interface Runtime extends ChosenLayout {
  /** Address of `_PyRuntime`. */
  readonly address: Address;
  readonly imagePath: string;
}

/** Ways to find `_PyRuntime` in an image; tests use them one at a time. */
export type Strategy = "symbol" | "section" | "scan";

/**
 * Looks for a runtime in the images, likeliest first.
 *
 * @returns undefined when none of them holds one.
 * @throws ProfilerError `unsupported` for a version that cannot be read.
 */
export function locateRuntime(
  images: Iterable<Image>,
  reader: MemoryReader,
  strategies: readonly Strategy[] = ["symbol", "section", "scan"],
): Runtime | undefined {
  const toScan: Image[] = [];
  for (const image of images) {
    const symbols = image.symbols(["_PyRuntime", "Py_Version"]);
    const named = strategies.includes("symbol") ? symbols.get("_PyRuntime") : undefined;
    const address = named ??
      (strategies.includes("section") ? image.section(".PyRuntime")?.start : undefined);
    if (address === undefined) {
      toScan.push(image);
      continue;
    }
    const runtime = describe(reader, image, { address, versionSymbol: symbols.get("Py_Version") });
    if (runtime !== undefined) return runtime;
  }
  if (!strategies.includes("scan")) return undefined;
  for (const image of toScan.filter((one, i) => i === 0 || PYTHON_NAME.test(one.path))) {
    const runtime = scanImage(reader, image);
    if (runtime !== undefined) return runtime;
  }
  return undefined;
}

function describe(
  reader: MemoryReader,
  image: Image,
  { address, versionSymbol }: { address: Address; versionSymbol: Address | undefined },
): Runtime | undefined {
  const table = reader.bytes(address, DEBUG_OFFSETS_SIZE);
  if (table !== undefined && hasCookie(table, 0)) {
    return { address, imagePath: image.path, ...layoutFromDebugOffsets(table) };
  }
  const word = versionSymbol === undefined ? undefined : reader.struct(versionSymbol, 4)?.u32(0);
  const version = word === undefined ? findVersionText(reader, image) : parseVersionHex(word);
  return version === undefined ? undefined : { address, imagePath: image.path, ...layoutFor(version) };
}

function hasCookie(bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < DEBUG_COOKIE.length; i++) {
    if (bytes[at + i] !== DEBUG_COOKIE.charCodeAt(i)) return false;
  }
  return true;
}

/**
 * The version in the text that `Py_GetVersion` builds at start, "3.9.18 (main, Aug 24 2023, ...", or in the file's name.
 *
 * Source: Python/getversion.c.
 */
function findVersionText(reader: MemoryReader, image: Image): PythonVersion | undefined {
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

function scanImage(reader: MemoryReader, image: Image): Runtime | undefined {
  for (const { start, bytes } of chunks(reader, image.writable)) {
    for (let at = bytes.indexOf(0x78); at >= 0; at = bytes.indexOf(0x78, at + 1)) {
      if (at % 8 !== 0 || !hasCookie(bytes, at)) continue;
      const runtime = describe(reader, image, { address: start + at, versionSymbol: undefined });
      if (runtime !== undefined) return runtime;
    }
  }
  if (!PYTHON_NAME.test(image.path)) return undefined;
  const version = findVersionText(reader, image);
  if (version === undefined) return undefined;
  const chosen = layoutFor(version);
  const address = scanForInterpreters(reader, image, chosen.layout);
  return address === undefined ? undefined : { address, imagePath: image.path, ...chosen };
}

/**
 * Finds `_PyRuntime` by its `interpreters.head`, `.main` and `.next_id`, which follow each other.
 *
 * With one interpreter both are equal, which almost no other pair of words is.
 */
function scanForInterpreters(reader: MemoryReader, image: Image, layout: Layout): Address | undefined {
  let tried = 0;
  for (const { start, bytes } of chunks(reader, image.writable)) {
    const struct = new Struct(bytes);
    for (let at = 0; at + 24 <= bytes.length; at += 8) {
      const head = struct.pointer(at);
      if (head !== struct.pointer(at + 8) || head % 8 !== 0 || !isPlausible(head)) continue;
      // `.next_id` comes after them: lists of equal pointers are common, and one may look like an interpreter by chance.
      const nextId = struct.i64(at + 16);
      if (nextId < 1 || nextId > MAX_INTERPRETERS) continue;
      if (++tried > MAX_CANDIDATES) return undefined;
      if (isInterpreter(reader, head, layout)) return start + at - layout.runtime.interpretersHead;
    }
  }
  return undefined;
}

/** Whether an interpreter's first thread points back to it. */
export function isInterpreter(reader: MemoryReader, address: Address, layout: Layout): boolean {
  const thread = reader.pointer(address + layout.interpreter.threadsHead);
  if (thread === undefined || thread % 8 !== 0 || !isPlausible(thread)) return false;
  return reader.pointer(thread + layout.thread.interp) === address;
}

function* chunks(
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
