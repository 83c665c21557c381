/** Whether the stack traces that a tool shows ever existed. */
import { isPossibleInChains } from "../programs.ts";
import { record } from "../recording.ts";
import { LEAD_IN, type Section, USUAL_RATE } from "../section.ts";
import { startWorkload } from "../workload.ts";

const PROGRAM = "call_chains.py";

/** Recordings of a program whose stack traces can be checked one by one. */
export const TRUTH: Section = {
  name: "truth",
  rows: [
    { key: "impossible", title: "truth: impossible stack traces, %", digits: 3 },
    { key: "missing", title: "truth: samples missing from the output, %", digits: 1 },
    { key: "failed", title: "truth: samples that failed, by the tool's own account, %", digits: 1 },
    { key: "cut", title: "truth: samples marked as cut, %", digits: 1 },
    { key: "truth-missed", title: "truth: time that the target had no CPU, %", digits: 1 },
  ],
  methods: ({ seconds }) => [
    `truth: ${seconds + LEAD_IN} seconds at ${USUAL_RATE} Hz of a program of tiny functions that call each ` +
    "other in chains which can never mix, so that each stack trace can be checked by itself.",
    "missing: how much the samples in the output fall short of the rate times the time.",
    "cut: only pyspy marks samples whose inner frames it could not prove; it shows the outer ones, and [cut].",
    "time that the target had no CPU: as the CPU time lost, but with what it misses without a profiler. A " +
    "target that stands still is easy to read: many true stack traces may have been paid for with this.",
  ],
  async measure(bench) {
    const { cases, seconds, add } = bench;
    for (const at of cases) {
      await using workload = await startWorkload(at.python, PROGRAM);
      let impossible = 0;
      const recorded = await record(bench, {
        at,
        program: PROGRAM,
        pid: workload.pid,
        rateHz: USUAL_RATE,
        seconds: seconds + LEAD_IN,
        visit: (frames, count) => {
          if (!isPossibleInChains(frames)) impossible += count;
        },
      });
      if (recorded === undefined) continue;
      const { run, stacks, cut, achievedHz } = recorded;
      add("impossible", at, 100 * impossible / stacks);
      add("missing", at, Math.max(0, 100 * (1 - achievedHz / USUAL_RATE)));
      add("failed", at, at.tool.failed(run.text));
      if (at.tool.family.startsWith("pyspy")) add("cut", at, 100 * cut / stacks);
      add("truth-missed", at, recorded.missed);
    }
  },
};
