/** The interpreters of a runtime and their threads, as linked lists that change while they are read. */
import type { Layout } from "./layout.ts";
import { possibleThreadIds } from "./pthreads.ts";
import { isPlausible } from "../memory.ts";
import type { MemoryReader } from "../memory.ts";
import type { Address } from "../types.ts";

const MAX_INTERPRETERS = 10_000;
const MAX_THREADS = 100_000;

/** A thread state in the target. */
export interface ListedThread {
  readonly tstate: Address;
  readonly interpreter: Address;
  readonly interpreterId: number;
  /** `pthread_t`. */
  readonly threadId: Address;
  /** Kernel thread id as the target knows it; 0 where its version does not keep one (to 3.10). */
  readonly nativeThreadId: number;
}

/** An interpreter in the target. */
export interface ListedInterpreter {
  readonly address: Address;
  readonly id: number;
  /** The first thread of its list, which is the newest. */
  readonly firstThread: Address;
}

/** A reading of both lists. `complete` is false when a list could not be followed to its end. */
export interface Listing {
  readonly interpreters: readonly ListedInterpreter[];
  readonly threads: readonly ListedThread[];
  readonly complete: boolean;
}

/**
 * Reads the lists link by link. Shape: newest interpreter first, and of each the newest thread first, as in CPython.
 *
 * A thread that ends meanwhile may break a list: then what was read up to there is returned.
 */
export function listThreads(reader: MemoryReader, layout: Layout, runtime: Address): Listing {
  const seen = new Set<Address>();
  const { interpreters, complete: hasAll } = listInterpreters(reader, layout, runtime, seen);
  const threads: ListedThread[] = [];
  let complete = hasAll;
  for (const interpreter of interpreters) {
    let tstate = interpreter.firstThread;
    while (tstate !== 0) {
      const thread = seen.has(tstate) ? undefined : readThread(reader, layout, { tstate, interpreter });
      if (thread === undefined || threads.length === MAX_THREADS) {
        complete = false;
        break;
      }
      seen.add(tstate);
      threads.push(thread);
      tstate = thread.next;
    }
  }
  return { interpreters, threads, complete };
}

function listInterpreters(
  reader: MemoryReader,
  layout: Layout,
  runtime: Address,
  seen: Set<Address>,
): { interpreters: ListedInterpreter[]; complete: boolean } {
  const interpreters: ListedInterpreter[] = [];
  let complete = true;
  let address = reader.pointer(runtime + layout.runtime.interpretersHead) ?? 0;
  while (address !== 0) {
    const interpreter = readInterpreter(reader, layout, address);
    if (interpreter === undefined || seen.has(address) || interpreters.length === MAX_INTERPRETERS) {
      complete = false;
      break;
    }
    seen.add(address);
    interpreters.push(interpreter);
    address = interpreter.next;
  }
  if (layout.interpreter.id >= 0) return { interpreters, complete };
  // To 3.6 they have no numbers: counted from the oldest, which is the last.
  const numbered = interpreters.map((one, i) => ({ ...one, id: interpreters.length - 1 - i }));
  return { interpreters: numbered, complete };
}

/** Whether an interpreter's first thread points back to it. */
export function isInterpreter(reader: MemoryReader, address: Address, layout: Layout): boolean {
  const thread = reader.pointer(address + layout.interpreter.threadsHead);
  if (thread === undefined || thread % 8 !== 0 || !isPlausible(thread)) return false;
  return reader.pointer(thread + layout.thread.interp) === address;
}

function readInterpreter(
  reader: MemoryReader,
  layout: Layout,
  address: Address,
): (ListedInterpreter & { next: Address }) | undefined {
  if (!isPlausible(address) || address % 8 !== 0) return undefined;
  const next = reader.pointer(address + layout.interpreter.next);
  const id = layout.interpreter.id < 0 ? 0 : reader.pointer(address + layout.interpreter.id);
  const firstThread = reader.pointer(address + layout.interpreter.threadsHead);
  if (next === undefined || id === undefined || firstThread === undefined) return undefined;
  return { address, id, firstThread, next };
}

function readThread(
  reader: MemoryReader,
  layout: Layout,
  { tstate, interpreter }: { tstate: Address; interpreter: ListedInterpreter },
): (ListedThread & { next: Address }) | undefined {
  const { next, interp, threadId, nativeThreadId } = layout.thread;
  if (tstate % 8 !== 0) return undefined;
  const struct = reader.struct(tstate, Math.max(next, interp, threadId, nativeThreadId) + 8);
  if (struct === undefined || struct.pointer(interp) !== interpreter.address) return undefined;
  return {
    tstate,
    interpreter: interpreter.address,
    interpreterId: interpreter.id,
    threadId: struct.pointer(threadId),
    nativeThreadId: nativeThreadId < 0 ? 0 : struct.u32(nativeThreadId),
    next: struct.pointer(next),
  };
}

/**
 * What may be the kernel's id of a thread, likeliest first: as the interpreter knows it (from 3.11 on), and as the C library does.
 *
 * A server that has forked without telling its interpreter, as uWSGI does, leaves there the id of its parent.
 */
export function* nativeThreadIds(
  reader: MemoryReader,
  { nativeThreadId, threadId }: ListedThread,
): Iterable<number> {
  if (nativeThreadId !== 0) yield nativeThreadId;
  yield* possibleThreadIds(reader, threadId);
}
