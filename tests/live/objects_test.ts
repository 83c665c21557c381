/** What `dump` says of exceptions on their way, and of the garbage collector. Those that are handled: truth_test.ts. */
import assert from "node:assert/strict";
import type { DumpJson, DumpJsonException } from "../../src/render/dump_json.ts";
import { covering } from "../covers.ts";
import { allPythons, pyspy, startProgram } from "./programs.ts";

/** A dump is made so often until a thread stands where it will stay. */
const MAX_LOOKS = 200;

/** What the thread of tests/programs/live/raising.py raises, by situation; the text is Python's own. */
const RAISED: Readonly<Record<string, DumpJsonException>> = {
  in_python: { type: "KeyError", message: "('made in Python', 2)" },
  in_c: { type: "ValueError", message: "invalid literal for int() with base 10: 'made in C'" },
  without_arguments: { type: "StopIteration", message: "" },
  in_handler: { type: "ValueError", message: "invalid literal for int() with base 10: 'made in C'" },
};

async function dumpJson(pid: number): Promise<DumpJson> {
  const { code, stdout, stderr } = await pyspy(["dump", "--json", "-p", String(pid)]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

for (const python of allPythons) {
  const testExceptions = covering({ python, modes: ["exceptions"] });
  for (const [situation, expected] of Object.entries(RAISED)) {
    testExceptions(`an exception on its way, ${situation}, Python ${python.label}`, async () => {
      await using target = await startProgram(python, "raising.py", [situation]);
      let threads: DumpJson["threads"] = [];
      const stands = () => threads[0]?.state === "idle" && threads[0].frames[0]?.name === situation;
      for (let looks = 0; looks < MAX_LOOKS && !stands(); looks++) {
        ({ threads } = await dumpJson(target.pid));
      }
      assert.equal(threads.length, 1);
      const { raising, handling, exceptions_proven: proven, frames } = threads[0]!;
      assert.deepEqual({ raising, proven }, { raising: expected, proven: true });
      assert.equal(frames[0]?.name, situation);
      const handled = { type: "KeyError", message: "('made in Python', 2)" };
      assert.deepEqual(handling, situation === "in_handler" ? handled : null);
      const { stdout } = await pyspy(["dump", "-p", String(target.pid)]);
      const text = expected.message === "" ? expected.type : `${expected.type}: ${expected.message}`;
      assert.ok(stdout.includes(`\n  raising ${text}\n`), stdout);
    });
  }

  testExceptions(`exceptions belong to the stack that is shown, Python ${python.label}`, async () => {
    await using target = await startProgram(python, "alternating.py");
    const seen = { inside: 0, outside: 0 };
    for (let looks = 0; looks < MAX_LOOKS && (seen.inside < 3 || seen.outside < 3); looks++) {
      const { handling, exceptions_proven: proven, frames } = (await dumpJson(target.pid)).threads[0]!;
      const leaf = frames[0]?.name;
      if (!proven || leaf !== "inside" && leaf !== "outside") continue;
      assert.deepEqual(handling, leaf === "inside" ? { type: "ValueError", message: "handled" } : null);
      seen[leaf]++;
    }
    assert.ok(seen.inside >= 3 && seen.outside >= 3, JSON.stringify(seen));
  });

  const testGarbage = covering({ python, modes: ["garbage"] });
  testGarbage(`the garbage collector, at work and at rest, Python ${python.label}`, async () => {
    await using during = await startProgram(python, "collecting.py", ["during"]);
    await using after = await startProgram(python, "collecting.py", ["after"]);
    assert.equal((await dumpJson(during.pid)).process.collecting_garbage, true);
    assert.equal((await dumpJson(after.pid)).process.collecting_garbage, false);
    assert.match((await pyspy(["dump", "-p", String(during.pid)])).stdout, /^Collecting garbage$/m);
    assert.doesNotMatch((await pyspy(["dump", "-p", String(after.pid)])).stdout, /Collecting garbage/);
  });
}
