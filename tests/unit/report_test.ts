import assert from "node:assert/strict";
import { join } from "node:path";
import { readInput } from "../../src/commands/input.ts";
import { ProfilerError } from "../../src/errors.ts";
import { visibleText } from "../../src/render/escape.ts";
import { findSource, renderLines } from "../../src/render/lines_text.ts";
import { gzip } from "../../src/render/compression.ts";
import { readProfile } from "../../src/render/read_profile.ts";
import { renderReport } from "../../src/render/report_text.ts";
import { frame, HOSTILE, INFO, profileOf } from "./render_helper.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const isClear = (pattern: RegExp) => (error: unknown) =>
  error instanceof ProfilerError && pattern.test(error.message) && !error.message.includes("\n");

const info = { ...INFO, command: ["python", "a.py"], durationSeconds: 1, ticks: 100 };
const profile = profileOf([
  { frames: [frame("main", "/srv/a.py", 2), frame("f", "/srv/a.py", 6, 5)], count: 60 },
  {
    frames: [frame("main", "/srv/a.py", 3), frame("f", "/srv/a.py", 6, 5), frame("f", "/srv/a.py", 6, 5)],
    count: 30,
  },
  { frames: [frame("main", "/srv/a.py", 2)], count: 10 },
], { info });

Deno.test("the text shows functions by their own time and in all, and calls as a tree, by function", () => {
  assert.equal(
    renderReport(profile, { limit: 1, threads: false }),
    `python a.py
100 samples in 1.00 s

Most time of its own:
self %  total %    self s  function (file)
  90.0     90.0      0.90  f (/srv/a.py)
... and 1 more function

Most time with what it calls:
self %  total %   total s  function (file)
  10.0    100.0      1.00  main (/srv/a.py)
... and 1 more function

Calls:
 total %   self %  function
 100.0 %    0.0 %  all
 100.0 %   10.0 %    main (/srv/a.py)
  90.0 %   60.0 %      f (/srv/a.py)
  30.0 %   30.0 %        f (/srv/a.py)
`,
  );
  assert.match(renderReport(profileOf([]), { limit: 5, threads: false }), /No samples\./);
});

Deno.test("no name of a profile steers the terminal", () => {
  const hostile = profileOf(HOSTILE.map((name) => ({ frames: [frame(name, name)], count: 1 })), {
    info: { ...info, command: [...HOSTILE], notes: [...HOSTILE] },
  });
  const text = renderReport(hostile, { limit: 50, threads: true });
  assert.equal(text.replaceAll("\n", ""), visibleText(text.replaceAll("\n", "")));
});

Deno.test("--lines shows the time of each line, its own and with what it calls, once in recursion", () => {
  const source = "def main():\n  f()\n  f()\n\ndef f():\n  return 1\n" + "#\n".repeat(20) + "last";
  assert.equal(
    renderLines(profile, { file: "/srv/a.py", source }),
    `/srv/a.py: 100 samples in all

  line    self s  self %   total s total %  source
     1                                      def main():
     2      0.10  10.0 %      0.70  70.0 %    f()
     3                        0.30  30.0 %    f()
     4
     5                                      def f():
     6      0.90  90.0 %      0.90  90.0 %    return 1
     7                                      #
     8                                      #
     9                                      #
`,
  );
  assert.match(
    renderLines(profile, { file: "/srv/a.py", source: "x" }),
    /Warning: the file has only 1 lines/,
  );
});

Deno.test("a source is found by its path or an end of it", () => {
  assert.equal(findSource(profile, "a.py"), "/srv/a.py");
  assert.equal(findSource(profile, "./a.py"), "/srv/a.py");
  assert.equal(findSource(profile, "/srv/a.py"), "/srv/a.py");
  assert.throws(() => findSource(profile, "b.py"), isClear(/No sample of the profile is in a file 'b\.py'/));
  const two = profileOf([{ frames: [frame("f", "/x/a.py"), frame("g", "/y/a.py")], count: 1 }]);
  assert.throws(() => findSource(two, "a.py"), isClear(/Several files .*\/x\/a\.py, \/y\/a\.py/));
});

Deno.test("folded stacks of other tools: py-spy, austin, Tachyon, perf", async () => {
  const text =
    "# comment\nmain (app.py:3);f (lib/x.py:14) 5\nP1;app.py:main:3;x.py:g:9 2\nswapper;_[k] 1\n\n";
  const { frames, stacks, info } = await readProfile(bytes(text));
  assert.deepEqual(frames.map(({ name, file, line }) => [name, file, line]), [
    ["main", "app.py", 3],
    ["f", "lib/x.py", 14],
    ["P1", "", 0],
    ["g", "x.py", 9],
    ["swapper", "", 0],
    ["_[k]", "", 0],
  ]);
  assert.deepEqual(stacks.map(({ count }) => count), [5, 2, 1]);
  assert.equal(info.notes, undefined);
});

Deno.test("Chrome traces of other tools: bars with a duration, and brackets alone", async () => {
  const events = [
    { ph: "X", name: "outer", ts: 100, dur: 50, pid: 1, tid: 2 },
    { ph: "X", name: "inner", ts: 110, dur: 20, pid: 1, tid: 2, args: { filename: "a.py", line: 4 } },
    { ph: "i", name: "instant", ts: 111, pid: 1, tid: 2 },
  ];
  const profile = await readProfile(bytes(JSON.stringify(events)));
  const named = profile.stacks.map((
    { frames, count },
  ) => [frames.map((i) => profile.frames[i]!.name).join(), count]);
  assert.deepEqual(named.sort(), [["outer", 30], ["outer,inner", 20]]);
  assert.equal(profile.info.unit, "wall_us");
  assert.equal(
    profile.info.samples,
    3,
    "one for each time at which the stack was seen, not one a microsecond",
  );
});

Deno.test("speedscope files of other tools: evented, in milliseconds", async () => {
  const file = {
    $schema: "https://www.speedscope.app/file-format-schema.json",
    shared: { frames: [{ name: "a" }, { name: "b", file: "b.py", line: 3 }] },
    profiles: [{
      type: "evented",
      name: "main thread",
      unit: "milliseconds",
      startValue: 0,
      endValue: 10,
      events: [
        { type: "O", frame: 0, at: 1 },
        { type: "O", frame: 1, at: 3 },
        { type: "C", frame: 1, at: 7 },
        { type: "C", frame: 0, at: 10 },
      ],
    }],
  };
  const profile = await readProfile(bytes(JSON.stringify(file)));
  assert.deepEqual(profile.stacks.map(({ count }) => count).sort(), [4000, 5000]);
  assert.equal(profile.threads[0]?.name, "main thread");
  const heap = { ...file, profiles: [{ ...file.profiles[0], unit: "bytes" }] };
  await assert.rejects(readProfile(bytes(JSON.stringify(heap))), isClear(/no profile of time/));
});

Deno.test("files that are no profiles are one clear error", async () => {
  const cases: [content: Uint8Array<ArrayBuffer>, message: RegExp][] = [
    [bytes("hello world\nthis is no profile\n"), /none of the formats/],
    [bytes('{"a":1}'), /none of the formats/],
    [bytes("[1,2"), /no valid JSON/],
    [bytes('{"schema":"pyspy-profile","version":2}'), /version 2/],
    [bytes('{"schema":"pyspy-profile","version":1}'), /'frames' is no list/],
    [new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1, 0, 0]), /damaged|cut off|none of the formats/],
    [new Uint8Array([0x1f, 0x8b, 8, 0, 0]), /compressed, and damaged/],
    [bytes('{"traceEvents":[{"ph":"B"}]}'), /an event has no time/],
    [bytes('{"traceEvents":[7]}'), /'traceEvents' is no object/],
    [await gzip(bytes("{")), /no valid JSON/],
  ];
  for (const [content, message] of cases) await assert.rejects(readProfile(content), isClear(message));
});

Deno.test("a file that describes stacks without bound is refused", async () => {
  const deep = (depth: number, samples: number) => ({
    meta: { preprocessedProfileVersion: 60, interval: 1 },
    shared: {
      stringArray: ["f"],
      sources: { filename: [] },
      funcTable: { name: [0], source: [null], lineNumber: [null] },
      frameTable: { func: [0], line: [null] },
      stackTable: {
        frame: Array(depth).fill(0),
        prefix: Array.from({ length: depth }, (_, i) => i === 0 ? null : i - 1),
      },
    },
    threads: [{
      samples: {
        stack: Array.from({ length: samples }, (_, i) => depth - 1 - i),
        time: Array(samples).fill(1),
      },
    }],
  });
  const whole = await readProfile(bytes(JSON.stringify(deep(1000, 10))));
  assert.equal(whole.stacks.length, 10);
  await assert.rejects(readProfile(bytes(JSON.stringify(deep(30_000, 20_000)))), isClear(/too many frames/));
});

Deno.test("a file that cannot be read is one clear error", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "pyspy-test-" });
  try {
    await assert.rejects(
      readInput(join(folder, "none")),
      isClear(/Cannot read '.*none': there is no such file/),
    );
    await assert.rejects(readInput(folder), isClear(/it is a folder/));
    const empty = join(folder, "empty");
    Deno.writeTextFileSync(empty, "");
    assert.deepEqual((await readInput(empty)).stacks, []);
    // What unpacks to more than can be read: a gigabyte of zeros in a megabyte.
    const huge = join(folder, "huge");
    const file = Deno.openSync(huge, { write: true, create: true });
    file.truncateSync(600_000_000);
    file.close();
    await assert.rejects(readInput(huge), isClear(/it is larger than 500 MB/));
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
