/** Programs of tests/programs/live: started by a test, ready when they say so, gone when the test ends. */
import { homedir } from "node:os";
import { join } from "node:path";
import { placeFolder } from "../../scripts/pythons.ts";
import type { Python } from "../../scripts/pythons.ts";
import { PROGRAMS, pyspyCommand, pythonsForTests, runCommand } from "../helpers.ts";
import type { Outcome } from "../helpers.ts";

/** How long a test waits before it gives up. Units: ms. */
const PATIENCE_MS = 60_000;

/** All interpreters, those of Python 3, and the one for tests that need only one: the newest of the host itself. */
export const allPythons: readonly Python[] = await pythonsForTests();
export const pythons: readonly Python[] = allPythons.filter((one) => !one.minor.startsWith("2."));
export const python: Python | undefined = pythons.findLast((one) =>
  one.root === undefined && !one.freeThreaded
);

/** A program that runs until the test ends. */
export interface Running extends AsyncDisposable {
  readonly pid: number;
  /** What it printed when it was ready. */
  readonly firstLine: string;
  /** Ends it at once. */
  kill(signal?: Deno.Signal): void;
  /** Ends its standard input. */
  endInput(): Promise<void>;
  readonly status: Promise<Deno.CommandStatus>;
}

/** The command that runs a program of tests/programs/live. */
export async function liveCommand(
  of: Python,
  program: string,
  args: readonly string[] = [],
): Promise<string[]> {
  return [...of.command, join(await placeFolder(of, join(PROGRAMS, "live")), program), ...args];
}

/** Starts a program of tests/programs/live. @returns once it has printed "ready". */
export async function startProgram(
  of: Python,
  program: string,
  args: readonly string[] = [],
): Promise<Running> {
  return await startReady(await liveCommand(of, program, args));
}

/** Starts a command. @returns once it has printed a line. */
export async function startReady(command: readonly string[]): Promise<Running> {
  const child = new Deno.Command(command[0]!, {
    args: command.slice(1),
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
    env: { PYTHONDONTWRITEBYTECODE: "1" },
  }).spawn();
  const reader = child.stdout.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let isOver = false;
  // An unbuffered program writes a line in pieces.
  while (!isOver && !text.includes("\n")) {
    const { done, value } = await reader.read();
    isOver = done;
    text += decoder.decode(value, { stream: true });
  }
  reader.releaseLock();
  const kill = (signal: Deno.Signal = "SIGKILL") => {
    try {
      child.kill(signal);
    } catch {
      // It has ended already.
    }
  };
  const endInput = () => child.stdin.close().catch(() => {});
  const stop = async () => {
    kill();
    await endInput();
    await child.stdout.cancel();
    await child.status;
  };
  if (isOver) {
    await stop();
    throw new Error(`${command.join(" ")} ended before it was ready`);
  }
  const firstLine = text.split("\n", 1)[0]!;
  return { pid: child.pid, firstLine, kill, endInput, status: child.status, [Symbol.asyncDispose]: stop };
}

/** A pyspy that is running; its streams are collected. */
export interface RunningPyspy {
  readonly pid: number;
  /** Resolves as soon as there is something on stdout. */
  readonly firstOutput: Promise<void>;
  /** Resolves as soon as stderr holds this text. */
  said(text: string): Promise<void>;
  kill(signal: Deno.Signal): void;
  readonly outcome: Promise<Outcome>;
}

/** Starts pyspy without waiting for its end; `input` goes to its stdin, which then ends. */
export function startPyspy(
  args: readonly string[],
  { env = {}, input = "", cwd, prefix = [] }: {
    env?: Record<string, string>;
    input?: string;
    cwd?: string;
    prefix?: readonly string[];
  } = {},
): RunningPyspy {
  const [program, ...rest] = [...prefix, ...pyspyCommand(), ...args];
  const child = new Deno.Command(program!, {
    args: rest,
    env,
    ...(cwd === undefined ? {} : { cwd }),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  writer.write(new TextEncoder().encode(input)).then(() => writer.close()).catch(() => {});
  let stderr = "";
  let waiting: { text: string; resolve: () => void; reject: (error: Error) => void }[] = [];
  const collect = async () => {
    for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) {
      stderr += chunk;
      for (const one of waiting) if (stderr.includes(one.text)) one.resolve();
      waiting = waiting.filter((one) => !stderr.includes(one.text));
    }
    for (const one of waiting) one.reject(new Error(`pyspy never said '${one.text}': ${stderr}`));
  };
  let stdout = "";
  const { promise: firstOutput, resolve } = Promise.withResolvers<void>();
  const collectOutput = async () => {
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
      stdout += chunk;
      resolve();
    }
    resolve();
  };
  const timer = setTimeout(() => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended, and something that it started still holds its streams.
    }
  }, PATIENCE_MS);
  const outcome = Promise.all([child.status, collectOutput(), collect()])
    .then(([status]) => ({ code: status.code, stdout, stderr }))
    .finally(() => clearTimeout(timer));
  return {
    pid: child.pid,
    firstOutput,
    kill: (signal) => child.kill(signal),
    outcome,
    said: (text) =>
      stderr.includes(text)
        ? Promise.resolve()
        : new Promise((resolve, reject) => waiting.push({ text, resolve, reject })),
  };
}

/** Runs pyspy to its end. */
export async function pyspy(
  args: readonly string[],
  options: Parameters<typeof startPyspy>[1] = {},
): Promise<Outcome> {
  return await startPyspy(args, options).outcome;
}

/** A folder for one test. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir({ prefix: "pyspy-test-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** The npm packages, for a user who may not write to our own cache. */
export async function denoCacheFor(folder: string): Promise<Record<string, string>> {
  const own = Deno.env.get("DENO_DIR") ||
    join(Deno.env.get("XDG_CACHE_HOME") || join(homedir(), ".cache"), "deno");
  await runCommand(["cp", "-r", join(own, "npm"), folder]);
  await runCommand(["chmod", "-R", "a+rwX", folder]);
  return { DENO_DIR: folder, DENO_NO_UPDATE_CHECK: "1" };
}

/** The lines of the folded format. */
export function parseFolded(text: string): { frames: string[]; count: number }[] {
  return text.split("\n").filter((line) => line !== "").map((line) => {
    const space = line.lastIndexOf(" ");
    return { frames: line.slice(0, space).split(";"), count: Number(line.slice(space + 1)) };
  });
}

/** The counts of the last line that `record` writes to stderr. */
export function parseCounts(
  stderr: string,
): Record<"samples" | "errors" | "late" | "missed" | "cut", number> {
  const match = /(\d+) samples, (\d+) errors, (\d+) late, (\d+) missed, (\d+) cut/.exec(stderr);
  if (match === null) throw new Error(`no counts in: ${stderr}`);
  const [samples, errors, late, missed, cut] = match.slice(1).map(Number);
  return { samples: samples!, errors: errors!, late: late!, missed: missed!, cut: cut! };
}

/** Whether a process exists and has not ended (a zombie has). */
export function isRunning(pid: number): boolean {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return !"ZX".includes(stat[stat.lastIndexOf(")") + 2]!);
  } catch {
    return false;
  }
}
