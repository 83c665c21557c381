/** For every Python and every program: pyspy shows exactly what the program itself says about its stacks. */
import assert from "node:assert/strict";
import type { DumpJson } from "../../src/render/dump_json.ts";
import { SUPPORTED_MINORS } from "../../scripts/pythons.ts";
import type { Python } from "../../scripts/pythons.ts";
import { covering, type Mode } from "../covers.ts";
import { canRun, PROGRAMS, pythonsForTests, runAhead, runPyspy, startTarget } from "../helpers.ts";
import { differences } from "../truth.ts";
import { builds } from "./builds.ts";

const PROGRAM_NAMES = [...Deno.readDirSync(PROGRAMS)]
  .map((entry) => entry.name)
  .filter((name) => name.endsWith(".py") && name !== "report.py")
  .sort();

/** What is run with each build of builds.ts: they differ from others in the layout of objects, if in anything. */
const OF_BUILDS = ["exceptions.py", "local_variables.py", "thread_names.py"];

/** Programs about one thing, which all others show as well. */
const SUBJECTS: Readonly<Record<string, Mode>> = {
  "local_variables.py": "locals",
  "objects.py": "locals",
  "handling.py": "exceptions",
  "handling_unicode.py": "exceptions",
  "exception_groups.py": "exceptions",
};

function modesOf(program: string): Mode[] {
  const subject = SUBJECTS[program];
  return subject === undefined ? ["dump"] : ["dump", subject];
}

/** @returns how the dump differs from the truth. */
async function compare(python: Python, program: string): Promise<string[]> {
  await using target = await startTarget(python, program);
  const { code, stdout, stderr } = await runPyspy(["dump", "--json", "-lll", "-p", String(target.pid)]);
  if (code !== 0) return [`pyspy ended with code ${code}: ${stderr}`];
  return differences(target.report, JSON.parse(stdout) as DumpJson);
}

const pythons = await pythonsForTests();
const pairs = [
  ...pythons.map((python) => ({ python, programs: PROGRAM_NAMES })),
  ...builds.map((python) => ({ python, programs: OF_BUILDS })),
].flatMap(({ python, programs }) =>
  programs.filter((program) => canRun(python.minor, program)).map((program) => ({ python, program }))
);
const results = runAhead(pairs.map(({ python, program }) => () => compare(python, program)), 1);

for (const [index, { python, program }] of pairs.entries()) {
  covering({ python, modes: modesOf(program) })({
    name: `truth: ${program}, Python ${python.label}`,
    // The next test's processes already run during this one.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const found = await results[index]!();
      assert.ok(found.length === 0, `\n${found.slice(0, 10).join("\n")}`);
    },
  });
}

for (const minor of SUPPORTED_MINORS) {
  const ignore = !pythons.some((python) => python.minor === minor);
  if (ignore) Deno.test({ name: `truth: Python ${minor} (not on this machine)`, ignore, fn: () => {} });
}
