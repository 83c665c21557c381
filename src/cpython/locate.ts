/**
 * Finding the interpreter: from mapped files to `_PyRuntime`, the version and the layout.
 *
 * In the order of certainty: the symbol, the section made for debuggers (3.10+), the cookie in that section's memory
 * (3.13+), and for older ones a search for a word that points to an interpreter which its own thread points back to.
 * Versions to 3.6 have no `_PyRuntime`: see old_runtime.ts.
 */
import { DEBUG_COOKIE } from "./debug_offsets.ts";
import { DEBUG_OFFSETS_SIZE, hasRuntimeStruct, layoutFor, layoutFromDebugOffsets } from "./layouts.ts";
import { parseVersionHex } from "./debug_offsets.ts";
import type { Layout } from "./layout.ts";
import { chunks, findVersionText } from "./image_scan.ts";
import { locateOldRuntime, OLD_SYMBOLS } from "./old_runtime.ts";
import type { Runtime } from "./runtime.ts";
import { isInterpreter } from "./thread_list.ts";
import { TRACE_REFS_SYMBOL, withTraceRefs } from "./trace_refs.ts";
import { isPlausible, Struct } from "../memory.ts";
import type { MemoryReader } from "../memory.ts";
import type { Address, Image } from "../types.ts";

const MAX_CANDIDATES = 100_000;
const MAX_INTERPRETERS = 1_000_000;
const PYTHON_NAME = /python|uwsgi/i;

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
  const toScan: { image: Image; symbols: ReadonlyMap<string, Address> }[] = [];
  for (const image of images) {
    const symbols = image.symbols(["_PyRuntime", "Py_Version"], [...OLD_SYMBOLS, TRACE_REFS_SYMBOL]);
    const named = strategies.includes("symbol") ? symbols.get("_PyRuntime") : undefined;
    const address = named ??
      (strategies.includes("section") ? image.section(".PyRuntime")?.start : undefined);
    if (address === undefined) {
      const old = strategies.includes("symbol") ? locateOldRuntime(reader, image, { symbols }) : undefined;
      if (old !== undefined) return old;
      toScan.push({ image, symbols });
      continue;
    }
    const runtime = describe(reader, image, {
      address,
      versionSymbol: symbols.get("Py_Version"),
      tracesRefs: symbols.has(TRACE_REFS_SYMBOL),
    });
    if (runtime !== undefined) return runtime;
  }
  if (!strategies.includes("scan")) return undefined;
  for (const { image, symbols } of toScan.filter((one, i) => i === 0 || PYTHON_NAME.test(one.image.path))) {
    const runtime = scanImage(reader, image, symbols);
    if (runtime !== undefined) return runtime;
  }
  return undefined;
}

function describe(
  reader: MemoryReader,
  image: Image,
  { address, versionSymbol, tracesRefs = false }: {
    address: Address;
    versionSymbol: Address | undefined;
    tracesRefs?: boolean;
  },
): Runtime | undefined {
  const table = reader.bytes(address, DEBUG_OFFSETS_SIZE);
  if (table !== undefined && hasCookie(table, 0)) {
    return { address, imagePath: image.path, ...layoutFromDebugOffsets(table) };
  }
  const word = versionSymbol === undefined ? undefined : reader.struct(versionSymbol, 4)?.u32(0);
  const version = word === undefined ? findVersionText(reader, image) : parseVersionHex(word);
  if (version === undefined) return undefined;
  const chosen = layoutFor(version);
  return { address, imagePath: image.path, ...tracesRefs ? withTraceRefs(chosen) : chosen };
}

function hasCookie(bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < DEBUG_COOKIE.length; i++) {
    if (bytes[at + i] !== DEBUG_COOKIE.charCodeAt(i)) return false;
  }
  return true;
}

function scanImage(
  reader: MemoryReader,
  image: Image,
  symbols: ReadonlyMap<string, Address>,
): Runtime | undefined {
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
  if (!hasRuntimeStruct(version)) {
    return locateOldRuntime(reader, image, { symbols, version, isStripped: true });
  }
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
