/** Whether the shares that a tool shows are those that the program itself measured. */
import { innermostFinder, SHARES_PROGRAMS, type SharesProgram } from "../programs.ts";
import { record } from "../recording.ts";
import { type Bench, type Case, type Section, USUAL_RATE } from "../section.ts";
import { sleep, startWorkload, WARM_UP } from "../workload.ts";

/** From a tool's start to where the program's own account begins: it samples by then. Units: milliseconds. */
const START_UP = 200;

/** Recordings of programs that measure the CPU time of their own functions. */
export const SHARES: Section = {
  name: "shares",
  rows: [
    { key: "shares-turns", title: "shares: four functions in turn: off by up to, points", digits: 2 },
    {
      key: "shares-threads",
      title: "shares: four functions in four threads: off by up to, points",
      digits: 2,
    },
    { key: "shares-fast", title: "shares: a call of 20 µs among shorter ones: off by, points", digits: 2 },
    { key: "shares-phases", title: "shares: tiny calls, in phases of 0.15 ms: off by, points", digits: 2 },
    { key: "shares-stacks", title: "shares: stack traces in a recording", digits: 0 },
  ],
  methods: ({ seconds }) => [
    `shares: ${sharesSeconds(seconds)} seconds at ${USUAL_RATE} Hz of programs that measure their own ` +
    "functions. The programs take turns: in three rounds each is recorded once.",
    "in turn: functions that have 50, 30, 15 and 5 % of the CPU time of one thread (its CPU clock, read before " +
    "and after each call), in calls of 1 to 3 ms in random order. The greatest deviation of a function's share " +
    "of the stack traces that show one of them from its share of the CPU time of the same seconds. Chance alone " +
    "makes that up to half a point for a tool that samples evenly, twice as much for one that samples at random.",
    "in four threads: the same functions, each in a thread of its own, which compete for the GIL. Tools show a " +
    "thread only while it uses the CPU, where they can: Tachyon with --all-threads --mode cpu, austin with " +
    "--sleepless, pyspy and py-spy without an option.",
    "a call of 20 µs: it has about two thirds of the time, six functions of 0.5 to 3 µs have the rest. Its " +
    "share of the stack traces of both, less its share of the time that they take when nothing interrupts " +
    "them: above 0 where reads of fast code are dropped or repeated.",
    "phases: 0.15 ms of nothing but tiny calls, then as long a loop without any. The share of the calls of the " +
    "stack traces of both, less their share of the time: below 0 where what came after a torn read counts for it.",
  ],
  async measure(bench) {
    const turns = Math.min(bench.rounds, SHARES_PROGRAMS.length);
    const inTurn = SHARES_PROGRAMS.filter((_, index) => index % turns === bench.round % turns);
    for (const program of inTurn) {
      for (const at of bench.cases.filter((at) => at.isMain)) await measureProgram(bench, { at, program });
    }
  },
};

function sharesSeconds(seconds: number): number {
  return 3 * seconds;
}

async function measureProgram(
  bench: Bench,
  { at, program }: { at: Case; program: SharesProgram },
): Promise<void> {
  await using workload = await startWorkload(at.python, program.file, program.args);
  await sleep(WARM_UP);
  const innermost = innermostFinder(program.functions);
  const seen = program.functions.map(() => 0);
  const recorded = await record(bench, {
    at,
    program: [program.file, ...program.args].join(" "),
    pid: workload.pid,
    rateHz: USUAL_RATE,
    seconds: sharesSeconds(bench.seconds),
    onCpu: program.args.includes("threads"),
    visit: (frames, count) => {
      const index = innermost(frames);
      if (index >= 0) seen[index]! += count;
    },
  });
  if (recorded === undefined) return;
  const { run, stacks } = recorded;
  const [, ...spent] = (await workload.finish()).between(run.startedMs + START_UP, run.endedMs);
  const shown = sharesOf(seen);
  const deviations = sharesOf(spent).map((share, index) => shown[index]! - share);
  const greatest = Math.max(...deviations.map((points) => Math.abs(points)));
  bench.add(program.row, at, program.isOfFirst ? deviations[0] : greatest);
  if (at.tool.counting !== "time") bench.add("shares-stacks", at, stacks);
}

/** Units: percent. */
function sharesOf(values: readonly number[]): number[] {
  const sum = values.reduce((sum, value) => sum + value);
  return values.map((value) => 100 * value / sum);
}
