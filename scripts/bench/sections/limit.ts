/** The highest rate that a tool keeps up, and what that costs the target. */
import { isCut } from "../folded.ts";
import { isWholeInLoop } from "../programs.ts";
import { lostShare, record } from "../recording.ts";
import { REST_ROW, type Section } from "../section.ts";
import { sleep, startWorkload, WARM_UP } from "../workload.ts";

const PROGRAM = "deep_loop.py";

/** More than any tool reaches: each then does what it can. 1 µs is austin's and Tachyon's least interval. */
const HIGHEST_RATE = 1_000_000;

/** Each tool asked for more samples than it can take. */
export const LIMIT: Section = {
  name: "limit",
  rows: [
    { key: "limit", title: "highest rate: stack traces a second", digits: 0 },
    { key: "limit-broken", title: "highest rate: of these incomplete or impossible, %", digits: 2 },
    { key: "limit-lost", title: "highest rate: CPU time lost by the target, %", digits: 1 },
  ],
  methods: ({ seconds }) => [
    `highest rate: ${
      limitSeconds(seconds)
    } seconds of a program that is busy at depth 30 on one thread, by ` +
    `tools that are asked for ${HIGHEST_RATE.toLocaleString("en-US")} samples a second ` +
    "(austin: for an interval of 1 µs). Stack traces in the output, by the time of sampling.",
    "incomplete or impossible: each of these stack traces is compared with those that the program can have. " +
    "Those that pyspy marks as cut count too.",
  ],
  async measure(bench) {
    for (const at of bench.cases) {
      await using workload = await startWorkload(at.python, PROGRAM);
      await sleep(WARM_UP);
      let broken = 0;
      const recorded = await record(bench, {
        at,
        program: PROGRAM,
        pid: workload.pid,
        rateHz: HIGHEST_RATE,
        seconds: limitSeconds(bench.seconds),
        withRests: true,
        visit: (frames, count) => {
          if (isCut(frames) || !isWholeInLoop(frames)) broken += count;
        },
      });
      if (recorded === undefined) continue;
      bench.add("limit", at, recorded.achievedHz);
      bench.add("limit-broken", at, 100 * broken / recorded.stacks);
      bench.add("limit-lost", at, lostShare(recorded));
      bench.add(REST_ROW.key, at, recorded.missedAtRest);
    }
  },
};

/** At such rates a short time has many samples; it must reach beyond the start-up. */
function limitSeconds(seconds: number): number {
  return Math.max(2, seconds);
}
