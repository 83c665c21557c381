/** Profiles for the tests of formats, and what of them must come back. */
import type { Profile } from "../../src/profile.ts";
import { secondsPerCount } from "../../src/render/numbers.ts";
import { countFunctions } from "../../src/render/summary.ts";
import { frame, HOSTILE, INFO, thread } from "./render_helper.ts";

const RATE = 100;
const INTERVAL_NS = 1e9 / RATE;

/** Four processes of three threads each, in time order, with a pause in each thread; names are as bad as they can be. */
export function busyTree(): Profile {
  const names = HOSTILE.filter((name) => name.length < 100);
  const frames = names.flatMap((name, i) => [
    frame(name, `/srv/${names[(i + 3) % names.length]}.py`, 10 + i, 5),
    frame(name, `/srv/${names[(i + 3) % names.length]}.py`, 20 + i, 5),
  ]);
  const processes = [100, 200, 300, 400].map((pid) => ({ pid, command: ["python", `app "${pid}";.py`] }));
  const threads = processes.flatMap(({ pid }) =>
    [0, 1, 2].map((i) => ({ ...thread(pid + i, i === 0 ? "MainThread" : `W;${i}`), pid }))
  );
  const stacks: { thread: number; process: number; frames: number[]; count: number; byActivity: number[] }[] =
    [];
  const timeline = { stack: [] as number[], startNs: [] as number[], weightNs: [] as number[] };
  let seed = 7;
  const random = (limit: number) => (seed = seed * 48271 % 0x7fff_ffff) % limit;
  threads.forEach((_, index) => {
    const base = stacks.length;
    for (let i = 0; i < 5; i++) {
      const path = Array.from({ length: 1 + random(6) }, () => random(frames.length));
      stacks.push({
        thread: index,
        process: Math.floor(index / 3),
        frames: path,
        count: 0,
        byActivity: [0, 0, 0, 0],
      });
    }
    let tick = random(5);
    for (let run = 0; run < 20; run++) {
      const count = 1 + random(4);
      const one = base + random(5);
      stacks[one]!.count += count;
      stacks[one]!.byActivity[random(4)]! += count;
      timeline.stack.push(one);
      timeline.startNs.push((tick + random(1000) / 1000) * INTERVAL_NS);
      timeline.weightNs.push(count * INTERVAL_NS);
      tick += count + (run % 7 === 3 ? 4 : 0);
    }
  });
  const order = timeline.startNs.map((_, i) => i).sort((a, b) => timeline.startNs[a]! - timeline.startNs[b]!);
  const seen = stacks.filter(({ count }) => count > 0);
  const samples = stacks.reduce((sum, { count }) => sum + count, 0);
  return {
    info: {
      ...INFO,
      command: ["python", "a b", HOSTILE[0]!],
      rateHz: RATE,
      ticks: 90,
      durationSeconds: 1,
      samples,
    },
    frames,
    threads,
    processes,
    stacks: seen,
    timeline: {
      stack: order.map((i) => seen.indexOf(stacks[timeline.stack[i]!]!)),
      startNs: order.map((i) => timeline.startNs[i]!),
      weightNs: order.map((i) => timeline.weightNs[i]!),
    },
  };
}

/** Counts of self and total by function name. Units: seconds, to the millisecond, or counts. */
export function totalsOf(
  profile: Profile,
  { inSeconds = false, name = (text: string) => text }: {
    inSeconds?: boolean;
    name?: (text: string) => string;
  } = {},
): Map<string, string> {
  const each = inSeconds ? secondsPerCount(profile.info) : 1;
  const sums = new Map<string, { self: number; total: number }>();
  for (const one of countFunctions({ ...profile, ...byName(profile, name) })) {
    const sum = sums.get(one.frame.name) ?? { self: 0, total: 0 };
    sums.set(one.frame.name, { self: sum.self + one.self, total: sum.total + one.total });
  }
  const text = (value: number) => inSeconds ? (value * each).toFixed(3) : String(value);
  return new Map(
    [...sums].map(([key, { self, total }]) => [key, `${text(self)} ${text(total)}`] as const).sort(),
  );
}

/** One function for each name, whatever its file and line: what all formats can say. */
function byName({ frames }: Profile, name: (text: string) => string): Pick<Profile, "frames" | "fullFiles"> {
  const shown = frames.map((one) => ({ name: name(one.name), file: "", line: 0, firstLine: 0 }));
  return { frames: shown, fullFiles: shown.map(() => "") };
}

/** Samples by process and thread. Shape: "pid tid" to count. */
export function countsByThread(profile: Profile): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { thread, count } of profile.stacks) {
    const { pid, osThreadId } = profile.threads[thread]!;
    const key = `${pid} ${osThreadId}`;
    counts.set(key, (counts.get(key) ?? 0) + count);
  }
  return new Map([...counts].sort());
}
