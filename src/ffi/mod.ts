/** The one place that knows which operating system this is. */
import type { ChildProcess, RemoteProcess } from "./process.ts";
import { openLinuxProcess } from "./linux.ts";
import { spawnLinuxProcess } from "./linux_spawn.ts";
import { endPromptWakeups, requestPromptWakeups, sleepNs } from "./linux_clock.ts";
import { callsCounted, countCalls } from "./linux_libc.ts";
import { ProfilerError } from "../errors.ts";

/**
 * Opens a process for reading.
 *
 * @throws ProfilerError when there is no such process, or it may not be read.
 */
export function openProcess(pid: number): RemoteProcess {
  requireSupportedOs();
  return openLinuxProcess(pid);
}

/**
 * Starts a program with our stdin, stdout and stderr; under sudo as the invoking user.
 *
 * @throws ProfilerError when it cannot be started.
 */
export function spawnProcess(argv: readonly string[]): ChildProcess {
  requireSupportedOs();
  return spawnLinuxProcess(argv);
}

/** Sleeps on this thread, blocking the event loop: keep it below 50 ms. Units: ns. */
export function sleepBlocking(ns: number): void {
  sleepNs(ns);
}

/** Asks the system to wake this thread on time; without effect where it cannot. */
export function beginSampling(rateHz: number): void {
  requestPromptWakeups(rateHz);
}

/** Ends what `beginSampling` began. */
export function endSampling(): void {
  endPromptWakeups();
}

/** Starts to count system calls, which makes them a little slower. */
export function countSystemCalls(): void {
  countCalls();
}

/** System calls that were made through this folder since `countSystemCalls`. */
export function systemCallsCounted(): number {
  return callsCounted();
}

function requireSupportedOs(): void {
  switch (Deno.build.os) {
    case "linux":
      return;
    default:
      throw new ProfilerError(
        "unsupported",
        `This version of pyspy does not run on ${Deno.build.os} yet`,
        "use Linux",
      );
  }
}
