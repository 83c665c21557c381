import assert from "node:assert/strict";
import { Walk } from "../../src/cpython/thread_stack.ts";
import type { RawStack } from "../../src/cpython/thread_stack.ts";
import { CUT_OFFSET, Recording } from "../../src/recording.ts";
import type { CallNode } from "../../src/recording.ts";
import { STEADY_READS } from "../../src/path_prover.ts";
import { Sampler } from "../../src/sampler.ts";
import type { Clock, SampleCounters } from "../../src/types.ts";
import type { ReadThread, Selection, StackReader } from "../../src/stack_reader.ts";
import { FakeCodes, rawStack } from "./fake_codes.ts";

/** What a walk gives: "a:0 b:2" is root first, with instructions; `second` is what the other copy of the frames shows. */
interface Step {
  readonly walk: Walk;
  readonly stack?: string;
  readonly second?: string;
  readonly misses?: number;
  /** The thread surely did not run during this read. */
  readonly still?: boolean;
}

/** A reader that gives what the test says, first at each tick and then at each read that follows. */
class FakeReader {
  readonly threads: ReadThread[] = [];
  selected: ReadThread[] = [];
  stack: RawStack = rawStack([]);
  rereads = 0;
  shrinks = 0;
  pauses = 0;
  /** Whether it is possible to go to a thread's processor, and what was done of it. */
  isJoinable = false;
  readonly joined: ("join" | "leave")[] = [];
  isReadable = true;
  readonly codes = new FakeCodes();
  readonly #addresses = new Map(["a", "b", "c"].map((name) => [name, this.codes.add({ name })]));
  readonly #steps = new Map<ReadThread, Step[]>();
  #current: Step | undefined;

  addThread(steps: Step[]): ReadThread {
    const info = { pid: 1, threadId: this.threads.length, osThreadId: 0, name: undefined, interpreterId: 0 };
    const thread = { info, stack: { misses: 0 } } as unknown as ReadThread;
    this.threads.push(thread);
    this.#steps.set(thread, steps);
    return thread;
  }

  /** Whether samples can be read while the first thread does not run. */
  canBeStill = false;

  readJoined(selection: Selection): boolean {
    return this.read(selection);
  }

  read(_selection: Selection): boolean {
    this.selected = this.threads;
    return this.isReadable;
  }

  walk(thread: ReadThread): Walk {
    const steps = this.#steps.get(thread)!;
    const step = steps.length > 1 ? steps.shift()! : steps[0]!;
    this.#current = step;
    thread.stack.misses = step.misses ?? 0;
    this.stack = this.#parse(step.stack ?? "");
    this.isStill = this.canBeStill;
    return step.walk;
  }

  walkSecondCopy(): Walk {
    this.stack = this.#parse(this.#current!.second ?? this.#current!.stack ?? "");
    return Walk.Torn;
  }

  isStill = false;

  reread(thread: ReadThread): Walk {
    this.rereads++;
    return this.walk(thread);
  }

  rereadStill(thread: ReadThread): Walk {
    const walk = this.reread(thread);
    this.isStill = this.#current!.still === true;
    return walk;
  }

  joinProcessor(): boolean {
    if (this.isJoinable) this.joined.push("join");
    return this.isJoinable;
  }

  leaveProcessor(): void {
    this.joined.push("leave");
  }

  shrink(): void {
    this.shrinks++;
  }

  refreshNames(): void {
    this.threads.forEach((thread, i) => thread.info = { ...thread.info, name: `thread ${i}` });
  }

  #parse(text: string): RawStack {
    return rawStack(
      text.split(" ").filter((part) => part !== "").map((part) => {
        const [name, instr] = part.split(":");
        return [this.#addresses.get(name!)!, Number(instr)];
      }),
    );
  }
}

interface Setup {
  readonly reader: FakeReader;
  readonly sampler: Sampler;
  readonly recording: Recording;
  readonly counters: SampleCounters;
  readonly clock: { time: number; stepMs: number };
  counts(): Record<string, number>;
}

function setUp(threads: readonly Step[][], { timeline = false } = {}): Setup {
  const reader = new FakeReader();
  for (const steps of threads) reader.addThread(steps);
  const state = { time: 0, stepMs: 0 };
  const clock: Clock = {
    now: () => state.time += state.stepMs,
    wait: () => undefined,
    pause: () => reader.pauses++,
    random: () => 0,
  };
  const recording = new Recording(reader.codes.table, { perThread: timeline, timeline });
  const counters: SampleCounters = { ticks: 0, samples: 0, errors: 0, late: 0, missed: 0, rereads: 0 };
  const sampler = new Sampler(
    { reader: reader as unknown as StackReader, recording, clock, counters, startMs: 0 },
    { rateHz: 100, durationSeconds: undefined, selection: "all" },
  );
  const counts = () => {
    const found: Record<string, number> = {};
    const visit = (node: CallNode, path: string) => {
      const name = node.parent === undefined ? path : `${path} ${reader.codes.table.get(node.codeId).name}`;
      for (const [offset, count] of node.selfCounts) {
        const end = offset === CUT_OFFSET ? "cut" : `:${offset}`;
        found[`${name}${end}${node.proven ? "" : " unproven"}`.trim()] = count;
      }
      for (const child of node.children?.values() ?? []) visit(child, name);
    };
    recording.roots.forEach((root) => visit(root, ""));
    return found;
  };
  return { reader, sampler, recording, counters, clock: state, counts };
}

Deno.test("a path that some reads in a row agree on is proven, and costs no further read", () => {
  const { sampler, reader, counts } = setUp([[{ walk: Walk.Agreed, stack: "a:0 b:2" }]]);
  assert.equal(sampler.tick(), true);
  assert.equal(reader.rereads, STEADY_READS);
  assert.deepEqual(counts(), { "a b:2": 1 });
  assert.equal(sampler.tick(), true);
  assert.equal(reader.rereads, STEADY_READS);
  assert.deepEqual(counts(), { "a b:2": 2 });
});

Deno.test("a sample of a thread that did not run is proven, and costs no further read", () => {
  const { sampler, reader, counts } = setUp([[{ walk: Walk.Agreed, stack: "a:0 b:2" }]]);
  reader.canBeStill = true;
  assert.equal(sampler.tick(), true);
  assert.equal(reader.rereads, 0);
  assert.deepEqual(counts(), { "a b:2": 1 });
});

Deno.test("two copies that agree now and then prove nothing", () => {
  // What a loop that takes as long as a read may look like: "b" is only ever called by "c".
  const steps: Step[] = Array.from({ length: 1000 }, (_, i) => (
    { walk: i % STEADY_READS === 0 ? Walk.Torn : Walk.Agreed, stack: "a:0 b:2" }
  ));
  const { sampler, counts } = setUp([steps]);
  for (let i = 0; i < 10; i++) sampler.tick();
  assert.deepEqual(counts(), { "a b:2 unproven": 10 });
});

Deno.test("a thread without Python code is no sample; a target that cannot be read is no tick", () => {
  const { sampler, reader, counters } = setUp([[{ walk: Walk.Empty }]]);
  assert.equal(sampler.tick(), true);
  assert.deepEqual([counters.ticks, counters.samples], [1, 0]);
  reader.isReadable = false;
  assert.equal(sampler.tick(), false);
  assert.deepEqual([counters.ticks, counters.samples], [1, 0]);
});

Deno.test("a read during which the thread did not run proves its path at once", () => {
  const { sampler, reader, counters, counts } = setUp([[
    { walk: Walk.Torn, stack: "a:0 b:2", misses: 1 },
    { walk: Walk.Torn, stack: "a:0 b:2" },
    { walk: Walk.Agreed, stack: "a:0 b:4", still: true },
    { walk: Walk.Torn, stack: "a:0 b:2" },
  ]]);
  sampler.tick();
  assert.deepEqual([reader.rereads, counters.rereads], [2, 2]);
  assert.deepEqual(counts(), { "a b:2": 1 }, "the reads that prove are no samples");
  sampler.tick();
  assert.equal(reader.rereads, 2, "the path is known now");
  assert.deepEqual(counts(), { "a b:2": 2 });
});

Deno.test("the search for a proof ends when the thread stands still elsewhere", () => {
  const { sampler, reader, counts } = setUp([[
    { walk: Walk.Torn, stack: "a:0 b:2", misses: 1 },
    { walk: Walk.Agreed, stack: "a:0 c:2" },
  ]]);
  sampler.tick();
  assert.equal(reader.rereads, STEADY_READS);
  assert.deepEqual(counts(), { "a b:2 unproven": 1 });
});

Deno.test("the search for a proof ends after a number of reads for good", () => {
  const endless = setUp([[{ walk: Walk.Torn, stack: "a:0 b:2" }]]);
  for (let i = 0; i < 50; i++) endless.sampler.tick();
  assert.ok(endless.reader.rereads < 450, `${endless.reader.rereads} reads`);
  assert.deepEqual(endless.counts(), { "a b:2 unproven": 50 }, "samples are counted all the same");
});

Deno.test("on the thread's processor the search ends in time for the next tick", () => {
  const timed = setUp([[{ walk: Walk.Torn, stack: "a:0 b:2" }]]);
  timed.reader.isJoinable = true;
  timed.clock.stepMs = 1;
  timed.sampler.tick();
  assert.ok(timed.reader.pauses <= 5, "half an interval of 10 ms");
});

Deno.test("after a few reads the search goes on on the thread's processor, which it leaves again in any case", () => {
  const steps: Step[] = Array.from(
    { length: 20 },
    () => ({ walk: Walk.Torn, stack: "a:0 b:2", misses: 1 }),
  );
  const found = setUp([[...steps, { walk: Walk.Agreed, stack: "a:0 b:2", still: true }]]);
  found.reader.isJoinable = true;
  found.sampler.tick();
  assert.deepEqual(found.reader.joined, ["join", "leave"]);
  assert.deepEqual(found.counts(), { "a b:2": 1 });
  assert.ok(found.reader.pauses > 5, "the target is let run between the reads");

  const ended = setUp([[...steps, { walk: Walk.Empty }]]);
  ended.reader.isJoinable = true;
  ended.sampler.tick();
  assert.deepEqual(ended.reader.joined, ["join", "leave"]);

  const failing = setUp([steps]);
  failing.reader.isJoinable = true;
  const reread = failing.reader.rereadStill.bind(failing.reader);
  failing.reader.rereadStill = (thread) => {
    if (failing.reader.rereads > 12) throw new Error("lost");
    return reread(thread);
  };
  assert.throws(() => failing.sampler.tick(), { message: "lost" });
  assert.deepEqual(failing.reader.joined, ["join", "leave"]);
});

Deno.test("time on the thread's processor is a small share of the recording", () => {
  let ticks = 0;
  // Each tick meets another path that cannot be proven: each has its own number of attempts.
  const unprovable: Step = {
    walk: Walk.Torn,
    misses: 1,
    get stack() {
      return `a:${2 * ticks} b:2`;
    },
  };
  const { sampler, reader, clock } = setUp([[{ walk: Walk.Agreed, stack: "a:0" }, unprovable]]);
  reader.isJoinable = true;
  clock.stepMs = 0.2;
  for (; ticks < 1000; ticks++) sampler.tick();
  const joins = reader.joined.filter((one) => one === "join").length;
  assert.ok(joins > 0 && joins < 500, `${joins} times in 1000 ticks`);
  // Each read takes 0.2 ms on this clock; the target runs in the pauses between them.
  const waitedMs = 0.2 * reader.pauses;
  assert.ok(waitedMs < 51 + 0.01 * clock.time, `${waitedMs} ms of ${clock.time}`);
  assert.equal(reader.joined.at(-1), "leave");
});

Deno.test("of a torn stack the other copy counts if that is a path that is known", () => {
  const { sampler, counts } = setUp([[
    { walk: Walk.Agreed, stack: "a:0 b:2" },
    { walk: Walk.Agreed, stack: "a:0 b:2", still: true },
    { walk: Walk.Torn, stack: "a:0 c:4", second: "a:0 b:6" },
    { walk: Walk.Torn, stack: "a:0 c:4", second: "a:2 c:6", misses: 1 },
    { walk: Walk.Empty },
  ]]);
  for (let i = 0; i < 3; i++) sampler.tick();
  assert.deepEqual(counts(), { "a b:2": 1, "a b:6": 1, "a c:4 unproven": 1 });
});

Deno.test("a stack that does not reach its root is replaced by the next one that does", () => {
  const { sampler, reader, counts, counters } = setUp([[
    { walk: Walk.Broken, stack: "b:2" },
    { walk: Walk.Broken, stack: "b:2" },
    { walk: Walk.Agreed, stack: "a:0 b:2" },
    { walk: Walk.Agreed, stack: "a:0 b:2", still: true },
  ]]);
  sampler.tick();
  assert.deepEqual([reader.rereads, counters.samples], [3, 1]);
  assert.deepEqual(counts(), { "a b:2": 1 });
});

Deno.test("a stack that never reaches its root counts as cut at the root: no sample is dropped", () => {
  const { sampler, reader, counts } = setUp([[{ walk: Walk.Broken, stack: "b:2" }]]);
  sampler.tick();
  assert.equal(reader.rereads, 8);
  assert.deepEqual(counts(), { cut: 1 });
});

Deno.test("all threads of one read are counted before any of them is read again", () => {
  const { sampler, recording, counters } = setUp([
    [{ walk: Walk.Broken }, { walk: Walk.Agreed, stack: "a:0" }],
    [{ walk: Walk.Torn, stack: "b:0", misses: 1 }, { walk: Walk.Agreed, stack: "b:0" }],
    [{ walk: Walk.Agreed, stack: "c:0" }],
  ], { timeline: true });
  sampler.tick();
  assert.equal(counters.samples, 3);
  const names = recording.log!.node.map((node) => recording.codes.get(node.codeId).name);
  assert.deepEqual(names, ["b", "c", "a"]);
  assert.deepEqual(recording.log!.startNs, [0, 0, 0]);
  assert.deepEqual(recording.log!.weightNs, [1e7, 1e7, 1e7]);
});

Deno.test("names are taken over and the plan is checked once a second, and names once more at the end", () => {
  const { sampler, reader, recording, clock } = setUp([[{ walk: Walk.Agreed, stack: "a:0" }]], {
    timeline: true,
  });
  for (const time of [0, 10, 999]) {
    clock.time = time;
    sampler.tick();
  }
  assert.equal(reader.shrinks, 1);
  clock.time = 1000;
  sampler.tick();
  assert.equal(reader.shrinks, 2);
  assert.deepEqual(recording.threads.map(({ name }) => name), ["thread 0"]);
  reader.refreshNames = () => reader.threads[0]!.info = { ...reader.threads[0]!.info, name: "at the end" };
  sampler.finish();
  assert.deepEqual(recording.threads.map(({ name }) => name), ["at the end"]);
});
