/** The one place that knows which operating system this is. */
import type { ChildProcess, ChildStreams, ListedProcess, RemoteProcess } from "./process.ts";
import { openLinuxProcess } from "./linux.ts";
import { spawnLinuxProcess } from "./linux_spawn.ts";
import { childrenOf } from "./linux_children.ts";
import { listLinuxProcesses } from "./linux_processes.ts";
import { linkOf } from "./linux_proc.ts";
import { isAlive } from "./linux_stat.ts";
import { Alarms } from "./linux_alarms.ts";
import { endPromptWakeups, monotonicMs, requestPromptWakeups, sleepNs } from "./linux_clock.ts";
import { callsCounted, countCalls } from "./linux_libc.ts";
import { ProfilerError } from "../errors.ts";

/** Where the clock of `performance` begins. Units: ms. */
let originMs: number | undefined;
let alarms: Alarms | undefined;

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
 * Starts a program; under sudo as the invoking user.
 *
 * @throws ProfilerError when it cannot be started.
 */
export function spawnProcess(argv: readonly string[], streams: ChildStreams = "inherit"): ChildProcess {
  requireSupportedOs();
  return spawnLinuxProcess(argv, streams);
}

/** The processes of the system, without the kernel's own threads. Shape: by pid. */
export function listProcesses(): ListedProcess[] {
  requireSupportedOs();
  return listLinuxProcesses();
}

/** Pids of the living children of a process. */
export function childProcesses(pid: number): number[] {
  return childrenOf(pid);
}

/** False once a process has ended; a zombie has. */
export function isProcessAlive(pid: number): boolean {
  return isAlive(`/proc/${pid}`);
}

/** Path of the executable of a process as the process sees it; undefined when it has ended, or may not be looked at. */
export function executableOf(pid: number): string | undefined {
  return linkOf(`/proc/${pid}/exe`);
}

/** The time of `performance.now()`, to be had three times as fast. Units: ms. */
export function nowMs(): number {
  return monotonicMs() - clockOrigin();
}

function clockOrigin(): number {
  return originMs ??= monotonicMs() - performance.now();
}

/** Sleeps on this thread, blocking the event loop: keep it below 50 ms. Units: ns. */
export function sleepBlocking(ns: number): void {
  sleepNs(ns);
}

/**
 * Sleeps on this thread until a time, blocking the event loop: at most about 50 ms. It costs least when `nextMs` is what the
 * next call will ask for. Units: ms of `nowMs`.
 */
export function sleepUntilBlocking(untilMs: number, nextMs: number): void {
  alarms ??= new Alarms();
  const origin = clockOrigin();
  if (alarms.sleepUntil(untilMs + origin, nextMs + origin)) return;
  sleepNs(Math.max(0, untilMs - nowMs()) * 1e6);
}

/** Asks the system to wake this thread on time; without effect where it cannot. */
export function beginSampling(rateHz: number): void {
  requestPromptWakeups(rateHz);
}

/** Ends what `beginSampling` began. */
export function endSampling(): void {
  alarms?.close();
  alarms = undefined;
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
