/** Builds without a GIL: threads that run side by side, and what is shown of each. */
import assert from "node:assert/strict";
import { covering } from "../covers.ts";
import { parseFolded, pyspy, pythons, startProgram, startReady } from "./programs.ts";
import { recordOf } from "./recording.ts";
import type { Recorded } from "./recording.ts";

const python = pythons.findLast((one) => one.freeThreaded);
if (python === undefined) console.warn("SKIPPED: there is no free-threaded Python");

const covers = covering({
  version: python?.minor ?? "3.13",
  build: "free-threaded",
  modes: ["gil", "blocking"],
});

function test(name: string, fn: () => Promise<void>): void {
  covers({ name: `free-threaded: ${name}`, ignore: python === undefined, fn });
}

const CALLS: Readonly<Record<string, readonly string[]>> = {
  spin: ["plain_a", "lazy_a"],
  plain_a: ["plain_b"],
  lazy_a: ["lazy_b"],
};

/** Stacks that no thread of parallel.py can have. */
function impossible({ profile }: Recorded): string[] {
  return profile.stacks.flatMap(({ frames, thread }) => {
    const names = frames.map((frame) => profile.frames[frame]!.name).filter((name) => /_\d+$/.test(name));
    const worker = profile.threads[thread]!.name;
    const shown = `${worker}: ${names.join(";")}`;
    if (names.some((name) => worker !== `worker-${/\d+$/.exec(name)![0]}`)) return [shown];
    const bases = names.map((name) => name.replace(/_\d+$/, ""));
    const isRight = bases.every((base, i) =>
      i === 0 ? base === "spin" : CALLS[bases[i - 1]!]?.includes(base)
    );
    return isRight ? [] : [shown];
  });
}

for (const options of [{}, { blocking: true }, { selection: "gil" as const }]) {
  test(`threads side by side have only their own stacks, ${JSON.stringify(options)}`, async () => {
    await using target = await startProgram(python!, "parallel.py");
    const recorded = await recordOf(target.pid, {
      rateHz: 500,
      durationSeconds: 2,
      selection: "active",
      perThread: true,
      ...options,
    });
    assert.deepEqual(impossible(recorded), []);
    assert.equal(recorded.counters.errors, 0);
    const sampled = new Set(
      recorded.profile.stacks.map(({ thread }) => recorded.profile.threads[thread]!.name),
    );
    assert.deepEqual([...sampled].sort(), ["worker-0", "worker-1", "worker-2"]);
    const count = (name: RegExp) =>
      recorded.stacks.filter(({ names }) => names.some((one) => name.test(one)))
        .reduce((sum, stack) => sum + stack.count, 0);
    // None of them waits for another.
    for (const worker of [0, 1, 2]) {
      const own = count(new RegExp(`^spin_${worker}$`));
      assert.ok(
        own > 0.8 * recorded.counters.ticks,
        `worker-${worker}: ${own} of ${recorded.counters.ticks}`,
      );
    }
  });
}

test("what threads do: running Python, native, idle; --gil is about those that may run Python", async () => {
  await using target = await startProgram(python!, "kinds.py");
  const args = ["-p", `${target.pid}`, "-d", "2", "-r", "200", "-F", "-f", "raw", "-o", "-"];
  const all = await pyspy(["record", ...args]);
  assert.equal(all.code, 0, all.stderr);
  const [, running, native, waiting, idle] =
    /^Threads: ([\d.]+) % running Python, ([\d.]+) % native, ([<\d.]+) % waiting for others, ([\d.]+) % idle$/m
      .exec(all.stderr) ?? [];
  // Six threads: three compute, one is in native code most of the time, two sleep.
  assert.ok(Number(running) > 45 && Number(running) < 60, all.stderr);
  assert.ok(Number(native) > 7 && Number(native) < 20, all.stderr);
  assert.ok(Number(idle) > 30 && Number(idle) < 36, all.stderr);
  assert.match(waiting ?? "", /^(0\.\d|<0\.1)$/);
  const attached = await pyspy(["record", "--gil", ...args]);
  const functions = (text: string) =>
    new Set(parseFolded(text).flatMap(({ frames }) => frames.map((one) => one.split(" ")[0])));
  assert.ok(functions(attached.stdout).has("compute"), attached.stderr);
  assert.ok(!functions(attached.stdout).has("rest"), attached.stdout);
});

test("the version says it, and nobody holds a GIL that is not enabled", async () => {
  const spin = "import sys\nprint('ready', flush=True)\nwhile True: pass";
  for (const [enabled, holders] of [["0", 0], ["1", 1]] as const) {
    await using target = await startReady([...python!.command, "-X", `gil=${enabled}`, "-c", spin]);
    const { code, stdout, stderr } = await pyspy(["dump", "-p", `${target.pid}`]);
    assert.equal(code, 0, stderr);
    assert.ok(stdout.includes(`Python v${python!.version}t (`), stdout);
    const isHeld = /\(active\+gil\)/.test(stdout);
    assert.equal(isHeld, holders === 1, stdout);
  }
});
