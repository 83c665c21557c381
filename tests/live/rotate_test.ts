/** A recording in several files: each is whole, and together they have every tick. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { pyspy, python, startProgram, temporaryFolder } from "./programs.ts";

const ignore = python === undefined;

interface Part {
  readonly name: string;
  readonly seconds: number;
  /** Sampled or missed. */
  readonly ticks: number;
  readonly samples: number;
  /** Sum of the counts of all stacks. */
  readonly counted: number;
  readonly functions: ReadonlySet<string>;
  readonly processes: number;
}

async function partsIn(folder: string): Promise<Part[]> {
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
  return names.map((name) => {
    const { info, frames, stacks, processes } = JSON.parse(Deno.readTextFileSync(join(folder, name)));
    return {
      name,
      seconds: info.duration_seconds,
      ticks: info.ticks + info.missed,
      samples: info.samples,
      counted: stacks.reduce((sum: number, { count }: { count: number }) => sum + count, 0),
      functions: new Set<string>(frames.map((frame: { name: string }) => frame.name)),
      processes: processes?.length ?? 0,
    };
  });
}

Deno.test({
  name: "rotate: files by time, numbered, each with its own samples, and no tick between them is lost",
  ignore,
  fn: async () => {
    await using target = await startProgram(python!, "busy.py");
    await using folder = await temporaryFolder();
    const record = ["record", "-p", `${target.pid}`, "-r", "200", "-d", "3", "--rotate", "0.7"];
    const { code, stderr } = await pyspy([...record, "-o", join(folder.path, "a.pyspy.json")]);
    assert.equal(code, 0, stderr);
    const parts = await partsIn(folder.path);
    assert.ok(parts.length >= 2 && parts.length <= 5, stderr);
    parts.forEach(({ name, samples, counted, functions }, i) => {
      assert.equal(name, `a-000${i + 1}.pyspy.json`);
      assert.equal(counted, samples, name);
      // The last may be over at once.
      if (i < parts.length - 1) assert.ok(functions.has("compute") && samples > 20, name);
    });
    const ticks = parts.reduce((sum, part) => sum + part.ticks, 0);
    assert.ok(Math.abs(ticks - 600) <= 3 + parts.length, `${ticks} of 600 ticks`);
    const seconds = parts.reduce((sum, part) => sum + part.seconds, 0);
    assert.ok(seconds > 2.9 && seconds < 10, `${seconds} s`);
    for (const { name } of parts) assert.match(stderr, new RegExp(`Wrote json to .*${name}`));
  },
});

Deno.test({
  name: "rotate: files of a tree of processes, by size",
  ignore,
  fn: async () => {
    await using target = await startProgram(python!, "pool.py", ["fork"]);
    await using folder = await temporaryFolder();
    const record = ["record", "-s", "-p", `${target.pid}`, "-r", "100", "-d", "3"];
    const rotate = ["--rotate", "1kB", "--checkpoint", "0.5", "-o", join(folder.path, "a.pyspy.json")];
    const { code, stderr } = await pyspy([...record, ...rotate]);
    assert.equal(code, 0, stderr);
    const parts = await partsIn(folder.path);
    assert.ok(parts.length >= 2, stderr);
    for (const { name, counted, samples, processes, functions } of parts.slice(0, -1)) {
      assert.equal(counted, samples, name);
      assert.ok(processes === 4 && functions.has("in_worker"), name);
    }
  },
});
