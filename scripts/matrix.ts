/**
 * Writes docs/matrix.md, and the table in README.md, from what a run of the tests has covered (tests/covers.ts).
 *
 * Usage: deno task matrix [--check] [--from FILE]
 * Runs the golden and live tests; with `--from` reads what an earlier run has noted in a file. Cells that this machine
 * lacks stay as they are. With `--check` writes nothing, and ends with 1 if the matrix claims a cell that the run did
 * not pass: its test has failed, or there is none any more.
 */
import { join } from "node:path";
import { MODES } from "../tests/covers.ts";
import type { How, Mode, Note } from "../tests/covers.ts";
import { PROJECT } from "../tests/helpers.ts";

const MATRIX = join(PROJECT, "docs", "matrix.md");
const README = join(PROJECT, "README.md");
const [BEGIN, END] = ["<!-- matrix: deno task matrix -->", "<!-- end of matrix -->"];
/** From the strongest on. */
const STRENGTH: readonly How[] = ["live", "replayed", "refused"];
const EXPLANATION =
  "Written by `deno task matrix` from a run of the tests. **live**: tested on running programs; " +
  "**replayed**: on recorded memory; **refused**: pyspy says that it is not supported. An empty cell is not tested.";

/** How cells were tested, or that a test of theirs failed. Shape: by `version build mode`, see `keyOf`. */
export type Matrix = Map<string, How | "failed">;

/** What a run has noted. */
export interface Run {
  readonly cells: Matrix;
  readonly lacking: readonly Note[];
}

function keyOf(version: string, build: string, mode: string): string {
  return [build, version, mode].join("\t");
}

/** Reads the notes of a run. One failure spoils a cell; else the strongest way counts. */
export function readRun(text: string): Run {
  const notes = text.split("\n").filter((line) => line !== "").map((line): Note => JSON.parse(line));
  const cells: Matrix = new Map();
  for (const { version, build, mode, how, passed } of notes) {
    if (how === undefined) continue;
    const key = keyOf(version ?? "?", build ?? "?", mode ?? "?");
    const known = cells.get(key);
    if (known === "failed") continue;
    if (passed !== true) cells.set(key, "failed");
    else if (known === undefined || STRENGTH.indexOf(how) < STRENGTH.indexOf(known)) cells.set(key, how);
  }
  return { cells, lacking: notes.filter(({ how }) => how === undefined) };
}

/** Reads what a matrix claims. */
export function parseMatrix(markdown: string): Matrix {
  const cells: Matrix = new Map();
  let build = "";
  let modes: readonly string[] = [];
  for (const line of markdown.split("\n")) {
    const row = line.split("|").slice(1, -1).map((cell) => cell.trim());
    if (line.startsWith("## ")) build = line.slice(3);
    if (row[0] === "Python") modes = row;
    if (!/^\d+\.\d+$/.test(row[0] ?? "")) continue;
    row.slice(1).forEach((cell, i) => {
      const how = STRENGTH.find((one) => one === cell);
      if (how !== undefined) cells.set(keyOf(row[0]!, build, modes[i + 1]!), how);
    });
  }
  return cells;
}

function isLacking({ lacking }: Run, key: string): boolean {
  const [build, version, mode] = key.split("\t");
  return lacking.some((one) =>
    (one.build ?? build) === build && (one.version ?? version) === version && (one.mode ?? mode) === mode
  );
}

/** What a matrix claims and a run did not pass; and how many claims could not be checked on this machine. */
export function falseClaims(claimed: Matrix, run: Run): { problems: string[]; unchecked: number } {
  const problems: string[] = [];
  let unchecked = 0;
  for (const [key, how] of claimed) {
    const found = run.cells.get(key);
    if (found === how) continue;
    const isStronger = found !== undefined && found !== "failed" &&
      STRENGTH.indexOf(found) < STRENGTH.indexOf(how as How);
    if (isStronger) continue;
    if (found !== "failed" && isLacking(run, key)) unchecked++;
    else problems.push(`${key.replaceAll("\t", ", ")}: claimed ${how}, ${found ?? "no test"}`);
  }
  return { problems, unchecked };
}

/** The matrix of a run; claims that this machine lacks are kept, failed cells are left out. */
export function merge(claimed: Matrix, run: Run): Matrix {
  const merged: Matrix = new Map();
  for (const [key, how] of claimed) if (isLacking(run, key)) merged.set(key, how);
  for (const [key, how] of run.cells) {
    const kept = merged.get(key) as How | undefined;
    if (how === "failed" || kept !== undefined && STRENGTH.indexOf(kept) < STRENGTH.indexOf(how)) continue;
    merged.set(key, how);
  }
  return merged;
}

/** Names of one part of the keys. Shape: in order, versions as numbers. */
function namesIn(matrix: Matrix, part: 0 | 1): string[] {
  const names = new Set([...matrix.keys()].map((key) => key.split("\t")[part]!));
  return [...names].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

/** Shape: padded as `deno fmt` does. */
function table(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = heads.map((head, i) => Math.max(head.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  return [line(heads), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)];
}

/** The whole matrix: a table for each build. */
export function formatMatrix(matrix: Matrix): string {
  const sections = namesIn(matrix, 0).flatMap((build) => {
    const versions = namesIn(matrix, 1).filter((version) =>
      MODES.some((mode) => matrix.has(keyOf(version, build, mode)))
    );
    const cell = (version: string, mode: Mode) => matrix.get(keyOf(version, build, mode)) ?? "";
    const rows = versions.map((version) => [version, ...MODES.map((mode) => cell(version, mode))]);
    return [`## ${build}`, "", ...table(["Python", ...MODES], rows), ""];
  });
  return ["# What is tested", "", EXPLANATION, "", ...sections].join("\n");
}

/** The table of the README: for each version and build how many modes are tested, and how. */
export function formatSummary(matrix: Matrix): string {
  const builds = namesIn(matrix, 0);
  const count = (version: string, build: string) =>
    STRENGTH.flatMap((how) => {
      const modes = MODES.filter((mode) => matrix.get(keyOf(version, build, mode)) === how);
      return modes.length === 0 ? [] : [`${modes.length} ${how}`];
    }).join(", ");
  const rows = namesIn(matrix, 1).map((version) => [
    version,
    ...builds.map((build) => count(version, build)),
  ]);
  return table(["Python", ...builds], rows).join("\n");
}

function withSummary(readme: string, summary: string): string {
  const [start, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`README.md lacks ${BEGIN} ... ${END}`);
  return `${readme.slice(0, start + BEGIN.length)}\n\n${summary}\n\n${readme.slice(end)}`;
}

async function runTests(): Promise<string> {
  const file = await Deno.makeTempFile({ prefix: "pyspy-matrix-" });
  try {
    const args = ["test", "-A", join(PROJECT, "tests/golden"), join(PROJECT, "tests/live")];
    const { success } = await new Deno.Command(Deno.execPath(), { args, env: { PYSPY_MATRIX: file } }).spawn()
      .status;
    if (!success) console.error("Some tests have failed: cells of theirs are left out.");
    return await Deno.readTextFile(file);
  } finally {
    await Deno.remove(file);
  }
}

async function main(args: readonly string[]): Promise<number> {
  const from = args.indexOf("--from") < 0 ? undefined : args[args.indexOf("--from") + 1];
  const run = readRun(from === undefined ? await runTests() : await Deno.readTextFile(from));
  const claimed = parseMatrix(await Deno.readTextFile(MATRIX).catch(() => ""));
  if (args.includes("--check")) {
    const { problems, unchecked } = falseClaims(claimed, run);
    for (const problem of problems) console.error(`NOT TRUE: ${problem}`);
    console.log(
      `docs/matrix.md: ${claimed.size} cells, ${problems.length} not true, ${unchecked} not checked here`,
    );
    return problems.length === 0 ? 0 : 1;
  }
  const matrix = merge(claimed, run);
  await Deno.writeTextFile(MATRIX, formatMatrix(matrix));
  await Deno.writeTextFile(README, withSummary(await Deno.readTextFile(README), formatSummary(matrix)));
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
