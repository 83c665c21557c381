/** How long a command takes that is over at once: `--help` and `dump`. */
import { measure, wallMs } from "../measure.ts";
import { isPlain, type Section, SHORT_RUNS } from "../section.ts";
import { sleep, startWorkload } from "../workload.ts";

/** How long it takes to start and end. */
export const STARTUP: Section = {
  name: "startup",
  rows: [{ key: "startup", title: "`--help`, ms", digits: 1 }],
  methods: ({ rounds }) => [
    `\`--help\`: wall time from the start of the process to its end, runs: ${rounds * SHORT_RUNS}.`,
  ],
  async measure({ host, cases, add }) {
    for (let run = 0; run < SHORT_RUNS; run++) {
      for (const at of cases.filter(isPlain)) {
        add("startup", at, wallMs(await measure(host, { command: at.tool.help })));
      }
    }
  },
};

/** How long it takes to show the stacks once. */
export const DUMP: Section = {
  name: "dump",
  rows: [{ key: "dump", title: "`dump` of two threads, ms", digits: 1 }],
  methods: ({ rounds }) => [
    "`dump`: the same, of a new process with two threads of depth 13 each time, " +
    `runs: ${rounds * SHORT_RUNS}.`,
  ],
  async measure({ host, cases, add, fail }) {
    for (let run = 0; run < SHORT_RUNS; run++) {
      for (const at of cases.filter(isPlain)) {
        await using workload = await startWorkload(at.python, "two_threads.py");
        await sleep(50); // until both threads stand still
        const dump = await measure(host, { command: at.tool.dump(workload.pid) });
        if (dump.text.includes("stand_still")) add("dump", at, wallMs(dump));
        else fail(at, `a dump failed (exit code ${dump.code})`);
      }
    }
  },
};
