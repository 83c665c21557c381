/**
 * The Python interpreters that the tests run against: finds them, and installs the newest ones.
 *
 * Usage: `deno run -A scripts/pythons.ts list` prints those found.
 * `deno run -A scripts/pythons.ts setup [--optional]` installs Python 3.13 to 3.15 from Debian's development
 * branch, and the builds of python_builds.ts, into a folder of their own, and leaves the system alone. With
 * `--optional`, a machine that cannot do it is no failure.
 *
 * Everything is kept in `$PYSPY_PYTHONS_ROOT`, by default ~/.cache/pyspy-pythons.
 */
import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { basename, join, relative } from "node:path";
import { exists } from "../src/ffi/linux_proc.ts";
import { isRoot, lackingPrograms, lastLines, makeRoot, namesIn, run, SetupError } from "./debian_root.ts";
import { freeThreadedProgram } from "./free_threaded.ts";
import { type BuildCandidate, buildCandidates, setupBuilds } from "./python_builds.ts";

/** Minor versions that pyspy supports. */
export const SUPPORTED_MINORS: readonly string[] = [
  "2.7",
  ...[6, 7, 8, 9, 10, 11, 12, 13, 14, 15].map((minor) => `3.${minor}`),
];

/** Where `setup` and `ensureVenv` keep what they install. */
export const PYTHONS_ROOT: string = Deno.env.get("PYSPY_PYTHONS_ROOT") ||
  join(Deno.env.get("XDG_CACHE_HOME") || join(homedir(), ".cache"), "pyspy-pythons");

const SID_ROOT = join(PYTHONS_ROOT, "sid");
const SID_MINORS = ["3.13", "3.14", "3.15"];
const SID_PACKAGES = [
  ...SID_MINORS.flatMap((minor) => [`python${minor}`, `python${minor}-dev`]),
  "gcc",
  "libc6-dev",
];
/** Files that show that the root is complete. */
const SID_FILES = [...SID_MINORS.flatMap((minor) => [`python${minor}`, `python${minor}-config`]), "gcc"];

/** An interpreter to test with. */
export interface Python {
  /** As in `platform.python_version()`: "3.13.0", "3.15.0b2". */
  readonly version: string;
  /** "3.13". */
  readonly minor: string;
  /** Short and unique: "3.13.0", "3.13.9 (sid)". */
  readonly label: string;
  /** What to put in front of a script's path and its arguments. */
  readonly command: readonly string[];
  /** The interpreter's file, as the host sees it. */
  readonly executable: string;
  /** The folder that is `/` for this interpreter, or undefined when it runs on the host itself. */
  readonly root: string | undefined;
  /** What is special about one of python_builds.ts. */
  readonly kind?: BuildCandidate["kind"];
  /** True for builds without a GIL. */
  readonly freeThreaded: boolean;
}

/** Interpreters found, by version, and what a reader of the test results should know. */
export interface PythonSet {
  readonly pythons: readonly Python[];
  /** One line for each supported minor that is missing, and for each interpreter that does not start. */
  readonly notes: readonly string[];
}

interface Candidate {
  readonly command: readonly string[];
  readonly executable: string;
  readonly root: string | undefined;
}

/** Finds every interpreter to test with: pyenv's, those on PATH, and those that `setup` installed. */
export async function findPythons(): Promise<PythonSet> {
  const notes: string[] = [];
  const candidates = [...pyenvCandidates(), ...pathCandidates(), ...ownCandidates(), ...sidCandidates(notes)];
  const distinct = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const path = realPath(candidate.executable);
    if (!distinct.has(path)) distinct.set(path, candidate);
  }
  const found = await Promise.all([...distinct.values()].map((candidate) => describe(candidate, notes)));
  const pythons = found
    .filter((python) => python !== undefined)
    .filter(({ minor }) =>
      SUPPORTED_MINORS.includes(minor) || minorNumber(minor) > minorNumber(SUPPORTED_MINORS.at(-1)!)
    )
    .sort((a, b) => minorNumber(a.minor) - minorNumber(b.minor) || a.label.localeCompare(b.label));
  for (const minor of SUPPORTED_MINORS) {
    if (!pythons.some((python) => python.minor === minor)) {
      notes.push(`Python ${minor} is missing: nothing is tested with it`);
    }
  }
  return { pythons, notes };
}

/** Finds the builds of python_builds.ts: none of them need be there. */
export async function findBuilds(): Promise<PythonSet> {
  const notes: string[] = [];
  const candidates = buildCandidates(PYTHONS_ROOT).filter(({ root }) => root === undefined || isRoot());
  const found = await Promise.all(candidates.map(async (candidate) => {
    const python = await describe(candidate, notes);
    return python === undefined
      ? undefined
      : { ...python, kind: candidate.kind, label: `${python.label} ${candidate.kind}` };
  }));
  for (const kind of ["debug", "musl"] as const) {
    if (!candidates.some((one) => one.kind === kind)) notes.push(`No ${kind} build of Python is there`);
  }
  return { pythons: found.filter((python) => python !== undefined), notes };
}

/**
 * Makes a folder of this project visible to an interpreter.
 *
 * @returns the folder's path as the interpreter sees it: the folder itself, or inside a root a copy named
 * after its contents, which is made once and never changed, so that tests can run side by side.
 */
export async function placeFolder(python: Python, folder: string): Promise<string> {
  if (python.root === undefined) return folder;
  const files = listFiles(folder);
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${file}\0`).update(Deno.readFileSync(join(folder, file)));
  const inside = `/opt/pyspy/${basename(folder)}-${hash.digest("hex").slice(0, 16)}`;
  const copy = join(python.root, inside);
  if (exists(copy)) return inside;
  const partial = `${copy}.${crypto.randomUUID()}`;
  for (const file of files) {
    Deno.mkdirSync(join(partial, file, ".."), { recursive: true });
    Deno.copyFileSync(join(folder, file), join(partial, file));
  }
  try {
    await Deno.rename(partial, copy);
  } catch (error) {
    if (!exists(copy)) throw error;
    await Deno.remove(partial, { recursive: true }); // another test was faster
  }
  return inside;
}

/**
 * Makes sure of an environment that holds some packages from the Python package index.
 *
 * @returns the path of its interpreter; undefined, with a warning, when the packages cannot be had.
 */
export async function ensureVenv(python: Python, packages: readonly string[]): Promise<string | undefined> {
  const skip = (reason: string) => {
    console.warn(`SKIPPED with Python ${python.label}: no ${packages.join(", ")}: ${reason}`);
    return undefined;
  };
  if (python.root !== undefined) return skip("packages are installed only for interpreters of the host");
  const folder = join(PYTHONS_ROOT, `venv-${python.minor}`);
  const interpreter = join(folder, "bin", "python");
  const stampFile = join(folder, "pyspy-packages.json");
  let stamp = { executable: "", packages: [] as string[] };
  try {
    stamp = JSON.parse(await Deno.readTextFile(stampFile));
  } catch {
    // Not made yet, or not made to its end: start anew.
  }
  if (stamp.executable !== python.executable) {
    await Deno.mkdir(PYTHONS_ROOT, { recursive: true });
    const made = await run([...python.command, "-m", "venv", "--clear", folder]);
    if (!made.success) return skip(lastLines(made.text, 3));
    stamp = { executable: python.executable, packages: [] };
  }
  const missing = packages.filter((name) => !stamp.packages.includes(name));
  if (missing.length === 0) return interpreter;
  const pip = ["-m", "pip", "install", "--quiet", "--retries", "1", "--timeout", "15", "--prefer-binary"];
  const installed = await run([interpreter, ...pip, ...missing]);
  if (!installed.success) return skip(`pip could not install them: ${lastLines(installed.text, 2)}`);
  stamp.packages.push(...missing);
  await Deno.writeTextFile(stampFile, JSON.stringify(stamp));
  return interpreter;
}

function pyenvCandidates(): Candidate[] {
  const versions = join(Deno.env.get("PYENV_ROOT") || join(homedir(), ".pyenv"), "versions");
  return namesIn(versions)
    .map((name) => join(versions, name, "bin", "python"))
    .filter(exists)
    .map((executable) => ({ command: [executable], executable, root: undefined }));
}

function pathCandidates(): Candidate[] {
  return (Deno.env.get("PATH") ?? "").split(":")
    // pyenv's shims are shell scripts in front of the interpreters that were found already.
    .filter((folder) => folder !== "" && basename(folder) !== "shims")
    .flatMap((folder) => namesIn(folder).map((name) => join(folder, name)))
    .filter((path) => /^python3\.\d+t?$/.test(basename(path)))
    .map((executable) => ({ command: [executable], executable, root: undefined }));
}

function ownCandidates(): Candidate[] {
  const executable = freeThreadedProgram(PYTHONS_ROOT);
  return exists(executable) ? [{ command: [executable], executable, root: undefined }] : [];
}

function sidCandidates(notes: string[]): Candidate[] {
  const installed = namesIn(join(SID_ROOT, "usr/bin")).filter((name) => /^python3\.\d+$/.test(name));
  if (installed.length > 0 && !isRoot()) {
    notes.push(`Only root can run the interpreters in ${SID_ROOT} (chroot)`);
    return [];
  }
  return installed.map((name) => ({
    command: ["chroot", SID_ROOT, `/usr/bin/${name}`],
    executable: join(SID_ROOT, "usr/bin", name),
    root: SID_ROOT,
  }));
}

async function describe(candidate: Candidate, notes: string[]): Promise<Python | undefined> {
  const question = "import platform, sysconfig as s;" +
    "print('%s %s' % (platform.python_version(), bool(s.get_config_var('Py_GIL_DISABLED'))))";
  const answer = await run([...candidate.command, "-c", question]);
  // The musl build looks for modules that it does not have, and says so.
  const match = /^((\d+\.\d+)\S*) (True|False)$/m.exec(answer.text);
  if (!answer.success || match === null) {
    notes.push(`${candidate.executable} does not start: ${lastLines(answer.text, 1)}`);
    return undefined;
  }
  const [, version, minor, freeThreaded] = match;
  const where = candidate.root !== undefined
    ? ` (${basename(candidate.root)})`
    : candidate.executable.startsWith("/usr/bin/")
    ? " (system)"
    : "";
  return {
    ...candidate,
    version: version!,
    minor: minor!,
    label: `${version}${freeThreaded === "True" ? "t" : ""}${where}`,
    freeThreaded: freeThreaded === "True",
  };
}

function minorNumber(minor: string): number {
  const [major, second] = minor.split(".").map(Number);
  return major! * 1000 + second!;
}

function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}

/** @returns the paths of all files below `folder`, relative to it, without Python's caches. */
function listFiles(folder: string, below = folder): string[] {
  return [...Deno.readDirSync(below)]
    .filter((entry) => entry.name !== "__pycache__")
    .flatMap((entry) => {
      const path = join(below, entry.name);
      return entry.isDirectory ? listFiles(folder, path) : [relative(folder, path)];
    })
    .sort();
}

/** Installs what is missing. @throws SetupError when this machine cannot do it. */
async function setup(): Promise<void> {
  const sid = { suite: "sid", folder: SID_ROOT, packages: SID_PACKAGES, programs: SID_FILES };
  if (lackingPrograms(sid).length > 0) await makeRoot(sid);
  await setupBuilds(PYTHONS_ROOT, SID_MINORS);
  console.log(`${PYTHONS_ROOT} is ready`);
}

async function list(): Promise<void> {
  const [{ pythons, notes }, builds] = await Promise.all([findPythons(), findBuilds()]);
  for (const python of [...pythons, ...builds.pythons]) {
    console.log(`${python.label.padEnd(20)} ${python.command.join(" ")}`);
  }
  for (const note of [...notes, ...builds.notes]) console.log(`NOTE: ${note}`);
}

async function main(args: readonly string[]): Promise<void> {
  const [command, option] = args;
  if (command === "list" && args.length === 1) return await list();
  if (command !== "setup" || args.length > 2 || (option !== undefined && option !== "--optional")) {
    console.error("usage: pythons.ts list | setup [--optional]");
    Deno.exitCode = 2;
    return;
  }
  try {
    await setup();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    const optional = option === "--optional";
    console.error(
      `${optional ? "WARNING: SKIPPED" : "error"}: cannot install all Pythons: ${error.message}`,
    );
    if (!optional) Deno.exitCode = 1;
  }
}

if (import.meta.main) await main(Deno.args);
