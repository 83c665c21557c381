/** What each thread did in time order, for formats that show time. */
import type { Profile, StackCount } from "../profile.ts";
import { secondsPerCount } from "./numbers.ts";

/** What a count stands for where nothing says how long it was. Units: ns. */
const UNKNOWN_NS = 1e7;

/** The runs of one thread. Shape: parallel arrays; `stack` indexes `Profile.stacks`. Units: ns since the start. */
export interface ThreadRuns {
  readonly pid: number;
  /** Unique among the threads of its process. */
  readonly tid: number;
  /** The thread's own name, if it has one. */
  readonly name: string | undefined;
  /** The command line of its process. */
  readonly command: readonly string[];
  readonly stack: number[];
  readonly startNs: number[];
  readonly weightNs: number[];
}

/** Time between two samples where each sample stands for just as long; 0 else. Units: ns. */
export function intervalNs({ info, timeline }: Profile): number {
  const isCounted = info.unit === undefined || info.unit === "sample";
  return timeline !== undefined && isCounted && info.rateHz > 0 ? 1e9 / info.rateHz : 0;
}

/** The time that a count of one has in the runs. */
export function secondsEach(profile: Profile): number {
  return (intervalNs(profile) || secondsPerCount(profile.info) * 1e9 || UNKNOWN_NS) / 1e9;
}

/**
 * The runs of each thread, in the order in which threads were first seen.
 *
 * Samples are taken at a random moment of their interval; here each is given its interval, so that those that follow each
 * other touch, and what lies between others is a gap. Without a timeline, stacks are laid end to end.
 *
 * Invariant: the runs of a thread do not overlap, and their weights are those of the timeline.
 */
export function threadRuns(profile: Profile): ThreadRuns[] {
  const places = new Map<string, ThreadRuns>();
  const of = (stack: StackCount) => {
    const thread = profile.threads[stack.thread];
    const owner = profile.processes?.[stack.process ?? -1];
    const pid = owner?.pid ?? thread?.pid ?? profile.info.pid;
    const tid = thread?.osThreadId || thread?.threadId || pid;
    const key = `${pid},${tid}`;
    let runs = places.get(key);
    if (runs === undefined) {
      const name = thread?.name ?? thread?.osName;
      const command = owner?.command ?? (pid === profile.info.pid ? profile.info.command : []);
      runs = { pid, tid, name, command, stack: [], startNs: [], weightNs: [] };
      places.set(key, runs);
    }
    return runs;
  };
  const interval = intervalNs(profile);
  const add = (index: number, { startNs, weightNs }: { startNs: number; weightNs: number }) => {
    const runs = of(profile.stacks[index]!);
    const last = runs.startNs.length - 1;
    const end = last < 0 ? 0 : runs.startNs[last]! + runs.weightNs[last]!;
    const slot = interval > 0 ? Math.floor(startNs / interval + 1e-6) * interval : startNs;
    // Nanoseconds are whole: sums of fractions would leave gaps between runs that touch.
    const start = slot - end < 1 ? end : slot;
    runs.stack.push(index);
    runs.startNs.push(start);
    runs.weightNs.push(weightNs);
  };
  const { timeline } = profile;
  if (timeline === undefined) {
    const each = secondsEach(profile) * 1e9;
    profile.stacks.forEach(({ count }, i) => {
      if (count > 0) add(i, { startNs: 0, weightNs: count * each });
    });
  } else {
    timeline.stack.forEach((stack, i) => {
      const weightNs = timeline.weightNs[i]!;
      if (weightNs > 0) add(stack, { startNs: timeline.startNs[i]!, weightNs });
    });
  }
  return [...places.values()];
}
