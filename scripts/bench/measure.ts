/** Runs commands for the benchmark, and reads what they did. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Python } from "../pythons.ts";

const HERE = dirname(fileURLToPath(import.meta.url));

/** How to run and watch a command. Units: seconds since the command's start. */
export interface MeasureOptions {
  /** Read the CPU times at these two moments. */
  readonly window?: readonly [number, number];
  /** Send SIGINT then, if it has not ended. */
  readonly endAfter?: number;
  /** Send SIGKILL then. */
  readonly killAfter?: number;
  /** Read the memory peak this often, outside the window. */
  readonly pollEvery?: number;
  /** Read the CPU time of this process as well. */
  readonly target?: number;
  /** Look at the target alone this long before the command, and after it. */
  readonly rest?: number;
}

/** The CPU time of a process at a moment of CLOCK_MONOTONIC. Units: milliseconds. */
export interface Reading {
  readonly atMs: number;
  readonly cpuMs: number;
}

/** What a command did. Units: milliseconds of CLOCK_MONOTONIC; CPU times in milliseconds. */
export interface Measured {
  readonly code: number;
  readonly startedMs: number;
  readonly endedMs: number;
  /** When SIGINT was sent to end it; undefined when it ended by itself. */
  readonly signalledMs: number | undefined;
  readonly cpuMs: number;
  readonly peakKib: number;
  /** At both ends of the window, unless the command had ended. */
  readonly profiler: readonly Reading[];
  readonly target: readonly Reading[];
  /** The target alone. Shape: before the command, after it; of each the beginning and the end. */
  readonly rests: readonly (readonly Reading[])[];
  /** Standard output and error. */
  readonly text: string;
}

/** Runs a command through measure.py, by any Python of the host. */
export async function measure(
  host: Python,
  { command, options = {} }: { command: readonly string[]; options?: MeasureOptions },
): Promise<Measured> {
  const settings = {
    window: options.window ?? [],
    end_after: options.endAfter,
    kill_after: options.killAfter ?? 60,
    poll_s: options.pollEvery,
    target: options.target,
    rest_s: options.rest,
  };
  const [program, ...args] = [...host.command, "-SE", join(HERE, "measure.py")];
  const output = await new Deno.Command(program!, {
    args: [...args, JSON.stringify(settings), ...command],
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  if (!output.success) {
    throw new Error(`Cannot measure ${command[0]}:\n${decoder.decode(output.stderr)}`);
  }
  const raw = JSON.parse(decoder.decode(output.stdout));
  return {
    code: raw.code,
    startedMs: raw.started_ns / 1e6,
    endedMs: raw.ended_ns / 1e6,
    signalledMs: raw.signalled_ns === null ? undefined : raw.signalled_ns / 1e6,
    cpuMs: raw.cpu_ns / 1e6,
    peakKib: raw.peak_kib,
    profiler: readings(raw.marks.map((mark: { profiler: RawReading }) => mark.profiler)),
    target: readings(raw.marks.map((mark: { target: RawReading }) => mark.target)),
    rests: raw.rests.map(readings),
    text: raw.stdout + raw.stderr,
  };
}

type RawReading = readonly [atNs: number, cpuNs: number] | null;

function readings(raw: readonly RawReading[]): Reading[] {
  return raw.filter((reading) => reading !== null)
    .map(([atNs, cpuNs]) => ({ atMs: atNs / 1e6, cpuMs: cpuNs / 1e6 }));
}

/** How long a command took, from its start to its end. Units: milliseconds. */
export function wallMs(run: Measured): number {
  return run.endedMs - run.startedMs;
}

/** @returns the share of the time between two readings that a process had no CPU. Units: percent. */
export function missedShare([from, to]: readonly Reading[]): number | undefined {
  if (from === undefined || to === undefined) return undefined;
  return 100 * (1 - (to.cpuMs - from.cpuMs) / (to.atMs - from.atMs));
}
