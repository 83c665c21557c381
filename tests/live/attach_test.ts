/** Finding the interpreter in processes of every kind, and looking at them without harm. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { attach } from "../../src/attach.ts";
import { locateRuntime } from "../../src/cpython/locate.ts";
import type { Strategy } from "../../src/cpython/locate.ts";
import { readStacks } from "../../src/dump_stacks.ts";
import { ProfilerError } from "../../src/errors.ts";
import { openProcess } from "../../src/ffi/mod.ts";
import { MemoryReader } from "../../src/memory.ts";
import type { DumpJson } from "../../src/render/dump_json.ts";
import type { Python } from "../../scripts/pythons.ts";
import { covering, lacksAllBut } from "../covers.ts";
import { runCommand, warnSkipped } from "../helpers.ts";
import {
  allPythons,
  liveCommand,
  pyspy,
  python,
  pythons,
  startProgram,
  startReady,
  temporaryFolder,
} from "./programs.ts";

const ignore = python === undefined;
const minorOf = (one: Python) => Number(one.minor.split(".")[1]);

async function dumpJson(pid: number): Promise<DumpJson> {
  const { code, stdout, stderr } = await pyspy(["dump", "-j", "-p", `${pid}`]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as DumpJson;
}

/** Checks that a dump shows where idle.py stands. */
async function assertIdle(pid: number): Promise<DumpJson> {
  const dump = await dumpJson(pid);
  assert.equal(dump.threads.length, 1);
  const names = dump.threads[0]!.frames.map((frame) => frame.name).filter((name) =>
    name !== "BufferedReader.read"
  );
  assert.deepEqual(names.slice(-2), ["wait", "<module>"]);
  return dump;
}

for (const one of allPythons) {
  Deno.test(`locate: each strategy finds the same runtime, Python ${one.label}`, async () => {
    await using target = await startProgram(one, "idle.py");
    const process = openProcess(target.pid);
    const reader = new MemoryReader(process);
    const find = (...strategies: Strategy[]) => locateRuntime(process.images(), reader, strategies);
    const expected = find("symbol", "section", "scan");
    assert.ok(expected !== undefined);
    const strategies: Strategy[] = minorOf(one) >= 10 ? ["symbol", "section", "scan"] : ["symbol", "scan"];
    for (const strategy of strategies) {
      const found = find(strategy);
      assert.equal(found?.address, expected.address, strategy);
      assert.deepEqual(found?.version, expected.version, strategy);
    }
    process.close();
  });
}

for (const one of pythons) {
  Deno.test(`a Python that has just been started: it is waited for, Python ${one.label}`, async () => {
    const [program, ...args] = await liveCommand(one, "idle.py");
    for (let i = 0; i < 6; i++) {
      const child = new Deno.Command(program!, { args, stdin: "piped", stdout: "null" }).spawn();
      try {
        const target = await attach(child.pid);
        readStacks(target); // whatever it shows: it must not fail
        target.process.close();
      } finally {
        await child.stdin.close();
        await child.status;
      }
    }
  });
}

Deno.test({
  name: "a target that ends while it is looked at: a clean error, at whatever moment",
  ignore,
  fn: async () => {
    const dying = "import os, random, sys, time\nprint('ready', flush=True)\n" +
      "end = time.monotonic() + random.random() * 0.05\nwhile time.monotonic() < end: pass\nos._exit(0)";
    for (let i = 0; i < 40; i++) {
      await using target = await startReady([python!.command[0]!, "-S", "-c", dying]);
      try {
        for (;;) {
          const found = await attach(target.pid);
          const threads = readStacks(found);
          found.process.close();
          if (threads.length === 0) break;
        }
      } catch (error) {
        assert.ok(error instanceof ProfilerError && error.kind === "no_process", String(error));
        assert.match(error.message, /ended|no such process/);
      }
    }
  },
});

Deno.test({
  name: "the command on targets that end meanwhile: stacks, or exit code 4",
  ignore,
  fn: async () => {
    const dying =
      "import random, sys, time\nprint('ready', flush=True)\ntime.sleep(0.05 + random.random() * 0.12)";
    const one = async () => {
      await using target = await startReady([python!.command[0]!, "-S", "-c", dying]);
      const { code, stdout, stderr } = await pyspy(["dump", "-p", `${target.pid}`]);
      assert.ok(
        code === 0 ? stdout !== "" && stderr === "" : code === 4 && stdout === "",
        `${code} ${stdout} ${stderr}`,
      );
      assert.doesNotMatch(stderr, /Internal error|^\s+at /m);
    };
    for (let i = 0; i < 10; i++) await Promise.all([one(), one()]);
  },
});

Deno.test({
  name: "dump into a pipe that is closed early",
  ignore,
  fn: async () => {
    await using target = await startProgram(python!, "idle.py");
    const prefix = ["sh", "-c", '{ "$@"; echo "code $?" >&2; } | head -n 1', "sh"];
    const { stdout, stderr } = await pyspy(["dump", "-p", `${target.pid}`], { prefix });
    assert.match(stdout, /^Process \d+: .*\n$/);
    assert.equal(stderr, "code 0\n");
    const closed = ["sh", "-c", '"$@" | true', "sh"];
    assert.equal((await pyspy(["dump", "-p", `${target.pid}`], { prefix: closed })).stderr, "");
  },
});

Deno.test({
  name: "a stopped target: dump works, says so, and leaves it stopped",
  ignore,
  fn: async () => {
    await using target = await startProgram(python!, "idle.py");
    target.kill("SIGSTOP");
    const { code, stdout, stderr } = await pyspy(["dump", "-p", `${target.pid}`]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^Thread .*\(stopped\)/m);
    assert.match(await Deno.readTextFile(`/proc/${target.pid}/status`), /^State:\s+T/m);
  },
});

for (const [name, command] of [["strace", ["strace", "-p"]], ["gdb", ["gdb", "-q", "-nx", "-p"]]] as const) {
  const present = (await runCommand([name, "--version"]).catch(() => undefined))?.code === 0;
  if (!present) warnSkipped(`a target that ${name} is attached to: it is not installed`);
  Deno.test({
    name: `a target that ${name} is attached to: dump works`,
    ignore: ignore || !present,
    fn: async () => {
      await using target = await startProgram(python!, "idle.py");
      const tracer = new Deno.Command(command[0], {
        args: [...command.slice(1), `${target.pid}`],
        stdin: "piped",
        stdout: "null",
        stderr: "null",
      }).spawn();
      try {
        const isTraced = async () =>
          !/^TracerPid:\s+0$/m.test(await Deno.readTextFile(`/proc/${target.pid}/status`));
        while (!await isTraced()) await new Promise((resolve) => setTimeout(resolve, 5));
        await assertIdle(target.pid);
        assert.ok(await isTraced());
      } finally {
        tracer.kill("SIGKILL");
        await tracer.stdin.close().catch(() => {});
        await tracer.status;
      }
    },
  });
}

/** What decides where the interpreter's code is: the executable itself, or a shared library. */
async function filesOf(
  one: Python,
): Promise<{ executable: string; library: string | undefined; home: string }> {
  const code = "import sys, sysconfig as s, os; v = s.get_config_var; " +
    "print(os.path.realpath(sys.executable), os.path.join(v('LIBDIR'), v('INSTSONAME')) if v('Py_ENABLE_SHARED') else '-', sys.base_prefix)";
  const { stdout } = await runCommand([...one.command, "-c", code]);
  const [executable, library, home] = stdout.trim().split(" ");
  return { executable: executable!, library: library === "-" ? undefined : library!, home: home! };
}

/** Copies an interpreter's own files and starts the copy. */
async function startCopy(one: Python, folder: string, change: (file: string) => Promise<void>) {
  const { executable, library, home } = await filesOf(one);
  const copy = join(folder, "python-copy");
  await Deno.copyFile(executable, copy);
  const copied = [copy];
  if (library !== undefined) {
    const libraryCopy = join(folder, library.slice(library.lastIndexOf("/") + 1));
    await Deno.copyFile(library, libraryCopy);
    copied.push(libraryCopy);
  }
  for (const file of copied) await change(file);
  const [, script] = await liveCommand(one, "idle.py");
  const target = await startReady(["env", `PYTHONHOME=${home}`, `LD_LIBRARY_PATH=${folder}`, copy, script!]);
  return { target, copied };
}

/** Makes an ELF file look as if it had no section headers: e_shoff, e_shnum and e_shstrndx are 0. */
async function removeSectionHeaders(file: string): Promise<void> {
  using opened = await Deno.open(file, { write: true });
  for (const [at, size] of [[40, 8], [60, 4]] as const) {
    await opened.seek(at, Deno.SeekMode.Start);
    await opened.write(new Uint8Array(size));
  }
}

const hasStrip = (await runCommand(["strip", "--version"]).catch(() => undefined))?.code === 0;
if (!hasStrip) warnSkipped("stripped interpreters: strip is not installed");

lacksAllBut("stripped", pythons.filter((each) => each.root === undefined).map(({ minor }) => minor));
for (const one of pythons.filter((each) => each.root === undefined)) {
  covering({ version: one.minor, build: "stripped", modes: ["dump"] })({
    name: `interpreters without symbols, without section headers, deleted: Python ${one.label}`,
    fn: async () => {
      await using folder = await temporaryFolder();
      const strip = async (file: string) => {
        const { code, stderr } = await runCommand(["strip", "--strip-all", file]);
        assert.equal(code, 0, stderr);
      };
      for (const change of hasStrip ? [strip, removeSectionHeaders] : [removeSectionHeaders]) {
        const { target, copied } = await startCopy(one, folder.path, change);
        await using _ = target;
        await assertIdle(target.pid);
        for (const file of copied) await Deno.remove(file);
        await assertIdle(target.pid);
        // Another file where the old one was must not be taken for it.
        for (const file of copied) await Deno.copyFile("/bin/true", file);
        const dump = await assertIdle(target.pid);
        assert.equal(dump.process.python_version.split(".", 2).join("."), one.minor);
        // To 3.6 only a local symbol tells where the collector keeps its state.
        assert.equal(dump.process.collecting_garbage, minorOf(one) > 6 ? false : null);
        for (const file of copied) await Deno.remove(file);
      }
    },
  });
}

const mayUnshare =
  (await runCommand(["unshare", "-pf", "--mount-proc", "true"]).catch(() => undefined))?.code === 0;
if (!mayUnshare) warnSkipped("a target in namespaces of its own: unshare is not permitted");

for (
  const one of [python, pythons.findLast((each) => each.root !== undefined)].filter((each) =>
    each !== undefined
  )
) {
  Deno.test({
    name: `a target in a PID and a mount namespace of its own: thread ids are ours, Python ${one.label}`,
    ignore: !mayUnshare,
    fn: async () => {
      await using outer = await startReady(
        ["unshare", "-pf", "--mount-proc", "--kill-child", ...await liveCommand(one, "two_threads.py")],
      );
      const children = await Deno.readTextFile(`/proc/${outer.pid}/task/${outer.pid}/children`);
      const pid = Number(children.trim());
      const status = await Deno.readTextFile(`/proc/${pid}/status`);
      assert.match(status, /^NSpid:\s+\d+\s+\d+$/m);
      const tasks = (await Array.fromAsync(Deno.readDir(`/proc/${pid}/task`))).map((entry) =>
        Number(entry.name)
      );
      const { threads } = await dumpJson(pid);
      assert.equal(threads.length, 3);
      const ids = threads.map((thread) => thread.os_thread_id);
      // To 3.10 the interpreter knows the kernel's id of threading's threads, and each of these is one.
      assert.deepEqual(ids.toSorted(), tasks.toSorted());
      const sleeper = threads.find((thread) => thread.thread_name === "sleeper");
      assert.ok(sleeper?.frames.some((frame) => frame.name === "doze"));
    },
  });
}

Deno.test({
  name: "a wrapper script is not Python, its child is",
  ignore,
  fn: async () => {
    const command = (await liveCommand(python!, "idle.py")).join(" ");
    await using shell = await startReady(["sh", "-c", `${command} <&0; :`]);
    const outcome = await pyspy(["dump", "-p", `${shell.pid}`]);
    assert.equal(outcome.code, 4, outcome.stderr);
    assert.match(outcome.stderr, /if it is a launcher, give the pid of the Python process that it started/);
    const children = await Deno.readTextFile(`/proc/${shell.pid}/task/${shell.pid}/children`);
    await assertIdle(Number(children.trim()));
  },
});

const hasCompiler = (await runCommand(["gcc", "--version"]).catch(() => undefined))?.code === 0;
const embeddable = hasCompiler
  ? pythons.filter((each) => each.root === undefined && each.command[0]!.includes("/versions/"))
  : [];
if (embeddable.length === 0) {
  warnSkipped("an interpreter inside of another program: needs gcc and a Python with headers");
}

lacksAllBut("embedded", embeddable.slice(-1).map(({ minor }) => minor));
for (const one of embeddable.slice(-1)) {
  const test = covering({ version: one.minor, build: "embedded", modes: ["dump"] });
  test(`an interpreter inside of another program, Python ${one.label}`, async () => {
    await using folder = await temporaryFolder();
    const source = join(folder.path, "host.c");
    const program = join(folder.path, "some-server");
    await Deno.writeTextFile(
      source,
      "#include <Python.h>\nint main(void) { Py_Initialize(); return PyRun_SimpleString(\n" +
        "  \"import sys\\ndef serve():\\n  print('ready', flush=True)\\n  sys.stdin.read()\\nserve()\\n\"); }\n",
    );
    const config = `${one.command[0]!.replace(/\/[^/]*$/, "")}/python${one.minor}-config`;
    const flags = (await runCommand([config, "--cflags", "--ldflags", "--embed"])).stdout.split(/\s+/).filter(
      (flag) => flag !== "",
    );
    const built = await runCommand(["gcc", source, "-o", program, ...flags]);
    assert.equal(built.code, 0, built.stderr);
    const { home } = await filesOf(one);
    await using target = await startReady([
      "env",
      `PYTHONHOME=${home}`,
      `LD_LIBRARY_PATH=${home}/lib`,
      program,
    ]);
    const { threads } = await dumpJson(target.pid);
    assert.deepEqual(threads[0]!.frames.map((frame) => frame.name), ["serve", "<module>"]);
  });
}

Deno.test({
  name: "attaching leaves no file open",
  ignore,
  fn: async () => {
    await using target = await startProgram(python!, "idle.py");
    const count = () => [...Deno.readDirSync("/proc/self/fd")].length;
    const once = async () => {
      const found = await attach(target.pid);
      readStacks(found);
      found.process.close();
    };
    await once();
    const before = count();
    for (let i = 0; i < 20; i++) await once();
    assert.equal(count(), before);
  },
});

Deno.test({
  name: "a thread that threading does not know has the system's name for it",
  ignore: python === undefined,
  fn: async () => {
    await using target = await startProgram(python!, "named_by_c.py");
    const { stdout, stderr } = await pyspy(["dump", "-p", `${target.pid}`]);
    assert.match(stdout, /^Thread \d+ \(idle\): "worker of C"\n {4}work \(/m, stderr);
    const { threads } = JSON.parse((await pyspy(["dump", "--json", "-p", `${target.pid}`])).stdout);
    const names = threads.map((thread: { thread_name: string | null; os_thread_name?: string }) => [
      thread.thread_name,
      thread.os_thread_name,
    ]);
    assert.deepEqual(names, [["MainThread", undefined], [null, "worker of C"]]);
  },
});

for (const one of pythons.filter((each) => minorOf(each) >= 8)) {
  const test = covering({ python: one, modes: ["subinterpreters"] });
  test(`sub-interpreters: each thread once, with its interpreter, Python ${one.label}`, async () => {
    await using target = await startProgram(one, "subinterpreters.py");
    const { threads } = await dumpJson(target.pid);
    const shown = threads.map(({ interpreter_id, frames, proven }) => [
      interpreter_id,
      frames[0]!.name,
      proven,
    ]);
    const inner = shown.filter(([id]) => id !== 0);
    assert.equal(inner.length, 2, JSON.stringify(shown));
    assert.equal(new Set(inner.map(([id]) => id)).size, 2);
    for (const [, name, proven] of inner) assert.deepEqual([name, proven], ["inside", true]);
    assert.equal(threads.filter(({ thread_name }) => thread_name?.startsWith("runner ")).length, 2);
    // Where a thread state has the id of its maker, that one is the main thread, which is shown as itself.
    assert.equal(threads.filter(({ interpreter_id }) => interpreter_id === 0).length, 3);
  });
}
