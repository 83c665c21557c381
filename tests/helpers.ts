/** What the tests that run processes have in common. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findPythons, placeFolder, type Python, SUPPORTED_MINORS } from "../scripts/pythons.ts";
import { buildOf, lacks, ORDINARY_BUILDS } from "./covers.ts";
import type { Report } from "./truth.ts";

/** The folder of the project. */
export const PROJECT: string = dirname(dirname(fileURLToPath(import.meta.url)));

/** The folder of the programs that tests run. */
export const PROGRAMS: string = join(PROJECT, "tests", "programs");

/** How long a test waits for a process before it gives up. Units: milliseconds. */
const PATIENCE_MS = 60_000;

/** The command that runs pyspy: the binary that `PYSPY_BINARY` names, or else the sources. */
export function pyspyCommand(): string[] {
  const binary = Deno.env.get("PYSPY_BINARY");
  return binary ? [binary] : [Deno.execPath(), "run", "-A", join(PROJECT, "main.ts")];
}

/** What a process did. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end, or kills it when that takes too long. */
export async function runCommand(
  command: readonly string[],
  env: Record<string, string> = {},
): Promise<Outcome> {
  const [program, ...args] = command;
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const output = await new Deno.Command(program!, { args, env, stdin: "null", signal }).output();
  const decoder = new TextDecoder();
  return { code: output.code, stdout: decoder.decode(output.stdout), stderr: decoder.decode(output.stderr) };
}

/** Runs pyspy to its end. */
export function runPyspy(args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
  return runCommand([...pyspyCommand(), ...args], env);
}

/** A program of tests/programs whose threads stand still; it ends when it is disposed of (`await using`). */
export interface Target extends AsyncDisposable {
  readonly pid: number;
  readonly report: Report;
}

/** Whether a program of tests/programs can run on a minor version: some begin with the oldest that they need. */
export function canRun(minor: string, program: string): boolean {
  const needed = /^# Needs Python (\d+)\.(\d+)\./.exec(Deno.readTextFileSync(join(PROGRAMS, program)));
  if (needed === null) return true;
  const [major, second] = minor.split(".").map(Number);
  return major! > Number(needed[1]) || major === Number(needed[1]) && second! >= Number(needed[2]);
}

/** The programs of which there are memory fixtures, by minor version. */
export function snapshotPrograms(minor: string): string[] {
  const names = ["generators", "thread_names", "unicode_names"].filter((name) => canRun(minor, `${name}.py`));
  return [...(names.length > 0 ? names : ["old_style"]), WITH_OBJECTS];
}

/** The program of which the fixtures have variables and exceptions too. */
export const WITH_OBJECTS = "objects";

/** How much of the variables a program's fixture holds: see `readStacks`. */
export function snapshotLevel(program: string): number {
  return program === WITH_OBJECTS ? 2 : 0;
}

/** Starts a program of tests/programs. @returns as soon as it has reported its own stacks. */
export async function startTarget(python: Python, program: string): Promise<Target> {
  const folder = await placeFolder(python, PROGRAMS);
  const [executable, ...args] = [...python.command, join(folder, program)];
  const child = new Deno.Command(executable!, {
    args,
    env: { PYTHONDONTWRITEBYTECODE: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
    signal: AbortSignal.timeout(PATIENCE_MS),
  }).spawn();
  const stop = async () => {
    await child.stdin.close().catch(() => {}); // it may have ended on its own
    await child.stdout.cancel();
    await child.status;
  };
  const line = await firstLine(child.stdout);
  if (line === undefined) {
    await stop();
    throw new Error(`${program} ended before it was ready (Python ${python.label})`);
  }
  const report: Report = JSON.parse(line);
  return { pid: report.pid, report, [Symbol.asyncDispose]: stop };
}

/** Reads up to the first line's end and leaves the stream open. */
async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string | undefined> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    while (!text.endsWith("\n")) {
      const { done, value } = await reader.read();
      if (done) return undefined;
      text += decoder.decode(value, { stream: true });
    }
  } finally {
    reader.releaseLock();
  }
  return text;
}

/** Says once, loudly, that something is not tested. */
export function warnSkipped(reason: string): void {
  console.warn(`%cSKIPPED: ${reason}`, "color: yellow");
}

/** All interpreters to test with; warns of each supported version that this machine lacks. */
export async function pythonsForTests(): Promise<readonly Python[]> {
  const { pythons, notes } = await findPythons();
  notes.forEach(warnSkipped);
  for (const version of SUPPORTED_MINORS) {
    const present = pythons.filter((python) => python.minor === version).map(buildOf);
    if (present.length === 0) lacks({ version });
    for (const build of [...ORDINARY_BUILDS, "free-threaded"]) {
      if (!present.includes(build)) lacks({ version, build });
    }
  }
  return pythons;
}

/**
 * Runs jobs in their order, a few ahead of the one that is being waited for.
 *
 * Tests run one after the other; with this, the next one's processes start while this one's are at work.
 * @returns for each job a function that waits for its result.
 */
export function runAhead<T>(jobs: readonly (() => Promise<T>)[], ahead: number): (() => Promise<T>)[] {
  const started = new Map<number, Promise<T>>();
  const start = (index: number) => {
    const job = jobs[index];
    if (job === undefined || started.has(index)) return;
    const result = job();
    result.catch(() => {}); // whoever waits for it gets the error
    started.set(index, result);
  };
  return jobs.map((_, index) => () => {
    for (let next = index; next <= index + ahead; next++) start(next);
    const result = started.get(index)!;
    return result;
  });
}
