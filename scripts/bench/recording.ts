/** Makes one recording for the benchmark, and reads what came of it. */
import { join } from "node:path";
import { isCut, type StackVisitor, visitStacks } from "./folded.ts";
import { measure, type Measured, type MeasureOptions, missedShare } from "./measure.ts";
import { type Bench, type Case, LEAD_IN, LEAD_OUT, REST } from "./section.ts";

/** A recording to be made. */
export interface RecordingPlan {
  readonly at: Case;
  /** What is recorded, for messages. */
  readonly program: string;
  readonly pid: number;
  readonly rateHz: number;
  readonly seconds: number;
  /** Every thread, and only while it uses the CPU. */
  readonly onCpu?: boolean;
  /** Watch the target alone, before and after. */
  readonly withRests?: boolean;
  readonly pollEvery?: number;
  /** Sees each stack trace of the output. */
  readonly visit?: StackVisitor;
}

/** What came of a recording. */
export interface Recorded {
  readonly run: Measured;
  readonly stacks: number;
  /** Of these, how many the profiler itself marked as incomplete. */
  readonly cut: number;
  readonly recordedSeconds: number;
  /** Stack traces in the output. Units: a second. */
  readonly achievedHz: number;
  /** The share of the time within the recording that the target had no CPU. Units: percent. */
  readonly missed: number | undefined;
  /** The same while it was watched alone. */
  readonly missedAtRest: number | undefined;
}

/** Records a program at work. @returns undefined when nothing came of it. */
export async function record({ host, fail }: Bench, plan: RecordingPlan): Promise<Recorded | undefined> {
  const { at, pid, rateHz, seconds, onCpu = false, pollEvery } = plan;
  const name = `${crypto.randomUUID()}.txt`;
  const output = join(at.folder.inside, name);
  const file = join(at.folder.host, name);
  const options: MeasureOptions = {
    window: [LEAD_IN, seconds - LEAD_OUT],
    // Whoever is late is ended: soon, when it would be late for long.
    endAfter: seconds + (at.tool.overruns ? 0.3 : 1.5),
    killAfter: seconds + 30,
    target: pid,
    ...plan.withRests ? { rest: REST } : {},
    ...pollEvery === undefined ? {} : { pollEvery },
  };
  const command = at.tool.record({ pid, rateHz, seconds, output, onCpu });
  const run = await measure(host, { command, options });
  let [stacks, cut] = [0, 0];
  await visitStacks(file, {
    counting: at.tool.counting,
    visit: (frames, count) => {
      stacks += count;
      if (isCut(frames)) cut += count;
      plan.visit?.(frames, count);
    },
  });
  await Deno.remove(file).catch(() => {});
  if (stacks === 0) {
    const lastLine = run.text.trim().split("\n").at(-1)!.replaceAll(output, "its output");
    fail(at, `no stack traces of ${plan.program} at ${rateHz} Hz (exit code ${run.code}): ${lastLine}`);
    return undefined;
  }
  const recordedSeconds = run.signalledMs === undefined
    ? ownDuration(run.text) ?? seconds
    : (run.signalledMs - run.startedMs) / 1000;
  const rests = run.rests.map(missedShare).filter((share) => share !== undefined);
  return {
    run,
    stacks,
    cut,
    recordedSeconds,
    achievedHz: stacks / recordedSeconds,
    missed: missedShare(run.target),
    missedAtRest: rests.length === 0 ? undefined : rests.reduce((sum, share) => sum + share) / rests.length,
  };
}

/** The share of its CPU time that the recording took from the target. Units: percent. */
export function lostShare({ missed, missedAtRest }: Recorded): number | undefined {
  return missed === undefined || missedAtRest === undefined ? undefined : missed - missedAtRest;
}

/** How long a tool says that it sampled: pyspy's and Tachyon's summaries. Units: seconds. */
function ownDuration(text: string): number | undefined {
  const match = /cut[^;\n]*; ([\d.]+) s at /.exec(text) ?? /samples in ([\d.]+) seconds/.exec(text);
  return match === null ? undefined : Number(match[1]);
}
