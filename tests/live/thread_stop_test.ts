/** Stopping a thread for a moment, so that nobody notices but the one who reads its memory meanwhile. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { childProcesses, spawnProcess } from "../../src/ffi/mod.ts";
import type { ChildProcess } from "../../src/ffi/process.ts";
import { ThreadStop } from "../../src/ffi/linux_ptrace.ts";
import type { StopResult } from "../../src/ffi/linux_ptrace.ts";
import { PROJECT, runCommand, warnSkipped } from "../helpers.ts";
import {
  isRunning,
  liveCommand,
  python,
  pythons,
  startProgram,
  startReady,
  temporaryFolder,
} from "./programs.ts";
import {
  counting,
  passTime,
  PATIENCE_MS,
  startCounts,
  stateOf,
  tracerOf,
  until,
  WATCH_MS,
} from "./counting.ts";

const ignore = python === undefined;
function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `stopping a thread: ${name}`, ignore, fn });
}

/** Stops a thread; on a machine that is busy with something else it may need more than one attempt. */
async function stopSurely(stop: ThreadStop, tid: number): Promise<void> {
  let result = stop.stop(tid);
  for (const end = performance.now() + PATIENCE_MS; result === "busy" && performance.now() < end;) {
    await passTime(1);
    result = stop.stop(tid);
  }
  assert.equal(result, "stopped");
}

test("it stands still from the stop to the release, a thousand times", async () => {
  await using target = await startCounts();
  const stop = new ThreadStop(target.pid);
  for (let i = 0; i < 1000; i++) {
    await stopSurely(stop, target.pid);
    if (i % 100 === 0) {
      await target.assertStands();
      assert.equal(stateOf(target.pid), "t");
    }
    const before = target.rounds();
    assert.equal(target.rounds(), before);
    stop.release();
    assert.ok(stop.stoppedMs > 0);
    if (i % 100 === 0) {
      assert.ok(stop.stoppedMs >= WATCH_MS);
      assert.equal(tracerOf(target.pid), 0);
      await target.assertMoves();
    }
  }
  assert.equal(stop.close(), true);
  await target.assertMoves();
});

test("a second stop releases the first; the others go on meanwhile", async () => {
  await using target = await startCounts();
  const stop = new ThreadStop(target.pid);
  await stopSurely(stop, target.pid);
  await stopSurely(stop, target.waitingTid);
  await target.assertMoves();
  assert.equal(tracerOf(target.pid), 0);
  assert.equal(stop.close(), true);
  stop.release();
  assert.equal(tracerOf(target.waitingTid), 0);
});

test("threads that wait go on waiting for as long as they would have, in all versions", async () => {
  await using programs = new AsyncDisposableStack();
  const running = await Promise.all(pythons.map(async (one) => {
    const program = programs.use(await startProgram(one, "waits.py"));
    const tids = program.firstLine.split(" ").slice(1).map(Number);
    return { label: one.label, program, tids, counts: tids.map(() => 0), stop: new ThreadStop(program.pid) };
  }));
  const work = running.map(async ({ label, program, tids, counts, stop }) => {
    const results = new Set<StopResult>();
    for (let isOver = false; !isOver; await passTime(5)) {
      isOver = true;
      tids.forEach((tid, i) => {
        const result = stop.stop(tid);
        results.add(result);
        stop.release();
        if (result === "stopped") counts[i]!++;
        if (result !== "gone") isOver = false;
      });
    }
    const { code } = await program.status;
    assert.equal(code, 0, `Python ${label}: see above`);
    assert.ok(Math.min(...counts) >= 200, `Python ${label}: only stopped ${counts}`);
    assert.ok(!results.has("not_permitted"));
    assert.equal(stop.close(), true);
  });
  await Promise.all(work);
});

test("a signal that comes meanwhile is delivered after the release, once", async () => {
  await using target = await startCounts();
  const stop = new ThreadStop(target.pid);
  for (let sent = 1; sent <= 100; sent++) {
    await stopSurely(stop, target.pid);
    Deno.kill(target.pid, "SIGUSR1");
    if (sent % 20 === 0) await target.assertStands();
    assert.equal(target.signals(), sent - 1);
    stop.release();
    await until(() => target.signals() === sent, "the signal is delivered");
  }
});

test("a signal that comes just before, or while it is being stopped, is not lost", async () => {
  await using target = await startCounts();
  const stop = new ThreadStop(target.pid);
  for (let sent = 1; sent <= 1000; sent++) {
    Deno.kill(target.pid, "SIGUSR1");
    // It takes some microseconds until the thread receives it.
    for (let i = Math.random() * 2000; i > 0; i--);
    await stopSurely(stop, target.pid);
    stop.release();
    if (target.signals() !== sent) await until(() => target.signals() === sent, "the signal is delivered");
  }
});

test("a process that the user has stopped stays so, and continues when it is told to", async () => {
  await using target = await startCounts();
  const stop = new ThreadStop(target.pid);
  const assertStopped = () => until(() => stateOf(target.pid) === "T", "it is stopped by SIGSTOP");
  target.program.kill("SIGSTOP");
  await assertStopped();
  for (const tid of [target.pid, target.waitingTid, target.pid]) {
    await stopSurely(stop, tid);
    stop.release();
    await assertStopped();
    await target.assertStands();
  }
  target.program.kill("SIGCONT");
  await target.assertMoves();

  await stopSurely(stop, target.pid);
  target.program.kill("SIGSTOP");
  await until(() => stateOf(target.waitingTid) === "T", "the other thread is stopped");
  stop.release();
  await assertStopped();
  await target.assertStands();

  await stopSurely(stop, target.pid);
  target.program.kill("SIGCONT");
  await target.assertStands();
  stop.release();
  await target.assertMoves();
});

for (const below of [undefined, 'exec 2> /dev/null; "$@" <&0; exit $?']) {
  const whose = below === undefined ? "our child" : "somebody else's child";

  test(`${whose} is killed while it stands still: its parent hears of it`, async () => {
    await using target = await startCounts(below);
    const stop = new ThreadStop(target.pid);
    await stopSurely(stop, target.pid);
    Deno.kill(target.pid, "SIGKILL");
    await until(() => !isRunning(target.pid), "it is killed");
    stop.release();
    await until(() => stop.settle(), "it is forgotten");
    assert.equal((await target.program.status).code, 128 + 9);
    assert.equal(stop.stop(target.pid), "gone");
  });

  // The exit code is that of a handler in the main thread, or of SIGTERM, which ends the process by the other thread.
  for (
    const [thread, signal, code] of [["another", "SIGUSR2", 4], ["the main", "SIGTERM", 128 + 15]] as const
  ) {
    test(`${whose} ends while ${thread} thread stands still: its parent gets the exit code`, async () => {
      await using target = await startCounts(below);
      const stop = new ThreadStop(target.pid);
      await stopSurely(stop, code === 4 ? target.waitingTid : target.pid);
      Deno.kill(target.pid, signal);
      await until(() => !isRunning(target.pid), "it ends");
      stop.release();
      await until(() => stop.settle(), "it is forgotten");
      assert.equal((await target.program.status).code, code);
    });
  }
}

/** A program that cannot be stopped before `letGo` is called: its main thread waits for a program that it starts. */
async function startBlocked(folder: string) {
  const pipe = join(folder, "pipe");
  assert.equal((await runCommand(["mkfifo", pipe])).code, 0);
  const command = await liveCommand(python!, "blocked_spawn.py", [pipe]);
  const letGo = async () => (await Deno.open(pipe, { write: true })).close();
  return { command, letGo };
}

test("one that cannot be stopped in time is let go as soon as it does stop", async () => {
  await using folder = await temporaryFolder();
  const { command, letGo } = await startBlocked(folder.path);
  await using program = await startReady(command);
  const target = counting(program.pid, program.firstLine);
  await until(() => stateOf(program.pid) === "D", "it is blocked");
  const stop = new ThreadStop(program.pid);
  assert.equal(stop.stop(program.pid), "busy");
  assert.equal(stop.stop(program.pid), "busy");
  assert.equal(stop.settle(), false);
  assert.equal(stop.close(), false);
  await letGo();
  await until(() => stateOf(program.pid) === "t", "it has stopped");
  assert.equal(stop.settle(), true);
  await target.assertMoves();
  await stopSurely(stop, program.pid);
  await target.assertStands();
  stop.release();
  await target.assertMoves();
});

test("one that cannot be stopped in time and is killed", async () => {
  await using folder = await temporaryFolder();
  const { command, letGo } = await startBlocked(folder.path);
  await using program = await startReady(command);
  await until(() => stateOf(program.pid) === "D", "it is blocked");
  const stop = new ThreadStop(program.pid);
  assert.equal(stop.stop(program.pid), "busy");
  program.kill();
  await until(() => stop.settle(), "it is forgotten");
  assert.equal((await program.status).signal, "SIGKILL");
  await letGo();
});

test("threads that come and go all the time leave nothing behind", async () => {
  await using program = await startProgram(python!, "short_threads.py");
  const stop = new ThreadStop(program.pid);
  const seen: Record<StopResult, number> = { stopped: 0, gone: 0, busy: 0, not_permitted: 0 };
  const end = performance.now() + PATIENCE_MS;
  while (seen.stopped < 500) {
    assert.ok(performance.now() < end, JSON.stringify(seen));
    for (const { name } of Deno.readDirSync(`/proc/${program.pid}/task`)) {
      seen[stop.stop(Number(name))]++;
      stop.release();
    }
  }
  assert.equal(seen.not_permitted, 0);
  await until(() => stop.settle(), "all are released");
  for (const { name } of Deno.readDirSync(`/proc/${program.pid}/task`)) {
    assert.notEqual(stateOf(Number(name)), "Z", "a thread that has ended was not reaped");
  }
  await stopSurely(stop, program.pid);
  assert.equal(stop.close(), true);
});

test("a thread that executes another program becomes its main thread, and is not forgotten", async () => {
  await using program = await startProgram(python!, "exec_in_thread.py", ["50"]);
  const stop = new ThreadStop(program.pid);
  const stopAll = () => {
    for (const { name } of Deno.readDirSync(`/proc/${program.pid}/task`)) {
      stop.stop(Number(name));
      stop.release();
    }
  };
  // Almost all the time, so that it is also tried while a program is being executed.
  const isOver = () => {
    try {
      for (const end = performance.now() + 20; performance.now() < end;) stopAll();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return stop.settle() && !isRunning(program.pid);
  };
  await until(isOver, "all rounds are over");
  assert.equal((await program.status).code, 6);
});

const hasStrace = (await runCommand(["strace", "--version"]).catch(() => undefined))?.code === 0;
if (!hasStrace) warnSkipped("stopping a thread that strace is attached to: it is not installed");

Deno.test({
  name: "stopping a thread: not one that strace is attached to",
  ignore: ignore || !hasStrace,
  fn: async () => {
    await using target = await startCounts();
    const strace = new Deno.Command("strace", { args: ["-p", `${target.pid}`], stderr: "null" }).spawn();
    try {
      await until(() => tracerOf(target.pid) !== 0, "it is attached");
      const stop = new ThreadStop(target.pid);
      assert.equal(stop.stop(target.pid), "not_permitted");
      assert.equal(tracerOf(target.pid), strace.pid);
      assert.equal(stop.close(), true);
    } finally {
      strace.kill();
      await strace.status;
    }
    await target.assertMoves();
  },
});

for (const how of ["ends", "is killed"] as const) {
  test(`it goes on when its tracer ${how} without releasing it`, async () => {
    await using target = await startCounts();
    const code = `import { ThreadStop } from "file://${PROJECT}/src/ffi/linux_ptrace.ts";\n` +
      `const stop = new ThreadStop(${target.pid});\nlet result;\n` +
      `do result = stop.stop(${target.pid}); while (result === "busy");\nconsole.log(result);\n` +
      "await Deno.stdin.readable.getReader().read();";
    await using tracer = await startReady([Deno.execPath(), "eval", code]);
    assert.equal(tracer.firstLine, "stopped");
    await target.assertStands();
    const stop = new ThreadStop(target.pid);
    assert.equal(stop.stop(target.pid), "not_permitted", "one tracer too many");
    if (how === "ends") await tracer.endInput();
    else tracer.kill();
    await tracer.status;
    await target.assertMoves();
    await stopSurely(stop, target.pid);
    stop.release();
  });
}

async function codeOf(child: ChildProcess): Promise<number> {
  await until(() => child.poll() !== undefined, "the program has ended");
  return child.poll()!;
}

test("the exit code of a program that we started is kept", async () => {
  const spin = "import os, time\nend = time.monotonic() + 0.2\nwhile time.monotonic() < end: pass\n";
  for (const [last, code] of [["os._exit(7)", 7], ["os.kill(os.getpid(), 15)", 128 + 15]] as const) {
    const child = spawnProcess([...python!.command, "-S", "-c", spin + last]);
    const stop = new ThreadStop(child.pid);
    const seen = new Set<StopResult>();
    let stopped = 0;
    while (!seen.has("gone")) {
      const result = stop.stop(child.pid);
      seen.add(result);
      if (result === "stopped" && ++stopped % 8 === 0) assert.equal(child.poll(), undefined);
      stop.release();
      await passTime(0);
    }
    assert.ok(stopped > 20, `stopped ${stopped} times`);
    assert.ok(!seen.has("not_permitted"));
    assert.equal(await codeOf(child), code);
  }
});

test("a program that we started and that stops late: looking for its exit code does no harm", async () => {
  await using folder = await temporaryFolder();
  const { command, letGo } = await startBlocked(folder.path);
  const child = spawnProcess(["sh", "-c", 'exec "$@" > /dev/null', "sh", ...command]);
  // While the program is loaded it may wait for a disk in the same state: then it has no child yet.
  const isBlocked = () => stateOf(child.pid) === "D" && childProcesses(child.pid).length > 0;
  await until(isBlocked, "it is blocked");
  const stop = new ThreadStop(child.pid);
  assert.equal(stop.stop(child.pid), "busy");
  assert.equal(child.poll(), undefined);
  await letGo();
  await until(() => stateOf(child.pid) === "t", "it has stopped");
  assert.equal(child.poll(), undefined);
  assert.equal(child.poll(), undefined);
  assert.equal(stop.settle(), true);
  await until(() => stateOf(child.pid) === "R", "it goes on");
  child.signal("SIGTERM");
  assert.equal(await codeOf(child), 128 + 15);
});
