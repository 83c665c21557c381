/** Warnings about versions. */
import assert from "node:assert/strict";
import { untestedWarnings } from "../../src/commands/warnings.ts";

Deno.test("a version that nobody has tested is warned of once, however many processes run it", () => {
  const warning = untestedWarnings();
  assert.equal(warning({ pythonVersion: "3.14.0", guessed: false }), "");
  assert.match(
    warning({ pythonVersion: "3.16.0a1", guessed: true }),
    /^Warning: Python 3\.16\.0a1 is untested/,
  );
  assert.equal(warning({ pythonVersion: "3.16.0a1", guessed: true }), "");
  assert.match(warning({ pythonVersion: "3.17.0", guessed: true }), /^Warning: Python 3\.17\.0 is untested/);
});
