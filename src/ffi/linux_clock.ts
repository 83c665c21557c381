/** Sleeping with the kernel's precision; timers of the event loop have a granularity of a millisecond or more. */
import { libc } from "./linux_libc.ts";

const timespec = new Uint32Array(4);

/** Sleeps on this thread. Units: ns, at most about 4 s. Source: nanosleep(2). */
export function sleepNs(ns: number): void {
  timespec[0] = Math.floor(ns / 1e9);
  timespec[2] = ns % 1e9;
  libc().nanosleep(new Uint8Array(timespec.buffer), 0);
}
