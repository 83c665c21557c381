/** The measurements themselves: each is made once a round, for every tool in turn. */
import { join } from "node:path";
import type { Python } from "../pythons.ts";
import { countStacks, type StackCounts } from "./folded.ts";
import { measure, type Measured, sleep, startWorkload } from "./measure.ts";
import type { Tool } from "./tools.ts";

/** Rates to record at. Units: Hz. */
export const RATES: readonly number[] = [100, 1_000, 10_000];

/** The rate of the recordings that are looked at for truth and memory. Units: Hz. */
export const USUAL_RATE = 1_000;

/** Runs of the short measurements in each round. */
export const SHORT_RUNS = 5;

/** From a recorder's start to where its CPU time and the target's speed are looked at. Units: seconds. */
export const LEAD_IN = 1;

/** From there to the recording's end: a tool that ends on time must not be gone yet. Units: seconds. */
export const LEAD_OUT = 0.25;

/** What is measured, in the order of the table. */
export const SECTIONS = ["startup", "dump", "rate", "truth", "memory"] as const;

/** One of `SECTIONS`. */
export type Section = typeof SECTIONS[number];

/** A tool and the Python whose programs it looks at: a column of the table. */
export interface Case {
  readonly tool: Tool;
  readonly python: Python;
  /** Where it can write. Shape: the same folder, as the host sees it and as the tool does. */
  readonly folder: { readonly host: string; readonly inside: string };
}

/** What the measurements need. */
export interface Bench {
  /** Runs measure.py. */
  readonly host: Python;
  readonly cases: readonly Case[];
  readonly seconds: number;
  /** Keeps a figure. */
  add(row: string, at: Case, value: number | undefined): void;
  /** Says that a measurement failed. */
  fail(at: Case, reason: string): void;
}

/** The names of the rows of a section, with their units. Shape: row -> title. */
export function rowsOf(section: Section): [row: string, title: string][] {
  const perRate = RATES.flatMap((rate): [string, string][] => {
    const at = `record at ${rate.toLocaleString("en-US")} Hz`;
    return [
      [`rate-${rate}`, `${at}: achieved rate, Hz`],
      [`cpu-${rate}`, `${at}: profiler's CPU per sample, µs`],
      [`slowdown-${rate}`, `${at}: target slowed down by, %`],
    ];
  });
  switch (section) {
    case "startup":
      return [["startup", "`--help`, ms"]];
    case "dump":
      return [["dump", "`dump` of two threads, ms"]];
    case "rate":
      return [...perRate, ["rate-waited", "record: time that the target waited for a CPU, %"]];
    case "truth":
      return [
        ["impossible", "truth: impossible stack traces, %"],
        ["missing", "truth: samples missing from the output, %"],
        ["failed", "truth: samples that failed, by the tool's own account, %"],
        ["cut", "truth: samples marked as cut, %"],
        ["truth-waited", "truth: time that the target waited for a CPU, %"],
      ];
    case "memory":
      return [
        ["memory-dump", "memory peak of `dump`, MB"],
        ["memory-record", "memory peak of `record`, MB"],
        ["size", "size of the program, MB"],
      ];
  }
}

/** Makes the measurements of one section, once. */
export function runSection(section: Section, bench: Bench): Promise<void> {
  switch (section) {
    case "startup":
      return measureStartup(bench);
    case "dump":
      return measureDump(bench);
    case "rate":
      return measureRates(bench);
    case "truth":
      return measureTruth(bench);
    case "memory":
      return measureMemory(bench);
  }
}

/** @returns why a tool cannot look at this Python; undefined when its `dump` shows what there is to see. */
export async function refusalOf(at: Case, host: Python): Promise<string | undefined> {
  await using workload = await startWorkload(at.python, "two_threads.py");
  let text = "";
  for (let attempt = 0; attempt < 3; attempt++) {
    const dump = await measure(host, { command: at.tool.dump(workload.pid) });
    text = dump.text.trim();
    if (dump.code === 0 && text.includes("stand_still")) return undefined;
  }
  const lines = text.split("\n");
  const reason = lines.find((line) => /error/i.test(line)) ??
    "its dump does not show the program's functions";
  return `${at.tool.name} cannot look at Python ${at.python.version}: ${reason}`;
}

async function measureStartup({ host, cases, add }: Bench): Promise<void> {
  for (let run = 0; run < SHORT_RUNS; run++) {
    for (const at of cases.filter(isPlain)) {
      add("startup", at, wallMs(await measure(host, { command: at.tool.help })));
    }
  }
}

async function measureDump({ host, cases, add, fail }: Bench): Promise<void> {
  for (let run = 0; run < SHORT_RUNS; run++) {
    for (const at of cases.filter(isPlain)) {
      await using workload = await startWorkload(at.python, "two_threads.py");
      await sleep(50); // until both threads stand still
      const dump = await measure(host, { command: at.tool.dump(workload.pid) });
      if (dump.text.includes("stand_still")) add("dump", at, wallMs(dump));
      else fail(at, `a dump failed (exit code ${dump.code})`);
    }
  }
}

async function measureRates(bench: Bench): Promise<void> {
  const { cases, seconds, add } = bench;
  const pauseMs = Math.max(500, seconds * 1000 / 3);
  for (const rateHz of RATES) {
    for (const at of cases) {
      if (at.tool.name === "Tachyon --blocking") continue;
      await using workload = await startWorkload(at.python, "deep_loop.py");
      await sleep(pauseMs + 300);
      const recorded = await record(bench, { at, pid: workload.pid, rateHz });
      await sleep(pauseMs + 200);
      if (recorded === undefined) continue;
      const { run, counts, recordedSeconds } = recorded;
      add("rate-waited", at, recorded.waited);
      const achieved = counts.stacks / recordedSeconds;
      add(`rate-${rateHz}`, at, achieved);
      const [from, to] = run.marks;
      if (from === undefined || to === undefined) continue;
      const samples = achieved * (to.atMs - from.atMs) / 1000;
      add(`cpu-${rateHz}`, at, (to.cpuMs - from.cpuMs) * 1000 / samples);
      const before = workload.speed(run.startedMs - 100 - pauseMs, run.startedMs - 100);
      const after = workload.speed(run.endedMs + 100, run.endedMs + 100 + pauseMs);
      const during = workload.speed(from.atMs, to.atMs);
      add(`slowdown-${rateHz}`, at, 100 * (1 - during / ((before + after) / 2)));
    }
  }
}

async function measureTruth(bench: Bench): Promise<void> {
  const { cases, add } = bench;
  for (const at of cases) {
    await using workload = await startWorkload(at.python, "call_chains.py");
    const recorded = await record(bench, { at, pid: workload.pid, rateHz: USUAL_RATE });
    if (recorded === undefined) continue;
    const { run, counts: { stacks, impossible, cut }, recordedSeconds } = recorded;
    add("truth-waited", at, recorded.waited);
    add("impossible", at, 100 * impossible / stacks);
    add("missing", at, Math.max(0, 100 * (1 - stacks / (recordedSeconds * USUAL_RATE))));
    add("failed", at, at.tool.failed(run.text));
    if (at.tool.name.startsWith("pyspy")) add("cut", at, 100 * cut / stacks);
  }
}

async function measureMemory(bench: Bench): Promise<void> {
  const { host, cases, add } = bench;
  for (const at of cases.filter(isPlain)) {
    {
      await using workload = await startWorkload(at.python, "two_threads.py");
      const dump = await measure(host, {
        command: at.tool.dump(workload.pid),
        options: { pollEvery: 0.0005 },
      });
      add("memory-dump", at, megabytes(dump.peakKib * 1024));
    }
    await using workload = await startWorkload(at.python, "deep_loop.py");
    const recorded = await record(bench, { at, pid: workload.pid, rateHz: USUAL_RATE, pollEvery: 0.01 });
    if (recorded !== undefined) add("memory-record", at, megabytes(recorded.run.peakKib * 1024));
    if (at.tool.binary !== undefined) add("size", at, megabytes((await Deno.stat(at.tool.binary)).size));
  }
}

interface Recorded {
  readonly run: Measured;
  readonly counts: StackCounts;
  readonly recordedSeconds: number;
  /** The share of the time that the target could have run, and had no CPU. Units: percent. */
  readonly waited: number;
}

async function record(
  { host, seconds, fail }: Bench,
  { at, pid, rateHz, pollEvery }: { at: Case; pid: number; rateHz: number; pollEvery?: number },
): Promise<Recorded | undefined> {
  const name = `${crypto.randomUUID()}.txt`;
  const planned = seconds + LEAD_IN;
  const output = join(at.folder.inside, name);
  const file = join(at.folder.host, name);
  const waitedBefore = await waitingMs(pid);
  const run = await measure(host, {
    command: at.tool.record({ pid, rateHz, seconds: planned, output }),
    options: {
      window: [LEAD_IN, planned - LEAD_OUT],
      // py-spy takes all its samples however long that needs: end it instead.
      endAfter: planned + 1.5,
      killAfter: planned + 30,
      ...pollEvery === undefined ? {} : { pollEvery },
    },
  });
  const waited = 100 * (await waitingMs(pid) - waitedBefore) / wallMs(run);
  const text = await Deno.readTextFile(file).catch(() => "");
  await Deno.remove(file).catch(() => {});
  const counts = countStacks(text, at.tool.counting);
  if (counts.stacks === 0) {
    const lastLine = run.text.trim().split("\n").at(-1);
    fail(at, `a recording at ${rateHz} Hz gave nothing (exit code ${run.code}): ${lastLine}`);
    return undefined;
  }
  const recordedSeconds = run.signalledMs === undefined
    ? ownDuration(run.text) ?? planned
    : (run.signalledMs - run.startedMs) / 1000;
  return { run, counts, recordedSeconds, waited };
}

/** How long the one thread of a process has waited for a CPU so far; NaN where the system does not tell. */
async function waitingMs(pid: number): Promise<number> {
  const text = await Deno.readTextFile(`/proc/${pid}/schedstat`).catch(() => "");
  return Number(text.split(" ")[1] ?? NaN) / 1e6;
}

/** How long a tool says that it sampled: pyspy's and Tachyon's summaries. Units: seconds. */
function ownDuration(text: string): number | undefined {
  const match = /cut[^;\n]*; ([\d.]+) s at /.exec(text) ?? /samples in ([\d.]+) seconds/.exec(text);
  return match === null ? undefined : Number(match[1]);
}

function isPlain({ tool }: Case): boolean {
  return !tool.isVariant;
}

function wallMs(run: Measured): number {
  return run.endedMs - run.startedMs;
}

function megabytes(bytes: number): number {
  return bytes / 1e6;
}
