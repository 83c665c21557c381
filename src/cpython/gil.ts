/**
 * Who holds the GIL: two words, in the runtime (3.7 to 3.11) or behind the interpreter (3.12+); to 3.6 one word that stands
 * alone, and is 0 while nobody holds it. A build that may run without a GIL has a further word, which is 0 then.
 */
import { isMuslThread, muslWaiters } from "./pthreads.ts";
import type { Runtime } from "./runtime.ts";
import type { ListedInterpreter, ListedThread } from "./thread_list.ts";
import { pointerAt } from "../memory.ts";
import type { MemoryReader, RangeList } from "../memory.ts";
import type { Address } from "../types.ts";

/**
 * Two words, a counter, and two pairs of a condition variable and a mutex (48 and 40 bytes in glibc and musl).
 *
 * Source: Include/internal/pycore_gil.h at v3.13.0, `struct _gil_runtime_state` from `last_holder` on.
 */
const GIL_SIZE = 24 + 2 * (48 + 40);
/** From `last_holder` to the condition variable on which threads wait for the GIL. */
const GIL_CONDITION = 24;
/** A condition variable, or a semaphore (2.7). */
const CONDITION_SIZE = 48;

/** Reads `last_holder` and `locked` of each GIL together with the stacks. */
export class GilWords {
  readonly #reader: MemoryReader;
  readonly #runtime: Runtime;
  /** Address of `last_holder`, by interpreter. */
  readonly #addresses = new Map<Address, Address>();
  /** Offset of `last_holder` in what was read, by interpreter, and the interpreters. */
  readonly #offsets = new Map<Address, number>();
  #planned: readonly ListedInterpreter[] = [];
  /** From `last_holder` to `locked`, and to `enabled`; 0 where the GIL is always enabled. */
  readonly #lockedDistance: number;
  readonly #enabledDistance: number;
  /** Whether the target's C library is musl, once a thread was looked at. */
  #isMusl: boolean | undefined;
  /** Where threads wait for each GIL, as of this call; musl only. */
  readonly #waiters = new Map<Address, Set<Address>>();

  constructor(reader: MemoryReader, runtime: Runtime) {
    this.#reader = reader;
    this.#runtime = runtime;
    const { runtime: global, gil } = runtime.layout;
    this.#enabledDistance = gil.enabled < 0 ? 0 : gil.enabled - gil.lastHolder;
    this.#lockedDistance = runtime.oldGil !== undefined
      ? 0
      : global.gilLastHolder >= 0
      ? global.gilLocked - global.gilLastHolder
      : gil.locked - gil.lastHolder;
  }

  /** Appends the words of each interpreter's GIL to a call. */
  plan(ranges: RangeList, interpreters: readonly ListedInterpreter[]): void {
    // To clear a map makes a new one.
    if (this.#planned !== interpreters) this.#offsets.clear();
    this.#planned = interpreters;
    if (this.#waiters.size > 0) this.#waiters.clear();
    for (const { address } of interpreters) {
      const words = this.#addressFor(address);
      if (words === undefined) continue;
      const low = Math.min(0, this.#enabledDistance);
      const high = Math.max(this.#lockedDistance, this.#enabledDistance) + 8;
      this.#offsets.set(address, ranges.push(words + low, high - low) - low);
    }
  }

  /** Whether a thread held its interpreter's GIL. `words` is all that was read, as 4-byte words. */
  isHolder(thread: ListedThread, words: Uint32Array): boolean {
    const offset = this.#offsets.get(thread.interpreter);
    if (offset === undefined) return false;
    if (this.#runtime.oldGil !== undefined) return pointerAt(words, offset) === thread.tstate;
    if (this.#enabledDistance !== 0 && words[(offset + this.#enabledDistance) >> 2] === 0) return false;
    return pointerAt(words, offset) === thread.tstate && words[(offset + this.#lockedDistance) >> 2] === 1;
  }

  /** Whether surely nobody holds the GIL of any of the interpreters now. */
  areFree(interpreters: readonly ListedInterpreter[]): boolean {
    return interpreters.every(({ address }) => {
      const words = this.#addressFor(address);
      if (words === undefined) return false;
      if (this.#runtime.oldGil !== undefined) return this.#reader.pointer(words) === 0;
      return this.#reader.struct(words + this.#lockedDistance, 4)?.i32(0) === 0;
    });
  }

  /** Whether the address of a futex is the GIL's own: a thread that waits for it waits for the GIL. */
  isWaitedFor(thread: ListedThread, futex: Address): boolean {
    if (this.#runtime.oldGil !== undefined) return this.#isOldLock(futex);
    const words = this.#addressFor(thread.interpreter);
    if (words === undefined) return false;
    return futex > words && futex < words + GIL_SIZE || this.#isMuslWaiter(thread, { words, futex });
  }

  /** musl lets each thread that waits for a condition variable wait on a futex of its own. */
  #isMuslWaiter(
    thread: ListedThread,
    { words, futex }: { readonly words: Address; readonly futex: Address },
  ): boolean {
    if (futex === 0) return false;
    this.#isMusl ??= isMuslThread(this.#reader, thread.threadId);
    if (!this.#isMusl) return false;
    let waiters = this.#waiters.get(words);
    if (waiters === undefined) {
      waiters = muslWaiters(this.#reader, words + GIL_CONDITION);
      this.#waiters.set(words, waiters);
    }
    return waiters.has(futex);
  }

  #isOldLock(futex: Address): boolean {
    const lock = this.#runtime.oldGil?.lock;
    const place = lock?.isPointer ? this.#reader.pointer(lock.address) : lock?.address;
    return place !== undefined && futex >= place && futex < place + CONDITION_SIZE;
  }

  #addressFor(interpreter: Address): Address | undefined {
    const { runtime, interpreter: fields, gil } = this.#runtime.layout;
    if (this.#runtime.oldGil !== undefined) return this.#runtime.oldGil.holder;
    const known = this.#addresses.get(interpreter);
    if (known !== undefined) return known;
    if (runtime.gilLastHolder >= 0) {
      this.#addresses.set(interpreter, this.#runtime.address + runtime.gilLastHolder);
      return this.#runtime.address + runtime.gilLastHolder;
    }
    if (fields.cevalGil < 0) return undefined;
    const pointer = this.#reader.pointer(interpreter + fields.cevalGil);
    if (pointer === undefined || pointer === 0) return undefined;
    this.#addresses.set(interpreter, pointer + gil.lastHolder);
    return pointer + gil.lastHolder;
  }
}
