import assert from "node:assert/strict";
import { SHRINK_WALKS } from "../../src/cpython/frame_windows.ts";
import { FrameFields } from "../../src/cpython/frame_fields.ts";
import { MAX_DEPTH, ThreadStack, Walk } from "../../src/cpython/thread_stack.ts";
import { RawStack } from "../../src/cpython/raw_stack.ts";
import { RangeList } from "../../src/memory.ts";
import type { TargetMemory } from "../../src/memory.ts";
import { FakeThread, LAYOUT_OF_LINK } from "./fake_thread.ts";

const BASE = 0x7e00_0000_0000;
const FAR = BASE + 0x10_0000;
const OTHER_CFRAME = BASE + 0x20_0000;
/** Two frames in each of two windows, so that a call has ranges before, between and after them. */
const ADDRESSES = [BASE + 0x200, BASE + 0x300, FAR + 0x200, FAR + 0x300];
const CODES = [0x1000, 0x2000, 0x3000, 0x4000];
const LEAF_FIRST = CODES.toReversed();

function prepared(layout: ConstructorParameters<typeof FakeThread>[0]): FakeThread {
  const thread = new FakeThread(layout);
  thread.memory.write(BASE, new Uint8Array(0x1000));
  thread.memory.write(FAR, new Uint8Array(0x1000));
  thread.writeStack(ADDRESSES, CODES);
  return thread;
}

function settledMemory(layout: ConstructorParameters<typeof FakeThread>[0]): FakeThread["memory"] {
  const thread = prepared(layout);
  thread.settle();
  return thread.memory;
}

for (const [link, layout] of LAYOUT_OF_LINK) {
  const { frame: fields } = layout;

  Deno.test(`${link}: a stack that stands still is found, first by single reads, then proven by one call`, () => {
    const thread = prepared(layout);
    const first = thread.read()!;
    assert.ok(first.misses > 0);
    assert.notEqual(first.walk, Walk.Agreed, "what was read piece by piece may be of different moments");
    const result = thread.settle();
    assert.equal(result.walk, Walk.Agreed);
    assert.equal(result.misses, 0);
    assert.deepEqual(result.codes, LEAF_FIRST);
    assert.deepEqual(result.instrs, LEAF_FIRST.map((code) => code + 8));
    const once = thread.read(1)!;
    assert.deepEqual({ walk: once.walk, codes: once.codes }, { walk: Walk.Reached, codes: LEAF_FIRST });
    thread.memory.reads = 0;
    thread.read();
    assert.equal(thread.memory.reads, thread.memory.count, "a warm read is one call");
  });

  Deno.test(`${link}: a thread without frames is empty`, () => {
    const thread = prepared(layout);
    thread.setHead(0);
    const { walk, codes } = thread.settle();
    assert.deepEqual({ walk, codes }, { walk: Walk.Empty, codes: [] });
  });

  /** A change of frame 1, which is in the first window; all that a walk uses of it. */
  const CHANGES: Record<string, (thread: FakeThread) => void> = {
    "another code": (thread) => thread.memory.word(ADDRESSES[1]! + fields.code, 0x9000),
    "another caller": (thread) => thread.memory.word(ADDRESSES[1]! + fields.previous, ADDRESSES[0]! + 0x40),
    "another instruction": (thread) => thread.writeInstr(ADDRESSES[1]!, 0x2010),
  };
  for (const [name, change] of Object.entries(CHANGES)) {
    Deno.test(`${link}: ${name} between the two copies of a frame is never proven, at any border`, () => {
      const { starts, count } = settledMemory(layout);
      const isFirstWindow = (start: number) => start >= BASE && start < FAR;
      const first = starts.findIndex(isFirstWindow);
      const second = starts.findLastIndex(isFirstWindow);
      let torn = 0;
      for (let border = first; border < count; border++) {
        const thread = prepared(layout);
        thread.settle();
        thread.memory.between = (index) => index === border ? change(thread) : undefined;
        const result = thread.read()!;
        const isBetween = border >= first && border < second;
        assert.equal(
          result.walk === Walk.Agreed,
          !isBetween,
          `after range ${border} of ${count}: ${result.walk}`,
        );
        if (isBetween) torn++;
      }
      assert.ok(torn >= 2, `only ${torn} borders`);
    });
  }

  Deno.test(`${link}: the running instruction of the innermost frame may change`, () => {
    const thread = prepared(layout);
    thread.settle();
    thread.memory.between = () => thread.writeInstr(ADDRESSES[3]!, 0x4444);
    const result = thread.read()!;
    assert.equal(result.walk, Walk.Agreed);
    assert.deepEqual(result.codes, LEAF_FIRST);
  });

  Deno.test(`${link}: the stack is that of the moment when the first pointer was read`, () => {
    const thread = prepared(layout);
    thread.settle();
    thread.memory.between = (index) => index === 1 ? thread.setHead(ADDRESSES[2]!) : undefined;
    const result = thread.read()!;
    assert.deepEqual([result.walk, result.codes], [Walk.Reached, LEAF_FIRST]);
  });

  Deno.test(`${link}: a frame that was never read in advance costs a read and is not proven`, () => {
    const thread = prepared(layout);
    thread.settle();
    const added = FAR + 0x8040;
    thread.writeFrame(added, { code: 0x5000, instr: 0x5008, previous: ADDRESSES[3]! });
    thread.setHead(added);
    const result = thread.read()!;
    assert.deepEqual({ walk: result.walk, misses: result.misses }, { walk: Walk.Reached, misses: 1 });
    assert.deepEqual(result.codes, [0x5000, ...LEAF_FIRST]);
    assert.equal(thread.read()!.walk, Walk.Agreed, "it is read in advance from then on");
  });

  Deno.test(`${link}: cycles of every length end`, () => {
    for (let length = 1; length <= 200; length += length < 5 ? 1 : 39) {
      const thread = prepared(layout);
      const frames = Array.from({ length }, (_, i) => FAR + 0x1000 + i * 256);
      thread.writeStack(frames, frames.map(() => 0x1000));
      thread.memory.word(frames[0]! + fields.previous, frames.at(-1)!);
      for (let i = 0; i < 3; i++) {
        const result = thread.read()!;
        assert.deepEqual([result.walk, result.truncation], [Walk.Broken, "cycle"], `length ${length}`);
        assert.ok(result.codes.length < 100 + 4 * length, `${result.codes.length} frames`);
      }
    }
  });

  for (
    const [name, address] of [["unmapped", FAR + 0x100_0000], ["odd", FAR + 0x201], ["small", 8]] as const
  ) {
    Deno.test(`${link}: a link to an address that is ${name} ends the stack with a reason`, () => {
      const thread = prepared(layout);
      thread.memory.word(ADDRESSES[2]! + fields.previous, address);
      const result = thread.settle();
      assert.deepEqual([result.walk, result.truncation], [Walk.Broken, "unreadable"]);
      assert.deepEqual(result.codes, [0x4000, 0x3000]);
    });
  }

  Deno.test(`${link}: of a stack whose innermost frames were left meanwhile the outer ones are found`, () => {
    const thread = prepared(layout);
    const leave = (address: number) => thread.writeFrame(address, { code: 0, instr: 0, previous: 1 });
    leave(ADDRESSES[3]!);
    assert.equal(thread.read(1)!.walk, Walk.Broken, "nothing is known of the stack yet");
    thread.writeStack(ADDRESSES, CODES);
    thread.settle();
    leave(ADDRESSES[3]!);
    const one = thread.read(1)!;
    assert.deepEqual({ walk: one.walk, codes: one.codes }, { walk: Walk.Outer, codes: LEAF_FIRST.slice(1) });
    leave(ADDRESSES[2]!);
    leave(ADDRESSES[1]!);
    const three = thread.read(1)!;
    assert.deepEqual({ walk: three.walk, codes: three.codes }, {
      walk: Walk.Outer,
      codes: LEAF_FIRST.slice(3),
    });
    assert.equal(thread.read(2)!.walk, Walk.Broken, "it proves nothing");
    leave(ADDRESSES[0]!);
    assert.equal(thread.read(1)!.walk, Walk.Broken);
    thread.writeStack(ADDRESSES, CODES);
    thread.memory.word(ADDRESSES[2]! + fields.code, 0x9000);
    leave(ADDRESSES[3]!);
    const another = thread.read(1)!;
    assert.deepEqual(another.codes, [0x9000, ...LEAF_FIRST.slice(2)], "it is of this read");
  });

  Deno.test(`${link}: memory that goes away fails the call, is forgotten, and what is left is read`, () => {
    const thread = prepared(layout);
    thread.settle();
    const page = thread.memory.pages.get(FAR / 4096)!;
    thread.memory.pages.delete(FAR / 4096);
    assert.equal(thread.read(), undefined);
    assert.equal(
      thread.stack.forgetRange(
        thread.memory.starts.findIndex((start) => start >= FAR && start < FAR + 0x1000),
      ),
      true,
    );
    assert.deepEqual([thread.read()!.walk, thread.read()!.truncation], [Walk.Broken, "unreadable"]);
    thread.memory.pages.set(FAR / 4096, page);
    assert.equal(thread.settle().walk, Walk.Agreed);
  });

  Deno.test(`${link}: ranges of others and the thread itself cannot be forgotten`, () => {
    const thread = prepared(layout);
    thread.settle();
    const windows = layout.traits.frameLink === "cframe" ? 3 : 2;
    const echoes = fields.owner < 0 ? 0 : 1;
    const answers = Array.from({ length: 4 + 2 * windows + echoes }, (_, i) => {
      const fresh = prepared(layout);
      fresh.settle();
      return fresh.stack.forgetRange(i - 1);
    });
    const copy = (ranges: number) => [false, ...Array<boolean>(ranges).fill(true)];
    assert.deepEqual(answers, [false, ...copy(windows + echoes), ...copy(windows), false]);
  });

  Deno.test(`${link}: what is no longer used is no longer read`, () => {
    const thread = prepared(layout);
    thread.settle();
    const before = thread.memory.count;
    thread.setHead(ADDRESSES[1]!);
    for (let i = 0; i < 3 * SHRINK_WALKS; i++) thread.read();
    const result = thread.read()!;
    assert.deepEqual([result.walk, result.codes], [Walk.Agreed, [0x2000, 0x1000]]);
    assert.equal(thread.memory.count, before - 2, "one window less, in both copies");
  });
}

Deno.test("entries from C are not shown, but their links are followed", () => {
  for (const link of ["direct", "cframe"] as const) {
    const layout = LAYOUT_OF_LINK.get(link)!;
    const thread = prepared(layout);
    const shim = { code: 0x7000, instr: 0, previous: ADDRESSES[1]!, owner: layout.traits.shimOwner };
    thread.writeFrame(ADDRESSES[2]!, shim);
    assert.deepEqual(thread.settle().codes, [0x4000, 0x2000, 0x1000]);
    thread.setHead(ADDRESSES[2]!);
    assert.deepEqual(thread.settle().codes, [0x2000, 0x1000], link);
    thread.setHead(ADDRESSES[0]! - 256);
    assert.equal(thread.settle().walk, Walk.Empty, link);
  }
});

Deno.test("tag bits of code pointers are taken off where the version has them", () => {
  const tagged = prepared(LAYOUT_OF_LINK.get("direct")!);
  tagged.memory.word(ADDRESSES[3]! + tagged.layout.frame.code, 0x4001);
  assert.deepEqual(tagged.settle().codes, LEAF_FIRST);
  const plain = prepared(LAYOUT_OF_LINK.get("frame_object")!);
  plain.memory.word(ADDRESSES[3]! + plain.layout.frame.code, 0x4001);
  assert.equal(plain.settle().codes[0], 0x4001);
});

Deno.test("two copies by way of a C stack frame that the thread has left do not agree", () => {
  const agreed: boolean[] = [];
  for (let border = 0; border < 9; border++) {
    const thread = prepared(LAYOUT_OF_LINK.get("cframe")!);
    thread.memory.write(OTHER_CFRAME, new Uint8Array(64));
    thread.settle();
    const what = "twice: the thread, its place on the C stack, two windows; and an echo of one of these";
    assert.equal(thread.memory.count, 9, what);
    // What stood there has been overwritten when it is read: the stack is another one now.
    thread.memory.between = (index) => {
      if (index !== border) return;
      const left = thread.wordAt(thread.tstate + thread.layout.thread.frame);
      thread.moveCframe(OTHER_CFRAME);
      thread.memory.word(left + thread.layout.cframe.currentFrame, ADDRESSES[0]!);
    };
    agreed.push(thread.read()!.walk === Walk.Agreed);
    thread.memory.between = () => {};
    thread.settle();
    assert.equal(thread.read()!.walk, Walk.Agreed, "the new place is read in advance from then on");
  }
  // From the seventh range on both pointers were read before the change.
  assert.deepEqual(agreed, [false, false, false, false, false, false, true, true, true]);
});

for (const link of ["cframe", "cframe without shims"]) {
  const layout = LAYOUT_OF_LINK.get(link)!;
  const { currentFrame } = layout.cframe;
  const hasShims = layout.traits.shimOwner < 256;

  /** A stack, and the frame of another call that C has made from its end; the thread is not there any more. */
  const withEarlierCall = (address: number): FakeThread => {
    const thread = prepared(layout);
    thread.memory.write(OTHER_CFRAME, new Uint8Array(64));
    thread.memory.write(address - 0x100, new Uint8Array(0x200));
    const shim = address - 0x100;
    const caller = ADDRESSES[3]!;
    if (hasShims) {
      thread.writeFrame(shim, { code: 0, instr: 0, previous: caller, owner: layout.traits.shimOwner });
    }
    const previous = hasShims ? shim : caller;
    thread.writeFrame(address, { code: 0x5000, instr: 0x5008, previous, isEntry: true });
    thread.memory.word(OTHER_CFRAME + currentFrame, address);
    return thread;
  };

  Deno.test(`${link}: frames that C has called are shown once their place is set`, () => {
    const thread = withEarlierCall(FAR + 0x800);
    thread.enterPlace(OTHER_CFRAME);
    assert.deepEqual(thread.settle().codes, [0x5000, ...LEAF_FIRST]);
    assert.equal(thread.read()!.walk, Walk.Agreed);
    assert.deepEqual(thread.read(1, true)!.codes, [0x5000, ...LEAF_FIRST]);
  });

  /** What may stand in a place that is entered and not yet set. */
  const LEFT_OVER: Record<string, (thread: FakeThread) => void> = {
    "nothing": (thread) => thread.memory.word(OTHER_CFRAME + currentFrame, 0),
    "a frame that another one called": (thread) => thread.setHead(ADDRESSES[1]!),
    "a frame that is no longer called": (thread) =>
      thread.memory.word(FAR + 0x800 + layout.frame.previous, 0),
    "a frame in memory that is free": (thread) => {
      thread.memory.word(thread.tstate + layout.thread.datastackTop, FAR + 0x800);
      thread.memory.word(thread.tstate + layout.thread.datastackLimit, FAR + 0x1000);
    },
  };
  for (const [name, change] of Object.entries(LEFT_OVER)) {
    Deno.test(`${link}: ${name}, in a place that is not set, is no proof, and the place outside of it holds`, () => {
      const thread = withEarlierCall(FAR + 0x800);
      change(thread);
      const expected = [...thread.settle().codes];
      thread.enterPlace(OTHER_CFRAME);
      for (let i = 0; i < 5; i++) thread.read();
      assert.equal(thread.read()!.walk, Walk.Broken);
      const resting = thread.read(1, true)!;
      assert.deepEqual([resting.walk, resting.codes], [Walk.Reached, expected]);
      assert.equal(thread.stack.isOutside, true);
    });
  }
}

for (const link of ["cframe without shims", "cframe"]) {
  Deno.test(`${link}: a place that holds zeros, since it is not set, does not say that no Python code runs`, () => {
    const thread = prepared(LAYOUT_OF_LINK.get(link)!);
    thread.settle();
    const { cframe } = thread.layout;
    thread.enterPlace(OTHER_CFRAME);
    thread.memory.word(OTHER_CFRAME + cframe.currentFrame, 0);
    thread.memory.word(OTHER_CFRAME + cframe.previous, 0);
    for (const isResting of [false, true]) assert.equal(thread.read(1, isResting)!.walk, Walk.Broken);
  });
}

Deno.test("where a walk led nowhere is not read in advance, but while hardly anything is", () => {
  const misses = (count: number) => {
    const thread = new FakeThread(LAYOUT_OF_LINK.get("direct")!);
    const frames = Array.from({ length: count }, (_, i) => FAR + i * 0x10_0000);
    thread.writeStack(frames, frames.map((_, i) => 0x1000 * (i + 1)));
    thread.settle();
    const left = FAR + 0x4000_0000;
    thread.writeFrame(left, { code: 0x9000, instr: 0x9008, previous: 0 });
    thread.setHead(left);
    return [1, 2].map(() => {
      const { walk, misses } = thread.read()!;
      assert.equal(walk, Walk.Broken);
      return misses;
    });
  };
  assert.deepEqual(misses(6), [1, 1]);
  assert.deepEqual(misses(1), [1, 0]);
});

Deno.test("a stack without end is cut at the limit", () => {
  const layout = LAYOUT_OF_LINK.get("frame_object")!;
  const step = 64;
  /** Each word points to `step` before the frame whose link it would be. */
  const endless: TargetMemory = {
    readv(ranges: RangeList, into: Uint8Array<ArrayBuffer>): number {
      const view = new DataView(into.buffer, into.byteOffset, into.byteLength);
      let at = 0;
      for (let i = 0; i < ranges.count; i++) {
        for (
          let address = ranges.addressAt(i);
          address < ranges.addressAt(i) + ranges.lengthAt(i);
          address += 8, at += 8
        ) {
          const value = address - layout.frame.previous - step;
          view.setUint32(at, value % 2 ** 32, true);
          view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
        }
      }
      return at;
    },
  };
  const stack = new ThreadStack(BASE, new FrameFields(layout), endless);
  const ranges = new RangeList();
  stack.plan(ranges, 1);
  const arena = new Uint8Array(4096);
  endless.readv(ranges, arena);
  const raw = new RawStack();
  assert.equal(
    stack.walk({ words: new Uint32Array(arena.buffer), bytes: arena, stack: raw }, {
      isResting: false,
      isForProof: false,
    }),
    Walk.Broken,
  );
  assert.equal(stack.truncation, "too_deep");
  assert.equal(raw.depth, MAX_DEPTH);
});
