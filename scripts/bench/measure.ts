/** Runs commands and target programs for the benchmark, and reads what they did. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { placeFolder, type Python } from "../pythons.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
const PROGRAMS = join(HERE, "programs");

/** How to run and watch a command. Units: seconds since the command's start. */
export interface MeasureOptions {
  /** Read the CPU time at these two moments. */
  readonly window?: readonly [number, number];
  /** Send SIGINT then, if it has not ended. */
  readonly endAfter?: number;
  /** Send SIGKILL then. */
  readonly killAfter?: number;
  /** Read the memory peak this often. */
  readonly pollEvery?: number;
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
  readonly marks: readonly { readonly atMs: number; readonly cpuMs: number }[];
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
    marks: raw.marks.map((mark: { at_ns: number; cpu_ns: number }) => ({
      atMs: mark.at_ns / 1e6,
      cpuMs: mark.cpu_ns / 1e6,
    })),
    text: raw.stdout + raw.stderr,
  };
}

/** A program of scripts/bench/programs at work; it ends when it is disposed of (`await using`). */
export interface Workload extends AsyncDisposable {
  readonly pid: number;
  /** Loops that it did a second, between two moments of CLOCK_MONOTONIC. Units: milliseconds. */
  speed(fromMs: number, toMs: number): number;
}

/** Starts a program. @returns once it has reported for the first time. */
export async function startWorkload(python: Python, program: string): Promise<Workload> {
  const folder = await placeFolder(python, PROGRAMS);
  const [executable, ...args] = [...python.command, join(folder, program)];
  const child = new Deno.Command(executable!, {
    args,
    env: { PYTHONDONTWRITEBYTECODE: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reports: Report[] = [];
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  const reading = (async () => {
    let rest = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        const [ns, loops] = line.split(" ").map(Number);
        reports.push({ atMs: ns! / 1e6, loops: loops! });
      }
      if (reports.length > 0) resolve();
    }
    reject(new Error(`${program} ended early (Python ${python.label})`));
  })();
  await ready;
  return {
    pid: child.pid,
    speed: (fromMs, toMs) => (loopsAt(reports, toMs) - loopsAt(reports, fromMs)) / (toMs - fromMs) * 1000,
    [Symbol.asyncDispose]: async () => {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended already.
      }
      await reading;
      await child.status;
    },
  };
}

interface Report {
  readonly atMs: number;
  readonly loops: number;
}

/** Between two reports, and a little before the first and after the last, speed is taken to be constant. */
function loopsAt(reports: readonly Report[], atMs: number): number {
  const index = reports.findIndex((report) => report.atMs >= atMs);
  const after = index < 0 ? reports.length - 1 : Math.max(index, 1);
  const [a, b] = [reports[after - 1], reports[after]];
  if (a === undefined || b === undefined) return NaN;
  return a.loops + (b.loops - a.loops) * (atMs - a.atMs) / (b.atMs - a.atMs);
}

/** Waits. Units: milliseconds. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
