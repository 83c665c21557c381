import assert from "node:assert/strict";
import { Cursor, Recording } from "../../src/recording.ts";
import { StackLookup } from "../../src/stack_lookup.ts";
import type { StackReader } from "../../src/stack_reader.ts";
import type { ReadThread, ThreadEntry } from "../../src/thread_table.ts";
import type { Clock } from "../../src/types.ts";
import { FakeCodes, rawStack } from "./fake_codes.ts";

/** A thread on whose processor we are to search there, or for one read. */
function setUp({ where = "search", onLeave = () => {} }: {
  where?: "search" | "visit" | "elsewhere";
  onLeave?: () => void;
} = {}) {
  const codes = new FakeCodes();
  const recording = new Recording(codes.table, { perThread: false, timeline: false });
  const reader = {
    stack: rawStack([]),
    rest: { isJoined: where === "search" },
    isOfVisit: where === "visit",
    left: 0,
    /** Calls of the system before it was left last. */
    callsBefore: 0,
    leaveProcessor(): void {
      this.rest.isJoined = false;
      this.left++;
      this.callsBefore = codes.memory.reads;
      onLeave();
    },
  };
  const state = { timeMs: 5 };
  const clock = { now: () => state.timeMs } as Clock;
  const lookup = new StackLookup(reader as unknown as StackReader, recording, clock);
  const info = { pid: 1, threadId: 2, osThreadId: 3, name: undefined, interpreterId: 0 };
  const index = recording.addThread(info);
  const entry: ThreadEntry = { thread: { info } as ReadThread, cursor: new Cursor(), index };
  const insert = (...addresses: number[]) => {
    Object.assign(reader, { stack: rawStack(addresses.map((address) => [address, 0])) });
    reader.rest.isJoined = where === "search";
    codes.memory.reads = 0;
    if (where === "visit") {
      lookup.capture();
      reader.leaveProcessor();
    }
    const node = lookup.insert(entry);
    const names: string[] = [];
    for (let at = node; at.parent !== undefined; at = at.parent) {
      const { name, lineTable } = codes.table.get(at.codeId);
      names.unshift(lineTable === undefined ? `${name} without lines` : name);
    }
    return { path: names.join(" "), isWhole: !recording.insertedPartly };
  };
  const free = (address: number) => codes.memory.word(address + codes.layout.object.type, 0);
  return { codes, reader, lookup, insert, free, clock: state };
}

Deno.test("a thread that we visit waits for one call only, in which code that is new is told apart", () => {
  const { codes, reader, insert } = setUp({ where: "visit" });
  const [a, b, c] = ["a", "b", "c"].map((name) => codes.add({ name }));
  assert.deepEqual(insert(a!), { path: "a", isWhole: true });
  assert.deepEqual(insert(a!, b!, c!), { path: "a b c", isWhole: true });
  assert.deepEqual([reader.left, reader.callsBefore], [2, 1]);
  assert.ok(codes.memory.reads <= 4, `${codes.memory.reads} calls: structs, the known one, texts, structs`);
  insert(a!, b!);
  assert.deepEqual([reader.left, reader.callsBefore], [3, 0], "nothing is new");
});

Deno.test("code that is freed, or used again, as soon as its thread goes on is not mistaken for other code", () => {
  const onLeave: (() => void)[] = [];
  const { codes, insert, free } = setUp({
    where: "visit",
    onLeave: () => onLeave.splice(0).forEach((f) => f()),
  });
  const [a, b, c] = ["a", "b", "c"].map((name) => codes.add({ name }));
  insert(a!);
  const gone = codes.add({ name: "gone" }, 0x7f55_0000_0000);
  onLeave.push(() => codes.memory.pages.delete(gone / 4096));
  assert.deepEqual(insert(a!, gone), { path: "a", isWhole: false });
  onLeave.push(() => free(c!));
  assert.deepEqual(insert(a!, b!, c!), { path: "a b", isWhole: false });
  codes.add({ name: "c" }, c);
  onLeave.push(() => codes.add({ name: "d" }, c));
  assert.deepEqual(insert(a!, b!, c!), { path: "a b", isWhole: false });
  assert.deepEqual(insert(a!, b!, c!), { path: "a b d", isWhole: true });
  // Known, and another one by the time that it is compared: since when is unknown.
  onLeave.push(() => codes.add({ name: "e" }, b));
  assert.deepEqual(insert(a!, b!), { path: "a", isWhole: false });
  codes.add({ name: "f" }, b);
  assert.deepEqual(insert(a!, b!), { path: "a f", isWhole: true }, "from now on it is looked at before");
});

Deno.test("a search stays for a few code objects that are new, and leaves for many", () => {
  const { codes, reader, lookup, insert, clock } = setUp();
  const addresses = Array.from({ length: 33 }, (_, i) => codes.add({ name: `f${i}` }));
  assert.equal(insert(...addresses.slice(0, 16)).isWhole, true);
  assert.equal(reader.left, 0);
  assert.equal(insert(...addresses).path, addresses.map((_, i) => `f${i}`).join(" "));
  assert.equal(reader.left, 1);
  clock.timeMs = 9;
  assert.equal(lookup.joinedUntilMs, 5, "when it was left");
});

Deno.test("a thread is left for a stack that is very deep, not for one that is known", () => {
  const { codes, reader, insert } = setUp();
  const address = codes.add({ name: "f" });
  codes.table.idOf(address);
  insert(address, address);
  assert.equal(reader.left, 0);
  insert(...Array.from({ length: 1001 }, () => address));
  assert.deepEqual([reader.left, reader.callsBefore], [1, 0], "nor is it checked before");
});

Deno.test("from elsewhere there is nothing to leave", () => {
  const { codes, reader, insert } = setUp({ where: "elsewhere" });
  assert.equal(insert(codes.add({ name: "f" })).path, "f");
  assert.equal(reader.left, 0);
});
