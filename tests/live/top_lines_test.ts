/** `top` where there is no terminal: tables, and lines of JSON for scripts. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { TopJson } from "../../src/render/top/json.ts";
import { liveCommand, pyspy, python, startProgram, startPyspy, temporaryFolder } from "./programs.ts";

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `top, without a terminal: ${name}`, ignore: python === undefined, fn });
}

function documents(stdout: string): TopJson[] {
  return stdout.trim().split("\n").map((line) => JSON.parse(line));
}

test("a line of JSON for each refresh, whose counts grow", async () => {
  await using target = await startProgram(python!, "two_threads.py");
  const { code, stdout, stderr } = await pyspy(
    ["top", "-p", `${target.pid}`, "--json", "-d", "2.2", "--delay", "0.5"],
  );
  assert.equal(code, 0, stderr);
  const lines = documents(stdout);
  // The last one is for what came since the one before. A busy machine may miss some.
  assert.ok(lines.length >= 2 && lines.length <= 6, `${lines.length} lines`);
  const last = lines.at(-1)!;
  assert.equal(last.process.pid, target.pid);
  assert.deepEqual([last.schema, last.version], ["pyspy-top", 1]);
  assert.ok(last.sampling.ticks > lines[0]!.sampling.ticks);
  assert.equal(last.sampling.ticks, lines.reduce((sum, { interval }) => sum + interval.ticks, 0));
  const find = (name: string) => last.functions!.find((one) => one.name === name)!;
  // One thread computes all the time; the others wait.
  assert.ok(find("compute").own_percent_all > 80, JSON.stringify(find("compute")));
  assert.ok(find("work").total_percent_all > 90 && find("work").total_percent_all <= 100);
  assert.ok(find("compute").own_seconds <= last.sampling.seconds);
  assert.match(find("compute").filename, /\/two_threads\.py$/);
  assert.equal(find("doze"), undefined);
});

test("threads, lines, limits, idle threads, and the GIL's holder", async () => {
  await using target = await startProgram(python!, "two_threads.py");
  const one = async (...options: string[]) => {
    const { code, stdout, stderr } = await pyspy(
      ["top", "-p", `${target.pid}`, "--json", "-d", "0.8", "--delay", "60", ...options],
    );
    assert.equal(code, 0, stderr);
    return documents(stdout).at(-1)!;
  };
  const { threads } = await one("--by", "thread");
  assert.deepEqual(threads!.map(({ thread_name }) => thread_name).slice(0, 1), ["worker one"]);
  assert.deepEqual(threads!.map(({ thread_name }) => thread_name).sort(), [
    "MainThread",
    "sleeper",
    "worker one",
  ]);
  assert.ok(threads![0]!.running_with_gil > 0.8 && threads![1]!.idle > 0.8, JSON.stringify(threads));
  const { lines } = await one("--by", "line", "--limit", "1", "--sort", "own");
  assert.equal(lines!.length, 1);
  assert.ok([12, 13].includes(lines![0]!.line), JSON.stringify(lines));
  const idle = await one("--idle");
  assert.ok(idle.functions!.some(({ name }) => name === "doze"));
  const gil = await one("--gil");
  assert.equal(gil.activity, null);
  assert.ok(gil.interval.gil_percent > 80);
});

test("a table for each refresh, and the last one at the end of the target", async () => {
  const command = await liveCommand(python!, "busy.py", ["2"]);
  const { code, stdout, stderr } = await pyspy(["top", "--limit", "2", "--", ...command]);
  assert.equal(code, 0, stderr);
  const tables = stdout.split("\n\n");
  assert.ok(tables.length >= 2, stdout);
  for (const table of tables) {
    const [target = "", rates = "", , , headings = "", ...rows] = table.trimEnd().split("\n");
    assert.match(target, /busy\.py/);
    assert.match(rates, /^[\d.]+ of 100 Hz {2}late/);
    assert.match(headings, /%Own +%Total/);
    assert.equal(rows.length, 2);
  }
  assert.match(tables.at(-1)!, /\d% +\S+s +\S+s {2}compute \(busy\.py:7\)/);
  // What the program has printed is no result of ours.
  assert.match(stderr, /^ready$/m);
  assert.doesNotMatch(stdout, /^ready$/m);
});

test("what the program prints goes to a file, and it reads nothing", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "out.txt");
  Deno.writeTextFileSync(file, "what was there before, and is longer than what comes\n".repeat(10));
  const command = await liveCommand(python!, "talks.py", ["0.5"]);
  const { code, stdout } = await pyspy(["top", "--program-output", file, "--", ...command], {
    input: "for pyspy",
  });
  assert.equal(code, 3);
  assert.doesNotMatch(stdout, /said to/);
  assert.match(Deno.readTextFileSync(file), /^said to stdout[^\n]*\nsaid to stderr\nread from stdin: ''\n$/);
  const elsewhere = join(folder.path, "none", "out.txt");
  const failed = await pyspy(["top", "--program-output", elsewhere, "--", ...command]);
  assert.equal(failed.code, 1);
  assert.match(
    failed.stderr,
    /^Error: Cannot write the program's output to '.*none\/out.txt': No such file.*\nTry: /,
  );
});

test("a reader that has seen enough ends it, and SIGTERM too, without losing what came last", async () => {
  await using target = await startProgram(python!, "busy.py");
  const running = startPyspy(["top", "-p", `${target.pid}`, "--json", "--delay", "0.2"]);
  await running.firstOutput;
  running.kill("SIGTERM");
  const { code, stdout, stderr } = await running.outcome;
  assert.equal(code, 0, stderr);
  assert.ok(documents(stdout).length >= 2);
  const piped = startPyspy([], {
    prefix: ["sh", "-c", '"$@" top -p ' + target.pid + " --delay 0.2 | head -n 1", "sh"],
  });
  const outcome = await piped.outcome;
  assert.equal(outcome.stderr, "");
  assert.match(outcome.stdout, /^pyspy top {2}/);
});
