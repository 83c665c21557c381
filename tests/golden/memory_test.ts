/**
 * Recorded memory of one program on each Python: the walk shows what the program said of itself, and where memory is
 * missing it shows less, never something else. scripts/record_snapshot.ts makes the fixtures.
 */
import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import type { Runtime } from "../../src/cpython/runtime.ts";
import {
  DEBUG_OFFSETS_SIZE,
  hasDebugOffsets,
  layoutFor,
  layoutFromDebugOffsets,
} from "../../src/cpython/layouts.ts";
import { UNREADABLE } from "../../src/cpython/repr.ts";
import { readStacks } from "../../src/dump_stacks.ts";
import { MemoryReader } from "../../src/memory.ts";
import type { RangeList, TargetMemory } from "../../src/memory.ts";
import { toDumpJson } from "../../src/render/dump_json.ts";
import { parseSnapshot, RecordingMemory, SnapshotMemory } from "../../src/snapshot.ts";
import type { ExceptionText, Frame, LocalVariable, MemoryRange, StackTrace } from "../../src/types.ts";
import { SUPPORTED_MINORS } from "../../scripts/pythons.ts";
import { covering } from "../covers.ts";
import type { Cells, Mode } from "../covers.ts";
import { snapshotLevel, snapshotPrograms, WITH_OBJECTS } from "../helpers.ts";
import { differences } from "../truth.ts";
import type { Report } from "../truth.ts";

const FOLDER = new URL("../fixtures/memory/", import.meta.url);
const PAGE = 4096;

/** A recorded process. */
interface Fixture {
  /** How much of the variables was read. */
  readonly level: number;
  readonly report: Report;
  readonly runtime: Runtime;
  readonly memory: SnapshotMemory;
}

function loadFixture(minor: string, program: string): Fixture {
  const file = Deno.readFileSync(new URL(`cpython-${minor}-${program}.json.gz`, FOLDER));
  const { snapshot, report } = JSON.parse(gunzipSync(file).toString());
  const { pythonVersion, runtimeAddress: address, memory: segments } = parseSnapshot(
    JSON.stringify(snapshot),
  );
  const memory = new SnapshotMemory(segments);
  return {
    level: snapshotLevel(program),
    report,
    memory,
    runtime: { ...chooseLayout(memory, pythonVersion, address), address, imagePath: "" },
  };
}

function chooseLayout(memory: TargetMemory, pythonVersion: string, address: number) {
  const [major, minor, micro] = pythonVersion.split(".").map((text) => parseInt(text));
  const version = { major: major!, minor: minor!, micro: micro!, release: "" };
  if (!hasDebugOffsets(version)) return layoutFor(version);
  const table = new MemoryReader(memory).bytes(address, DEBUG_OFFSETS_SIZE);
  assert.ok(table !== undefined, "the fixture lacks _Py_DebugOffsets");
  return layoutFromDebugOffsets(table);
}

/** Reads the stacks of a process that stands still, with a clock that goes on fast, so that no read waits in vain. */
function replay({ report, runtime, level }: Fixture, memory: TargetMemory): StackTrace[] {
  const realNow = performance.now;
  let now = 0;
  performance.now = () => now += 20;
  try {
    const process = {
      pid: report.pid,
      readv: (ranges: RangeList, into: Uint8Array<ArrayBuffer>) => memory.readv(ranges, into),
      hostThreadId: (id: number) => id,
      threadState: () => "idle" as const,
      waitsFor: () => 0,
      forgetThread: () => {},
      isQuiet: () => false,
      cpuTime: () => 0,
      stopThread: () => false,
      releaseThread: () => 0,
      joinProcessor: () => false,
      visitProcessor: () => NaN,
      leaveProcessor: () => 0,
      restingCount: () => 1,
      runCount: () => 1,
    };
    return readStacks({ process, runtime }, { level });
  } finally {
    performance.now = realNow;
  }
}

/** Memory with a part that cannot be read. */
class HoledMemory implements TargetMemory {
  hits = 0;
  readonly #memory: TargetMemory;
  readonly #hole: MemoryRange;

  constructor(memory: TargetMemory, hole: MemoryRange) {
    this.#memory = memory;
    this.#hole = hole;
  }

  readv(ranges: RangeList, into: Uint8Array<ArrayBuffer>): number {
    const { start, size } = this.#hole;
    let before = 0;
    for (let i = 0; i < ranges.count; i++) {
      const address = ranges.addressAt(i);
      const length = ranges.lengthAt(i);
      if (address < start + size && address + length > start) {
        this.hits++;
        return Math.min(before, this.#memory.readv(ranges, into));
      }
      before += length;
    }
    return this.#memory.readv(ranges, into);
  }
}

/** What the replay reads, cut at the borders of pages. */
function piecesRead(fixture: Fixture): MemoryRange[] {
  const recorder = new RecordingMemory(fixture.memory);
  replay(fixture, recorder);
  const pieces: MemoryRange[] = [];
  for (const { address, bytes } of recorder.segments()) {
    const end = address + bytes.length;
    for (let start = address; start < end;) {
      const next = Math.min(end, (Math.floor(start / PAGE) + 1) * PAGE);
      pieces.push({ start, size: next - start });
      start = next;
    }
  }
  return pieces;
}

/** What a trace says that is not true; what it leaves out, and says so, is no lie. */
function lies(shown: StackTrace, truth: StackTrace | undefined): string[] {
  if (truth === undefined) return ["shows a thread that does not exist"];
  const found: string[] = [];
  const { thread } = shown;
  if (thread.name !== undefined && thread.name !== truth.thread.name) found.push(`is named ${thread.name}`);
  if (thread.osThreadId !== 0 && thread.osThreadId !== truth.thread.osThreadId) {
    found.push("has a wrong kernel id");
  }
  if (thread.interpreterId !== truth.thread.interpreterId) found.push("is in a wrong interpreter");
  if (shown.ownsGil && !truth.ownsGil) found.push("owns the GIL");
  if (shown.frames.length > truth.frames.length) found.push("has more frames than there were");
  shown.frames.forEach((frame, i) => {
    if (!isTrueFrame(frame, truth.frames[i])) found.push(`frame ${i} is ${JSON.stringify(frame)}`);
  });
  if (shown.frames.length < truth.frames.length && shown.truncation === undefined) {
    found.push(`ends at frame ${shown.frames.length} without saying so${shown.proven ? ", as proven" : ""}`);
  }
  if (shown.truncation !== undefined && shown.proven) found.push("is truncated and proven at once");
  for (const which of ["handling", "raising"] as const) {
    if (!isTrueException(shown[which], truth[which])) {
      found.push(`${which} ${JSON.stringify(shown[which])}, should be ${JSON.stringify(truth[which])}`);
    }
  }
  return found;
}

/** What could not be read stands for anything. Where a text is cut depends on what is in it. */
function isTrueText(shown: string, truth: string): boolean {
  if (!shown.includes(UNREADABLE)) return shown === truth;
  if (shown.endsWith("…") || truth.endsWith("…")) return truth.startsWith(shown.split(UNREADABLE)[0]!);
  const escaped = shown.split(UNREADABLE).map((part) => part.replaceAll(/[^\w ]/gu, "\\$&"));
  return new RegExp(`^${escaped.join(".*")}$`, "s").test(truth);
}

function isTrueException(shown: ExceptionText | undefined, truth: ExceptionText | undefined): boolean {
  if (shown?.type === UNREADABLE) return true;
  if (shown === undefined || truth === undefined) return shown === truth;
  return shown.type === truth.type && isTrueText(shown.message, truth.message);
}

/** Variables that are missing are said to be. */
function areTrueVariables(shown: Frame["locals"], truth: Frame["locals"]): boolean {
  if (shown === undefined || truth === undefined) return shown === truth;
  const isCut = shown.some(({ name }) => name === UNREADABLE);
  if (!isCut && truth.some(({ name }) => !shown.some((variable) => variable.name === name))) return false;
  return shown.every((variable) => {
    const same = truth.find(({ name }) => name === variable.name);
    if (same === undefined) return variable.name === UNREADABLE || variable.text === UNREADABLE;
    return same.isArgument === variable.isArgument && same.scope === variable.scope &&
      isTrueText(variable.text, same.text);
  });
}

/** A line of 0 says that it is unknown. */
function isTrueFrame(frame: Frame, truth: Frame | undefined): boolean {
  return truth !== undefined && frame.name === truth.name && frame.file === truth.file &&
    frame.firstLine === truth.firstLine && (frame.line === truth.line || frame.line === 0) &&
    areTrueVariables(frame.locals, truth.locals);
}

/** Minors, and builds that may run without a GIL. */
const BUILDS = [...SUPPORTED_MINORS, "3.13t"];

/** The memory is the same wherever the interpreter's code is: it was recorded with one of the ordinary builds. */
function cellsOf(name: string, program: string): Cells {
  const version = name.replace(/t$/, "");
  const build = name === version ? "recorded" : "free-threaded";
  const modes: Mode[] = program === WITH_OBJECTS ? ["dump", "locals", "exceptions"] : ["dump"];
  return { version, build, modes, how: "replayed" };
}

for (const minor of BUILDS) {
  for (const program of snapshotPrograms(minor.replace(/t$/, ""))) {
    const test = covering(cellsOf(minor, program));
    test(`memory of Python ${minor}, ${program}: the stacks are those that the program reported`, () => {
      const fixture = loadFixture(minor, program);
      const pythonVersion = fixture.report.version;
      const threads = replay(fixture, fixture.memory);
      const dump = { pid: fixture.report.pid, command: [], executable: "", pythonVersion, threads };
      assert.deepEqual(differences(fixture.report, toDumpJson(dump, { shortNames: new Map() })), []);
    });

    test(`memory of Python ${minor}, ${program}: what is missing is left out, never made up`, () => {
      const fixture = loadFixture(minor, program);
      const truth = new Map(replay(fixture, fixture.memory).map((trace) => [trace.thread.threadId, trace]));
      const pieces = piecesRead(fixture);
      assert.ok(pieces.length > 10, `only ${pieces.length} pieces`);
      let wholeThreads = 0;
      for (const hole of pieces) {
        const memory = new HoledMemory(fixture.memory, hole);
        const label = `without ${hole.size} bytes at 0x${hole.start.toString(16)}`;
        const traces = replay(fixture, memory);
        assert.ok(memory.hits > 0, `${label}: nothing was missing`);
        for (const trace of traces) {
          const expected = truth.get(trace.thread.threadId);
          assert.deepEqual(lies(trace, expected), [], `${label}: thread ${trace.thread.threadId}`);
          if (trace.frames.length === expected!.frames.length) wholeThreads++;
        }
      }
      // Most holes concern one thread or a few names: the others are still shown.
      assert.ok(wholeThreads > pieces.length, `${wholeThreads} whole stacks with ${pieces.length} holes`);
    });
  }
}

Deno.test("the comparison finds each kind of lie", () => {
  const frame = { name: "f", file: "a.py", line: 3, firstLine: 2 };
  const thread = { pid: 1, threadId: 2, osThreadId: 3, name: "t", interpreterId: 0 };
  const truth: StackTrace = {
    thread,
    state: "idle",
    ownsGil: false,
    frames: [frame, { ...frame, name: "g" }],
    proven: true,
    truncation: undefined,
  };
  const count = (change: Partial<StackTrace>) => lies({ ...truth, ...change }, truth).length;
  assert.equal(count({}), 0);
  assert.equal(count({ frames: [{ ...frame, line: 0 }], proven: false, truncation: "unreadable" }), 0);
  assert.equal(count({ frames: [frame], proven: false, truncation: undefined }), 1);
  assert.equal(count({ frames: [], proven: true, truncation: undefined }), 1);
  assert.equal(count({ frames: [{ ...frame, line: 2 }, truth.frames[1]!] }), 1);
  assert.equal(count({ frames: truth.frames.toReversed() }), 2);
  assert.equal(count({ frames: [...truth.frames, frame] }), 2);
  assert.equal(count({ thread: { ...thread, name: "u" } }), 1);
  assert.equal(count({ ownsGil: true }), 1);
  assert.equal(lies(truth, undefined).length, 1);
  const handling = { type: "ValueError", message: "a [b] c" };
  const excepted = (shown: ExceptionText | undefined) =>
    lies({ ...truth, handling: shown }, { ...truth, handling }).length;
  assert.equal(excepted(handling), 0);
  assert.equal(excepted({ type: UNREADABLE, message: "" }), 0);
  assert.equal(excepted({ ...handling, message: `a [${UNREADABLE}] c` }), 0);
  assert.equal(excepted({ ...handling, message: `a ${UNREADABLE} d` }), 1);
  assert.equal(excepted({ ...handling, type: "KeyError" }), 1);
  assert.equal(excepted(undefined), 1);
  const x = { name: "x", isArgument: false, scope: "local", text: "[1, 2]" } as const;
  const y = { ...x, name: "y" };
  const local = (...locals: LocalVariable[]) =>
    lies({ ...truth, frames: [{ ...frame, locals }] }, { ...truth, frames: [{ ...frame, locals: [x, y] }] })
      .length;
  const unreadable = { ...x, name: UNREADABLE, text: UNREADABLE };
  assert.equal(local(x, y), 0);
  assert.equal(local(x, { ...y, text: `[1, ${UNREADABLE}]` }), 0);
  assert.equal(local(x, unreadable), 0);
  assert.equal(local(unreadable), 0);
  assert.equal(local(x), 1);
  assert.equal(local(x, { ...y, text: "[1]" }), 1);
  assert.equal(local(x, { ...y, scope: "cell" }), 1);
  assert.equal(local(x, y, { ...x, name: "z" }), 1);
});
