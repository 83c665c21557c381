/** Continuous integration: the tests' exit code stays, a summary is added, limits decide, nothing but plain text in logs. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { ensureVenv } from "../../scripts/pythons.ts";
import { warnSkipped } from "../helpers.ts";
import { pyspy, python, temporaryFolder } from "./programs.ts";

const pytest = python === undefined ? undefined : await ensureVenv(python, ["pytest"]);
if (pytest === undefined) warnSkipped("ci: pytest cannot be installed");

const TESTS = `
import time

def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        sum(range(1000))

def test_slow():
    burn(1.5)

class TestOrders:
    def test_fast(self):
        burn(0.5)

def test_fails():
    assert burn(0.1) is not None
`;

const RECORD = ["record", "-r", "200", "-F"];

async function withTests(fn: (folder: string) => Promise<void>): Promise<void> {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(join(folder.path, "test_shop.py"), TESTS);
  await fn(folder.path);
}

function test(name: string, fn: (folder: string) => Promise<void>): void {
  Deno.test({ name: `ci: ${name}`, ignore: pytest === undefined, fn: () => withTests(fn) });
}

const program = (folder: string, ...args: string[]) => [
  "--",
  pytest!,
  "-m",
  "pytest",
  "-q",
  "-p",
  "no:cacheprovider",
  ...args,
  join(folder, "test_shop.py"),
];

test("a summary with the time of each test is added, and the code of the failing tests stays", async (folder) => {
  const summary = join(folder, "summary.md");
  await Deno.writeTextFile(summary, "what was there\n");
  const files = ["-o", join(folder, "a.svg"), "-o", join(folder, "a.pyspy.json"), "--summary", summary];
  const limits = ["--fail-if", "self:burn>0.1%", "--root", "test_slow"];
  const { code, stderr, stdout } = await pyspy([...RECORD, ...files, ...limits, ...program(folder)]);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /self:burn>0\.1%: BROKEN/);
  assert.match(stderr, /Stacks begin at test_slow; outside of it and left out: \d+ of \d+ samples/);
  assert.ok(!(stdout + stderr).includes("\x1b"), stderr);
  const text = await Deno.readTextFile(summary);
  assert.match(text, /^what was there\n/);
  const times = new Map(
    [...text.matchAll(/^\| [\d.]+ % \| ([\d.]+) s \| `test_shop\.py::(?:TestOrders\.)?(test_\w+)` \|$/gm)]
      .map(([, seconds, name]) => [name!, Number(seconds)] as const),
  );
  // In wall time, which is longer on a busy machine.
  assert.ok(times.get("test_slow")! > 1.3 && times.get("test_slow")! < 15, text);
  assert.ok(times.get("test_fast")! > 0.4 && times.get("test_fast")! < 5, text);
  assert.ok(times.get("test_slow")! > times.get("test_fast")!, text);
  const own = JSON.parse(await Deno.readTextFile(join(folder, "a.pyspy.json")));
  for (const { frames } of own.stacks) assert.equal(own.frames[frames[0]].name, "test_slow");
});

test("limits decide the code of a run whose tests pass, and are judged in a report alike", async (folder) => {
  const file = join(folder, "a.pyspy.json");
  const passing = ["-k", "not fails"];
  const limit = ["--fail-if", "total:burn>30%"];
  const broken = await pyspy([...RECORD, "-o", file, ...limit, ...program(folder, ...passing)]);
  assert.equal(broken.code, 6, broken.stderr);
  assert.equal((await pyspy(["report", file, ...limit])).code, 6);
  const kept = await pyspy(["report", file, "--fail-if", "total:no_such_function>30%"]);
  assert.equal(kept.code, 0, kept.stderr);
  assert.match(kept.stderr, /holds, no such function was seen/);
  const few = await pyspy([
    ...["record", "-r", "5", "-F", "-o", file, "--fail-if", "self:test_slow>2%"],
    ...program(folder, "-k", "fast"),
  ]);
  assert.equal(few.code, 8, few.stderr);
  assert.match(few.stderr, /cannot be judged.*too few samples/);
});

test("filters leave out samples and say so, in recordings and reports", async (folder) => {
  const whole = join(folder, "whole.pyspy.json");
  const recorded = await pyspy([
    ...RECORD,
    "-o",
    whole,
    "--exclude",
    "TestOrders.*",
    "--exclude",
    "test_fast",
    ...program(folder),
  ]);
  assert.equal(recorded.code, 1, recorded.stderr);
  assert.match(recorded.stderr, /Filtered out by --exclude TestOrders\.\*.*: \d+ of \d+ samples \([1-9]/);
  const report = await pyspy(["report", whole, "--include", "test_slow", "-f", "raw"]);
  assert.equal(report.code, 0, report.stderr);
  const lines = report.stdout.trim().split("\n");
  assert.ok(lines.length > 0 && lines.every((line) => line.includes("test_slow")), report.stdout);
  const none = await pyspy(["report", whole, "--include", "test_fast"]);
  assert.match(none.stdout, /No samples\./);
});

test("mistakes are said before the tests are run", async (folder) => {
  const cases: [args: string[], message: RegExp][] = [
    [["--fail-if", "burn>20%"], /Cannot tell what 'burn>20%' is to limit/],
    [["--include", ""], /a pattern is empty/],
    [["--summary", ""], /name of the summary's file is empty/],
    [["--summary", join(folder, "none", "s.md")], /Cannot write/],
  ];
  for (const [args, message] of cases) {
    const { code, stderr, stdout } = await pyspy([
      ...RECORD,
      "-o",
      join(folder, "a.svg"),
      ...args,
      ...program(folder),
    ]);
    assert.ok(code === 2 || code === 1, stderr);
    assert.match(stderr, message);
    assert.doesNotMatch(stdout, /test_shop|passed/);
  }
});
