/** A sampler at work on a reader that gives what a test says. */
import { CUT_OFFSET, selfParts } from "../../src/call_node.ts";
import type { CallNode } from "../../src/call_node.ts";
import { NOT_CODE } from "../../src/cpython/code_table.ts";
import { Recording } from "../../src/recording.ts";
import { Histogram } from "../../src/histogram.ts";
import { newCounters, Sampler } from "../../src/sampler.ts";
import type { Clock, SampleCounters } from "../../src/types.ts";
import type { StackReader } from "../../src/stack_reader.ts";
import { FakeReader } from "./fake_reader.ts";
import type { Step } from "./fake_reader.ts";

/** What a test has at hand. */
export interface Setup {
  readonly reader: FakeReader;
  readonly sampler: Sampler;
  readonly recording: Recording;
  readonly counters: SampleCounters;
  readonly clock: { time: number; stepMs: number };
  /** Samples once, now. */
  tick(): boolean;
  counts(): Record<string, number>;
}

/** Shape: the steps of each thread. */
export function setUp(
  threads: readonly Step[][],
  { timeline = false, blocking = false, byCpuTime = false, canInterrupt = false } = {},
): Setup {
  const reader = new FakeReader();
  reader.canInterrupt = canInterrupt;
  for (const steps of threads) reader.addThread(steps);
  const state = { time: 0, stepMs: 0 };
  const clock: Clock = {
    now: () => state.time += state.stepMs,
    begin: () => {},
    end: () => {},
    wait: () => undefined,
    pause: () => ++reader.pauses > 0,
    random: () => 0,
  };
  const recording = new Recording(reader.codes.table, { perThread: timeline, timeline });
  const counters = newCounters();
  const times = { read: new Histogram(), pause: new Histogram() };
  const sampler = new Sampler(
    { reader: reader as unknown as StackReader, recording, clock, counters, times, startMs: 0 },
    { rateHz: 100, durationSeconds: undefined, selection: "all", blocking, byCpuTime },
  );
  const counts = () => {
    const found: Record<string, number> = {};
    const visit = (node: CallNode, path: string) => {
      const name = node.codeId === NOT_CODE ? path : `${path} ${reader.codes.table.get(node.codeId).name}`;
      for (const [self, count] of node.selfCounts ?? []) {
        const offset = selfParts(self).leafOffset;
        const end = offset === CUT_OFFSET ? " cut" : `:${offset}`;
        const key = `${name}${end}${node.proven ? "" : " unproven"}`.trim();
        found[key] = (found[key] ?? 0) + count;
      }
      for (const child of node.children?.values() ?? []) visit(child, name);
    };
    recording.roots.forEach((root) => visit(root, ""));
    return found;
  };
  const tick = () => {
    const isReadable = sampler.tick(clock.now());
    sampler.prove(Infinity);
    return isReadable;
  };
  return { reader, sampler, recording, counters, clock: state, tick, counts };
}
