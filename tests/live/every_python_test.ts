/** Ways to use pyspy that other tests look at closely with one interpreter: that they work with every one. */
import assert from "node:assert/strict";
import type { DumpJson } from "../../src/render/dump_json.ts";
import { Activity } from "../../src/types.ts";
import { covering } from "../covers.ts";
import { allPythons, pyspy, startProgram } from "./programs.ts";
import { recordOf } from "./recording.ts";
import { impossible } from "./tiny_calls.ts";

/** A dump is made so often until all processes of the tree are there. */
const MAX_LOOKS = 100;

for (const python of allPythons) {
  const testBlocking = covering({ python, modes: ["blocking"] });
  testBlocking(
    `--blocking: only stacks that exist, and no sample is lost, Python ${python.label}`,
    async () => {
      await using target = await startProgram(python, "tiny_calls.py");
      const options = { rateHz: 500, durationSeconds: 1, blocking: true };
      const { counters, stacks } = await recordOf(target.pid, options);
      const found = stacks.flatMap(({ names }) => impossible(names) === undefined ? [] : [names.join(";")]);
      assert.deepEqual(found, []);
      assert.equal(counters.errors, 0);
      assert.ok(counters.ticks > 0);
      assert.equal(counters.samples, counters.ticks);
    },
  );

  // Without a GIL: free_threaded_test.ts.
  if (python.freeThreaded) continue;
  const testGil = covering({ python, modes: ["gil"] });
  testGil(`who has the GIL, waits for it, is native, or idle, Python ${python.label}`, async () => {
    await using target = await startProgram(python, "kinds.py");
    const active = await recordOf(target.pid, { rateHz: 200, durationSeconds: 1, selection: "active" });
    const { activities, ticks } = active.counters;
    const resting = active.stacks.filter(({ names }) => names.includes("rest"));
    // It may still be on its way to its sleep when the program is ready.
    assert.ok(
      resting.reduce((sum, { count }) => sum + count, 0) < ticks / 10,
      "a thread that sleeps is active",
    );
    for (const activity of [Activity.Gil, Activity.Native, Activity.Waiting]) {
      assert.ok(activities[activity]! > 0, `${activities} in ${ticks} ticks`);
    }
    // Two of the six threads sleep all the time, and at most one of each interpreter has the GIL.
    assert.ok(activities[Activity.Idle]! > 1.5 * ticks, `${activities} in ${ticks} ticks`);
    assert.ok(activities[Activity.Gil]! <= ticks, `${activities} in ${ticks} ticks`);
    const { stacks } = await recordOf(target.pid, { rateHz: 200, durationSeconds: 1, selection: "gil" });
    const count = (name: string) =>
      stacks.filter(({ names }) => names.includes(name)).reduce((sum, one) => sum + one.count, 0);
    assert.ok(count("compute") > count("compress"), `${count("compute")} and ${count("compress")}`);
    assert.equal(count("rest"), 0);
  });
}

for (const python of allPythons.filter(({ minor }) => !minor.startsWith("2."))) {
  const testTree = covering({ python, modes: ["subprocesses"] });
  testTree(`-s: a pool of processes at work, Python ${python.label}`, async () => {
    await using target = await startProgram(python, "pool.py", ["fork"]);
    const workers = new Set<number>();
    for (let looks = 0; looks < MAX_LOOKS && workers.size < 3; looks++) {
      const { code, stdout, stderr } = await pyspy(["dump", "-s", "--json", "-p", `${target.pid}`]);
      assert.equal(code, 0, stderr);
      const { processes }: { processes: DumpJson[] } = JSON.parse(stdout);
      assert.equal(processes[0]!.process.pid, target.pid);
      assert.ok(processes.length <= 4, "the program and its three workers; what is no Python is left out");
      for (const { process, threads } of processes) {
        const names = threads.flatMap(({ frames }) => frames.map(({ name }) => name));
        if (names.includes("in_worker")) workers.add(process.pid);
      }
    }
    assert.equal(workers.size, 3);
  });
}
