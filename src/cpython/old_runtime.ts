/**
 * Finding the interpreter of versions to 3.6, which keep what later became `_PyRuntime` in variables of their own.
 *
 * `_PyThreadState_Current` is exported by every build. `interp_head` is local: where a build is stripped, the word is searched
 * that leads to the longest list of interpreters whose threads point back to them; of several, the one nearest to the
 * exported variable, which comes from the same file.
 */
import { chunks, findVersionText } from "./image_scan.ts";
import type { Layout, PythonVersion } from "./layout.ts";
import { hasRuntimeStruct, layoutFor } from "./layouts.ts";
import type { OldGil, Runtime } from "./runtime.ts";
import { isInterpreter } from "./thread_list.ts";
import { TRACE_REFS_SYMBOL, withTraceRefs } from "./trace_refs.ts";
import { isPlausible, Struct } from "../memory.ts";
import type { MemoryReader } from "../memory.ts";
import type { Address, Image } from "../types.ts";

const HOLDER = "_PyThreadState_Current";
const HEAD = "interp_head";
const COLLECTING = "collecting";
const LOCK_3_6 = "gil_cond";
const LOCK_2_7 = "interpreter_lock";
const MAX_CANDIDATES = 1_000_000;
const MAX_INTERPRETERS = 10_000;

/** Names whose addresses `locateOldRuntime` needs. */
export const OLD_SYMBOLS: readonly string[] = [HOLDER, HEAD, COLLECTING, LOCK_3_6, LOCK_2_7];

/**
 * @param version that of the image, if it is known already.
 * @param isStripped do not use local symbols.
 * @returns undefined when the image holds none of these versions, or its interpreter has not begun.
 * @throws ProfilerError `unsupported` for a version that cannot be read.
 */
export function locateOldRuntime(
  reader: MemoryReader,
  image: Image,
  { symbols, version: known, isStripped = false }: {
    symbols: ReadonlyMap<string, Address>;
    version?: PythonVersion;
    isStripped?: boolean;
  },
): Runtime | undefined {
  const holder = symbols.get(HOLDER);
  if (holder === undefined) return undefined;
  const version = known ?? findVersionText(reader, image);
  if (version === undefined || hasRuntimeStruct(version)) return undefined;
  const chosen = symbols.has(TRACE_REFS_SYMBOL) ? withTraceRefs(layoutFor(version)) : layoutFor(version);
  const named = isStripped ? undefined : symbols.get(HEAD);
  const address = named ?? searchHead(reader, image, chosen.layout, holder);
  if (address === undefined) return undefined;
  const oldGil = { holder, lock: lockOf(symbols) };
  const oldCollecting = isStripped ? undefined : symbols.get(COLLECTING);
  return { address, imagePath: image.path, oldGil, oldCollecting, ...chosen };
}

function lockOf(symbols: ReadonlyMap<string, Address>): OldGil["lock"] {
  const pointer = symbols.get(LOCK_2_7);
  if (pointer !== undefined) return { address: pointer, isPointer: true };
  const address = symbols.get(LOCK_3_6);
  return address === undefined ? undefined : { address, isPointer: false };
}

function searchHead(
  reader: MemoryReader,
  image: Image,
  layout: Layout,
  holder: Address,
): Address | undefined {
  let found: Address | undefined;
  let longest = 0;
  let tried = 0;
  const lengths = new Map<Address, number>();
  for (const { start, bytes } of chunks(reader, image.writable)) {
    const struct = new Struct(bytes);
    for (let at = 0; at + 8 <= bytes.length; at += 8) {
      const head = struct.pointer(at);
      if (head % 8 !== 0 || !isPlausible(head)) continue;
      let length = lengths.get(head);
      if (length === undefined) {
        if (++tried > MAX_CANDIDATES) return found;
        length = countInterpreters(reader, layout, head);
        lengths.set(head, length);
      }
      const isNearer = found !== undefined && Math.abs(start + at - holder) < Math.abs(found - holder);
      if (length < longest || length === 0 || length === longest && !isNearer) continue;
      longest = length;
      found = start + at;
    }
  }
  return found;
}

function countInterpreters(reader: MemoryReader, layout: Layout, head: Address): number {
  let count = 0;
  for (let address = head; address !== 0 && isInterpreter(reader, address, layout); count++) {
    if (count === MAX_INTERPRETERS) return 0;
    address = reader.pointer(address + layout.interpreter.next) ?? 0;
  }
  return count;
}
