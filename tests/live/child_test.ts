/** `record -- program`: the program is ours to start, and stays what it would be without us. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { runCommand, warnSkipped } from "../helpers.ts";
import {
  isRunning,
  liveCommand,
  parseFolded,
  pyspy,
  python,
  pythons,
  startPyspy,
  temporaryFolder,
} from "./programs.ts";

const ignore = python === undefined;
const executable = python?.command[0] ?? "python3";

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `record -- program: ${name}`, ignore, fn });
}

/** Records a program into a file. */
async function recordProgram(
  program: readonly string[],
  options: Parameters<typeof pyspy>[1] & { args?: readonly string[] } = {},
) {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "a.txt");
  const outcome = await pyspy(["record", "-o", file, ...options.args ?? [], "--", ...program], options);
  const text = await Deno.readTextFile(file).catch(() => undefined);
  const left = (await Array.fromAsync(Deno.readDir(folder.path))).map((entry) => entry.name);
  return { ...outcome, file: text, left };
}

const SPIN = "import time\nwhile time.process_time() < 0.4: pass\n";

test("its exit code is ours", async () => {
  for (const code of [0, 3]) {
    const outcome = await recordProgram([executable, "-c", `${SPIN}raise SystemExit(${code})`]);
    assert.equal(outcome.code, code, outcome.stderr);
    assert.match(outcome.file ?? "", /<module> \(<string>:2\)/);
  }
  const killed = await recordProgram([executable, "-c", `${SPIN}import os; os.kill(os.getpid(), 9)`]);
  assert.equal(killed.code, 128 + 9, killed.stderr);
  assert.match(killed.file ?? "", /<module>/);
});

test("stdin, stdout and arguments are its own", async () => {
  const code = `${SPIN}import sys\nsys.stdout.write(sys.stdin.read().upper() + repr(sys.argv[1:]))`;
  const args = [executable, "-c", code, "-p", "3", "--rate", "x", "", "ä\nb", "--", "--help"];
  const { code: exit, stdout, stderr } = await recordProgram(args, { input: "hello" });
  assert.equal(exit, 0, stderr);
  assert.equal(stdout, "HELLO['-p', '3', '--rate', 'x', '', 'ä\\nb', '--', '--help']");
});

test("options after the program are its own also without --", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "a.txt");
  const { stdout } = await pyspy([
    "record",
    "-o",
    file,
    executable,
    "-c",
    "import sys; print(sys.argv)",
    "-o",
    "x",
  ]);
  assert.equal(stdout, "['-c', '-o', 'x']\n");
});

test("its stdout and our data both go to stdout when asked for, the program's first", async () => {
  const { stdout } = await pyspy([
    "record",
    "-o",
    "-",
    "-f",
    "raw",
    "--",
    executable,
    "-c",
    `print("out", flush=True)\n${SPIN}`,
  ]);
  assert.match(stdout, /^out\n(.* \d+\n)+$/);
});

test("signal handling and mask are the default ones", async () => {
  const code = `${SPIN}import signal as s\n` +
    "print([n for n in range(1, 32) if s.getsignal(n) == s.SIG_IGN], s.pthread_sigmask(s.SIG_BLOCK, []))";
  const plain = await runCommand([executable, "-c", code]);
  const { stdout } = await recordProgram([executable, "-c", code]);
  assert.equal(stdout, plain.stdout);
});

test("it has no more open files than without us", async () => {
  const code =
    `import os; print(sorted(os.readlink("/proc/self/fd/" + n) for n in os.listdir("/proc/self/fd") ` +
    `if int(n) > 2 and os.path.exists("/proc/self/fd/" + n)))`;
  const { stdout } = await recordProgram([executable, "-c", code]);
  assert.doesNotMatch(stdout, /a\.txt|anon_inode|\/proc\/\d+\/(?!fd)/, stdout);
});

test("one that ends at once is no error of ours", async () => {
  for (const [program, code] of [["true", 0], ["false", 1]] as const) {
    const outcome = await recordProgram([program]);
    assert.equal(outcome.code, code, outcome.stderr);
    assert.equal(outcome.file, "");
    assert.match(outcome.stderr, /ended before it could be sampled/);
  }
  const failing = await recordProgram([executable, "-c", "raise SystemExit(5)"]);
  assert.equal(failing.code, 5, failing.stderr);
});

test("one that never is Python: exit code 4, no file", async () => {
  const { code, stdout, stderr, left } = await recordProgram(["sleep", "1.5"]);
  assert.equal(code, 4, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, /Error: Cannot profile the program: .*never was a CPython interpreter in it\nTry: /);
  assert.deepEqual(left, []);
});

test("one that cannot be started: exit code 1, nothing left behind", async () => {
  await using folder = await temporaryFolder();
  const script = join(folder.path, "script.py");
  await Deno.writeTextFile(script, "#!/usr/bin/env python3\n");
  for (
    const [program, text] of [
      ["no-such-program-at-all", /there is no such program\nTry: check the spelling and PATH/],
      [join(folder.path, "absent"), /there is no such program\nTry: check the path/],
      [script, /it may not be executed\nTry: chmod \+x/],
      [folder.path, /it is a folder|it may not be executed/],
      ["", /there is no such program/],
    ] as const
  ) {
    const { code, stdout, stderr, left } = await recordProgram([program]);
    assert.equal(code, 1, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, text);
    assert.doesNotMatch(stderr, /goes on|Internal/);
    assert.deepEqual(left, []);
  }
});

test("a shell that becomes Python, at once and later", async () => {
  const busy = (await liveCommand(python!, "busy.py", ["0.4"])).join(" ");
  for (const script of [`exec ${busy}`, `sleep 1.3; exec ${busy}`]) {
    const { code, file, stderr } = await recordProgram(["sh", "-c", script]);
    assert.equal(code, 0, stderr);
    assert.match(file ?? "", /main \(busy\.py:\d+\);compute \(busy\.py/, stderr);
    assert.doesNotMatch(stderr, /Error/);
  }
});

test("a script with #! and env", async () => {
  await using folder = await temporaryFolder();
  const script = join(folder.path, "tool");
  await Deno.writeTextFile(script, `#!/usr/bin/env ${executable}\n${SPIN}`);
  await Deno.chmod(script, 0o755);
  const { code, file, stderr } = await recordProgram([script]);
  assert.equal(code, 0, stderr);
  assert.match(file ?? "", /<module> \(tool:3\)/);
});

for (const next of pythons.filter((one) => one.root === undefined)) {
  test(`a program that becomes another one is recorded on, Python ${next.label}`, async () => {
    const second = await liveCommand(next, "busy.py", ["0.5"]);
    const { code, file, stderr } = await recordProgram(await liveCommand(python!, "exec_next.py", second));
    assert.equal(code, 0, stderr);
    const stacks = parseFolded(file ?? "").map(({ frames }) =>
      frames.map((frame) => frame.replace(/:\d+\)$/, ")")).join(";")
    );
    assert.ok(stacks.includes("<module> (exec_next.py);before (exec_next.py)"), file);
    const inSecond = stacks.filter((stack) => stack.includes("compute (busy.py)"));
    assert.deepEqual([...new Set(inSecond)], ["<module> (busy.py);main (busy.py);compute (busy.py)"]);
  });
}

for (const [signal, number] of [["SIGINT", 2], ["SIGTERM", 15], ["SIGHUP", 1]] as const) {
  test(`${signal} is passed on, the file is written, the exit code is the program's`, async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, "a.txt");
    const handler = `import os, signal\nsignal.signal(${number}, lambda *_: os._exit(40 + ${number}))\n` +
      "print(os.getpid(), flush=True)\nwhile True: pass";
    const running = startPyspy(["record", "-r", "1000", "-o", file, "--", executable, "-c", handler]);
    await running.firstOutput;
    running.kill(signal);
    const { code, stdout, stderr } = await running.outcome;
    assert.equal(code, 40 + number, stderr);
    assert.ok(!isRunning(Number(stdout)));
    assert.match(await Deno.readTextFile(file), /<module>/);
  });
}

test("a second signal ends the waiting for a program that ignores the first", async () => {
  // It lets go of our streams, so that they end with pyspy.
  const ignoring =
    "import os, signal, sys\nsignal.signal(15, signal.SIG_IGN)\nprint(os.getpid(), flush=True)\n" +
    "null = os.open(os.devnull, os.O_RDWR)\nos.dup2(null, 1)\nos.dup2(null, 2)\nwhile True: pass";
  await using folder = await temporaryFolder();
  const file = join(folder.path, "a.txt");
  const running = startPyspy(["record", "-o", file, "--", executable, "-c", ignoring]);
  await running.firstOutput;
  running.kill("SIGTERM");
  await running.said("Wrote raw");
  running.kill("SIGTERM");
  const { code, stdout } = await running.outcome;
  assert.equal(code, 130);
  assert.ok(isRunning(Number(stdout)));
  Deno.kill(Number(stdout), "SIGKILL");
});

test("-d ends the recording, not the program", async () => {
  const { code, stdout, stderr } = await recordProgram(
    [executable, "-c", `${SPIN.replace("0.4", "0.8")}print("done")\nraise SystemExit(3)`],
    { args: ["-d", "0.2"] },
  );
  assert.equal(code, 3, stderr);
  assert.equal(stdout, "done\n");
  assert.match(stderr, /the program goes on/);
});

const nobody = (await runCommand(["getent", "passwd", "nobody"]).catch(() => undefined))?.stdout.split(":");
const system = pythons.find((one) => one.command[0]!.startsWith("/usr/"));
const mayPretend = Deno.uid() === 0 && nobody !== undefined && nobody.length > 3 && system !== undefined;
if (!mayPretend) {
  warnSkipped("what sudo does: needs root, a user named nobody, and a Python in /usr that all may run");
}

Deno.test({
  name: "record -- program: under sudo it runs as the user who called it, and the files are that user's",
  ignore: !mayPretend,
  fn: async () => {
    const [uid, gid] = [Number(nobody![2]), Number(nobody![3])];
    const code =
      `import os\nprint(os.getresuid(), os.getresgid(), os.getgroups(), os.environ["USER"], os.environ["HOME"])\n` +
      `try:\n    os.setuid(0)\n    print("root again")\nexcept OSError:\n    pass\n${SPIN}`;
    await using folder = await temporaryFolder();
    await Deno.chmod(folder.path, 0o777);
    const file = join(folder.path, "a.txt");
    const env = { SUDO_UID: `${uid}`, SUDO_GID: `${gid}`, SUDO_USER: "nobody" };
    const { code: exit, stdout, stderr } = await pyspy([
      "record",
      "-o",
      file,
      "--",
      system!.command[0]!,
      "-c",
      code,
    ], { env });
    assert.equal(exit, 0, stderr);
    const groups = (await runCommand(["id", "-G", "nobody"])).stdout.trim().replaceAll(" ", ", ");
    const three = (id: number) => `(${id}, ${id}, ${id})`;
    assert.equal(stdout, `${three(uid)} ${three(gid)} [${groups}] nobody ${nobody![5]}\n`);
    const info = await Deno.stat(file);
    assert.deepEqual([info.uid, info.gid], [uid, gid]);
    assert.match(await Deno.readTextFile(file), /<module>/);
  },
});

Deno.test({
  name: "record -- program: half of what sudo sets is not believed",
  ignore: !mayPretend,
  fn: async () => {
    // With a user and no group, the program would run with root's groups.
    const code = "import os; print(os.getresuid(), os.getresgid())";
    const { stdout } = await recordProgram([system!.command[0]!, "-c", code], { env: { SUDO_UID: "65534" } });
    assert.equal(stdout, "(0, 0, 0) (0, 0, 0)\n");
  },
});
