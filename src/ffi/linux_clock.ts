/** Sleeping with the kernel's precision; timers of the event loop have a granularity of a millisecond or more. */
import { libc } from "./linux_libc.ts";

const timespec = new Uint32Array(4);
const timespecBytes = new Uint8Array(timespec.buffer);

const SCHED_SETATTR = { x86_64: 314, aarch64: 274 };
const PRCTL = { x86_64: 157, aarch64: 167 };
const PR_SET_TIMERSLACK = 29;
const SCHED_FLAG_RESET_ON_FORK = 1;
/** `SCHED_ATTR_SIZE_VER0`. */
const ATTRIBUTES_SIZE = 48;
/** The shortest that the kernel grants. Units: ns. */
const SLICE = 100_000;
const NICE = -10;

/**
 * Asks the scheduler to let this thread run soon after it wakes up, for a short time: samples that come late come more
 * often while the target does some things than others.
 *
 * A short slice is granted to everyone since Linux 6.12, the priority to root alone. Programs that we start do not inherit
 * it. Without either, samples may just be late more often; that is counted.
 *
 * Source: sched_setattr(2), prctl(2): by default timers may be 50 microseconds late.
 */
export function requestPromptWakeups(): void {
  libc().syscall_ids(PRCTL[Deno.build.arch], PR_SET_TIMERSLACK, 1, 0);
  for (const nice of [NICE, 0]) {
    const attributes = new DataView(new ArrayBuffer(ATTRIBUTES_SIZE));
    attributes.setUint32(0, ATTRIBUTES_SIZE, true);
    attributes.setUint32(8, SCHED_FLAG_RESET_ON_FORK, true);
    attributes.setInt32(16, nice, true);
    attributes.setUint32(24, SLICE, true);
    if (libc().syscall(SCHED_SETATTR[Deno.build.arch], 0, new Uint8Array(attributes.buffer), 0) === 0) return;
  }
}

/** Sleeps on this thread. Units: ns, at most about 4 s. Source: nanosleep(2). */
export function sleepNs(ns: number): void {
  timespec[0] = Math.floor(ns / 1e9);
  timespec[2] = ns % 1e9;
  libc().nanosleep(timespecBytes, 0);
}
