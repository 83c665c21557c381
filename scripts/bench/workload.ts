/** Runs the programs that the profilers look at, and reads what they report. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { placeFolder, type Python } from "../pythons.ts";

const PROGRAMS = join(dirname(fileURLToPath(import.meta.url)), "programs");

/** A program of scripts/bench/programs at work; it ends when it is disposed of (`await using`). */
export interface Workload extends AsyncDisposable {
  readonly pid: number;
  /** Ends it. @returns all that it reported. */
  finish(): Promise<Reports>;
}

/** What a program counted while it worked. */
export interface Reports {
  /** How much each count of its lines grew between two moments of CLOCK_MONOTONIC. Units: milliseconds. */
  between(fromMs: number, toMs: number): number[];
}

/** Starts a program. @returns once it has reported for the first time. */
export async function startWorkload(
  python: Python,
  program: string,
  programArgs: readonly string[] = [],
): Promise<Workload> {
  const folder = await placeFolder(python, PROGRAMS);
  const [executable, ...args] = [...python.command, join(folder, program), ...programArgs];
  const child = new Deno.Command(executable!, {
    args,
    env: { PYTHONDONTWRITEBYTECODE: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`${program} ended early (Python ${python.label})`);
    text += value;
  }
  let isEnded = false;
  const end = async () => {
    if (isEnded) return;
    isEnded = true;
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    // Not read before: the pipe has room for minutes, and each read would take a CPU from the others.
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      text += value;
    }
    await child.status;
  };
  return {
    pid: child.pid,
    finish: async () => {
      await end();
      return reportsOf(text);
    },
    [Symbol.asyncDispose]: end,
  };
}

interface Report {
  readonly atMs: number;
  readonly counts: readonly number[];
}

function reportsOf(text: string): Reports {
  // The last line may have been cut off.
  const reports = text.split("\n").slice(0, -1).map((line): Report => {
    const [ns, ...counts] = line.split(" ").map(Number);
    return { atMs: ns! / 1e6, counts };
  });
  return {
    between(fromMs, toMs) {
      const from = countsAt(reports, fromMs);
      return countsAt(reports, toMs).map((count, index) => count - from[index]!);
    },
  };
}

/** Between two reports, and a little before the first and after the last, speed is taken to be constant. */
function countsAt(reports: readonly Report[], atMs: number): number[] {
  const index = reports.findIndex((report) => report.atMs >= atMs);
  const after = index < 0 ? reports.length - 1 : Math.max(index, 1);
  const [a, b] = [reports[after - 1], reports[after]];
  if (a === undefined || b === undefined) return [];
  const share = (atMs - a.atMs) / (b.atMs - a.atMs);
  return a.counts.map((count, column) => count + (b.counts[column]! - count) * share);
}

/** How long a program works before it is looked at. Units: milliseconds. */
export const WARM_UP = 200;

/** Waits. Units: milliseconds. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
