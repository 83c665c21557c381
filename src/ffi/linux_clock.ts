/** The time and sleeping with the kernel's precision; timers of the event loop have a granularity of a millisecond or more. */
import { libc } from "./linux_libc.ts";

const timespec = new Uint32Array(4);
const timespecBytes = new Uint8Array(timespec.buffer);
export const CLOCK_MONOTONIC = 1;

const SCHED_SETATTR = { x86_64: 314, aarch64: 274 };
const PRCTL = { x86_64: 157, aarch64: 167 };
const SETPRIORITY = { x86_64: 141, aarch64: 140 };
const PRIO_PROCESS = 0;
const PR_SET_TIMERSLACK = 29;
const SCHED_FLAG_RESET_ON_FORK = 1;
/** `SCHED_ATTR_SIZE_VER0`. */
const ATTRIBUTES_SIZE = 48;
const SCHED_NORMAL = 0;
const SCHED_FIFO = 1;
/** The shortest that the kernel grants. Units: ns. */
const SLICE = 100_000;
const NICE = -10;
/** A thread of this niceness gets a tenth of what others get that want the same processor. */
const HELPERS_NICE = 10;
/** More samples a second than these could keep a processor from all others. */
const MAX_REALTIME_RATE = 10_000;

/**
 * Asks the scheduler to let this thread run as soon as it wakes up: samples that come late, when the machine is busy, come
 * more often while the target does some things than others.
 *
 * As root it gets the lowest real-time priority while it sleeps most of the time, else a higher priority. A short slice is
 * granted to everyone since Linux 6.12. Programs that we start do not inherit any of it. Without it samples may just be
 * late more often; that is counted.
 *
 * Source: sched_setattr(2), prctl(2): by default timers may be 50 microseconds late.
 */
export function requestPromptWakeups(rateHz: number): void {
  libc().syscall_ids(PRCTL[Deno.build.arch], PR_SET_TIMERSLACK, 1, 0);
  if (rateHz <= MAX_REALTIME_RATE) {
    lowerHelperPriority();
    if (setScheduling({ policy: SCHED_FIFO, nice: 0, priority: 1, slice: 0 })) return;
  }
  for (const nice of [NICE, 0]) {
    if (setScheduling({ policy: SCHED_NORMAL, nice, priority: 0, slice: SLICE })) return;
  }
}

/**
 * Lets others go first on processors that our other threads want, too: these compile our code, and may have no other
 * processor than the target's. This cannot be undone by everyone, so it stays.
 *
 * Source: setpriority(2): on Linux, of a thread.
 */
function lowerHelperPriority(): void {
  for (const { name } of Deno.readDirSync("/proc/self/task")) {
    const isMain = Number(name) === Deno.pid;
    if (!isMain) libc().syscall_ids(SETPRIORITY[Deno.build.arch], PRIO_PROCESS, Number(name), HELPERS_NICE);
  }
}

/** Ends what `requestPromptWakeups` began. */
export function endPromptWakeups(): void {
  setScheduling({ policy: SCHED_NORMAL, nice: 0, priority: 0, slice: 0 });
}

function setScheduling(
  { policy, nice, priority, slice }: { policy: number; nice: number; priority: number; slice: number },
): boolean {
  const attributes = new DataView(new ArrayBuffer(ATTRIBUTES_SIZE));
  attributes.setUint32(0, ATTRIBUTES_SIZE, true);
  attributes.setUint32(4, policy, true);
  attributes.setUint32(8, SCHED_FLAG_RESET_ON_FORK, true);
  attributes.setInt32(16, nice, true);
  attributes.setUint32(20, priority, true);
  attributes.setUint32(24, slice, true);
  return libc().syscall(SCHED_SETATTR[Deno.build.arch], 0, new Uint8Array(attributes.buffer), 0) === 0;
}

/** Sleeps on this thread. Units: ns, at most about 4 s. Source: nanosleep(2). */
export function sleepNs(ns: number): void {
  timespec[0] = Math.floor(ns / 1e9);
  timespec[2] = ns % 1e9;
  libc().nanosleep(timespecBytes, 0);
}

/** The time since some moment in the past. Units: ms. Source: clock_gettime(2). */
export function monotonicMs(): number {
  libc().clock_gettime(CLOCK_MONOTONIC, timespecBytes);
  return timespec[0]! * 1000 + timespec[2]! / 1e6;
}
