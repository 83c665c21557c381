import assert from "node:assert/strict";
import { CUT_OFFSET, selfParts } from "../../src/call_node.ts";
import type { CallNode } from "../../src/call_node.ts";
import { Cursor, Recording } from "../../src/recording.ts";
import { Sight } from "../../src/sighting.ts";
import { StandIns } from "../../src/stand_ins.ts";
import { Activity } from "../../src/types.ts";
import { FakeCodes, rawStack } from "./fake_codes.ts";

/** Enough reads that proved whatever path for one that was to be proven before to be taken for torn. */
const MANY_READS = 400;

function setUp({ timeline = false } = {}) {
  const codes = new FakeCodes();
  const addresses = new Map(["a", "b", "c"].map((name) => [name, codes.add({ name })]));
  const recording = new Recording(codes.table, { perThread: false, timeline });
  const info = { pid: 1, threadId: 2, osThreadId: 3, name: undefined, interpreterId: 0 };
  const index = recording.addThread(info);
  const standIns = new StandIns(recording);
  /** Shape: "a:2 b:0" is root first, with instructions. */
  const insert = (text: string) =>
    recording.insert(
      index,
      new Cursor(),
      rawStack(
        text.split(" ").map((part) => {
          const [name, instr] = part.split(":");
          return [addresses.get(name!)!, Number(instr)] as const;
        }),
      ),
    );
  const count = (node: CallNode) =>
    recording.count(index, node, {
      leafOffset: 4,
      activity: Activity.Gil,
      timeNs: 0,
      weightNs: 1,
      amount: 1,
    });
  const proven = (text: string) => {
    const node = insert(text);
    node.prove();
    return node;
  };
  /** A sample of a path that is to be proven, and that waits for another. */
  const torn = (text: string) => {
    const node = insert(text);
    node.wantedFrom = recording.provingReads;
    count(node);
    standIns.await(node);
  };
  const upkeep = () => {
    standIns.mergeTorn();
    recording.prune();
  };
  /** Samples below a path, and how many of them are cut. */
  const samplesBelow = (start: CallNode) => {
    const found = { whole: 0, cut: 0, paths: 0 };
    const nodes = [start];
    for (const node of nodes) {
      nodes.push(...node.children?.values() ?? []);
      found.paths += node.selfCounts === undefined ? 0 : 1;
      for (const [key, amount] of node.selfCounts ?? []) {
        found[selfParts(key).leafOffset === CUT_OFFSET ? "cut" : "whole"] += amount;
      }
    }
    return found;
  };
  return { recording, standIns, insert, proven, torn, upkeep, samplesBelow };
}

Deno.test("torn paths that wait are put together with all that begin like them, and stay so few", () => {
  const { recording, standIns, proven, torn, upkeep, samplesBelow } = setUp();
  const start = proven("a:2 b:0");
  for (let instr = 0; instr < 20; instr += 2) torn(`a:2 b:${instr} c:0`);
  upkeep();
  assert.deepEqual(samplesBelow(start), { whole: 10, cut: 0, paths: 10 }, "they may still be found");
  recording.provingReads += MANY_READS;
  for (let instr = 20; instr < 24; instr += 2) torn(`a:2 b:${instr} c:0`);
  upkeep();
  assert.deepEqual(samplesBelow(start), { whole: 2, cut: 10, paths: 3 });
  recording.provingReads += MANY_READS;
  upkeep();
  upkeep();
  assert.deepEqual(samplesBelow(start), { whole: 0, cut: 12, paths: 1 });
  assert.equal(start.children!.size, 1);
  const later = proven("a:2 b:4 b:0");
  standIns.offer({ sight: Sight.Whole, node: later, leafOffset: 6 });
  upkeep();
  assert.deepEqual(samplesBelow(later), { whole: 12, cut: 0, paths: 1 });
});

Deno.test("one that was proven meanwhile keeps its samples", () => {
  const { recording, insert, proven, torn, upkeep, samplesBelow } = setUp();
  const start = proven("a:2 b:0");
  torn("a:2 b:4 c:0");
  insert("a:2 b:4 c:0").prove();
  recording.provingReads += MANY_READS;
  upkeep();
  assert.deepEqual(samplesBelow(start), { whole: 1, cut: 0, paths: 1 });
});

Deno.test("a timeline keeps its nodes", () => {
  const { recording, proven, torn, upkeep, samplesBelow } = setUp({ timeline: true });
  const start = proven("a:2 b:0");
  torn("a:2 b:4 c:0");
  recording.provingReads += MANY_READS;
  upkeep();
  assert.deepEqual(samplesBelow(start), { whole: 1, cut: 0, paths: 1 });
});
