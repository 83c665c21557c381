/**
 * Notes what the tests of a run cover, for docs/matrix.md: scripts/matrix.ts reads it.
 *
 * Shape: lines of JSON, appended to the file that PYSPY_MATRIX names; without one nothing is noted.
 */
import { type Python, SUPPORTED_MINORS } from "../scripts/pythons.ts";

/** What pyspy does with an interpreter. Shape: in the order of the columns. */
export const MODES = [
  "dump",
  "locals",
  "exceptions",
  "garbage",
  "record",
  "blocking",
  "gil",
  "subinterpreters",
  "subprocesses",
] as const;

/** One of `MODES`. */
export type Mode = typeof MODES[number];

/** How a cell was tested: on a running program, on recorded memory, or that it is refused. */
export type How = "live" | "replayed" | "refused";

/** Cells of the matrix: an interpreter, or a minor version ("3.13") and the name of a build ("stripped"). */
export interface Cells {
  readonly python?: Python;
  readonly version?: string;
  readonly build?: string;
  readonly modes: readonly Mode[];
  readonly how?: How;
}

/** A line of the file. A line without `how` says what this machine lacks; what is absent there stands for all. */
export interface Note {
  readonly version?: string | undefined;
  readonly build?: string | undefined;
  readonly mode?: Mode | undefined;
  readonly how?: How;
  readonly passed?: boolean;
}

/** `Deno.test` for tests that cover cells: `covering({ python, modes: ["dump"] })(name, async () => ...)`. */
export function covering(cells: Cells): (test: string | Deno.TestDefinition, fn?: Test) => void {
  const { python, modes, how = "live" } = cells;
  const version = cells.version ?? python?.minor;
  const build = cells.build ?? (python === undefined ? undefined : buildOf(python));
  return (test, fn) => {
    const definition = typeof test === "string" ? { name: test, fn: fn! } : test;
    if (definition.ignore === true) { for (const mode of modes) write({ version, build, mode }); }
    const run = async (context: Deno.TestContext) => {
      let passed = false;
      try {
        await definition.fn(context);
        passed = true;
      } finally {
        for (const mode of modes) write({ version, build, mode, how, passed });
      }
    };
    Deno.test({ ...definition, fn: run });
  };
}

type Test = (context: Deno.TestContext) => void | Promise<void>;

/** Says that cells cannot be tested on this machine: those of a version, a build, a mode, or of all that are named. */
export function lacks(cells: { version?: string; build?: string; mode?: Mode }): void {
  write(cells);
}

/** Says that a build can be tested on this machine for these versions at most: "3.13". */
export function lacksAllBut(build: string, versions: readonly string[]): void {
  for (const version of SUPPORTED_MINORS) if (!versions.includes(version)) lacks({ version, build });
}

/** The ordinary builds: the interpreter is in the executable, or in libpython. */
export const ORDINARY_BUILDS = ["executable", "libpython"] as const;

/** The name of an interpreter's build. */
export function buildOf({ executable, freeThreaded, kind }: Python): string {
  if (freeThreaded) return "free-threaded";
  if (kind !== undefined) return kind;
  // The names of the libraries that a program needs stand in it as text.
  const text = new TextDecoder("latin1").decode(Deno.readFileSync(executable));
  return /\0libpython\d\.\d+m?d?\.so/.test(text) ? "libpython" : "executable";
}

function write(note: Note): void {
  const file = Deno.env.get("PYSPY_MATRIX");
  if (file) Deno.writeTextFileSync(file, `${JSON.stringify(note)}\n`, { append: true });
}
