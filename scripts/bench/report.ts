/** Writes the benchmark's table, and how it came about. */
import type { Case, Section } from "./sections.ts";
import { LEAD_IN, LEAD_OUT, rowsOf, SHORT_RUNS, USUAL_RATE } from "./sections.ts";

/** Everything that was measured. */
export interface Results {
  readonly cases: readonly Case[];
  readonly sections: readonly Section[];
  readonly rounds: number;
  readonly seconds: number;
  /** The figures of a row of the table for one case, of all rounds. */
  figures(row: string, at: Case): readonly number[];
  /** Shape: name -> value. */
  readonly machine: readonly (readonly [string, string])[];
  /** What is missing, and what went wrong: one line each. */
  readonly notes: readonly string[];
}

/** A target that waited longer for a CPU shared it with something else. Units: percent of the time. */
const BUSY = 2;

/** Says so when the machine had other work: then the figures are poor. */
export function busyWarning({ cases, figures }: Results): string | undefined {
  const waits = ["rate-waited", "truth-waited"].flatMap((row) => cases.flatMap((at) => figures(row, at)));
  if (waits.length === 0) return undefined;
  const usual = median(waits.toSorted((a, b) => a - b));
  if (usual <= BUSY) return undefined;
  return `The machine was not quiet: the targets waited ${usual.toFixed(0)} % of the time for a CPU. ` +
    "Do not rely on these figures.";
}

/** Renders the table alone, aligned. */
export function renderTable({ cases, sections, figures }: Results): string {
  const header = ["", ...cases.map(({ tool, python }) => `${tool.name}, Python ${python.version}`)];
  const body = sections.flatMap(rowsOf).map(([row, title]) => [
    title,
    ...cases.map((at) => cell(figures(row, at), digitsOf(row))),
  ]);
  const rows = [header, ...body];
  const widths = header.map((_, column) => Math.max(...rows.map((row) => [...row[column]!].length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((text, column) => text + " ".repeat(widths[column]! - [...text].length)).join(" | ")} |\n`;
  const rule = `|${
    widths.map((width, column) => "-".repeat(width + 1) + (column > 0 ? ":" : "-")).join("|")
  }|\n`;
  return line(header) + rule + body.map(line).join("");
}

/** Renders docs/benchmarks.md. */
export function renderPage(results: Results): string {
  const { cases, sections, rounds, seconds, machine, notes } = results;
  const versions = [...new Set(cases.map(({ tool }) => `${tool.name.split(" ")[0]} ${tool.version}`))];
  const warning = busyWarning(results);
  const list = (lines: readonly string[]) => lines.map((line) => `- ${line}\n`).join("");
  return `# Benchmarks

Written by \`deno task bench\`, not by hand. Each figure is a median, with the least and the greatest value in
brackets. The tools took turns (rounds: ${rounds}), so that what else the machine did fell on all of them.
${warning === undefined ? "" : `\n**${warning}**\n`}
${renderTable(results)}
## How the figures were obtained

${list(sections.flatMap((section) => methodOf(section, { rounds, seconds })))}
Every run is started and waited for by a small Python program (scripts/bench/measure.py). The programs that
are profiled are in scripts/bench/programs. Recordings write folded stacks; stopping the target is each tool's
default unless its column says otherwise. Tachyon is a part of Python and reads its own version only. Where it
is run through \`chroot\`, about a millisecond of its times is due to that.

## The machine

${list(machine.map(([name, value]) => `${name}: ${value}`))}- versions: ${versions.join(", ")}

## Missing

${notes.length === 0 ? "Nothing.\n" : list(notes)}`;
}

function methodOf(section: Section, { rounds, seconds }: { rounds: number; seconds: number }): string[] {
  const runs = rounds * SHORT_RUNS;
  switch (section) {
    case "startup":
      return [`\`--help\`: wall time from the start of the process to its end, runs: ${runs}.`];
    case "dump":
      return [`\`dump\`: the same, of a new process with two threads of depth 13 each time, runs: ${runs}.`];
    case "rate":
      return [
        `\`record\`: ${seconds + LEAD_IN} seconds of a program that is busy at depth 30 on one thread, ` +
        `runs at each rate: ${rounds}. Whoever takes longer is ended with SIGINT 1.5 seconds later.`,
        "achieved rate: stack traces in the output, by the time that the tool says it took, or else was " +
        "asked for.",
        `CPU per sample: user and system time of all threads of the profiler, from ${LEAD_IN} s after its ` +
        `start to ${LEAD_OUT} s before its end (/proc/PID/task/*/schedstat), by the samples that the ` +
        "achieved rate makes of that time. " +
        "Start-up and writing the output are not in it.",
        "slowed down: the program counts its own loops. Its speed in that time, against the mean of its " +
        "speed just before and just after the recording. On a machine that is not quiet it varies anyway.",
      ];
    case "truth":
      return [
        `truth: ${
          seconds + LEAD_IN
        } seconds at ${USUAL_RATE} Hz of a program of tiny functions that call each other ` +
        "in chains which can never mix, so that each stack trace can be checked by itself.",
        "waited for a CPU: /proc/PID/schedstat of the target. More than a little means that the machine " +
        "had other work, which makes the target stand still, and impossible stacks rarer than they are.",
        "missing: how much the samples in the output fall short of the rate times the time.",
        "cut: only pyspy marks samples whose inner frames it could not prove; it shows the outer ones, and " +
        "[cut].",
      ];
    case "memory":
      return [
        "memory peak: VmHWM of the profiler, read every 0.5 ms (`dump`) and every 10 ms (`record` at " +
        `${USUAL_RATE} Hz, as above). 1 MB is 1,000,000 bytes.`,
        "size: of the one file of the program; Tachyon is a part of Python.",
      ];
  }
}

function cell(values: readonly number[], digits: number): string {
  if (values.length === 0) return "";
  const sorted = values.toSorted((a, b) => a - b);
  const format = (value: number) =>
    value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const [least, middle, greatest] = [sorted[0]!, median(sorted), sorted.at(-1)!].map(format);
  return least === greatest ? middle! : `${middle} (${least} to ${greatest})`;
}

function median(sorted: readonly number[]): number {
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

function digitsOf(row: string): number {
  if (row.startsWith("rate-")) return 0;
  return row === "impossible" ? 3 : 1;
}
