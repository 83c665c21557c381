/**
 * What CPython does not keep itself, and is read from the C library's own structs: glibc's and musl's, on x86_64.
 *
 * Both libraries have locks and condition variables of the same sizes there, so the layouts of CPython are the same.
 */
import { isPlausible } from "../memory.ts";
import type { MemoryReader } from "../memory.ts";
import type { Address } from "../types.ts";

/** `struct pthread.tid` of glibc. Source: glibc, nptl/descr.h. */
const GLIBC_TID = 720;
/** The same of musl from 1.2.2 on, and from 1.1.16 to 1.2.1. Source: musl, src/internal/pthread_impl.h. */
const MUSL_TIDS = [48, 56];
/** glibc has the address of the struct itself at 0 and 16, and a number at 24; musl has its list of threads at 16 and 24. */
const SECOND_SELF = 16;
const AFTER_SELF = 24;
/** musl's `_c_head`, and its `struct waiter`: `next` and `barrier`. Source: musl, src/thread/pthread_cond_timedwait.c. */
const CONDITION_HEAD = 8;
const WAITER_NEXT = 8;
const WAITER_BARRIER = 20;
const MAX_WAITERS = 1000;

/** Whether a thread is one of musl's. */
export function isMuslThread(reader: MemoryReader, thread: Address): boolean {
  const header = reader.struct(thread, AFTER_SELF + 8);
  if (header === undefined || header.pointer(0) !== thread) return false;
  return header.pointer(SECOND_SELF) !== thread || header.pointer(AFTER_SELF) === thread;
}

/**
 * The kernel's id of a thread, at each place where the C library may keep it.
 *
 * They are not trusted: the caller compares them with the kernel's own list of threads.
 */
export function possibleThreadIds(reader: MemoryReader, thread: Address): number[] {
  const offsets = isMuslThread(reader, thread) ? MUSL_TIDS : [GLIBC_TID];
  return offsets.map((offset) => reader.struct(thread + offset, 4)?.u32(0) ?? 0);
}

/** Addresses of the futexes on which the threads wait that wait for a condition variable of musl: they lie on their stacks. */
export function muslWaiters(reader: MemoryReader, condition: Address): Set<Address> {
  const futexes = new Set<Address>();
  let waiter = reader.pointer(condition + CONDITION_HEAD) ?? 0;
  while (waiter % 8 === 0 && isPlausible(waiter) && futexes.size < MAX_WAITERS) {
    if (futexes.has(waiter + WAITER_BARRIER)) break;
    futexes.add(waiter + WAITER_BARRIER);
    waiter = reader.pointer(waiter + WAITER_NEXT) ?? 0;
  }
  return futexes;
}
