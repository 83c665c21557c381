/** Writes the benchmark's table, and how it came about. */
import { type Case, type Extent, REST_ROW, type Section } from "./section.ts";

/** Everything that was measured. */
export interface Results extends Extent {
  readonly cases: readonly Case[];
  readonly sections: readonly Section[];
  /** The figures of a row of the table for one case, of all rounds. */
  figures(row: string, at: Case): readonly number[];
  /** Shape: name -> value. */
  readonly machine: readonly (readonly [string, string])[];
  /** What is missing, and what went wrong: one line each. */
  readonly notes: readonly string[];
}

/** A target that misses more than this, while nobody looks at it, shares its CPU. Units: percent of the time. */
const BUSY = 2;

/** Says so when the machine had other work: then the figures are poor. */
export function busyWarning({ cases, figures }: Results): string | undefined {
  const missed = cases.flatMap((at) => figures(REST_ROW.key, at));
  if (missed.length === 0) return undefined;
  const usual = median(missed.toSorted((a, b) => a - b));
  if (usual <= BUSY) return undefined;
  return `The machine was not quiet: even without a profiler, the targets had no CPU for ${
    usual.toFixed(0)
  } % ` +
    "of the time. Do not rely on these figures.";
}

/** Renders the table alone, aligned. */
export function renderTable({ cases, sections, figures }: Results): string {
  const header = ["", ...cases.map(({ tool, python }) => `${tool.name}, Python ${python.version}`)];
  const body = sections.flatMap(({ rows }) => rows).map(({ key, title, digits }) => [
    title,
    ...cases.map((at) => cell(figures(key, at), digits)),
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
  const { cases, sections, rounds, machine, notes } = results;
  const versions = [...new Set(cases.map(({ tool }) => `${tool.family} ${tool.version}`))];
  const warning = busyWarning(results);
  const list = (lines: readonly string[]) => lines.map((line) => `- ${line}\n`).join("");
  return `# Benchmarks

Written by \`deno task bench\`, not by hand. Each figure is a median, with the least and the greatest value in
brackets. The tools took turns (rounds: ${rounds}), so that what else the machine did fell on all of them.
${warning === undefined ? "" : `\n**${warning}**\n`}
${renderTable(results)}
## How the figures were obtained

${list(sections.flatMap((section) => section.methods(results)))}
Every run is started and waited for by a small Python program (scripts/bench/measure.py), which sleeps while
the others work. The programs that are profiled are in scripts/bench/programs. Recordings write folded stacks;
stopping the target is each tool's default unless its column says otherwise. An option that changes how a tool
works has a column with one Python: the one that most tools can look at. So have the longer comparisons: rates
other than the usual, and shares. Tachyon is a part of Python and reads its own version only. Where it is run
through \`chroot\`, about a millisecond of its times is due to that.

## The machine

${list(machine.map(([name, value]) => `${name}: ${value}`))}- versions: ${versions.join(", ")}

## Missing

${notes.length === 0 ? "Nothing.\n" : list(notes)}`;
}

function cell(values: readonly number[], digits: number): string {
  if (values.length === 0) return "";
  const sorted = values.toSorted((a, b) => a - b);
  const format = (value: number) =>
    // Without "+ 0", a small negative value would be shown as "-0".
    (Number(value.toFixed(digits)) + 0)
      .toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const [least, middle, greatest] = [sorted[0]!, median(sorted), sorted.at(-1)!].map(format);
  return least === greatest ? middle! : `${middle} (${least} to ${greatest})`;
}

function median(sorted: readonly number[]): number {
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
