import assert from "node:assert/strict";
import { join } from "node:path";
import { FORMATS, numberedName } from "../../src/commands/formats.ts";
import { openOutputs, writeOutputs } from "../../src/commands/outputs.ts";
import type { PlannedOutput } from "../../src/commands/outputs.ts";
import { ProfilerError } from "../../src/errors.ts";
import type { Profile } from "../../src/profile.ts";

const PROFILE: Profile = {
  info: {
    pid: 1,
    command: ["python", "app.py"],
    pythonVersion: "3.13.0",
    pyspyVersion: "0",
    startTime: "2026-01-01T00:00:00.000Z",
    durationSeconds: 1,
    rateHz: 100,
    ticks: 3,
    samples: 3,
    cut: 0,
    errors: 0,
    late: 0,
    missed: 0,
  },
  frames: [{ name: "main", file: "app.py", line: 1, firstLine: 1 }],
  threads: [{ pid: 1, threadId: 2, osThreadId: 3, name: "MainThread", interpreterId: 0 }],
  stacks: [{ thread: 0, frames: [0], count: 3 }],
  timeline: { stack: [0], startNs: [0], weightNs: [3e7] },
};

function inFolder(name: string, test: (folder: string) => void | Promise<void>): void {
  Deno.test(name, async () => {
    const folder = Deno.makeTempDirSync({ prefix: "pyspy-test-" });
    try {
      await test(folder);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  });
}

function discarding<T>(outputs: readonly PlannedOutput[], use: (outputs: readonly PlannedOutput[]) => T): T {
  try {
    return use(outputs);
  } finally {
    for (const { output } of outputs) output.discard();
  }
}

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

const WRITE = { threads: false, isOnlyCopy: true };
const UNKNOWN = { format: undefined, subject: "app.py" };

inFolder("the format is that of the file's name, or the one that was asked for", (folder) => {
  const names = [
    "a.svg",
    "b.txt",
    "c.raw",
    "d.folded",
    "e.collapsed",
    "f.json",
    "g.JSON",
    "h",
    "i.other",
    "j.d/k",
    "l.PB.gz",
    "m.trace.json",
    "n.firefox.json",
    "firefox.json",
    "o.pstats",
    "p.pyspy.json",
    "q.md",
    "r.speedscope.json",
  ];
  Deno.mkdirSync(join(folder, "j.d"));
  const formatsOf = (format: PlannedOutput["format"] | undefined) =>
    discarding(
      openOutputs(names.map((name) => join(folder, name)), { ...UNKNOWN, format }),
      (outputs) => outputs.map((output) => output.format),
    );
  assert.deepEqual(formatsOf(undefined), [
    "flamegraph",
    "raw",
    "raw",
    "raw",
    "raw",
    "speedscope",
    "speedscope",
    "flamegraph",
    "flamegraph",
    "flamegraph",
    "pprof",
    "chrometrace",
    "firefox",
    "speedscope",
    "pstats",
    "json",
    "markdown",
    "speedscope",
  ]);
  assert.deepEqual(new Set(formatsOf("raw")), new Set(["raw"]));
});

inFolder("one path cannot be given twice, however it is written", (folder) => {
  const path = join(folder, "a.svg");
  for (const twice of [[path, path], [path, join(folder, ".", "b.svg"), `${folder}//a.svg`], ["-", "-"]]) {
    assert.throws(
      () => openOutputs(twice, UNKNOWN),
      (error) => error instanceof ProfilerError && error.kind === "usage" && error.message.includes("twice"),
    );
  }
  assert.deepEqual(namesIn(folder), []);
});

inFolder("if one output cannot be opened, none is left behind", (folder) => {
  assert.throws(
    () => openOutputs([join(folder, "a.svg"), join(folder, "missing", "b.svg")], UNKNOWN),
    (error) => error instanceof ProfilerError && error.kind === "failure",
  );
  assert.deepEqual(namesIn(folder), []);
});

inFolder("without a path, the file is named by the program, the time and the format", (folder) => {
  const before = Deno.cwd();
  Deno.chdir(folder);
  try {
    for (
      const [subject, format, pattern] of [
        ["/srv/my app.py", undefined, /^my_app-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.svg$/],
        ["1234", "raw", /^1234-.*\.txt$/],
        ["../..", "speedscope", /^\.\.-.*\.json$/],
        ["/", undefined, /^profile-.*\.svg$/],
      ] as const
    ) {
      discarding(
        openOutputs([], { subject, format }),
        ([output]) => assert.match(output!.output.name, pattern),
      );
    }
  } finally {
    Deno.chdir(before);
  }
  assert.deepEqual(namesIn(folder), []);
});

inFolder("every format is written to its file", async (folder) => {
  for (const format of FORMATS) {
    const path = join(folder, `profile.${format}`);
    const { lines } = await writeOutputs(openOutputs([path], { ...UNKNOWN, format }), PROFILE, WRITE);
    assert.deepEqual(lines, [`Wrote ${format} to ${path}`]);
    // What is compressed is read back.
    if (format === "pprof") assert.deepEqual([...Deno.readFileSync(path).subarray(0, 2)], [0x1f, 0x8b]);
    else assert.ok(Deno.readTextFileSync(path).includes("main"));
  }
  assert.match(Deno.readTextFileSync(join(folder, "profile.flamegraph")), /^<\?xml|^<svg/);
  assert.match(Deno.readTextFileSync(join(folder, "profile.raw")), /^main \(app\.py:1\) 3\n$/);
  assert.doesNotThrow(() => JSON.parse(Deno.readTextFileSync(join(folder, "profile.speedscope"))));
});

Deno.test("an output that cannot be written does not keep the others from being written", async () => {
  const written: string[] = [];
  const output = (name: string, fails: boolean): PlannedOutput => ({
    format: "raw",
    output: {
      name,
      discard: () => {},
      write: () => {
        if (fails) throw new Error(`${name} is full`);
        written.push(name);
      },
    },
  });
  const outputs = [output("a", false), output("b", true), output("c", true), output("d", false)];
  const { lines, failures } = await writeOutputs(outputs, PROFILE, WRITE);
  assert.deepEqual(lines, ["Wrote raw to a", "Wrote raw to d"]);
  assert.deepEqual(failures.map((error) => (error as Error).message), ["b is full", "c is full"]);
  assert.deepEqual(written, ["a", "d"]);
});

inFolder("samples that no output took are saved in the current folder", async (folder) => {
  const before = Deno.cwd();
  Deno.chdir(folder);
  try {
    const write = () => {
      throw new ProfilerError("failure", "Cannot write: the disk is full");
    };
    const outputs: PlannedOutput[] = [{
      format: "flamegraph",
      output: { name: "a", discard: () => {}, write },
    }];
    const { lines, failures } = await writeOutputs(outputs, PROFILE, WRITE);
    assert.equal(failures.length, 1);
    const [name] = namesIn(folder);
    assert.match(name!, /^rescued-.*\.txt$/);
    assert.deepEqual(lines, [`Saved the samples as folded stacks to ${name}`]);
    assert.match(Deno.readTextFileSync(name!), /^main \(app\.py:1\) 3\n$/);
  } finally {
    Deno.chdir(before);
  }
});

Deno.test("of several files each has its number before the end that is its format", () => {
  const numbered = ["a.svg", "b.pyspy.json", "c.PB.gz", "d.e/f", "d.e/g.unknown", "svg"].map((path) =>
    numberedName(path, 7)
  );
  assert.deepEqual(numbered, [
    "a-0007.svg",
    "b-0007.pyspy.json",
    "c-0007.PB.gz",
    "d.e/f-0007",
    "d.e/g-0007.unknown",
    "svg-0007",
  ]);
});
