/** What cannot work fails at once, with one clear error, the documented exit code and nothing on stdout. */
import assert from "node:assert/strict";
import { homedir } from "node:os";
import { join } from "node:path";
import { PROJECT, pyspyCommand, runCommand, warnSkipped } from "../helpers.ts";
import type { Outcome } from "../helpers.ts";
import {
  denoCacheFor,
  isRunning,
  pyspy,
  python,
  startProgram,
  startReady,
  temporaryFolder,
} from "./programs.ts";

/** A pid above the largest that Linux gives (2^22). */
const NO_PID = "4194305";

function assertError({ code, stdout, stderr }: Outcome, expected: number, text: RegExp): void {
  assert.equal(code, expected, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, text);
  assert.equal(stderr.match(/^Error: /gm)?.length, 1, `not one error: ${stderr}`);
  assert.doesNotMatch(stderr, /^\s+at |Internal error|undefined|os error/m);
}

async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name).sort();
}

const USAGE: readonly (readonly [string[], RegExp])[] = [
  [["record"], /nothing to record\nTry: /],
  [["record", "-p", "1", "--", "true"], /both a process \(-p 1\) and a program \(true\)/],
  [["record", "-p", "5abc"], /'5abc' is invalid.*process id/],
  [["record", "-p", "0"], /process id/],
  [["record", "-p", "-1"], /process id/],
  [["record", "-p", "1.5"], /process id/],
  [["record", "-p", "99999999999999999999"], /process id/],
  [["record", "-p"], /argument missing/],
  [["record", "-p", "1", "-r", "0"], /'0' is invalid.*above 0/],
  [["record", "-p", "1", "-r", "fast"], /'fast' is invalid/],
  [["record", "-p", "1", "-r", "-5"], /'-5' is invalid/],
  [["record", "-p", "1", "-r", "1e9"], /'1e9' is invalid/],
  [["record", "-p", "1", "-r", ""], /'' is invalid/],
  [["record", "-p", "1", "-r", "NaN"], /'NaN' is invalid/],
  [["record", "-p", "1", "-d", "soon"], /'soon' is invalid.*number of seconds/],
  [["record", "-p", "1", "-d", "0"], /number of seconds/],
  [["record", "-p", "1", "-d", "Infinity"], /number of seconds/],
  [["record", "-p", "1", "-f", "jpeg"], /'jpeg' is invalid.*flamegraph/],
  [["record", "-p", "1", "--frobnicate"], /unknown option '--frobnicate'/],
  [["record", "-p", "1", "-F", "--nolineno"], /exclude each other/],
  [["record", "-p", "1", "--merge-processes"], /--merge-processes .*-s/],
  [["record", "-p", "1", "-o", "x.svg", "-o", "./x.svg"], /'\.\/x\.svg' is given twice/],
  [["record", "-p", "1", "-o", ""], /name of an output is empty/],
  [["dump"], /'-p, --pid <pid>' not specified/],
  [["dump", "-p", ""], /process id/],
  [["dump", "-p", "1", "2"], /too many arguments/],
  [["dmup", "-p", "1"], /unknown command 'dmup'/],
  [["--frobnicate"], /unknown option '--frobnicate'/],
];

Deno.test("bad input: wrong usage is exit code 2", async () => {
  await using folder = await temporaryFolder();
  for (const [args, text] of USAGE) {
    assertError(await pyspy(args, { cwd: folder.path }), 2, text);
  }
  assert.deepEqual(await namesIn(folder.path), []);
});

Deno.test("bad input: no such process", async () => {
  await using folder = await temporaryFolder();
  const options = { cwd: folder.path };
  assertError(await pyspy(["dump", "-p", NO_PID], options), 4, /process 4194305: there is no such process/);
  assertError(await pyspy(["dump", "-j", "-p", NO_PID], options), 4, /there is no such process/);
  assertError(await pyspy(["record", "-p", NO_PID], options), 4, /there is no such process/);
  assert.deepEqual(await namesIn(folder.path), []);
});

Deno.test("bad input: a process without Python, a zombie, a kernel thread", async () => {
  const sleeper = new Deno.Command("sleep", { args: ["60"] }).spawn();
  try {
    const pid = `${sleeper.pid}`;
    assertError(
      await pyspy(["dump", "-p", pid]),
      4,
      /process \d+ \(.*sleep\): there is no CPython interpreter in it\nTry: /,
    );
    assertError(await pyspy(["record", "-d", "1", "-p", pid, "-o", "-"]), 4, /no CPython interpreter/);
  } finally {
    sleeper.kill("SIGKILL");
    await sleeper.status;
  }
  await using parent = await startReady(["sh", "-c", "true & echo $!; exec sleep 60 >/dev/null"]);
  const children = `/proc/${parent.pid}/task/${parent.pid}/children`;
  const zombie = (await Deno.readTextFile(children).catch(() => "")).trim();
  if (zombie !== "") assertError(await pyspy(["dump", "-p", zombie]), 4, /no such process/);
  const isKernelThread = await Deno.readTextFile("/proc/2/status").then(
    (text) => /^PPid:\s*0$/m.test(text) && !/^VmSize/m.test(text),
    () => false,
  );
  if (isKernelThread && Deno.uid() === 0) {
    assertError(await pyspy(["dump", "-p", "2"]), 4, /process 2 \(a kernel thread\)/);
  } else warnSkipped("a kernel thread as target: none is to be seen from here");
});

const versions = join(Deno.env.get("PYENV_ROOT") || join(homedir(), ".pyenv"), "versions");
const oldPythons = await Array.fromAsync(Deno.readDir(versions)).then(
  (entries) =>
    entries.map((entry) => entry.name).filter((name) => /^(2\.[0-6]|3\.[0-5])\.\d+$/.test(name)).sort(),
  () => [],
);
if (oldPythons.length === 0) warnSkipped("unsupported versions of Python: none is installed");
for (const version of oldPythons) {
  Deno.test(`bad input: Python ${version} is not supported, exit code 5`, async () => {
    const interpreter = join(versions, version, "bin", "python");
    const code = "import sys; sys.stdout.write('ready\\n'); sys.stdout.flush(); sys.stdin.read()";
    await using target = await startReady([interpreter, "-c", code]);
    const text = new RegExp(`Python ${version.replaceAll(".", "\\.")} is not supported.*2\\.7`);
    assertError(await pyspy(["dump", "-p", `${target.pid}`]), 5, text);
    await using folder = await temporaryFolder();
    assertError(await pyspy(["record", "-p", `${target.pid}`], { cwd: folder.path }), 5, text);
    assert.deepEqual(await namesIn(folder.path), []);
  });
}

Deno.test("bad input: another implementation of Python is called by its name, exit code 5", async () => {
  await using folder = await temporaryFolder();
  const program = join(folder.path, "pypy3.10");
  await Deno.copyFile("/bin/sleep", program);
  const child = new Deno.Command(program, { args: ["60"] }).spawn();
  try {
    assertError(await pyspy(["dump", "-p", `${child.pid}`]), 5, /pypy3\.10\): it runs PyPy\nTry: .*CPython/);
  } finally {
    child.kill();
    await child.status;
  }
});

Deno.test({
  name: "bad input: an output that cannot be written is found before anything is started or sampled",
  ignore: python === undefined,
  fn: async () => {
    await using folder = await temporaryFolder();
    const started = join(folder.path, "started");
    const inFile = join(folder.path, "file");
    await Deno.writeTextFile(inFile, "");
    const cases: [string, RegExp][] = [
      [
        join(folder.path, "absent", "x.svg"),
        /Cannot write '.*x\.svg': the folder '.*absent' does not exist\nTry: /,
      ],
      [folder.path, /it is a folder\nTry: /],
      [join(inFile, "x.svg"), /Cannot write '.*': (?!the folder)/],
      ["/proc/x.svg", /Cannot write '\/proc\/x\.svg': (?!the folder)/],
      [join(folder.path, "x".repeat(300)), /name too long/i],
    ];
    for (const [path, text] of cases) {
      assertError(
        await pyspy(["record", "-o", join(folder.path, "ok.svg"), "-o", path, "--", "touch", started]),
        1,
        text,
      );
      assert.deepEqual(await namesIn(folder.path), ["file"]);
    }
  },
});

const mayMount =
  (await runCommand(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"]).catch(() => undefined))
    ?.code === 0;
if (!mayMount) warnSkipped("a disk that is full: unshare and mount are not permitted");

Deno.test({
  name: "bad input: a full disk fails one output, leaves nothing there, and the others are written",
  ignore: !mayMount || python === undefined,
  fn: async () => {
    await using target = await startProgram(python!, "busy.py");
    await using folder = await temporaryFolder();
    const small = join(folder.path, "small");
    await Deno.mkdir(small);
    const script = `mount -t tmpfs -o size=4k none ${small}; echo old >${small}/b.svg; "$@"; code=$?; ` +
      `ls -A ${small} >&2; cat ${small}/b.svg >&2; exit $code`;
    const ok = join(folder.path, "ok.txt");
    const outputs = [join(small, "a.svg"), join(small, "b.svg"), ok].flatMap((path) => ["-o", path]);
    const { code, stdout, stderr } = await pyspy(
      ["record", "-i", "-p", `${target.pid}`, "-d", "0.3", ...outputs],
      { prefix: ["unshare", "-m", "sh", "-c", script, "sh"] },
    );
    assert.equal(code, 1, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, /Error: Cannot write '.*a\.svg': No space left on device/);
    assert.match(stderr, /Error: Cannot write '.*b\.svg': No space left on device/);
    assert.match(stderr, /^Wrote raw to .*ok\.txt$/m);
    assert.match(stderr, /\nb\.svg\nold\n$/); // nothing else is there, and what was there is whole
    assert.match(await Deno.readTextFile(ok), /busy\.py/);
  },
});

Deno.test({
  name: "bad input: a stdout that is full",
  ignore: python === undefined || !await Deno.stat("/dev/full").then(() => true, () => false),
  fn: async () => {
    await using target = await startProgram(python!, "idle.py");
    const prefix = ["sh", "-c", '"$@" >/dev/full', "sh"];
    assertError(
      await pyspy(["dump", "-p", `${target.pid}`], { prefix }),
      1,
      /Cannot write to standard output: No space left/,
    );
  },
});

const canSetPrivileges = Deno.uid() === 0 &&
  (await runCommand(["setpriv", "--bounding-set", "-sys_ptrace", "true"]).catch(() => undefined))?.code === 0;
if (!canSetPrivileges) warnSkipped("what happens without permission: needs root and setpriv");

Deno.test({
  name: "bad input: without permission: exit code 3, the cause and what to do",
  ignore: !canSetPrivileges || python === undefined,
  fn: async () => {
    await using target = await startProgram(python!, "busy.py");
    await using folder = await temporaryFolder();
    const env = await denoCacheFor(folder.path);
    const pid = `${target.pid}`;
    const asRoot = ["setpriv", "--bounding-set", "-sys_ptrace", "--inh-caps", "-sys_ptrace"];
    // Files may be read, so that the sources are; processes may not.
    const capability = ["--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"];
    const asNobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", ...capability];
    for (const command of [["dump", "-p", pid], ["record", "-d", "1", "-o", "-", "-p", pid]]) {
      assertError(
        await pyspy(command, { prefix: asRoot, env }),
        3,
        /Cannot read memory of process \d+: we are root, but without the capability SYS_PTRACE[^]*Try: .*SYS_PTRACE/,
      );
      const outcome = await pyspy(command, { prefix: asNobody, env });
      assertError(outcome, 3, /: it belongs to another user \(uid 0, ours is 65534\)\nTry: sudo \//);
      assert.ok(outcome.stderr.includes(pyspyCommand()[0]!), "the remedy must name the program in full");
    }
    assert.ok(isRunning(target.pid));
  },
});

const namesBefore = await namesIn(PROJECT);

Deno.test({
  name: "bad input: the folder of the project is left as it was",
  fn: async () => {
    const names = await namesIn(PROJECT);
    assert.deepEqual(names.filter((name) => /\.(svg|tmp)$/.test(name) && !namesBefore.includes(name)), []);
  },
});
