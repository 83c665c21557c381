/** `top` on a real terminal, with every key, and on all ways out. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { pyspyCommand } from "../helpers.ts";
import { isRunning, liveCommand, python, startProgram } from "./programs.ts";
import type { Running } from "./programs.ts";
import { hasTmux, startShell } from "./tmux.ts";
import type { Shell } from "./tmux.ts";

const SIZE = { columns: 100, rows: 30 };
const HEADINGS = /%Own +%Total +.?OwnTime +.?TotalTime +Trend +Function \(file:line\)/;

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `top: ${name}`, ignore: python === undefined || !hasTmux, fn });
}

/** A shell with `top` on its screen, and the program that it watches. */
async function watched(
  program: string,
  options: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<{ target: Running; shell: Shell; before: string } & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const target = stack.use(await startProgram(python!, program));
  const shell = stack.use(await startShell({ ...SIZE, env }));
  const before = await shell.settings();
  await shell.run([...pyspyCommand(), "top", "-p", `${target.pid}`, ...options]);
  await shell.until(/\(\S+\.py:\d+\)/);
  const kept = stack.move();
  return { target, shell, before, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** After the end: the shell's own screen with the last table, and the terminal as it was. */
async function assertRestored(shell: Shell, before: string): Promise<void> {
  const screen = await shell.prompt();
  assert.match(screen, /^ready\$ '/);
  assert.match(screen, /^Functions, all of /m);
  assert.match(screen, /compute \(\S+\.py:\d+\)/);
  assert.equal(await shell.settings(), before);
  // What is typed is seen again, and the cursor too: tmux says so of its terminal.
  await shell.run(["echo", "typed", "again"]);
  await shell.until(/^typed again$/m);
}

test("the header tells what is watched and how well; the table where the time goes", async () => {
  await using top = await watched("two_threads.py");
  const { shell, target } = top;
  const screen = await shell.until(/^ *\d+\.\d% +\d+\.\d% +\S+s +\S+s .*compute \(two_threads\.py:\d+\)/m);
  const [first = "", second = "", third = ""] = screen.split("\n");
  assert.match(
    first,
    new RegExp(`^pyspy top {2}\\S*python.* Python ${python!.label.split("-")[0]}.* pid ${target.pid} `),
  );
  assert.match(
    second,
    /^[\d.]+ of 100 Hz {2}late [\d.]+% {2}errors 0\.0% {2}missed \d+ {2}[\d,]+ samples in /,
  );
  assert.match(third, /^GIL +[\d.]+% .*active, .*waiting for the GIL, 2\.\d idle/);
  assert.match(screen, HEADINGS);
});

test("keys sort, group, filter, pause, reset and expand", async () => {
  await using top = await watched("two_threads.py");
  const { shell } = top;
  for (const [key, mark] of [["1", "▾%Own"], ["2", "▾%Total"], ["4", "▾TotalTime"], ["3", "▾OwnTime"]]) {
    await shell.type(key!);
    await shell.until(new RegExp(mark!));
  }
  await shell.type("s");
  await shell.until(/▾TotalTime/);
  await shell.type("S");
  await shell.until(/▾OwnTime/);
  await shell.type("l");
  await shell.until(/^Lines, last [^]*compute \(two_threads\.py:1[1-4]\)/m);
  await shell.type("l");
  await shell.until(/^Functions, last /m);
  await shell.type("c");
  await shell.until(/^Functions, all of /m);
  await shell.type("c");
  await shell.until(/^Functions, last /m);
  await shell.type("/comp");
  const filtered = await shell.until(/^Filter: comp$/m);
  assert.match(filtered, /compute \(/);
  assert.doesNotMatch(filtered, /work \(/);
  await shell.press("Enter");
  await shell.until(/with "comp"[^]*quit {2}\?/);
  await shell.press("Escape");
  await shell.until(/work \(two_threads/);
  await shell.type("p");
  await shell.until(/PAUSED/);
  const samples = /([\d,]+) samples/.exec(await shell.screen())![1]!;
  // Sampling goes on: the header's count grows while the table stands still.
  await shell.until(new RegExp(`(?!${samples} )(?<![\\d,])[\\d,]+ samples`));
  await shell.type(" ");
  await shell.until(/^Functions, last [\d.:]+s?, every 1s$/m);
  await shell.type("+");
  await shell.until(/^Functions.*every 2s$/m);
  await shell.type("-");
  await shell.until(/^Functions.*every 1s$/m);
  await shell.type("r");
  await shell.until(/^Counting from now on$/m);
  await shell.until(/compute \(two_threads/);
  await shell.press("Down", "Enter");
  await shell.until(/▾ compute \(two_threads.*\n.*↑ work \(two_threads/);
  await shell.press("Enter");
  await shell.until(/^ *\d+\.\d% .*[^▾] compute \(two_threads(?![^]*↑)/m);
  await shell.press("End");
  await shell.press("Home");
  await shell.press("NPage");
  await shell.press("PPage");
  await shell.type("q");
  await shell.prompt();
});

test("threads, the stack of one, a dump, the help, and the mouse", async () => {
  await using top = await watched("two_threads.py");
  const { shell } = top;
  await shell.type("t");
  const threads = await shell.until(/%Run +%Wait[^]*worker one \(\d+, running[^]*sleeper \(\d+, idle\)/);
  assert.match(threads, /MainThread \(\d+, idle\)/);
  await shell.press("Down", "Enter");
  await shell.until(/^Thread \d+ \(active.*"worker one"[^]*work \(two_threads.py:\d+\)[^]*Thread.run/m);
  await shell.press("Escape");
  await shell.until(/^Threads, last/m);
  await shell.press("Down", "Enter");
  // A thread that sleeps has a stack too.
  await shell.until(/^Thread \d+ \(idle\): "(?:sleeper|MainThread)"[^]*two_threads.py:\d+\)/m);
  await shell.press("Escape");
  await shell.until(/^Threads, last/m);
  await shell.type("t");
  await shell.until(/^Functions/m);
  await shell.type("d");
  await shell.until(/^Stacks of all threads *\nProcess \d+: [^]*doze \(two_threads.py/m);
  await shell.press("Escape");
  await shell.type("?");
  await shell.until(/^Help *\n%Own /m);
  await shell.type("q");
  await shell.until(HEADINGS);
  // The first heading, then the row below the headings.
  await shell.type("\x1b[<0;3;5M");
  await shell.until(/▾%Own/);
  await shell.type("\x1b[<0;60;6M\x1b[<0;60;6m\x1b[<0;60;6M");
  await shell.until(/▾ compute[^]*↑ work/);
  await shell.type("P");
  await shell.until(/-s samples a tree/);
});

test("w writes a flamegraph of what was seen", async () => {
  await using top = await watched("two_threads.py");
  const { shell } = top;
  await shell.type("w");
  const screen = await shell.until(/^Wrote flamegraph to \S+\.svg$/m);
  const name = /^Wrote flamegraph to (\S+)$/m.exec(screen)![1]!;
  assert.match(Deno.readTextFileSync(join(shell.folder, name)), /compute \(two_threads\.py/);
  await shell.type("q");
  await shell.prompt();
});

test("any size is filled, from 40 columns to 250", async () => {
  await using top = await watched("two_threads.py");
  const { shell } = top;
  await shell.resize(40, 12);
  const narrow = await shell.until(/^[\d.]+\/100Hz late [\d.]+% err 0\.0%/m);
  assert.match(narrow, /^ *%Own ▾OwnTime {2}Function/m);
  assert.match(narrow, /^ *[\d.]+% +[\d.]+s {2}compute/m);
  assert.ok(narrow.split("\n").every((line) => line.length <= 40), narrow);
  await shell.resize(250, 50);
  const wide = await shell.until(/[^]* of 100 Hz {2}late/);
  assert.match(await shell.until(/ pid \d+ {2}up \S+$/m), HEADINGS);
  assert.ok(wide.split("\n")[0]!.length > 200, wide);
  await shell.resize(20, 4);
  await shell.until(/^ *▾?OwnTime {2}\S/m);
});

for (
  const [way, leave] of [
    ["q", (shell: Shell) => shell.type("q")],
    ["Ctrl-C", (shell: Shell) => shell.press("C-c")],
    ["SIGQUIT from the terminal", (shell: Shell) => shell.press("C-\\")],
    ["SIGTERM", (shell: Shell) => Promise.resolve(Deno.kill(shell.child()!, "SIGTERM"))],
    ["SIGHUP", (shell: Shell) => Promise.resolve(Deno.kill(shell.child()!, "SIGHUP"))],
  ] as const
) {
  test(`${way} gives the terminal back, and the table stays`, async () => {
    await using top = await watched("busy.py");
    await leave(top.shell);
    await assertRestored(top.shell, top.before);
  });
}

test("the target's end gives the terminal back, and is said", async () => {
  await using top = await watched("busy.py");
  top.target.kill();
  await top.shell.until(/^Process \d+ has ended\.$/m);
  await assertRestored(top.shell, top.before);
});

test("Ctrl-Z gives the terminal back for a while", async () => {
  await using top = await watched("busy.py");
  const { shell, before } = top;
  await shell.press("C-z");
  await shell.until(/Stopped/);
  await shell.prompt();
  assert.equal(await shell.settings(), before);
  await shell.run(["fg"]);
  await shell.until(/^Functions, last [^]*compute \(busy/m);
  await shell.type("l");
  await shell.until(/^Lines, last/m);
  await shell.type("l");
  await shell.until(/^Functions, last/m);
  await shell.type("q");
  await assertRestored(shell, before);
});

test("a terminal that takes nothing for a while does not hold up sampling", async () => {
  await using top = await watched("busy.py", ["--delay", "0.1"]);
  const { shell, before } = top;
  const pid = shell.child()!;
  // Each tick sleeps, and so gives up the processor, which the kernel counts.
  const sleeps = () => {
    const status = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/status`);
    return Number(/^voluntary_ctxt_switches:\s*(\d+)$/m.exec(status)![1]);
  };
  await shell.press("C-s");
  const since = sleeps();
  const deadline = performance.now() + 60_000;
  while (sleeps() < since + 500 && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.ok(sleeps() >= since + 500, "nothing was sampled while the terminal stood still");
  await shell.press("C-q");
  await shell.type("l");
  await shell.until(/^Lines, last/m);
  await shell.type("lq");
  await assertRestored(shell, before);
});

test("a terminal that is closed ends it", async () => {
  await using top = await watched("busy.py");
  const pid = top.shell.child()!;
  assert.ok(isRunning(pid));
  await top.shell.close();
  const deadline = performance.now() + 60_000;
  while (isRunning(pid) && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.ok(!isRunning(pid), "pyspy goes on without a terminal");
  assert.ok(isRunning(top.target.pid), "the target has ended too");
});

test("colours are the terminal's sixteen, and none with NO_COLOR", async () => {
  await using colored = await watched("two_threads.py");
  // deno-lint-ignore no-control-regex -- styles are control sequences
  assert.match(await colored.shell.screen(true), /\x1b\[(?:[0-9;]*;)?3[1-6]m/);
  // deno-lint-ignore no-control-regex -- the same
  assert.doesNotMatch(await colored.shell.screen(true), /\x1b\[[0-9;]*[34]8;/);
  await using plain = await watched("two_threads.py", [], { NO_COLOR: "1" });
  // deno-lint-ignore no-control-regex -- the same
  assert.doesNotMatch(await plain.shell.screen(true), /\x1b\[(?:[0-9;]*;)?3[1-6]m/);
});

test("a terminal that can do nothing gets plain tables", async () => {
  await using target = await startProgram(python!, "busy.py");
  await using shell = await startShell({ columns: 100, rows: 50, env: {} });
  const command = [...pyspyCommand(), "top", "-p", `${target.pid}`, "-d", "1.5", "--limit", "1"];
  await shell.run(["env", "TERM=dumb", ...command]);
  const screen = await shell.prompt();
  assert.equal(screen.match(/^ *%Own +%Total/mg)?.length, 2, screen);
});

test("a program that it starts keeps off the screen, and is heard afterwards; its exit code becomes ours", async () => {
  await using shell = await startShell(SIZE);
  const before = await shell.settings();
  await shell.run([
    ...pyspyCommand(),
    "top",
    "--delay",
    "0.2",
    "--",
    ...await liveCommand(python!, "talks.py", ["3"]),
  ]);
  const during = await shell.until(/compute \(talks\.py/);
  assert.doesNotMatch(during, /said to/);
  const after = await shell.prompt();
  assert.match(after, /^said to stdout loud\nsaid to stderr\nread from stdin: ''\n[^]*^Functions, all of/m);
  await shell.type("echo code $?");
  await shell.press("Enter");
  await shell.until(/^code 3$/m);
  assert.equal(await shell.settings(), before);
});

test("a tree's processes are rows of their own", async () => {
  await using target = await startProgram(python!, "pool.py", ["spawn"]);
  await using shell = await startShell(SIZE);
  await shell.run([...pyspyCommand(), "top", "-s", "-p", `${target.pid}`]);
  await shell.until(/burn \(pool\.py/);
  await shell.type("P");
  await shell.until(/^Processes, last [^]*\d+ \(\d threads?\): \S*python.*from multiproc/m);
  await shell.until(/, [4-6] processes$/m);
  await shell.type("q");
  await shell.prompt();
});
