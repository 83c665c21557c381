import assert from "node:assert/strict";
import { Walk } from "../../src/cpython/thread_stack.ts";
import type { Step } from "./fake_reader.ts";
import { setUp } from "./sampler_helper.ts";
import type { Setup } from "./sampler_helper.ts";

/** A thread that is seen on a known path, and then on what `shown` says: at first when it is looked at, then in further reads. */
function setUpPassing({ still = false } = {}) {
  let shown = ["a:0 b:6"];
  const made = setUp([[{
    walk: Walk.Reached,
    still,
    get stack() {
      return shown.length > 1 ? shown.shift()! : shown[0]!;
    },
  }]]);
  made.reader.canBeStill = true;
  made.tick();
  made.reader.canBeStill = false;
  const pass = (...stacks: string[]) => {
    shown = stacks;
    made.tick();
  };
  return { ...made, pass };
}

Deno.test("a path that is not known gives way to a known one only when much was tried to prove it", () => {
  const { pass, counts } = setUpPassing();
  for (let i = 0; i < 10; i++) pass("a:0 c:4", "a:0 b:6");
  assert.deepEqual(counts(), { "a b:6": 1, "a c:4 unproven": 10 });
  for (let i = 0; i < 190; i++) pass("a:0 c:4", "a:0 b:6");
  const { "a b:6": known = 0, "a c:4 unproven": unproven = 0, ...others } = counts();
  assert.deepEqual(others, {});
  assert.equal(known + unproven, 201);
  assert.ok(unproven < 100, `${unproven} samples of a path that was not found again`);
});

Deno.test("reads on the processor that searched for other paths tell of this one too", () => {
  let shown = ["a:0 b:6"];
  const made: Setup = setUp([[{
    walk: Walk.Reached,
    get still() {
      return made.reader.joined.at(-1) === "join";
    },
    get stack() {
      return shown.length > 1 ? shown.shift()! : shown[0]!;
    },
  }]]);
  made.reader.isJoinable = true;
  const pass = (instr: number) => {
    shown = [`a:${instr} c:4`, "a:0 b:6"];
    made.tick();
  };
  made.tick();
  pass(2);
  pass(2);
  assert.deepEqual(made.counts(), { "a b:6": 1, "a c:4 unproven": 2 });
  const before = made.reader.rereads;
  for (let instr = 4; made.reader.rereads < before + 500; instr += 2) pass(instr);
  const { "a b:6": known } = made.counts();
  pass(2);
  assert.equal(made.counts()["a b:6"], known! + 1, "the path was not among hundreds that were seen");
});

Deno.test("a sample that was torn never counts for what its thread did next, but for one that begins as it does", () => {
  let shown = ["a:0 b:6"];
  const { tick, reader, recording, counts } = setUp([[{
    walk: Walk.Reached,
    get stack() {
      return shown.length > 1 ? shown.shift()! : shown[0]!;
    },
  }]]);
  reader.canBeStill = true;
  tick();
  shown = ["b:0 a:2"];
  tick();
  reader.canBeStill = false;
  const known = { "a b:6": 1, "b a:2": 1 };
  shown = ["a:0 c:4", "b:0 a:2"];
  tick();
  const foundAgain = () => {
    recording.provingReads += 400;
    recording.prune();
    return counts();
  };
  assert.deepEqual(foundAgain(), { ...known, "a c:4 unproven": 1 }, "what came next is of other code");
  tick();
  assert.deepEqual(foundAgain(), { ...known, "b a:2": 2, "a c:4 unproven": 1 });
  shown = ["a:0 b:6"];
  tick();
  assert.deepEqual(foundAgain(), { "a b:6": 3, "b a:2": 2 }, "its own sample, and the torn one");
});

Deno.test("a sample belongs to the path that was seen first once that is proven", () => {
  const { pass, counts } = setUpPassing({ still: true });
  pass("a:0 c:4", "a:0 b:6", "a:0 c:4");
  assert.deepEqual(counts(), { "a b:6": 1, "a c:4": 1 });
});

Deno.test("a stack that does not reach its root is replaced by the next one that does", () => {
  const { tick, reader, counts, counters } = setUp([[
    { walk: Walk.Broken, stack: "b:2" },
    { walk: Walk.Broken, stack: "b:2" },
    { walk: Walk.Agreed, stack: "a:0 b:2" },
    { walk: Walk.Agreed, stack: "a:0 b:2", still: true },
  ]]);
  tick();
  assert.deepEqual([reader.rereads, counters.samples], [9, 1]);
  assert.deepEqual(counts(), { "a b:2": 1 });
});

Deno.test("a stack whose beginning alone is known counts for the next one that begins like it", () => {
  const steps: Step[] = [];
  const { tick, reader, recording, counts } = setUp([steps]);
  const pass = (...next: Step[]) => {
    steps.splice(0, steps.length, ...next);
    tick();
    recording.prune();
    return counts();
  };
  reader.canBeStill = true;
  pass({ walk: Walk.Reached, stack: "a:0 b:6" });
  const known = pass({ walk: Walk.Reached, stack: "c:0 b:2" });
  assert.deepEqual(known, { "a b:6": 1, "c b:2": 1 });
  reader.canBeStill = false;
  const [inA, inC]: Step[] = [{ walk: Walk.Reached, stack: "a:0 b:6" }, {
    walk: Walk.Reached,
    stack: "c:0 b:2",
  }];
  const begun: Step = { walk: Walk.Outer, stack: "a:0" };
  assert.deepEqual(pass(begun, inA!), { "a b:6": 2, "c b:2": 1 }, "it is what comes next");
  assert.deepEqual(
    pass(begun, inC!),
    { "a b:6": 2, "a cut unproven": 1, "c b:2": 1 },
    "what comes next is of other code",
  );
  assert.deepEqual(pass(begun, inC!), { "a b:6": 2, "a cut unproven": 2, "c b:2": 1 });
  assert.deepEqual(pass(inA!), { "a b:6": 5, "c b:2": 1 }, "its own sample, and those that waited for it");
  assert.deepEqual(
    pass(begun, begun),
    { "a b:6": 5, "a cut": 1, "c b:2": 1 },
    "no read shows more of it",
  );
});

Deno.test("a stack that never reaches its root counts as cut at the root: no sample is dropped", () => {
  const { tick, reader, counts } = setUp([[{ walk: Walk.Broken, stack: "b:2" }]]);
  tick();
  assert.equal(reader.rereads, 8);
  assert.deepEqual(counts(), { cut: 1 });
});
