import assert from "node:assert/strict";
import type { DumpJson } from "../../src/render/dump_json.ts";
import { differences, type Report } from "../truth.ts";

const REPORTER = 99;

function report(): Report {
  return {
    ready: true,
    pid: 5,
    version: "3.13.0",
    reporter_ident: REPORTER,
    threads: [
      {
        ident: 1,
        native_id: 5,
        name: "MainThread",
        handling: { type: "ValueError", message: "a message" },
        frames: [
          { name: "leaf", qualname: "leaf", file: "a.py", line: 3, firstlineno: 2 },
          { name: "<module>", qualname: "<module>", file: "a.py", line: 9, firstlineno: 1 },
        ],
      },
      {
        ident: 2,
        native_id: 6,
        name: null,
        handling: null,
        frames: [{ name: "raw", qualname: "raw", file: "b\n.py", line: 7, firstlineno: 7 }],
      },
    ],
  };
}

/** The dump that is true to `report()`, then changed. */
function dump(change: (dump: DumpJson) => void = () => {}): DumpJson {
  const thread = {
    interpreter_id: 0,
    state: "idle",
    active: false,
    owns_gil: false,
    proven: true,
    handling: null,
    raising: null,
    exceptions_proven: true,
    truncated: null,
  };
  const trueDump = {
    schema: "pyspy-dump",
    version: 1,
    process: {
      pid: 5,
      command: [],
      executable: "",
      python_version: "3.13.0rc1",
      collecting_garbage: false,
    },
    threads: [
      ...report().threads.map((reported) => ({
        ...thread,
        thread_id: reported.ident,
        os_thread_id: reported.native_id,
        thread_name: reported.name,
        handling: reported.handling === "unknown" ? null : reported.handling ?? null,
        frames: reported.frames.map((frame) => ({
          name: frame.name,
          filename: frame.file,
          short_filename: "",
          line: frame.line,
          first_line: frame.firstlineno,
        })),
      })),
      { ...thread, thread_id: REPORTER, os_thread_id: 7, thread_name: "reporter", frames: [] },
    ],
  } as DumpJson;
  change(trueDump);
  return trueDump;
}

Deno.test("a true dump has no differences", () => {
  assert.deepEqual(differences(report(), dump()), []);
});

Deno.test("a difference in a frame is shown with what is around it", () => {
  const found = differences(report(), dump((dump) => dump.threads[0]!.frames[1]!.line = 8));
  assert.deepEqual(found, [[
    'thread 1 "MainThread": frame 1 differs (0 is the leaf; 2 frames, should be 2)',
    '      leaf ("a.py":3) def at 2',
    '    - <module> ("a.py":8) def at 1',
    '    + <module> ("a.py":9) def at 1',
  ].join("\n")]);
});

const FALSE_DUMPS: Record<string, (dump: DumpJson) => void> = {
  'handling {"type":"KeyError","message":"a message"}': (dump) => {
    dump.threads[0]!.handling = { type: "KeyError", message: "a message" };
  },
  'handling {"type":"ValueError","message":"a…"}': (dump) => {
    dump.threads[0]!.handling = { type: "ValueError", message: "a…" };
  },
  "handling null, should be": (dump) => dump.threads[0]!.handling = null,
  'handling {"type":"ValueError","message":""}, should be null': (dump) =>
    dump.threads[1]!.handling = { type: "ValueError", message: "" },
  "raising is": (dump) => dump.threads[1]!.raising = { type: "ValueError", message: "" },
  "exceptions_proven is false": (dump) => dump.threads[0]!.exceptions_proven = false,
  "frame 1 differs": (dump) => dump.threads[0]!.frames.pop(),
  "frame 2 differs": (dump) => dump.threads[0]!.frames.push(dump.threads[0]!.frames[0]!),
  "frame 0 differs": (dump) => dump.threads[0]!.frames.reverse(),
  "thread_name is null": (dump) => dump.threads[0]!.thread_name = null,
  'thread_name is "x", should be null': (dump) => dump.threads[1]!.thread_name = "x",
  "os_thread_id is null, should be 6": (dump) => dump.threads[1]!.os_thread_id = null,
  'truncated is "cycle"': (dump) => dump.threads[0]!.truncated = "cycle",
  "proven is false": (dump) => dump.threads[0]!.proven = false,
  "thread 2 null: missing": (dump) => dump.threads.splice(1, 1),
  "thread 3 null: does not exist": (dump) => dump.threads.push({ ...dump.threads[1]!, thread_id: 3 }),
  "the reporter's own thread is missing": (dump) => dump.threads.pop(),
  "order of threads: 2 1": (dump) => dump.threads.reverse(),
  "pid: 6, should be 5": (dump) => dump.process.pid = 6,
  "Python: 3.12.0, should be 3.13.0": (dump) => dump.process.python_version = "3.12.0",
};

for (const [message, change] of Object.entries(FALSE_DUMPS)) {
  Deno.test(`a false dump is found out: ${message}`, () => {
    const found = differences(report(), dump(change));
    assert.equal(found.length, 1, found.join("\n"));
    assert.ok(found[0]!.includes(message), found[0]);
  });
}

Deno.test("up to 3.10 the kernel's id of a raw thread may be unknown, but not wrong", () => {
  const old: Report = { ...report(), version: "3.10.1" };
  const change = (id: number | null) =>
    dump((dump) => {
      dump.process.python_version = "3.10.1";
      dump.threads[1]!.os_thread_id = id;
    });
  assert.deepEqual(differences(old, change(null)), []);
  assert.equal(differences(old, change(1234)).length, 1);
});
