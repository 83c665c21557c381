import assert from "node:assert/strict";
import type { ProcessDump } from "../../src/render/dump.ts";
import { renderDumpJson } from "../../src/render/dump_json.ts";
import { renderDumpText } from "../../src/render/dump_text.ts";
import type { StackTrace } from "../../src/types.ts";
import { frame, HOSTILE, thread } from "./render_helper.ts";

const shortNames = new Map([["/home/me/lv.py", "lv.py"]]);
const plain = { shortNames, fullFilenames: false, color: false };

function trace(parts: Partial<StackTrace> = {}): StackTrace {
  return {
    thread: thread(16729),
    state: "idle",
    ownsGil: false,
    frames: [frame("f", "/home/me/lv.py", 16, 14), frame("<module>", "/home/me/lv.py", 19)],
    proven: true,
    truncation: undefined,
    ...parts,
  };
}

function dump(...threads: StackTrace[]): ProcessDump {
  return {
    pid: 16729,
    command: ["/opt/python/bin/python", "lv.py"],
    executable: "/opt/python/bin/python",
    pythonVersion: "3.11.7",
    threads,
  };
}

/** The line of a thread in a dump of it alone. */
function statusOf(parts: Partial<StackTrace>): string {
  return renderDumpText(dump(trace({ frames: [], ...parts })), plain).split("\n")[3] ?? "";
}

Deno.test("a dump reads as py-spy's", () => {
  const worker = trace({
    thread: thread(16731, "W-0"),
    state: "running",
    ownsGil: true,
    frames: [frame("built-in", "", 0), frame("run", "<string>", 0)],
  });
  assert.equal(
    renderDumpText(dump(trace(), worker), plain),
    `Process 16729: /opt/python/bin/python lv.py
Python v3.11.7 (/opt/python/bin/python)

Thread 16729 (idle): "MainThread"
    f (lv.py:16)
    <module> (lv.py:19)
Thread 16731 (active+gil): "W-0"
    built-in
    run (<string>)
`,
  );
  assert.match(
    renderDumpText(dump(trace()), { ...plain, fullFilenames: true }),
    /f \(\/home\/me\/lv\.py:16\)/,
  );
});

Deno.test("each thread's state, GIL, interpreter and doubts are said", () => {
  const ownsGil = true;
  assert.equal(statusOf({ state: "running" }), 'Thread 16729 (active): "MainThread"');
  assert.equal(statusOf({ state: "idle", ownsGil }), 'Thread 16729 (idle): "MainThread"');
  assert.equal(statusOf({ state: "stopped", ownsGil }), 'Thread 16729 (stopped+gil): "MainThread"');
  assert.equal(statusOf({ proven: false }), 'Thread 16729 (idle): "MainThread" [not proven]');
  const sub = { ...thread(5), interpreterId: 2 };
  assert.equal(statusOf({ thread: sub }), 'Thread 5 (idle, interpreter 2): "MainThread"');
  const unknown = { ...thread(0), threadId: 0x7f00beef, name: undefined };
  assert.equal(statusOf({ thread: unknown }), "Thread 0x7F00BEEF (idle)");
});

Deno.test("exceptions are said above the frames, and doubted where they may be of another moment", () => {
  const handling = { type: "ValueError", message: "bad\x1b[31m\n" };
  const raising = { type: "StopIteration", message: "" };
  const lines = (parts: Partial<StackTrace>) =>
    renderDumpText(dump(trace(parts)), plain).split("\n").slice(4, 7);
  const shown = "  handling ValueError: bad\\x1b[31m\\n";
  assert.deepEqual(lines({ handling, raising, exceptionsProven: true }), [
    "  raising StopIteration",
    shown,
    "    f (lv.py:16)",
  ]);
  assert.equal(lines({ handling, exceptionsProven: false })[0], `${shown} [may be of another moment]`);
  assert.equal(lines({ handling, proven: false, exceptionsProven: false })[0], shown);
  const json = JSON.parse(renderDumpJson(dump(trace({ handling, exceptionsProven: true })), plain));
  const { handling: written, raising: none, exceptions_proven: proven } = json.threads[0];
  assert.deepEqual({ written, none, proven }, { written: handling, none: null, proven: true });
});

Deno.test("a collection of garbage is said; what is not known of it is null", () => {
  const of = (collectingGarbage: boolean | undefined) => ({ ...dump(trace()), collectingGarbage });
  assert.match(renderDumpText(of(true), plain), /^Python .*\nCollecting garbage\n\nThread/m);
  for (const value of [false, undefined]) {
    assert.doesNotMatch(renderDumpText(of(value), plain), /Collecting/);
    assert.equal(JSON.parse(renderDumpJson(of(value), plain)).process.collecting_garbage, value ?? null);
  }
});

Deno.test("a stack that was cut short says why", () => {
  const text = renderDumpText(dump(trace({ truncation: "too_deep" })), plain);
  assert.match(text, /<module> \(lv.py:19\)\n {4}\.\.\. \(stack cut short here: too deep\)\n$/);
});

Deno.test("colours are put around names, never taken from them", () => {
  const text = renderDumpText(dump(trace({ frames: [frame("f\x1b[2J", "/home/me/lv.py", 16)] })), {
    ...plain,
    color: true,
  });
  assert.ok(text.startsWith("Process \x1b[1;33m16729\x1b[0m: "));
  assert.ok(text.endsWith("    \x1b[32mf\\x1b[2J\x1b[0m (\x1b[36mlv.py\x1b[0m:\x1b[2m16\x1b[0m)\n"));
});

Deno.test("names cannot add lines to a dump", () => {
  for (const name of HOSTILE) {
    const hostile = { ...trace({ frames: [frame(name, name)] }), thread: thread(1, name) };
    const text = renderDumpText({ ...dump(hostile), command: [name], executable: name }, plain);
    assert.equal(text.split("\n").length, 6);
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  }
});

Deno.test("JSON holds every fact, versioned", () => {
  const sub = { ...thread(0, undefined), threadId: 77, interpreterId: 1, name: undefined };
  const cut = trace({ thread: sub, state: "running", ownsGil: true, proven: false, truncation: "cycle" });
  assert.deepEqual(JSON.parse(renderDumpJson(dump(cut), { shortNames: (name) => name.slice(9) })), {
    schema: "pyspy-dump",
    version: 1,
    process: {
      pid: 16729,
      command: ["/opt/python/bin/python", "lv.py"],
      executable: "/opt/python/bin/python",
      python_version: "3.11.7",
      collecting_garbage: null,
    },
    threads: [{
      thread_id: 77,
      os_thread_id: null,
      thread_name: null,
      interpreter_id: 1,
      state: "active",
      active: true,
      owns_gil: true,
      proven: false,
      handling: null,
      raising: null,
      exceptions_proven: false,
      truncated: "cycle",
      frames: [
        { name: "f", filename: "/home/me/lv.py", short_filename: "lv.py", line: 16, first_line: 14 },
        { name: "<module>", filename: "/home/me/lv.py", short_filename: "lv.py", line: 19, first_line: 1 },
      ],
    }],
  });
});

Deno.test("JSON keeps names as they are, in whole characters", () => {
  for (const name of HOSTILE) {
    const json = renderDumpJson(dump(trace({ frames: [frame(name)] })), { shortNames });
    assert.ok(json.isWellFormed());
    assert.equal(JSON.parse(json).threads[0].frames[0].name, name);
  }
});

Deno.test("a dump of a process in a container has both of its pids", () => {
  const inside = { ...dump(trace()), innerPid: 7 };
  assert.match(renderDumpText(inside, plain), /^Process 16729 \(pid 7 in its namespace\): \/opt/);
  assert.equal(JSON.parse(renderDumpJson(inside, { shortNames })).process.inner_pid, 7);
  assert.ok(!("inner_pid" in JSON.parse(renderDumpJson(dump(), { shortNames })).process));
});
