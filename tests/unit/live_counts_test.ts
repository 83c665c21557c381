import assert from "node:assert/strict";
import fc from "fast-check";
import { buildProfile } from "../../src/build_profile.ts";
import { LiveCounts } from "../../src/live_counts.ts";
import type { LiveCaller, LiveRow } from "../../src/live_profile.ts";
import { Cursor, Recording } from "../../src/recording.ts";
import { countFunctions } from "../../src/render/summary.ts";
import { newCounters } from "../../src/sampler.ts";
import { Sight } from "../../src/sighting.ts";
import type { ReadThread } from "../../src/thread_table.ts";
import { Activity } from "../../src/types.ts";
import { FakeCodes, rawStack } from "./fake_codes.ts";
import { INFO } from "./render_helper.ts";

const NAMES = ["a", "b", "c", "d"];
const COUNTED = { activity: Activity.Gil, timeNs: 0, weightNs: 0, amount: 1 };

function threadNamed(name: string, activity: Activity): ReadThread {
  const info = { pid: 1, threadId: 2, osThreadId: 3, name, interpreterId: 0 };
  return { info, activity, ownsGil: true } as ReadThread;
}

/** A recording and the live counts beside it. */
class Program {
  readonly recording: Recording;
  readonly counters = newCounters();
  readonly live = new LiveCounts(this.counters, 0, { ofGil: false });
  readonly thread = threadNamed("main", Activity.Gil);
  readonly #addresses: number[];
  readonly #cursor = new Cursor();
  readonly #listener;

  constructor() {
    const codes = new FakeCodes();
    this.#addresses = NAMES.map((name) => codes.add({ name }));
    this.recording = new Recording(codes.table, { perThread: false, timeline: false });
    this.recording.addThread(this.thread.info);
    const source = { pid: 1, command: ["python"], shortName: (file: string) => file };
    this.#listener = this.live.listen(source, this.recording);
  }

  /** Samples a stack, leaf first, of functions with the instruction that each is at. */
  sample(stack: readonly (readonly [number, number])[], proves = true): void {
    const raw = rawStack(stack.toReversed().map(([code, instr]) => [this.#addresses[code]!, instr * 2]));
    const node = this.recording.insert(0, this.#cursor, raw);
    if (proves) node.prove();
    const { leafOffset } = this.recording;
    this.counters.ticks++;
    this.counters.samples++;
    this.counters.activities[Activity.Gil]!++;
    this.#listener.ticked([this.thread]);
    this.#listener.sampled(this.thread, { sight: Sight.Whole, node, leafOffset });
    this.recording.count(0, node, { leafOffset, ...COUNTED });
  }

  /** The same counts from the finished profile. Shape: [name, own, total]. */
  expected(): [string, number, number][] {
    const frameOptions = { byFunction: true, withoutLines: false, shortName: (file: string) => file };
    return countFunctions(buildProfile([this.recording], INFO, frameOptions))
      .map(({ frame, self, total }): [string, number, number] => [frame.name, self, total]).sort();
  }
}

function countsOf(rows: readonly LiveRow[], span: "now" | "sum"): [string, number, number][] {
  return rows.filter((row) => row[span].total > 0)
    .map((row): [string, number, number] => [row.frame.name, row[span].own, row[span].total]).sort();
}

function callersText(callers: readonly LiveCaller[]): unknown[] {
  return callers.map(({ frame, now, sum, callers: above }) => [frame.name, now, sum, callersText(above)]);
}

const STACK = fc.array(fc.tuple(fc.nat(3), fc.nat(2)), { minLength: 1, maxLength: 6 });

Deno.test("live counts are those of the finished recording, however often they were looked at, and if proven later", () => {
  const step = fc.record({ stack: STACK, proves: fc.boolean(), refreshes: fc.nat(3).map((n) => n === 0) });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
      const program = new Program();
      for (const { stack, proves, refreshes } of steps) {
        program.sample(stack, proves);
        if (refreshes) program.live.refresh(1000);
      }
      const { functions, lines, sum } = program.live.refresh(2000);
      assert.deepEqual(countsOf(functions, "sum"), program.expected());
      assert.equal(sum.samples, steps.length);
      const own = (rows: readonly LiveRow[]) => rows.reduce((total, row) => total + row.sum.own, 0);
      assert.equal(own(functions), steps.length);
      assert.equal(own(lines), steps.length);
    }),
  );
});

Deno.test("an interval has its own counts, and the trend remembers the ones before", () => {
  const program = new Program();
  program.sample([[1, 0], [0, 0]]);
  program.sample([[1, 0], [0, 0]]);
  assert.deepEqual(countsOf(program.live.refresh(1000).functions, "now"), [["a", 0, 2], ["b", 2, 2]]);
  program.sample([[2, 0], [0, 0]]);
  const { functions, now, sum } = program.live.refresh(3000);
  assert.deepEqual(countsOf(functions, "now"), [["a", 0, 1], ["c", 1, 1]]);
  assert.deepEqual(countsOf(functions, "sum"), [["a", 0, 3], ["b", 2, 2], ["c", 1, 1]]);
  assert.deepEqual([now.seconds, now.ticks, sum.seconds, sum.ticks], [2, 1, 3, 3]);
  const trend = (name: string) => functions.find(({ frame }) => frame.name === name)!.ownTrend().slice(-3);
  assert.deepEqual(trend("b"), [0, 1, 0]);
  assert.deepEqual(trend("c"), [0, 0, 1]);
});

Deno.test("a function that calls itself counts once, and its callers are those of the outermost call", () => {
  const program = new Program();
  program.sample([[1, 0], [1, 1], [1, 1], [0, 0]]);
  program.sample([[1, 0], [2, 0], [0, 1]]);
  const { functions } = program.live.refresh(1000);
  assert.deepEqual(countsOf(functions, "sum"), [["a", 0, 2], ["b", 2, 2], ["c", 0, 1]]);
  const row = functions.find(({ frame }) => frame.name === "b")!;
  assert.deepEqual(callersText(program.live.callersOf("function", row.id)!).sort(), [
    ["a", 1, 1, []],
    ["c", 1, 1, [["a", 1, 1, []]]],
  ]);
  assert.equal(program.live.callersOf("function", 999), undefined);
});

Deno.test("lines of a function are rows of their own", () => {
  const program = new Program();
  program.sample([[1, 0]]);
  program.sample([[1, 2]]);
  program.sample([[1, 2]]);
  const { lines } = program.live.refresh(1000);
  // Two bytes of bytecode are a line; the table of lines begins after the first.
  assert.deepEqual(lines.map(({ sum }) => sum.own).sort(), [1, 2]);
  assert.equal(new Set(lines.map(({ frame }) => frame.line)).size, 2);
});

Deno.test("after a reset only what comes counts; time in which nothing could be seen is left out", () => {
  const program = new Program();
  program.sample([[1, 0]]);
  program.live.refresh(1000);
  program.sample([[2, 0]]);
  program.live.reset(1500);
  program.sample([[3, 0]]);
  program.live.skip(4000);
  const { functions, sum, threads } = program.live.refresh(6500);
  assert.deepEqual(countsOf(functions, "sum"), [["d", 1, 1]]);
  assert.equal(sum.seconds, 1);
  assert.equal(sum.ticks, 1);
  assert.deepEqual(threads.map((thread) => thread.sum), [[1, 0, 0, 0]]);
});

Deno.test("threads that have ended are shown as such; a process counts the time of all", () => {
  const program = new Program();
  program.sample([[1, 0]]);
  const first = program.live.refresh(1000);
  assert.deepEqual(first.threads.map(({ info, activity, now }) => [info.name, activity, now]), [
    ["main", Activity.Gil, [1, 0, 0, 0]],
  ]);
  program.live.retain(1, []);
  const { threads, processes } = program.live.refresh(2000);
  assert.deepEqual(threads.map(({ activity, sum }) => [activity, sum]), [[undefined, [1, 0, 0, 0]]]);
  assert.deepEqual(processes.map(({ pid, hasEnded, sum }) => [pid, hasEnded, sum]), [[1, true, [
    1,
    0,
    0,
    0,
  ]]]);
});
