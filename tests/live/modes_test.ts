/** What is sampled and how it is weighed: --blocking, --cpu, --idle, what threads do, --stats. */
import assert from "node:assert/strict";
import { parseFolded, pyspy, python, startProgram } from "./programs.ts";

const ignore = python === undefined;

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `modes: ${name}`, ignore, fn });
}

/** Samples by the functions that they hold, and what was said about them. */
async function record(pid: number, ...options: string[]): Promise<{ share: Share; stderr: string }> {
  const { code, stdout, stderr } = await pyspy(
    ["record", "-p", `${pid}`, "-d", "2", "-r", "200", "-F", "-f", "raw", "-o", "-", ...options],
  );
  assert.equal(code, 0, stderr);
  const stacks = parseFolded(stdout);
  const total = stacks.reduce((sum, { count }) => sum + count, 0);
  const share = (name: string) => {
    const held = stacks.filter(({ frames }) => frames.some((frame) => frame.startsWith(`${name} (`)));
    return 100 * held.reduce((sum, { count }) => sum + count, 0) / total;
  };
  return { share, stderr };
}

/** Units: percent. */
type Share = (name: string) => number;

/** The shares of the line "Threads: ...". Shape: with the GIL, native, waiting, idle. Units: percent. */
function activities(stderr: string): number[] {
  const match =
    /^Threads: ([<\d.]+) % with the GIL, ([<\d.]+) % native without it, ([<\d.]+) % waiting for it, ([<\d.]+) % idle$/m
      .exec(stderr);
  assert.ok(match !== null, stderr);
  return match.slice(1).map((text) => Number(text.replace("<", "")));
}

for (const options of [[], ["--blocking"], ["--cpu"], ["--blocking", "--cpu"]]) {
  test(`a thread that sleeps is not counted, and sleeps on: ${options.join(" ") || "default"}`, async () => {
    await using target = await startProgram(python!, "half_asleep.py");
    const { share, stderr } = await record(target.pid, ...options);
    assert.ok(share("work") > 85, `${share("work")} % in work\n${stderr}`);
    assert.ok(share("rest") < 15, `${share("rest")} % in rest\n${stderr}`);
  });
}

test("--idle counts sleep as what it is", async () => {
  await using target = await startProgram(python!, "half_asleep.py");
  const { share } = await record(target.pid, "--idle");
  // The main thread waits all the time, the other half of it.
  assert.ok(share("rest") > 10 && share("rest") < 50, `${share("rest")} % in rest`);
  assert.ok(share("work") > 10 && share("work") < 50, `${share("work")} % in work`);
});

test("what threads do: with the GIL, native, waiting for the GIL, idle", async () => {
  await using target = await startProgram(python!, "kinds.py");
  const { share, stderr } = await record(target.pid);
  const [gil = 0, native = 0, waiting = 0, idle = 0] = activities(stderr);
  // Six threads: one of three has the GIL, two wait for it, one is native, two sleep. On a busy machine one that may run
  // waits for a processor, and counts as native until it looks for the GIL.
  assert.ok(gil > 8 && gil < 18, `${gil} % with the GIL`);
  assert.ok(native > 2 && native < 60, `${native} % native`);
  assert.ok(waiting > 5 && waiting < 45, `${waiting} % waiting`);
  assert.ok(idle > 30 && idle < 45, `${idle} % idle`);
  assert.equal(share("rest"), 0, "idle threads are left out");
  const held = await record(target.pid, "--gil");
  assert.ok(held.share("compute") > 90, `${held.share("compute")} % of the GIL in compute`);
});

test("--stats tells what the recording cost", async () => {
  await using target = await startProgram(python!, "busy.py");
  for (const options of [[], ["--blocking"]]) {
    const { stderr } = await record(target.pid, "--stats", ...options);
    const [, calls] = /^System calls: ([\d.]+) a tick, with ([\d.]+) vectored reads$/m.exec(stderr) ?? [];
    assert.ok(Number(calls) > 1 && Number(calls) < 200, stderr);
    assert.match(
      stderr,
      /^Time of a read: median [\d.]+ µs, 90 % [\d.]+ µs, 99 % [\d.]+ µs, longest [\d.]+ µs$/m,
    );
    assert.match(stderr, /^CPU used by pyspy: [\d.]+ s, [\d.]+ % of a core, [\d.]+ µs a tick$/m);
    assert.match(stderr, /^Looks: [\d,]+; [\d.]+ % showed a proven path at once/m);
  }
});

test("--blocking and --nonblocking exclude each other", async () => {
  const { code, stderr } = await pyspy(["record", "-p", "1", "--blocking", "--nonblocking"]);
  assert.equal(code, 2);
  assert.match(stderr, /--blocking and --nonblocking exclude each other/);
});
