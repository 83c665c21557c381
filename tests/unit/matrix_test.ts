/** The matrix of what is tested: what it claims is what a run has passed. */
import assert from "node:assert/strict";
import {
  falseClaims,
  formatMatrix,
  formatSummary,
  merge,
  parseMatrix,
  readRun,
} from "../../scripts/matrix.ts";
import type { Note } from "../covers.ts";

function run(...notes: Note[]) {
  return readRun(notes.map((note) => `${JSON.stringify(note)}\n`).join(""));
}

const DUMP: Note = { version: "3.9", build: "stripped", mode: "dump", how: "live", passed: true };
const LOCALS: Note = { ...DUMP, version: "3.10", mode: "locals", how: "replayed" };
const matrix = merge(new Map(), run(DUMP, LOCALS));

Deno.test("what is written is read back", () => {
  assert.deepEqual(parseMatrix(formatMatrix(matrix)), matrix);
  assert.match(formatMatrix(matrix), /^## stripped$/m);
  assert.equal(
    formatSummary(matrix),
    [
      "| Python | stripped   |",
      "| ------ | ---------- |",
      "| 3.9    | 1 live     |",
      "| 3.10   | 1 replayed |",
    ].join("\n"),
  );
});

Deno.test("one failure spoils a cell, and the strongest test counts", () => {
  assert.equal(merge(new Map(), run(DUMP, { ...DUMP, passed: false }, DUMP)).size, 0);
  assert.deepEqual([...merge(new Map(), run(LOCALS, { ...LOCALS, how: "live" }, LOCALS)).values()], ["live"]);
});

Deno.test("a claim whose test has failed, is weaker, or has vanished is found; a stronger one is none", () => {
  const count = (...notes: Note[]) => falseClaims(matrix, run(...notes)).problems.length;
  assert.equal(count(DUMP, LOCALS), 0);
  assert.equal(count(DUMP, { ...LOCALS, how: "live" }), 0);
  assert.equal(count(DUMP), 1);
  assert.equal(count(DUMP, LOCALS, { ...DUMP, passed: false }), 1);
  assert.equal(count({ ...DUMP, how: "replayed" }, LOCALS), 1);
  assert.equal(count(), 2);
});

Deno.test("what a machine lacks is not checked, and kept; what fails there is", () => {
  for (
    const lacking of [{ version: "3.9" }, { build: "stripped" }, { version: "3.9", mode: "dump" as const }]
  ) {
    assert.deepEqual(falseClaims(matrix, run(LOCALS, lacking)), { problems: [], unchecked: 1 });
    assert.deepEqual(merge(matrix, run(LOCALS, lacking)), matrix);
  }
  assert.equal(falseClaims(matrix, run(LOCALS, { version: "3.8" })).problems.length, 1);
  assert.equal(
    falseClaims(matrix, run({ ...DUMP, passed: false }, LOCALS, { version: "3.9" })).problems.length,
    1,
  );
  assert.equal(merge(matrix, run(LOCALS)).size, 1);
});
