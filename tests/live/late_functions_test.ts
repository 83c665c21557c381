/** Functions that a program calls only when it has been recorded for a while are all seen. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { parseFolded, pyspy, pythons, temporaryFolder } from "./programs.ts";

/** CPU time of the program; the first quarter is spent in another function. Units: s. */
const SECONDS = 4;
const FUNCTIONS = 12;

// Whether such a function is proven in time is a matter of chance: a version for each way in which stacks are kept.
for (const minor of ["3.10", "3.12", "3.13"]) {
  const python = pythons.find((one) => one.minor === minor && one.root === undefined);
  Deno.test({
    name: `short functions that come late are not lost, Python ${minor}`,
    ignore: python === undefined,
    fn: async () => {
      await using folder = await temporaryFolder();
      const path = join(folder.path, "profile.txt");
      const program = join(import.meta.dirname!, "..", "programs", "live", "late_functions.py");
      const { code, stderr } = await pyspy(
        ["record", "-F", "-r", "1000", "-o", path, "--", ...python!.command, program, `${SECONDS}`],
      );
      assert.equal(code, 0, stderr);
      const stacks = parseFolded(await Deno.readTextFile(path));
      const counts = Array.from(
        { length: FUNCTIONS },
        (_, i) =>
          stacks.filter(({ frames }) => frames.at(-1)!.startsWith(`late_${i} `))
            .reduce((sum, { count }) => sum + count, 0),
      );
      const mean = counts.reduce((sum, count) => sum + count, 0) / FUNCTIONS;
      assert.ok(mean > 15, `${counts} ${stderr}`);
      // They do the same equally often.
      assert.ok(Math.min(...counts) > mean / 4, `${counts} ${stderr}`);
      // On a busy machine one may be found late.
      assert.ok(counts.filter((count) => count < mean / 2).length <= 1, `${counts} ${stderr}`);
    },
  });
}
