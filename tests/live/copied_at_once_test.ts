/** What is taken for proven though the thread ran while it was read: programs made to be read wrongly never are. */
import assert from "node:assert/strict";
import { pythons } from "./programs.ts";
import { assertOnlyPossible, STACKS } from "./twins.ts";
import type { Reread } from "./twins.ts";

const READS = Number(Deno.env.get("PYSPY_PROOF_READS") ?? 20_000);
/** From 3.11 on frames lie one after the other. */
const FIRST_MINOR = 11;

const fromElsewhere: Reread = (reader, thread) => reader.rereadStill(thread, { runs: true });

for (const python of pythons.filter(({ minor }) => Number(minor.split(".")[1]) >= FIRST_MINOR)) {
  for (const program of Object.keys(STACKS)) {
    Deno.test(`copied at once: only stacks of ${program}, Python ${python.label}`, async () => {
      const proven = await assertOnlyPossible(python, program, { reads: READS, reread: fromElsewhere });
      assert.ok(proven > 1 / 1000, `${proven} of ${READS} reads`);
    });
  }
}
