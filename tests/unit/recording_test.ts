import assert from "node:assert/strict";
import fc from "fast-check";
import { CUT_OFFSET, selfKey, selfParts } from "../../src/call_node.ts";
import type { CallNode } from "../../src/call_node.ts";
import { Cursor, Recording } from "../../src/recording.ts";
import { Activity } from "../../src/types.ts";
import type { ThreadInfo } from "../../src/types.ts";
import { FakeCodes, rawStack } from "./fake_codes.ts";

const THREAD: ThreadInfo = { pid: 1, threadId: 2, osThreadId: 3, name: undefined, interpreterId: 0 };
const ONE = { activity: Activity.Gil, amount: 1 };
const SHARED = { perThread: false, timeline: false };

/** Code objects a to d, and something that is none. */
function newCodes(): { codes: FakeCodes; addresses: number[] } {
  const codes = new FakeCodes();
  const addresses = ["a", "b", "c", "d"].map((name) => codes.add({ name }));
  return { codes, addresses: [...addresses, codes.memory.room(200)] };
}

/** A recording of one thread, whose stacks are inserted one after the other. Shape: code and instruction, root first. */
function newRecording() {
  const { codes, addresses } = newCodes();
  const recording = new Recording(codes.table, SHARED);
  recording.addThread(THREAD);
  const cursor = new Cursor();
  const insert = (...stack: [number, number][]) => recording.insert(0, cursor, rawStack(stack));
  return { recording, insert, addresses };
}

/** Counts by the offset of the leaf's instruction. */
function offsets(node: CallNode): [number, number][] {
  return [...node.selfCounts ?? []].map(([key, count]) => [selfParts(key).leafOffset, count]);
}

interface TreeNode {
  readonly name: string;
  readonly proven: boolean;
  readonly self: readonly (readonly [number, number])[];
  readonly children: readonly TreeNode[];
}

function treeOf(recording: Recording, node: CallNode): TreeNode {
  return {
    name: node.parent === undefined ? "" : `${recording.codes.get(node.codeId).name}@${node.callOffset}`,
    proven: node.proven,
    self: offsets(node).sort((a, b) => a[0] - b[0]),
    children: [...node.children?.values() ?? []].map((child) => treeOf(recording, child))
      .sort((a, b) => a.name.localeCompare(b.name)),
  };
}

// Few codes and instructions, so that stacks share beginnings of all lengths.
const STACK = fc.array(fc.tuple(fc.nat({ max: 11 }).map((n) => n === 11 ? 4 : n % 4), fc.nat({ max: 2 })), {
  minLength: 1,
  maxLength: 6,
});

Deno.test("with the last stack at hand the same tree is made as without it, also after code objects have changed", () => {
  const step = fc.record({
    stack: STACK,
    thread: fc.nat(1),
    replaces: fc.nat({ max: 9 }),
    proves: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
      const trees = [true, false].map((keepsCursor) => {
        const { codes, addresses } = newCodes();
        const recording = new Recording(codes.table, SHARED);
        recording.addThread(THREAD);
        const cursors = [new Cursor(), new Cursor()];
        const results = steps.map(({ stack, thread, replaces, proves }, i) => {
          if (replaces === 0) {
            codes.add({ name: `new${i}` }, addresses[stack[0]![0]]!);
            codes.table.revalidate();
          }
          const cursor = keepsCursor ? cursors[thread]! : new Cursor();
          const raw = rawStack(stack.map(([code, instr]) => [addresses[code]!, instr * 2]));
          const node = recording.insert(0, cursor, raw);
          if (proves && !recording.insertedPartly) node.prove();
          const { leafOffset, insertedPartly } = recording;
          recording.count(0, node, { leafOffset, timeNs: i, weightNs: 1, ...ONE });
          return { leafOffset, insertedPartly };
        });
        return { results, tree: treeOf(recording, recording.roots[0]!) };
      });
      assert.deepEqual(trees[0], trees[1]);
    }),
    { numRuns: 400 },
  );
});

Deno.test("a node is a code object called from an instruction; the leaf's instruction is counted apart", () => {
  const { codes, addresses: [a, b] } = newCodes();
  const recording = new Recording(codes.table, SHARED);
  recording.addThread(THREAD);
  const cursor = new Cursor();
  const insert = (stack: [number, number][]) => {
    const node = recording.insert(0, cursor, rawStack(stack));
    recording.count(0, node, { leafOffset: recording.leafOffset, timeNs: 0, weightNs: 1, ...ONE });
    return node;
  };
  const first = insert([[a!, 4], [b!, 0]]);
  assert.equal(insert([[a!, 4], [b!, 6]]), first);
  assert.notEqual(insert([[a!, 6], [b!, 0]]), first);
  assert.equal(insert([[a!, 4]]), first.parent);
  assert.deepEqual(offsets(first), [[0, 1], [6, 1]]);
  assert.deepEqual(offsets(first.parent!), [[4, 1]]);
  assert.deepEqual([first.callOffset, first.parent!.callOffset], [4, 0]);
});

Deno.test("a stack is kept up to a frame that is no code object", () => {
  const { codes, addresses: [a, b, , , none] } = newCodes();
  const recording = new Recording(codes.table, SHARED);
  recording.addThread(THREAD);
  const cursor = new Cursor();
  const whole = recording.insert(0, cursor, rawStack([[a!, 2], [b!, 4]]));
  assert.equal(recording.insertedPartly, false);
  const part = recording.insert(0, cursor, rawStack([[a!, 2], [none!, 4], [b!, 6]]));
  assert.deepEqual([part, recording.insertedPartly, recording.leafOffset], [whole.parent, true, CUT_OFFSET]);
  assert.equal(recording.insert(0, cursor, rawStack([[none!, 0], [b!, 6]])), recording.roots[0]);
  assert.equal(recording.insert(0, cursor, rawStack([[a!, 2], [b!, 4]])), whole);
  assert.deepEqual([recording.insertedPartly, recording.leafOffset], [false, 4]);
});

Deno.test("a new path is looked at again before it is believed: its address may hold another code object by now", () => {
  const { codes, addresses: [a, b] } = newCodes();
  const recording = new Recording(codes.table, SHARED);
  recording.addThread(THREAD);
  const cursor = new Cursor();
  recording.insert(0, cursor, rawStack([[a!, 2]]));
  codes.add({ name: "other" }, a);
  codes.table.beginPeriod();
  const node = recording.insert(0, cursor, rawStack([[a!, 2], [b!, 4]]));
  assert.equal(codes.table.get(node.parent!.codeId).name, "other");
});

Deno.test("a proven path proves all that it begins with, and nothing beside it", () => {
  const { codes, addresses: [a, b, c, d] } = newCodes();
  const recording = new Recording(codes.table, SHARED);
  recording.addThread(THREAD);
  const insert = (...addresses: number[]) =>
    recording.insert(0, new Cursor(), rawStack(addresses.map((address) => [address, 0])));
  const deep = insert(a!, b!, c!, d!);
  const beside = insert(a!, b!, d!);
  deep.parent!.prove();
  assert.deepEqual(
    [deep, deep.parent!, deep.parent!.parent!, deep.parent!.parent!.parent!, beside].map(({ proven }) =>
      proven
    ),
    [false, true, true, true, false],
  );
  assert.equal(recording.roots[0]!.proven, true, "the root stands for no function");
});

Deno.test("runs of one stack are one entry of the log, unless a sample of the thread is missing between", () => {
  const { codes, addresses: [a, b] } = newCodes();
  const recording = new Recording(codes.table, { perThread: false, timeline: true });
  const [first, second] = [recording.addThread(THREAD), recording.addThread({ ...THREAD, threadId: 9 })];
  const count = (thread: number, address: number, instr: number, timeNs: number) => {
    const node = recording.insert(thread, new Cursor(), rawStack([[address, instr]]));
    recording.count(thread, node, { leafOffset: recording.leafOffset, timeNs, weightNs: 10, ...ONE });
  };
  count(first, a!, 0, 0);
  count(second, a!, 0, 1);
  count(first, a!, 0, 10); // joins the first
  count(first, a!, 0, 39); // more than an interval after its end
  count(first, a!, 0, 90); // long after it
  count(first, a!, 2, 100); // another line
  count(first, b!, 2, 110); // another function
  count(second, a!, 0, 12); // joins its own run
  const { thread, startNs, weightNs, key } = recording.log!;
  const leafOffset = key.map((one) => selfParts(one).leafOffset);
  assert.deepEqual({ thread, startNs, weightNs, leafOffset }, {
    thread: [0, 1, 0, 0, 0, 0],
    startNs: [0, 1, 39, 90, 100, 110],
    weightNs: [20, 20, 10, 10, 10, 10],
    leafOffset: [0, 0, 0, 0, 2, 2],
  });
  const counted = recording.roots.flatMap((root) => [...root.children!.values()])
    .flatMap((node) => [...node.selfCounts?.values() ?? []]).reduce((sum, n) => sum + n, 0);
  assert.equal(counted, 8);
});

Deno.test("threads share a tree unless they are told apart, and take new names", () => {
  const { codes } = newCodes();
  const shared = new Recording(codes.table, SHARED);
  assert.deepEqual([shared.addThread(THREAD), shared.addThread(THREAD)], [0, 0]);
  assert.deepEqual([shared.roots.length, shared.threads], [1, []]);
  shared.renameThread(0, "x");
  assert.deepEqual(shared.threads, []);

  const apart = new Recording(codes.table, { perThread: true, timeline: false });
  assert.deepEqual([apart.addThread(THREAD), apart.addThread(THREAD)], [0, 1]);
  apart.renameThread(1, "worker");
  apart.renameThread(1, undefined);
  assert.deepEqual(apart.threads.map(({ name }) => name), [undefined, "worker"]);
  assert.equal(apart.roots.length, 2);
});

Deno.test("an address that was used again once is looked at each time: it may be so again", () => {
  const { codes, addresses: [a, b] } = newCodes();
  const recording = new Recording(codes.table, SHARED);
  recording.addThread(THREAD);
  const cursor = new Cursor();
  const nameOf = () => {
    const node = recording.insert(0, cursor, rawStack([[a!, 2], [b!, 4]]));
    return codes.table.get(node.codeId).name;
  };
  assert.equal(nameOf(), "b");
  codes.add({ name: "second" }, b);
  codes.table.revalidate();
  assert.equal(nameOf(), "second");
  codes.add({ name: "third" }, b);
  assert.equal(nameOf(), "third", "without another check of all code objects");
});

Deno.test("the interpreter's own frame between a class and its __init__ is left out", () => {
  const { codes, addresses: [a, b] } = newCodes();
  const shim = codes.add({ name: "__init__", file: "__init__" });
  const recording = new Recording(codes.table, SHARED);
  recording.addThread(THREAD);
  const cursor = new Cursor();
  const plain = recording.insert(0, cursor, rawStack([[a!, 2], [b!, 4]]));
  for (let i = 0; i < 2; i++) {
    assert.equal(recording.insert(0, cursor, rawStack([[a!, 2], [shim, 0], [b!, 6]])), plain);
    assert.equal(recording.leafOffset, 6);
  }
  assert.equal(recording.insert(0, cursor, rawStack([[a!, 8], [shim, 0]])), plain.parent);
  assert.equal(recording.leafOffset, 8, "the leaf is the caller, at its call");
});

Deno.test("paths without samples that were never proven are forgotten, all others stay", () => {
  const { recording, insert, addresses: [a, b, c] } = newRecording();
  insert([a!, 2], [b!, 0]).prove();
  const counted = insert([a!, 4], [c!, 0], [b!, 0]);
  recording.count(0, counted, { leafOffset: 0, timeNs: 0, weightNs: 1, ...ONE });
  const torn = insert([a!, 6], [b!, 2], [b!, 2]);
  recording.prune();
  const names = treeOf(recording, recording.roots[0]!).children.map(({ children }) =>
    children.map(({ name, children }) => [name, children.map((child) => child.name)])
  );
  assert.deepEqual(names, [[["b@2", []], ["c@4", ["b@0"]]]]);
  assert.equal(insert([a!, 4], [c!, 0], [b!, 0]), counted);
  assert.notEqual(insert([a!, 6], [b!, 2], [b!, 2]), torn, "a cached node is not used any more");
});

Deno.test("samples of a path that is taken for torn go to another, and the path is forgotten after that", () => {
  const { recording, insert, addresses: [a, b, c] } = newRecording();
  const count = (node: CallNode, leafOffset: number, amount: number) =>
    recording.count(0, node, { leafOffset, timeNs: 0, weightNs: 1, activity: Activity.Native, amount });
  const known = insert([a!, 2], [b!, 0]);
  known.prove();
  const torn = insert([a!, 2], [c!, 0]);
  count(torn, 4, 3);
  recording.replaceIfTorn(torn, { node: known, leafOffset: 8 });
  recording.prune();
  torn.wantedFrom = 0;
  recording.provingReads = 399;
  recording.prune();
  assert.equal(known.selfCounts, undefined, "it may still be found");
  recording.provingReads = 400;
  recording.prune();
  count(torn, 4, 2);
  assert.deepEqual([...known.selfCounts!], [[selfKey(8, Activity.Native), 3]]);
  recording.prune();
  assert.deepEqual(
    [...known.selfCounts!],
    [[selfKey(8, Activity.Native), 5]],
    "a late sample of it counts too",
  );
  assert.equal(torn.parent!.children!.size, 2);
  recording.prune();
  assert.equal(torn.parent!.children!.size, 1);
  assert.notEqual(insert([a!, 2], [c!, 0]), torn);
});

Deno.test("a path that was searched for often is remembered, so that it is not searched for again", () => {
  const { recording, insert, addresses: [a, b] } = newRecording();
  const known = insert([a!, 2]);
  known.prove();
  const torn = insert([a!, 2], [b!, 0]);
  recording.count(0, torn, { leafOffset: 4, timeNs: 0, weightNs: 1, ...ONE });
  recording.replaceIfTorn(torn, { node: known, leafOffset: 2 });
  torn.attempts = 40;
  for (let i = 0; i < 3; i++) recording.prune();
  assert.equal(known.selfCounts!.size, 1);
  assert.equal(torn.parent!.children!.size, 1);
});

Deno.test("a stack of which nothing is shown is known in part only", () => {
  const { codes } = newCodes();
  const hidden = codes.add({ name: "__init__", file: "__init__" });
  const recording = new Recording(codes.table, SHARED);
  recording.addThread(THREAD);
  for (const stack of [[[hidden, 4]], []] as [number, number][][]) {
    assert.equal(recording.insert(0, new Cursor(), rawStack(stack)), recording.roots[0]);
    assert.deepEqual([recording.insertedPartly, recording.leafOffset], [true, CUT_OFFSET]);
  }
});

Deno.test("a path that was forgotten and is proven later stands for no other", () => {
  const { recording, insert, addresses: [a, b] } = newRecording();
  const [known, forgotten] = [insert([a!, 2], [b!, 0]), insert([a!, 4], [b!, 0])];
  recording.prune();
  forgotten.prove();
  assert.deepEqual(known.parent!.provenCalls(known.codeId), []);
  insert([a!, 2], [b!, 0]).prove();
  assert.equal(insert([a!, 2]).provenCalls(known.codeId).length, 1);
});

Deno.test("the beginning of a thread's stacks has stayed once many of them had it, with its instructions", () => {
  const { codes, addresses: [a, b, c, d] } = newCodes();
  const recording = new Recording(codes.table, SHARED);
  recording.addThread(THREAD);
  const cursor = new Cursor();
  const show = (times: number, ...stack: [number, number][]) => {
    for (let i = 0; i < times; i++) recording.insert(0, cursor, rawStack([...stack, [i % 2 ? c! : d!, i]]));
    return [1, 2, 3].map((count) => cursor.hasStayed(count));
  };
  assert.deepEqual(show(20, [a!, 2], [b!, 4]), [false, false, false]);
  assert.deepEqual(show(20, [a!, 2], [b!, 4]), [true, true, false]);
  for (let i = 0; i < 40; i++) recording.insert(0, cursor, rawStack([[a!, 2], [b!, 4], [c!, 8]]));
  assert.equal(cursor.hasStayed(3), false, "the thread may not have run meanwhile");
  assert.deepEqual(show(1, [a!, 2], [b!, 6]), [true, false, false], "another instruction");
  assert.deepEqual(show(40, [a!, 2], [b!, 6]), [true, true, false]);
  assert.deepEqual(show(1, [a!, 2], [c!, 6]), [true, false, false], "another function");
  assert.deepEqual(show(1, [b!, 2], [b!, 6]), [false, false, false]);
});
