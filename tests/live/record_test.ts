/** `record -p PID`: what is sampled, which files are written and how it ends. */
import assert from "node:assert/strict";
import { join } from "node:path";
import {
  isRunning,
  parseCounts,
  parseFolded,
  pyspy,
  python,
  startProgram,
  startPyspy,
  temporaryFolder,
} from "./programs.ts";

const ignore = python === undefined;

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `record: ${name}`, ignore, fn });
}

async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name).sort();
}

test("several outputs in one run, each by its name; stdout stays empty", async () => {
  await using target = await startProgram(python!, "busy.py");
  await using folder = await temporaryFolder();
  const names = ["a.svg", "a.json", "a.txt"];
  const outputs = names.flatMap((name) => ["-o", join(folder.path, name)]);
  const { code, stdout, stderr } = await pyspy(["record", "-p", `${target.pid}`, "-d", "0.5", ...outputs]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "");
  assert.deepEqual(await namesIn(folder.path), names.toSorted());
  assert.match(await Deno.readTextFile(join(folder.path, "a.svg")), /<svg[^]*compute[^]*<\/svg>\s*$/);
  const speedscope = JSON.parse(await Deno.readTextFile(join(folder.path, "a.json")));
  assert.match(speedscope.$schema, /speedscope/);
  const stacks = parseFolded(await Deno.readTextFile(join(folder.path, "a.txt")));
  assert.match(stacks[0]!.frames.join(";"), /^<module> \(busy\.py:\d+\);main \(busy\.py:\d+\)/);
  for (const name of names) assert.match(stderr, new RegExp(`Wrote \\w+ to .*${name}`));
});

test("-o - writes data and nothing else to stdout", async () => {
  await using target = await startProgram(python!, "busy.py");
  for (const format of ["raw", "speedscope", "flamegraph"]) {
    const { code, stdout, stderr } = await pyspy(
      ["record", "-p", `${target.pid}`, "-d", "0.3", "-i", "-o", "-", "-f", format],
    );
    assert.equal(code, 0, stderr);
    if (format === "raw") assert.ok(stdout.trimEnd().split("\n").every((line) => / \d+$/.test(line)), stdout);
    if (format === "speedscope") JSON.parse(stdout);
    if (format === "flamegraph") assert.match(stdout, /^<\?xml|^<svg/);
  }
});

test("without -o the file is named by subject and time, and -f decides its extension", async () => {
  await using target = await startProgram(python!, "busy.py");
  for (const [format, extension] of [["flamegraph", "svg"], ["raw", "txt"], ["speedscope", "json"]]) {
    await using folder = await temporaryFolder();
    const args = ["record", "-p", `${target.pid}`, "-d", "0.3", "-i", "-f", format!];
    const { code, stderr } = await pyspy(args, { cwd: folder.path });
    assert.equal(code, 0, stderr);
    const [name, ...others] = await namesIn(folder.path);
    assert.deepEqual(others, []);
    assert.match(name!, new RegExp(`^[\\w.-]+-\\d{4}-\\d\\d-\\d\\dT\\d\\d-\\d\\d-\\d\\d\\.${extension}$`));
    assert.ok(stderr.includes(name!), stderr);
  }
});

test("an earlier file of that name is replaced, a link to another file is not followed", async () => {
  await using target = await startProgram(python!, "busy.py");
  await using folder = await temporaryFolder();
  const [other, link] = [join(folder.path, "other.txt"), join(folder.path, "link.txt")];
  await Deno.writeTextFile(other, "precious");
  await Deno.symlink(other, link);
  const { code, stderr } = await pyspy(["record", "-p", `${target.pid}`, "-d", "0.3", "-i", "-o", link]);
  assert.equal(code, 0, stderr);
  assert.equal(await Deno.readTextFile(other), "precious");
  assert.match(await Deno.readTextFile(link), /busy\.py/);
  assert.deepEqual(await namesIn(folder.path), ["link.txt", "other.txt"]);
});

test("a busy program gives rate x duration samples, no errors", async () => {
  await using target = await startProgram(python!, "busy.py");
  const { code, stderr } = await pyspy([
    "record",
    "-p",
    `${target.pid}`,
    "-d",
    "2",
    "-r",
    "200",
    "-o",
    "-",
    "-f",
    "raw",
  ]);
  assert.equal(code, 0, stderr);
  const { samples, errors, missed } = parseCounts(stderr);
  assert.equal(errors, 0);
  // What a busy machine kept us from is counted as missed; -i is not given, so a tick may see the target wait for a core.
  assert.ok(samples + missed >= 0.9 * 400 && samples + missed <= 400, stderr);
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  test(`${signal} ends the recording, and the file is written`, async () => {
    await using target = await startProgram(python!, "busy.py");
    await using folder = await temporaryFolder();
    const file = join(folder.path, "a.txt");
    const running = startPyspy(["record", "-p", `${target.pid}`, "-o", file]);
    await running.said("Sampling process");
    running.kill(signal);
    const { code, stdout, stderr } = await running.outcome;
    // Right after the start there may be no sample yet.
    assert.ok(code === 0 || code === 7, stderr);
    assert.equal(stdout, "");
    assert.equal(parseFolded(await Deno.readTextFile(file)).length > 0, code === 0);
    assert.deepEqual(await namesIn(folder.path), ["a.txt"]);
    assert.ok(isRunning(target.pid));
  });
}

test("a target that ends: the file is written, exit code 0", async () => {
  await using target = await startProgram(python!, "busy.py", ["0.7"]);
  await using folder = await temporaryFolder();
  const file = join(folder.path, "a.txt");
  const { code, stderr } = await pyspy(["record", "-p", `${target.pid}`, "-o", file]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, new RegExp(`Process ${target.pid} has ended`));
  assert.match(await Deno.readTextFile(file), /compute \(busy\.py/);
});

test("a target that is killed: the file is written", async () => {
  await using target = await startProgram(python!, "busy.py");
  await using folder = await temporaryFolder();
  const file = join(folder.path, "a.txt");
  const running = startPyspy(["record", "-p", `${target.pid}`, "-r", "1000", "-o", file]);
  await running.said("Sampling process");
  target.kill();
  const { code, stderr } = await running.outcome;
  assert.ok(code === 0 || code === 7, stderr);
  assert.match(stderr, /has ended/);
  assert.ok((await Deno.stat(file)).isFile);
});

test("a target that becomes a program without Python: the file is written", async () => {
  await using target = await startProgram(python!, "exec_next.py", ["/bin/sleep", "60"]);
  await using folder = await temporaryFolder();
  const file = join(folder.path, "a.txt");
  const { code, stderr } = await pyspy(["record", "-p", `${target.pid}`, "-o", file]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /Process \d+ does not run Python any more/);
  assert.match(await Deno.readTextFile(file), /before \(exec_next\.py/);
  assert.ok(isRunning(target.pid));
});

test("-t shows each thread below a frame with its name", async () => {
  await using target = await startProgram(python!, "two_threads.py");
  const args = ["record", "-p", `${target.pid}`, "-d", "0.5", "-o", "-", "-f", "raw"];
  const { stdout, stderr } = await pyspy([...args, "-t", "-i"]);
  const roots = new Set(parseFolded(stdout).map(({ frames }) => frames[0]!));
  assert.equal(roots.size, 3, stdout + stderr);
  for (const name of ["MainThread", "worker one", "sleeper"]) {
    assert.ok([...roots].some((root) => root.includes(name)), `${name} in ${[...roots]}`);
  }
  const without = await pyspy([...args, "-i"]);
  assert.ok(!without.stdout.includes("worker one"));
});

test("-i alone shows threads that wait", async () => {
  await using target = await startProgram(python!, "two_threads.py");
  const args = ["record", "-p", `${target.pid}`, "-d", "0.5", "-o", "-", "-f", "raw"];
  const active = await pyspy(args);
  assert.match(active.stdout, /;work \(/);
  assert.doesNotMatch(active.stdout, /;doze \(/);
  const all = await pyspy([...args, "-i"]);
  assert.match(all.stdout, /;work \(/);
  assert.match(all.stdout, /;doze \(/);
});

test("-g shows only the holder of the GIL", async () => {
  await using target = await startProgram(python!, "two_threads.py");
  const { code, stdout, stderr } = await pyspy(
    ["record", "-g", "-p", `${target.pid}`, "-d", "0.5", "-o", "-", "-f", "raw"],
  );
  assert.equal(code, 0, stderr);
  assert.match(stdout, /;work \(/);
  assert.doesNotMatch(stdout, /;doze \(/);
});

test("-F shows first lines, --nolineno none, --full-filenames whole paths", async () => {
  await using target = await startProgram(python!, "busy.py");
  const args = ["record", "-p", `${target.pid}`, "-d", "0.3", "-o", "-", "-f", "raw"];
  const framesWith = async (option: string) => {
    const { stdout } = await pyspy([...args, option]);
    return [...new Set(parseFolded(stdout).flatMap(({ frames }) => frames))].filter((frame) =>
      frame !== "[cut]"
    );
  };
  const source = await Deno.readTextFile(new URL("../programs/live/busy.py", import.meta.url));
  const firstLine = source.split("\n").findIndex((line) => line.startsWith("def compute")) + 1;
  assert.ok((await framesWith("-F")).includes(`compute (busy.py:${firstLine})`));
  assert.deepEqual((await framesWith("--nolineno")).toSorted(), [
    "<module> (busy.py)",
    "compute (busy.py)",
    "main (busy.py)",
  ]);
  for (const frame of await framesWith("--full-filenames")) assert.match(frame, /\(\/.*\/busy\.py:\d+\)$/);
});

test("an idle process gives an empty picture, exit code 7, and says why", async () => {
  await using target = await startProgram(python!, "idle.py");
  await using folder = await temporaryFolder();
  const file = join(folder.path, "a.svg");
  const { code, stderr } = await pyspy(["record", "-p", `${target.pid}`, "-d", "1", "-o", file]);
  assert.equal(code, 7, stderr);
  assert.equal(parseCounts(stderr).samples, 0);
  assert.match(stderr, /-i includes idle threads/);
  assert.match(await Deno.readTextFile(file), /<\/svg>\s*$/);
});

test("a stopped target is recorded: nothing runs, -i shows where it stands", async () => {
  await using target = await startProgram(python!, "busy.py");
  target.kill("SIGSTOP");
  const args = ["record", "-p", `${target.pid}`, "-d", "0.3", "-o", "-", "-f", "raw"];
  const all = await pyspy([...args, "-i"]);
  assert.equal(all.code, 0, all.stderr);
  assert.match(all.stdout, /main \(busy\.py/);
  const active = await pyspy(args);
  assert.equal(active.code, 7, active.stderr);
});

test("data into a pipe that nobody reads: no error", async () => {
  await using target = await startProgram(python!, "busy.py");
  const command = ["record", "-i", "-p", `${target.pid}`, "-d", "0.3", "-o", "-", "-f", "speedscope"];
  const shell = ["sh", "-c", '{ "$@"; echo "code $?" >&2; } | head -c 1', "sh"];
  const { stdout, stderr } = await pyspy(command, { prefix: shell });
  assert.equal(stdout, "{", stderr);
  assert.match(stderr, /code 0$/m);
  assert.doesNotMatch(stderr, /Error|Internal/);
});
