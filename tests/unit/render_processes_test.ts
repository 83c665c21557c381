/** Several processes in one profile, variables in a dump, and the table of processes. */
import assert from "node:assert/strict";
import type { Profile } from "../../src/profile.ts";
import type { ProcessDump } from "../../src/render/dump.ts";
import { toDumpJson } from "../../src/render/dump_json.ts";
import { renderDumpText } from "../../src/render/dump_text.ts";
import { renderFolded } from "../../src/render/folded.ts";
import { renderProcessTable } from "../../src/render/process_table.ts";
import { toSpeedscope } from "../../src/render/speedscope.ts";
import { showTree, treeOf } from "./svg_tree_helper.ts";

const frame = (name: string) => ({ name, file: "a.py", line: 1, firstLine: 1 });
const thread = (pid: number) => ({ pid, threadId: pid, osThreadId: pid, name: "T", interpreterId: 0 });

const PROFILE: Profile = {
  info: {
    pid: 1,
    command: ["server"],
    pythonVersion: "3.13.0",
    pyspyVersion: "",
    startTime: "",
    durationSeconds: 1,
    rateHz: 100,
    ticks: 10,
    samples: 10,
    cut: 0,
    errors: 0,
    late: 0,
    missed: 0,
  },
  frames: [frame("main"), frame("work")],
  threads: [thread(10), thread(20)],
  processes: [{ pid: 10, command: ["python", "a;b.py"] }, { pid: 20, command: ["python", "b.py"] }],
  stacks: [
    { thread: 0, process: 0, frames: [0, 1], count: 4 },
    { thread: 1, process: 1, frames: [0, 1], count: 6 },
  ],
  timeline: undefined,
};

Deno.test("folded: each stack begins with its process, then its thread", () => {
  assert.equal(
    renderFolded(PROFILE, { threads: true }),
    'process 10: "python a:b.py";thread (10): T;main (a.py:1);work (a.py:1) 4\n' +
      'process 20: "python b.py";thread (20): T;main (a.py:1);work (a.py:1) 6\n',
  );
});

Deno.test("flamegraph: equal stacks of two processes are two, and one without processes", () => {
  const stack = (count: number) => `main (a.py:1) 0/${count}(work (a.py:1) ${count}/${count})`;
  assert.equal(
    showTree(treeOf(PROFILE)),
    `all 0/10(process 10: "python a;b.py" 0/4(${stack(4)}) process 20: "python b.py" 0/6(${stack(6)}))`,
  );
  assert.equal(showTree(treeOf({ ...PROFILE, processes: undefined })), `all 0/10(${stack(10)})`);
  assert.equal(
    showTree(treeOf(PROFILE, { process: 'process 20: "python b.py"', split: true })),
    `all 0/6(process 20: "python b.py" 0/6(thread (20): T 0/6(${stack(6)})))`,
  );
});

Deno.test("speedscope: the name of a thread says of which process it is", () => {
  assert.deepEqual(toSpeedscope(PROFILE).profiles.map(({ name }) => name), [
    'Process 10 Thread 10 "T"',
    'Process 20 Thread 20 "T"',
  ]);
});

const DUMP: ProcessDump = {
  pid: 10,
  command: ["python"],
  executable: "/bin/python",
  pythonVersion: "3.13.0",
  threads: [{
    thread: { ...thread(10), name: undefined, osName: "of \x1b[31mC" },
    state: "idle",
    ownsGil: false,
    proven: true,
    localsProven: false,
    truncation: undefined,
    frames: [{
      ...frame("work"),
      locals: [
        { name: "a", isArgument: true, scope: "cell", text: "1" },
        { name: "x", isArgument: false, scope: "local", text: "'\x1b]0;evil\x07'" },
        { name: "c", isArgument: false, scope: "cell", text: "[]" },
        { name: "f", isArgument: false, scope: "free", text: "None" },
      ],
    }],
  }],
};

Deno.test("variables stand below their frame, by where they come from, and steer no terminal", () => {
  const text = renderDumpText(DUMP, { shortNames: (file) => file, fullFilenames: true, color: false });
  assert.equal(
    text.split("\n").slice(3).join("\n"),
    'Thread 10 (idle): "of \\x1b[31mC" [variables may be of other moments]\n' +
      "    work (a.py:1)\n" +
      "        Arguments:\n            a: 1\n" +
      "        Locals:\n            x: '\\x1b]0;evil\\x07'\n" +
      "        Cells:\n            c: []\n" +
      "        Free:\n            f: None\n",
  );
  const [json] = toDumpJson(DUMP, { shortNames: (file) => file }).threads;
  assert.equal(json!.locals_proven, false);
  assert.equal(json!.os_thread_name, "of \x1b[31mC");
  assert.deepEqual(json!.frames[0]!.locals![0], { name: "a", argument: true, scope: "cell", value: "1" });
});

Deno.test("the table of processes is aligned, and its commands steer no terminal", () => {
  const row = { pythonVersion: "3.13.0", problem: undefined, user: "me", threads: 1, container: "" };
  assert.equal(
    renderProcessTable([
      { ...row, pid: 7, innerPid: 7, command: ["python", "\x1b[2J"] },
      {
        ...row,
        pid: 12345,
        innerPid: 3,
        container: "0123456789ab",
        command: ["x"],
        pythonVersion: undefined,
        problem: "may not be read",
      },
    ]),
    "  PID  PYTHON  USER  THREADS  CONTAINER             COMMAND\n" +
      "    7  3.13.0  me          1  -                     python \\x1b[2J\n" +
      "12345  ?       me          1  0123456789ab (pid 3)  x (may not be read)\n",
  );
});
