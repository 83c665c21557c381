/**
 * Measures pyspy side by side with its peers and prints one table. A complete run (without `--only`) writes
 * it to docs/benchmarks.md too, with how each figure was obtained.
 *
 * Usage: `deno task bench [--seconds N] [--rounds N] [--only startup,dump,limit,rate,truth,shares,memory]
 * [--python 3.10,3.13,3.15] [--peers] [--sources]`
 *
 * Peers (py-spy, Tachyon, austin) are used where they are found; `--peers` fetches those that can be had.
 * `--sources` measures the sources in place of dist/pyspy. Linux only.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { BenchError, choosePythons, findCases } from "./bench/cases.ts";
import { machineFacts } from "./bench/machine.ts";
import { busyWarning, renderPage, renderTable, type Results } from "./bench/report.ts";
import type { Bench, Case, Extent, Section } from "./bench/section.ts";
import { SECTIONS } from "./bench/sections.ts";
import type { Python } from "./pythons.ts";

const PAGE = join(dirname(dirname(fileURLToPath(import.meta.url))), "docs", "benchmarks.md");
/** Set in the process that has /proc in the root of the other Pythons. */
const MOUNTED = "PYSPY_BENCH_MOUNTED";

interface Options extends Extent {
  readonly sections: readonly Section[];
  /** Undefined for the usual ones. */
  readonly minors: readonly string[] | undefined;
  readonly peers: boolean;
  readonly sources: boolean;
}

function parseOptions(args: readonly string[]): Options {
  const number = (text: string, name: string) => {
    if (!/^[1-9]\d{0,3}$/.test(text)) throw new BenchError(`--${name} must be a whole number above 0`);
    return Number(text);
  };
  const names = SECTIONS.map(({ name }) => name);
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seconds: { type: "string", default: "2" },
        rounds: { type: "string", default: "3" },
        only: { type: "string", default: names.join(",") },
        python: { type: "string" },
        peers: { type: "boolean", default: false },
        sources: { type: "boolean", default: false },
      },
    });
    const only = values.only.split(",");
    const unknown = only.find((name) => !names.includes(name));
    if (unknown !== undefined) {
      throw new BenchError(`--only: no such part: ${unknown} (${names.join(", ")})`);
    }
    return {
      seconds: number(values.seconds, "seconds"),
      rounds: number(values.rounds, "rounds"),
      sections: SECTIONS.filter(({ name }) => only.includes(name)),
      minors: values.python?.split(","),
      peers: values.peers,
      sources: values.sources,
    };
  } catch (error) {
    throw new BenchError((error as Error).message);
  }
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

/** Makes all measurements. @returns the figures of a row for a case. */
async function measureAll(
  { options, cases, host, addNote }: {
    options: Options;
    cases: readonly Case[];
    host: Python;
    addNote: (note: string) => void;
  },
): Promise<Results["figures"]> {
  const figures = new Map<string, number[]>();
  const keyOf = (row: string, at: Case) => `${row} ${cases.indexOf(at)}`;
  for (let round = 0; round < options.rounds; round++) {
    // Whoever comes first meets another machine than whoever comes last.
    const shift = round % cases.length;
    const turn = [...cases.slice(shift), ...cases.slice(0, shift)];
    for (const section of options.sections) {
      console.error(`bench: round ${round + 1} of ${options.rounds}: ${section.name}`);
      const bench: Bench = {
        ...options,
        round,
        host,
        cases: turn.filter(({ tool }) => tool.onlyIn === undefined || tool.onlyIn === section.name),
        add: (row, at, value) => {
          if (value === undefined || !Number.isFinite(value)) return;
          figures.set(keyOf(row, at), [...figures.get(keyOf(row, at)) ?? [], value]);
        },
        fail: (at, reason) => addNote(`${at.tool.name} with Python ${at.python.version}: ${reason}`),
      };
      await section.measure(bench);
    }
  }
  return (row, at) => figures.get(keyOf(row, at)) ?? [];
}

async function main(): Promise<void> {
  if (Deno.build.os !== "linux") throw new BenchError("the benchmark needs Linux");
  const options = parseOptions(Deno.args);
  const notes: string[] = [];
  const pythons = await choosePythons(options.minors, notes);
  const root = pythons.chosen.find((python) => python.root !== undefined)?.root;
  const hasProc = await Deno.stat(`${root}/proc/self`).then(() => true, () => false);
  if (root !== undefined && !hasProc && !Deno.env.has(MOUNTED)) await runWithProc(root);

  const before = await machineFacts();
  const cases = await findCases({ ...options, pythons, notes });
  const addNote = (note: string) => {
    if (!notes.includes(note)) notes.push(note);
  };
  let figures: Results["figures"];
  try {
    figures = await measureAll({ options, cases, host: pythons.host, addNote });
  } finally {
    for (const { folder } of cases) await Deno.remove(folder.host, { recursive: true });
  }
  const after = await machineFacts();
  const results: Results = {
    ...options,
    cases: cases.filter(({ tool }) =>
      tool.onlyIn === undefined || options.sections.some(({ name }) => name === tool.onlyIn)
    ),
    figures,
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
