/**
 * Measures pyspy side by side with its peers and prints one table. A complete run (without `--only`) writes
 * it to docs/benchmarks.md too, with how each figure was obtained.
 *
 * Usage: `deno task bench [--seconds N] [--rounds N] [--only startup,dump,rate,truth,memory]
 * [--python 3.13,3.15] [--peers] [--sources]`
 *
 * Peers (py-spy, Tachyon, austin) are used where they are found; `--peers` fetches those that can be had.
 * `--sources` measures the sources in place of dist/pyspy. Linux only.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { machineFacts } from "./bench/machine.ts";
import { busyWarning, renderPage, renderTable, type Results } from "./bench/report.ts";
import { type Bench, type Case, refusalOf, runSection, type Section, SECTIONS } from "./bench/sections.ts";
import { austinTools, pyspyTool, pySpyTools, tachyonTools, type Tool } from "./bench/tools.ts";
import { findPythons, type Python } from "./pythons.ts";

const PROJECT = dirname(dirname(fileURLToPath(import.meta.url)));
const PAGE = join(PROJECT, "docs", "benchmarks.md");
const BINARY = join(PROJECT, "dist", "pyspy");
/** Set in the process that has /proc in the root of the other Pythons. */
const MOUNTED = "PYSPY_BENCH_MOUNTED";

class BenchError extends Error {}

interface Options {
  readonly seconds: number;
  readonly rounds: number;
  readonly sections: readonly Section[];
  readonly minors: readonly string[];
  readonly peers: boolean;
  readonly sources: boolean;
}

function parseOptions(args: readonly string[]): Options {
  const number = (text: string, name: string) => {
    if (!/^[1-9]\d{0,3}$/.test(text)) throw new BenchError(`--${name} must be a whole number above 0`);
    return Number(text);
  };
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seconds: { type: "string", default: "2" },
        rounds: { type: "string", default: "3" },
        only: { type: "string", default: SECTIONS.join(",") },
        python: { type: "string", default: "3.13,3.15" },
        peers: { type: "boolean", default: false },
        sources: { type: "boolean", default: false },
      },
    });
    const only = values.only.split(",");
    const unknown = only.find((name) => !SECTIONS.some((section) => section === name));
    if (unknown !== undefined) {
      throw new BenchError(`--only: no such part: ${unknown} (${SECTIONS.join(", ")})`);
    }
    return {
      seconds: number(values.seconds, "seconds"),
      rounds: number(values.rounds, "rounds"),
      sections: SECTIONS.filter((section) => only.includes(section)),
      minors: values.python.split(","),
      peers: values.peers,
      sources: values.sources,
    };
  } catch (error) {
    throw new BenchError((error as Error).message);
  }
}

/** @returns an interpreter of each minor, of the host where there is one. */
function choosePythons(pythons: readonly Python[], minors: readonly string[]): Python[] {
  return minors.map((minor) => {
    const candidates = pythons.filter((python) => python.minor === minor && !python.freeThreaded);
    const chosen = candidates.find((python) => python.root === undefined) ?? candidates[0];
    if (chosen === undefined) {
      throw new BenchError(`Python ${minor} is missing: see \`deno task pythons list\``);
    }
    return chosen;
  });
}

/** Tools read their targets through /proc, which the root of the other Pythons lacks. */
async function runWithProc(root: string): Promise<never> {
  const script = 'mount --bind /proc "$1/proc" && shift && exec "$@"';
  const deno = [Deno.execPath(), "run", "-A", fileURLToPath(import.meta.url), ...Deno.args];
  // A mount namespace of its own takes the mount away with it, whatever happens.
  const status = await new Deno.Command("unshare", {
    args: ["--mount", "--propagation", "private", "sh", "-c", script, "sh", root, ...deno],
    env: { [MOUNTED]: "1" },
  }).spawn().status;
  Deno.exit(status.code);
}

async function findPyspy(sources: boolean, notes: string[]): Promise<Tool> {
  if (sources) return await pyspyTool([Deno.execPath(), "run", "-A", join(PROJECT, "main.ts")], undefined);
  if (await Deno.stat(BINARY).catch(() => undefined) === undefined) {
    console.error("bench: dist/pyspy is missing: compiling it");
    const args = ["run", "-A", join(PROJECT, "scripts", "compile.ts")];
    const { success } = await new Deno.Command(Deno.execPath(), { args, cwd: PROJECT }).spawn().status;
    if (!success) throw new BenchError("dist/pyspy cannot be compiled; --sources measures the sources");
  }
  if (newestChange(join(PROJECT, "src")) > ((await Deno.stat(BINARY)).mtime?.getTime() ?? 0)) {
    notes.push("dist/pyspy is older than the sources: `deno task compile` makes a new one");
  }
  return await pyspyTool([BINARY], BINARY);
}

/** Units: milliseconds since 1970. */
function newestChange(folder: string): number {
  return [...Deno.readDirSync(folder)].reduce((newest, entry) => {
    const path = join(folder, entry.name);
    const changed = entry.isDirectory ? newestChange(path) : Deno.statSync(path).mtime?.getTime() ?? 0;
    return Math.max(newest, changed);
  }, 0);
}

async function findCases(
  { options, pythons, chosen, host, notes }: {
    options: Options;
    pythons: readonly Python[];
    chosen: readonly Python[];
    host: Python;
    notes: string[];
  },
): Promise<Case[]> {
  const root = pythons.find((python) => python.root !== undefined)?.root;
  const keep = (tools: readonly Tool[] | string): readonly Tool[] => {
    if (typeof tools !== "string") return tools;
    notes.push(tools);
    return [];
  };
  const pyspy = await findPyspy(options.sources, notes);
  const others = [
    ...keep(await pySpyTools(host, options.peers)),
    ...keep(await austinTools(root, options.peers)),
  ];
  const cases: Case[] = [];
  for (const python of chosen) {
    const isTachyonPossible = Number(python.minor.split(".")[1]) >= 15;
    const tachyon = isTachyonPossible ? keep(await tachyonTools(python)) : [];
    for (const tool of [pyspy, ...others, ...tachyon]) {
      const outside = await Deno.makeTempDir(tool.root === undefined ? {} : { dir: join(tool.root, "tmp") });
      const inside = tool.root === undefined ? outside : outside.slice(tool.root.length);
      const at = { tool, python, folder: { host: outside, inside } };
      const refusal = await refusalOf(at, host);
      if (refusal === undefined) {
        cases.push(at);
        continue;
      }
      await Deno.remove(outside);
      if (!tool.isVariant) notes.push(refusal);
    }
  }
  if (!chosen.some((python) => Number(python.minor.split(".")[1]) >= 15)) {
    notes.push("Tachyon: needs Python 3.15 among those of --python");
  }
  return cases;
}

async function main(): Promise<void> {
  if (Deno.build.os !== "linux") throw new BenchError("the benchmark needs Linux");
  const options = parseOptions(Deno.args);
  const { pythons } = await findPythons();
  const chosen = choosePythons(pythons, options.minors);
  const root = chosen.find((python) => python.root !== undefined)?.root;
  const hasProc = await Deno.stat(`${root}/proc/self`).then(() => true, () => false);
  if (root !== undefined && !hasProc && !Deno.env.has(MOUNTED)) await runWithProc(root);
  const host = pythons.findLast((python) => python.root === undefined);
  if (host === undefined) {
    throw new BenchError("it needs a Python of the host, to run scripts/bench/measure.py");
  }

  const notes: string[] = [];
  const before = await machineFacts();
  const cases = await findCases({ options, pythons, chosen, host, notes });
  const figures = new Map<string, number[]>();
  const keyOf = (row: string, at: Case) => `${row} ${cases.indexOf(at)}`;
  const addNote = (note: string) => {
    if (!notes.includes(note)) notes.push(note);
  };
  const bench: Bench = {
    host,
    cases,
    seconds: options.seconds,
    add: (row, at, value) => {
      if (value === undefined || !Number.isFinite(value)) return;
      figures.set(keyOf(row, at), [...figures.get(keyOf(row, at)) ?? [], value]);
    },
    fail: (at, reason) => addNote(`${at.tool.name} with Python ${at.python.version}: ${reason}`),
  };
  try {
    for (let round = 0; round < options.rounds; round++) {
      // Whoever comes first meets another machine than whoever comes last.
      const shift = round % cases.length;
      const turn = [...cases.slice(shift), ...cases.slice(0, shift)];
      for (const section of options.sections) {
        console.error(`bench: round ${round + 1} of ${options.rounds}: ${section}`);
        await runSection(section, { ...bench, cases: turn });
      }
    }
  } finally {
    for (const { folder } of cases) await Deno.remove(folder.host, { recursive: true });
  }
  const after = await machineFacts();
  const results: Results = {
    cases,
    sections: options.sections,
    rounds: options.rounds,
    seconds: options.seconds,
    figures: (row, at) => figures.get(keyOf(row, at)) ?? [],
    machine: [...before.facts, ["load average", `${before.load} at the start, ${after.load} at the end`]],
    notes: notes.map((note) => note.replaceAll(Deno.env.get("HOME") ?? "\0", "~")),
  };
  console.log(renderTable(results));
  const warning = busyWarning(results);
  if (warning !== undefined) console.log(`WARNING: ${warning}`);
  for (const note of results.notes) console.log(`NOTE: ${note}`);
  if (options.sections.length === SECTIONS.length) await Deno.writeTextFile(PAGE, renderPage(results));
  else console.log("NOTE: only a complete run is written to docs/benchmarks.md");
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof BenchError)) throw error;
    console.error(`bench: ${error.message}`);
    Deno.exitCode = 2;
  }
}
