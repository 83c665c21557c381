/** What a recording costs at ordinary rates: the profiler's CPU time and memory, and the target's speed. */
import type { Measured } from "../measure.ts";
import { lostShare, record } from "../recording.ts";
import {
  type Bench,
  type Case,
  isPlain,
  LEAD_IN,
  LEAD_OUT,
  REST,
  REST_ROW,
  type Row,
  type Section,
  USUAL_RATE,
} from "../section.ts";
import { type Reports, sleep, startWorkload, WARM_UP } from "../workload.ts";

const PROGRAM = "deep_loop.py";

/** Rates to record at. Units: Hz. */
const RATES: readonly number[] = [100, USUAL_RATE, 10_000];

/** Recordings at rates that users choose. */
export const RATE: Section = {
  name: "rate",
  rows: [
    ...RATES.flatMap(rowsAt),
    REST_ROW,
    { key: "memory-record", title: `record at ${hz(USUAL_RATE)}: memory peak, MB`, digits: 1 },
  ],
  methods: ({ rounds, seconds }) => [
    `\`record\`: ${seconds + LEAD_IN} seconds of a program that is busy at depth 30 on one thread, ` +
    `runs at each rate: ${rounds}. Whoever takes longer is ended with SIGINT. To save time, some columns are ` +
    `run at ${
      hz(USUAL_RATE)
    } alone: those of peers with an option, and of Pythons that are nobody's main one (see below).`,
    "achieved rate: stack traces in the output, by the time that the tool says it took, or else was " +
    "asked for.",
    `CPU per sample: user and system time of all threads of the profiler, from ${LEAD_IN} s after its ` +
    `start to ${LEAD_OUT} s before its end (its CPU clock, clock_getcpuclockid), by the samples that the ` +
    "achieved rate makes of that time. Start-up and writing the output are not in it.",
    "CPU time lost: the share of that time in which the target, which always has something to do, was not " +
    "on a CPU (its CPU clock), be it that it was stopped or that it waited for a CPU that the profiler used; " +
    `less the same share of the ${REST} s just before and just after the recording, which is the row ` +
    "“without a profiler”. Interrupts are no part of it: most kernels count them as the target's own time. Those of pyspy, " +
    "here with --blocking and at the start, take some 7 to 12 µs each: less than 1 % of the time at 1,000 Hz, and what its " +
    "option --stats says.",
    "loops lost: the program counts its own loops. Its speed in that time, against the mean of its speed " +
    "in the same times just before and just after. It includes what a profiler does to caches, but also " +
    "whatever else changes the speed of a CPU: on a virtual machine it varies by several percent anyway.",
    "memory peak: VmHWM of the profiler, read every 10 ms towards the end. 1 MB is 1,000,000 bytes.",
  ],
  async measure(bench) {
    for (const rateHz of RATES) {
      for (const at of bench.cases.filter((at) => rateHz === USUAL_RATE || isFullyMeasured(at))) {
        await measureAt(bench, { at, rateHz });
      }
    }
  },
};

function rowsAt(rateHz: number): Row[] {
  const at = `record at ${hz(rateHz)}`;
  return [
    { key: `rate-${rateHz}`, title: `${at}: achieved rate, Hz`, digits: 0 },
    { key: `cpu-${rateHz}`, title: `${at}: profiler's CPU per sample, µs`, digits: 1 },
    { key: `lost-${rateHz}`, title: `${at}: CPU time lost by the target, %`, digits: 2 },
    { key: `slowdown-${rateHz}`, title: `${at}: loops lost by the target (noisy), %`, digits: 0 },
  ];
}

function hz(rateHz: number): string {
  return `${rateHz.toLocaleString("en-US")} Hz`;
}

/** A complete run would take too long with all of them. */
function isFullyMeasured(at: Case): boolean {
  return at.isMain && (isPlain(at) || at.tool.family.startsWith("pyspy"));
}

async function measureAt(bench: Bench, { at, rateHz }: { at: Case; rateHz: number }): Promise<void> {
  const { seconds, add } = bench;
  await using workload = await startWorkload(at.python, PROGRAM);
  await sleep(WARM_UP);
  const recorded = await record(bench, {
    at,
    program: PROGRAM,
    pid: workload.pid,
    rateHz,
    seconds: seconds + LEAD_IN,
    withRests: true,
    pollEvery: 0.01,
  });
  if (recorded === undefined) return;
  const { run, achievedHz } = recorded;
  add(`rate-${rateHz}`, at, achievedHz);
  add(`lost-${rateHz}`, at, lostShare(recorded));
  add(REST_ROW.key, at, recorded.missedAtRest);
  if (rateHz === USUAL_RATE && run.peakKib > 0) add("memory-record", at, run.peakKib * 1024 / 1e6);
  const [from, to] = run.profiler;
  if (from === undefined || to === undefined) return;
  const samples = achievedHz * (to.atMs - from.atMs) / 1000;
  add(`cpu-${rateHz}`, at, (to.cpuMs - from.cpuMs) * 1000 / samples);
  add(`slowdown-${rateHz}`, at, slowdown(run, await workload.finish()));
}

/** How much slower the target's loops were during a recording. Units: percent. */
function slowdown({ target, rests }: Measured, reports: Reports): number {
  const speeds = [target, ...rests].map(([from, to]) => {
    if (from === undefined || to === undefined) return NaN;
    return reports.between(from.atMs, to.atMs)[0]! / (to.atMs - from.atMs);
  });
  const [during, before, after] = speeds;
  return 100 * (1 - during! / ((before! + after!) / 2));
}
