import assert from "node:assert/strict";
import { join } from "node:path";
import { CommanderError } from "commander";
import { run } from "../../src/cli.ts";
import { ProfilerError } from "../../src/errors.ts";

/** What a run said, and how it ended. */
interface Outcome {
  readonly error: unknown;
  readonly text: string;
}

/** Runs a command line, and keeps what it writes to stdout and stderr. */
async function runCaptured(args: readonly string[]): Promise<Outcome> {
  const decoder = new TextDecoder();
  let text = "";
  const streams = [Deno.stdout, Deno.stderr].map((stream) => ({ stream, writeSync: stream.writeSync }));
  for (const { stream } of streams) {
    stream.writeSync = (bytes) => {
      text += decoder.decode(bytes);
      return bytes.length;
    };
  }
  try {
    await run(args);
    return { error: undefined, text };
  } catch (error) {
    return { error, text };
  } finally {
    for (const { stream, writeSync } of streams) stream.writeSync = writeSync;
  }
}

const PID_MAX = 0x7fff_ffff;

/** Command lines that are refused before anything is done, and a part of what is said. */
const REFUSED: readonly [line: string, message: RegExp][] = [
  ["record -p 5abc", /'5abc' is invalid.*process id/],
  ["record -p 0", /'0' is invalid/],
  ["record -p -5", /invalid|argument missing|unknown option/],
  ["record -p 12.5", /'12\.5' is invalid/],
  [`record -p ${PID_MAX + 1}`, /is invalid/],
  ["dump -p 1e3", /'1e3' is invalid/],
  ["dump", /required option '-p, --pid <pid>'/],
  ["record -p 1 -r 0", /'0' is invalid.*above 0/],
  ["record -p 1 -r fast", /'fast' is invalid/],
  ["record -p 1 -r -1", /invalid|argument missing/],
  ["record -p 1 --rate=-1", /'-1' is invalid/],
  ["record -p 1 -r NaN", /'NaN' is invalid/],
  ["record -p 1 -r Infinity", /'Infinity' is invalid/],
  ["record -p 1 -r 1000001", /is invalid/],
  ["record -p 1 --rate=", /invalid/],
  ["record -p 1 -d soon", /'soon' is invalid.*seconds/],
  ["record -p 1 -d 0", /'0' is invalid/],
  ["record -p 1 --duration=-1", /'-1' is invalid/],
  ["record -p 1 -d Infinity", /'Infinity' is invalid/],
  ["record -p 1 -d NaN", /'NaN' is invalid/],
  ["record -p 1 -f png", /'png' is invalid.*flamegraph, raw, speedscope, pprof/],
  ["record -p 1 --rotate 0", /'0' is invalid.*seconds.*size/],
  ["record -p 1 --rotate 5TB", /'5TB' is invalid/],
  ["record -p 1 --checkpoint 0", /'0' is invalid/],
  ["report", /missing required argument 'file'/],
  ["report a -n 0", /'0' is invalid/],
  ["report a -f png", /'png' is invalid/],
  ["diff a", /missing required argument 'after'/],
  ["record -p 1 --no-such-option", /unknown option '--no-such-option'/],
  ["recrod -p 1", /unknown command 'recrod'/],
];

for (const [line, message] of REFUSED) {
  Deno.test(`wrong usage: pyspy ${line}`, async () => {
    const { error, text } = await runCaptured(line.split(" "));
    assert.ok(error instanceof CommanderError, String(error));
    assert.notEqual(error.exitCode, 0);
    assert.match(text, message);
    assert.match(text, /^Error: /);
    assert.match(text, /Try: pyspy --help/);
  });
}

/** Command lines that parse, and do not say what to do. */
const UNCLEAR: readonly [line: string, message: RegExp][] = [
  ["record", /there is nothing to record/],
  ["record -r 50 --", /there is nothing to record/],
  ["record -p 12 -- python app.py", /both a process \(-p 12\) and a program \(python\)/],
  ["record -p 12 python", /both a process/],
  ["record -p 12 -F --nolineno", /exclude each other/],
  ["record -p 12 --rotate 9 --fail-if self:a>1%", /--rotate makes many/],
  ["record -p 12 --rotate 9 --summary a", /--rotate makes many/],
  ["record -p 12 --fail-if a", /Cannot tell what 'a' is to limit/],
  ["report a --lines b --heatmap c", /--lines shows one source file, and --heatmap/],
  ["diff a b --fail-if self:a>1s", /Cannot tell what 'self:a>1s' is to limit/],
  ["diff a b -o changes.json", /Cannot write 'changes\.json': .*an \.svg file/],
  ["diff a.svg b.svg -o ./b.svg", /'\.\/b\.svg' would take the place of a recording/],
];

for (const [line, message] of UNCLEAR) {
  Deno.test(`wrong usage: pyspy ${line}`, async () => {
    const { error } = await runCaptured(line.split(" "));
    assert.ok(error instanceof ProfilerError, String(error));
    assert.equal(error.kind, "usage");
    assert.match(error.message, message);
    assert.ok(error.remedy !== undefined);
  });
}

Deno.test("help and the version are no errors", async () => {
  for (const args of [["--help"], ["record", "--help"], ["help", "dump"], ["--version"]]) {
    const { error, text } = await runCaptured(args);
    assert.ok(error instanceof CommanderError, String(error));
    assert.equal(error.exitCode, 0);
    assert.ok(text.length > 4);
  }
});

Deno.test("the help shows examples, the commands and the exit codes", async () => {
  const { text } = await runCaptured(["--help"]);
  for (const part of ["Examples:", "record", "dump", "Exit codes:"]) assert.ok(text.includes(part), part);
});

Deno.test("a pid may be written as a hexadecimal number", async () => {
  const { error } = await runCaptured(["dump", "-p", `0x${PID_MAX.toString(16)}`]);
  assert.ok(error instanceof ProfilerError, String(error));
  assert.equal(error.kind, "no_process");
  assert.ok(error.message.includes(String(PID_MAX)));
});

/** Runs `record` with a program that does not exist: what is said of it shows how the line was read. */
async function recordMissingProgram(line: string): Promise<ProfilerError> {
  const folder = Deno.makeTempDirSync({ prefix: "pyspy-test-" });
  try {
    const [command, ...rest] = line.split(" ");
    const { error } = await runCaptured([command!, "-o", join(folder, "out.svg"), ...rest]);
    assert.ok(error instanceof ProfilerError, String(error));
    assert.deepEqual([...Deno.readDirSync(folder)], [], "nothing is left behind");
    return error;
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

for (
  const line of [
    "record -r 50 -- no-such-program --help -p 3",
    "record -r 50 no-such-program --help -p 3",
    "record -d unlimited -r 0.5 -- no-such-program -r fast --version",
    "record -d 2.5 -r 1e3 -t -i -F no-such-program -- -h",
  ]
) {
  Deno.test(`the program's own options are not ours: pyspy ${line}`, async () => {
    const error = await recordMissingProgram(line);
    assert.equal(error.kind, "failure");
    assert.equal(error.message, "Cannot start 'no-such-program': there is no such program");
  });
}

Deno.test("outputs are opened before the program is started", async () => {
  const { error } = await runCaptured(["record", "-o", "/nonexistent/out.svg", "--", "no-such-program"]);
  assert.ok(error instanceof ProfilerError, String(error));
  assert.match(error.message, /Cannot write '\/nonexistent\/out\.svg'/);
});
