/** Programs of tests/programs, all of whose threads stand still: what `dump` and `record` show is what they report. */
import assert from "node:assert/strict";
import type { DumpJson } from "../../src/render/dump_json.ts";
import { runPyspy } from "../helpers.ts";
import type { Target } from "../helpers.ts";
import { differences } from "../truth.ts";
import { parseFolded } from "./programs.ts";

/** Compares stacks, lines, names, ids and variables of `dump`, and stacks of `record`, with the program's own report. */
export async function assertTrue({ pid, report }: Target): Promise<void> {
  const dump = await runPyspy(["dump", "--json", "-lll", "-p", `${pid}`]);
  assert.equal(dump.code, 0, dump.stderr);
  assert.deepEqual(differences(report, JSON.parse(dump.stdout) as DumpJson), []);

  const args = ["record", "-p", `${pid}`, "-i", "-F", "-d", "0.5", "-f", "raw", "-o", "-"];
  const { code, stdout, stderr } = await runPyspy(args);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^\d+ samples, 0 errors, /m);
  const names = (frame: string) => frame.replace(/ \(.*$/, "");
  const shown = new Set(parseFolded(stdout).map(({ frames }) => frames.map(names).join(";")));
  const expected = new Set(
    report.threads.map(({ frames }) => frames.map(({ name }) => name).reverse().join(";")),
  );
  for (const stack of expected) assert.ok(shown.delete(stack), `record does not show ${stack}`);
  // What is left is the thread that has made the report.
  for (const stack of shown) assert.match(stack, /;_report(;|$)/, `record shows ${stack}`);
}
