/** What is read while a thread is interrupted is of one moment: programs made to be read wrongly never are. */
import assert from "node:assert/strict";
import { interruptReader } from "../../src/ffi/linux_interrupt.ts";
import { warnSkipped } from "../helpers.ts";
import { allPythons } from "./programs.ts";
import { assertOnlyPossible, STACKS } from "./twins.ts";
import type { Reread } from "./twins.ts";

const READS = Number(Deno.env.get("PYSPY_PROOF_READS") ?? 5_000);

const interrupted: Reread = (reader, thread) => reader.rereadAtOnce(thread);

/**
 * Of the stacks that are shown. In 3.11 a thread does not count its frames: one that has just been called proves nothing unless
 * what comes next shows that it was linked.
 */
const leastProven = (minor: string) => minor === "3.11" ? 0.6 : 0.9;

const canInterrupt = interruptReader() !== undefined;
if (!canInterrupt) warnSkipped("what is read in an interrupt: needs root outside of containers, and BPF");
for (const python of canInterrupt ? allPythons : []) {
  for (const program of Object.keys(STACKS)) {
    Deno.test(`interrupted: only stacks of ${program}, and nearly each is proven, Python ${python.label}`, async () => {
      const proven = await assertOnlyPossible(python, program, { reads: READS, reread: interrupted });
      assert.ok(proven > leastProven(python.minor), `${proven} of the stacks`);
    });
  }
}
