/** Chooses what is compared: tools, Pythons, and which of these go together. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findPythons, type Python } from "../pythons.ts";
import { measure } from "./measure.ts";
import type { Case } from "./section.ts";
import { austinTools, pySpyTools, pyspyTools, tachyonTools, type Tool } from "./tools.ts";
import { startWorkload } from "./workload.ts";

const PROJECT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const BINARY = join(PROJECT, "dist", "pyspy");

/** Frame objects on the heap; the usual layout of most peers' newest; the newest, with Tachyon. */
const USUAL_MINORS = ["3.10", "3.13", "3.15"];

/** The benchmark cannot be made as it was asked for. */
export class BenchError extends Error {}

/** Interpreters for the benchmark. */
export interface ChosenPythons {
  /** Whose programs are profiled. */
  readonly chosen: readonly Python[];
  /** Runs measure.py. */
  readonly host: Python;
  /** The folder of the Pythons that `deno task pythons setup` installed, where it did. */
  readonly root: string | undefined;
}

/**
 * Finds an interpreter of each minor, of the host where there is one.
 *
 * @param minors those that must be there; without it, the usual ones, and a note for each that is missing.
 * @throws BenchError
 */
export async function choosePythons(
  minors: readonly string[] | undefined,
  notes: string[],
): Promise<ChosenPythons> {
  const { pythons } = await findPythons();
  const chosen: Python[] = [];
  for (const minor of minors ?? USUAL_MINORS) {
    const candidates = pythons.filter((python) => python.minor === minor && !python.freeThreaded);
    const python = candidates.find((python) => python.root === undefined) ?? candidates[0];
    const missing = `Python ${minor} is missing: see \`deno task pythons list\``;
    if (python !== undefined) chosen.push(python);
    else if (minors === undefined) notes.push(missing);
    else throw new BenchError(missing);
  }
  const host = pythons.findLast((python) => python.root === undefined);
  if (host === undefined) {
    throw new BenchError("it needs a Python of the host, to run scripts/bench/measure.py");
  }
  if (chosen.length === 0) throw new BenchError(`it needs one of Python ${USUAL_MINORS.join(", ")}`);
  return { chosen, host, root: pythons.find((python) => python.root !== undefined)?.root };
}

/** What to compare. */
export interface CaseOptions {
  readonly pythons: ChosenPythons;
  /** Fetch the peers that are missing. */
  readonly peers: boolean;
  /** Measure the sources in place of dist/pyspy. */
  readonly sources: boolean;
  /** Gets what is missing, and why. */
  readonly notes: string[];
}

/** A tool that can look at a Python. */
interface Pair {
  readonly tool: Tool;
  readonly python: Python;
}

/**
 * Finds the columns of the table.
 *
 * A complete run with every tool on every Python would take too long. Each tool has a main Python: the one that
 * most tools can look at. Its variants are measured there alone, and so is what takes long.
 */
export async function findCases(options: CaseOptions): Promise<Case[]> {
  const pairs = await findPairs(options);
  const families = (python: Python) =>
    new Set(pairs.filter((pair) => pair.python === python).map(({ tool }) => tool.family)).size;
  const mains = new Map<string, Python>();
  for (const { tool, python } of pairs) {
    const main = mains.get(tool.family);
    // The newest of those that are alike: they come in the order of --python.
    if (main === undefined || families(python) >= families(main)) mains.set(tool.family, python);
  }
  const cases: Case[] = [];
  for (const { tool, python } of pairs) {
    if (tool.isVariant && mains.get(tool.family) !== python) continue;
    const outside = await Deno.makeTempDir(tool.root === undefined ? {} : { dir: join(tool.root, "tmp") });
    const inside = tool.root === undefined ? outside : outside.slice(tool.root.length);
    const isMain = [...mains.values()].includes(python);
    cases.push({ tool, python, isMain, folder: { host: outside, inside } });
  }
  return cases;
}

async function findPairs({ pythons, peers, sources, notes }: CaseOptions): Promise<Pair[]> {
  const { chosen, host, root } = pythons;
  const keep = (tools: readonly Tool[] | string): readonly Tool[] => {
    if (typeof tools !== "string") return tools;
    notes.push(tools);
    return [];
  };
  const anywhere = [
    await findPyspy(sources, notes),
    keep(await pySpyTools(host, peers)),
    keep(await austinTools(root, peers)),
  ];
  const hasTachyon = (python: Python) => Number(python.minor.split(".")[1]) >= 15;
  if (!chosen.some(hasTachyon)) notes.push("Tachyon: needs Python 3.15 among those of --python");
  const pairs: Pair[] = [];
  for (const python of chosen) {
    const tachyon = hasTachyon(python) ? keep(await tachyonTools(python)) : [];
    for (const family of [...anywhere, tachyon]) {
      const plain = family.find((tool) => !tool.isVariant);
      if (plain === undefined) continue;
      const refusal = await refusalOf({ tool: plain, python }, host);
      if (refusal !== undefined) notes.push(refusal);
      else pairs.push(...family.map((tool) => ({ tool, python })));
    }
  }
  return pairs;
}

/** @returns why a tool cannot look at this Python; undefined when its `dump` shows what there is to see. */
async function refusalOf({ tool, python }: Pair, host: Python): Promise<string | undefined> {
  await using workload = await startWorkload(python, "two_threads.py");
  let text = "";
  for (let attempt = 0; attempt < 3; attempt++) {
    const dump = await measure(host, { command: tool.dump(workload.pid) });
    text = dump.text.trim();
    if (dump.code === 0 && text.includes("stand_still")) return undefined;
  }
  const lines = text.split("\n");
  const reason = lines.find((line) => /error/i.test(line)) ??
    "its dump does not show the program's functions";
  return `${tool.name} cannot look at Python ${python.version}: ${reason}`;
}

async function findPyspy(sources: boolean, notes: string[]): Promise<readonly Tool[]> {
  if (sources) {
    const command = [Deno.execPath(), "run", "-A", join(PROJECT, "main.ts")];
    return await pyspyTools(command, { binary: undefined, notes });
  }
  if (await Deno.stat(BINARY).catch(() => undefined) === undefined) {
    console.error("bench: dist/pyspy is missing: compiling it");
    const args = ["run", "-A", join(PROJECT, "scripts", "compile.ts")];
    const { success } = await new Deno.Command(Deno.execPath(), { args, cwd: PROJECT }).spawn().status;
    if (!success) throw new BenchError("dist/pyspy cannot be compiled; --sources measures the sources");
  }
  if (newestChange(join(PROJECT, "src")) > ((await Deno.stat(BINARY)).mtime?.getTime() ?? 0)) {
    notes.push("dist/pyspy is older than the sources: `deno task compile` makes a new one");
  }
  return await pyspyTools([BINARY], { binary: BINARY, notes });
}

/** Units: milliseconds since 1970. */
function newestChange(folder: string): number {
  return [...Deno.readDirSync(folder)].reduce((newest, entry) => {
    const path = join(folder, entry.name);
    const changed = entry.isDirectory ? newestChange(path) : Deno.statSync(path).mtime?.getTime() ?? 0;
    return Math.max(newest, changed);
  }, 0);
}
