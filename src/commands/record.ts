/** `pyspy record`: samples a process, or a program that it starts, and writes what was seen. */
import { checkPatterns } from "../analysis/select.ts";
import { attach } from "../attach.ts";
import type { Target } from "../attach.ts";
import { liveClock } from "../clock.ts";
import { EXIT_CODES, ProfilerError } from "../errors.ts";
import { launch, waitForExit } from "../launch.ts";
import { ClosedPipe, writeStderr } from "../output.ts";
import type { Profile } from "../profile.ts";
import { RecordingSession } from "../recording_session.ts";
import { SelfUsage } from "../self_usage.ts";
import { innerPidNote } from "../render/dump.ts";
import { terminalSafe } from "../render/escape.ts";
import type { StopReason } from "../schedule.ts";
import type { Selection } from "../thread_choice.ts";
import { attachToChild, attachToRoot } from "./attach_subject.ts";
import { Checkpoints } from "./checkpoints.ts";
import { numberedName, showsThreads, showsTimes } from "./formats.ts";
import type { Format } from "./formats.ts";
import { exitCodeOf, judgeLimits, parseLimits } from "./limits.ts";
import { defaultPath, discardOutputs, openOutputs, writeOutputs } from "./outputs.ts";
import type { PlannedOutput } from "./outputs.ts";
import { Progress } from "./progress.ts";
import { profileOf } from "./record_profile.ts";
import type { Sampled, ShownOptions } from "./record_profile.ts";
import { activityLine, statsOf, summaryOf, unstoppedLine } from "./record_summary.ts";
import { Rotation, SIZE_INTERVAL } from "./rotation.ts";
import type { RotationLimit } from "./rotation.ts";
import { StopSignals } from "./stop_signals.ts";
import { untestedWarnings } from "./warnings.ts";
import { openSummary, writeSummary } from "./summary_file.ts";

/** Options of `record`, as the command line gives them. Exactly one of `pid` and `program` is set. */
export interface RecordOptions extends ShownOptions {
  readonly pid: number | undefined;
  readonly program: readonly string[];
  readonly durationSeconds: number | undefined;
  readonly outputs: readonly string[];
  readonly format: Format | undefined;
  readonly selection: Selection;
  readonly blocking: boolean;
  readonly stats: boolean;
  readonly threads: boolean;
  /** A file to add a summary to. */
  readonly summary: string | undefined;
  /** Limits that decide the exit code. */
  readonly failIf: readonly string[];
  /** Write the files every so often while recording. */
  readonly checkpointSeconds: number | undefined;
  /** Begin with new files every so often. */
  readonly rotate: RotationLimit | undefined;
}

/** Runs the command. @returns the exit code. @throws ProfilerError */
export async function record(options: RecordOptions): Promise<number> {
  const subject = options.pid === undefined ? options.program[0]! : String(options.pid);
  const limits = parseLimits(options.failIf);
  checkPatterns(options.select);
  const summary = openSummary(options.summary);
  const { format, rotate } = options;
  const files = new Rotation(rotate, (number) => {
    // A file that we name has the time in its name, but two may begin in one second.
    const paths = options.outputs.length > 0
      ? options.outputs
      : [defaultPath(subject, format ?? "flamegraph")];
    const outputs = openOutputs(
      rotate === undefined ? paths : paths.map((path) => path === "-" ? path : numberedName(path, number)),
      { format, subject },
    );
    if (options.checkpointSeconds !== undefined || rotate !== undefined) requireFiles(outputs);
    return outputs;
  });
  const signals = new StopSignals();
  let child: ReturnType<typeof launch> | undefined;
  try {
    child = options.pid === undefined ? launch(options.program) : undefined;
    if (child !== undefined) signals.forwardTo(child);
    const { profile, whole } = await sample(child ?? options.pid!, { options, files, signals });
    await files.settle();
    const failure = await write(files.outputs, profile, options.threads);
    const judgements = judgeLimits(profile, limits);
    if (summary !== undefined) writeSummary(summary, { profile, whole, judgements });
    const limitCode = exitCodeOf(judgements);
    // The program's own output comes first; it may go on after the recording.
    const exitCode = child === undefined ? 0 : await exitOf(child, signals);
    if (failure !== undefined && (child === undefined || !(failure instanceof ClosedPipe))) throw failure;
    if (child !== undefined) return exitCode !== 0 ? exitCode : limitCode;
    return profile.info.samples === 0 ? EXIT_CODES.no_samples : limitCode;
  } catch (error) {
    files.discard();
    if (child === undefined) throw error;
    // The program was started for its own sake too: it goes on, and its failure is the one to report.
    if (child.poll() === undefined) writeStderr("The program goes on without being recorded.\n");
    const exitCode = await exitOf(child, signals);
    if (exitCode !== 0) writeStderr(`The program ended with exit code ${exitCode}.\n`);
    throw error;
  } finally {
    signals.close();
  }
}

async function sample(
  subject: ReturnType<typeof launch> | number,
  { options, files, signals }: {
    options: RecordOptions;
    files: Rotation;
    signals: StopSignals;
  },
): Promise<Sampled> {
  const { outputs } = files;
  let startTime = new Date();
  const child = typeof subject === "number" ? undefined : subject;
  const pid = typeof subject === "number" ? subject : subject.pid;
  const session = new RecordingSession({
    pid,
    subprocesses: options.subprocesses,
    clock: liveClock(() => signals.isStopped),
    perThread: options.threads || options.select.threads.length > 0 ||
      outputs.some(({ format }) => showsThreads(format)),
    timeline: outputs.some(({ format }) => showsTimes(format)),
    measured: options.stats,
    sampler: {
      rateHz: options.rateHz,
      durationSeconds: options.durationSeconds,
      selection: options.selection,
      blocking: options.blocking,
      byCpuTime: options.byCpuTime,
    },
  });
  const target = options.subprocesses
    ? attachToRoot(pid, child !== undefined)
    : child === undefined
    ? await attach(pid)
    : await attachToChild(child, signals);
  const command = target?.process.command() ?? options.program;
  const progress = new Progress(options.durationSeconds);
  const shownAt = (elapsedSeconds: number) =>
    profileOf(session, { options, pid, command, startTime, elapsedSeconds });
  const isBySize = options.rotate !== undefined && "bytes" in options.rotate;
  const checkpoints = new Checkpoints({
    outputs: () => files.outputs,
    threads: options.threads,
    everySeconds: options.checkpointSeconds ?? (isBySize ? SIZE_INTERVAL : undefined),
    profile: (elapsedSeconds) => shownAt(elapsedSeconds).profile,
  });
  const usage = new SelfUsage(options.stats);
  let reason: StopReason = "target_gone";
  const warning = untestedWarnings();
  if (target !== undefined) {
    writeStderr(warning({ pythonVersion: target.pythonVersion, guessed: target.runtime.guessed }));
  }
  if (target !== undefined || options.subprocesses) {
    if (child === undefined) writeStderr(startLine(options, target));
    reason = await session.run(target, {
      isStopped: () => signals.isStopped,
      onTick: (state) => {
        progress.show(state);
        checkpoints.onTick(state);
        const elapsedSeconds = (state.nowMs - state.startMs) / 1000;
        if (checkpoints.isWriting || !files.isDue({ elapsedSeconds, size: checkpoints.largestSize })) return;
        checkpoints.largestSize = 0;
        const begun = startTime;
        files.next((done) => {
          const part = session.takePart(state.nowMs);
          startTime = new Date();
          return writePart(
            done,
            () => profileOf(part, { options, pid, command, startTime: begun, elapsedSeconds }).profile,
            options,
          );
        });
      },
    });
  }
  const written = await checkpoints.close();
  const used = { cpuMs: usage.cpuMs, systemCalls: usage.systemCalls };
  progress.clear();
  const { profile, whole } = shownAt(session.elapsedSeconds);
  const wasSampled = session.processes.length > 0;
  for (const process of session.processes) writeStderr(warning(process));
  for (const { pid: refused, reason: why } of session.newcomers.refused) {
    writeStderr(`Not sampled: process ${refused}: ${terminalSafe(why)}\n`);
  }
  if (!wasSampled) writeStderr(notSampledLine(options));
  else {
    if (reason === "target_gone" && child === undefined) writeStderr(`${goneLine(session, options)}\n`);
    if (reason === "duration" && child !== undefined) {
      writeStderr("The recording is over; the program goes on.\n");
    }
    writeStderr(summaryOf(profile, options.selection));
    writeStderr(activityLine(session));
    writeStderr(unstoppedLine(session));
    writeStderr(written);
    if (session.times !== undefined) writeStderr(`\n${statsOf(session, session.times, used)}`);
  }
  return { profile, whole };
}

/** Writes the files of a part while the next one is being recorded. */
async function writePart(
  outputs: readonly PlannedOutput[],
  profile: () => Profile,
  { threads }: { threads: boolean },
): Promise<void> {
  // The schedule has its turn first.
  await new Promise((resolve) => setTimeout(resolve));
  const failure = await write(outputs, profile(), threads);
  if (failure !== undefined) writeStderr(`Error: ${terminalSafe(String((failure as Error).message))}\n`);
}

/** @throws ProfilerError `usage` for an output that can be written only once. */
function requireFiles(outputs: readonly PlannedOutput[]): void {
  const once = outputs.find(({ output }) => output.replace === undefined);
  if (once === undefined) return;
  discardOutputs(outputs);
  throw new ProfilerError(
    "usage",
    `--checkpoint and --rotate cannot write ${once.output.name} more than once`,
    "give the name of a file: -o FILE",
  );
}

/** Writes the outputs and says so. @returns what went wrong first, to be thrown once the program has ended. */
async function write(
  outputs: readonly PlannedOutput[],
  profile: Profile,
  threads: boolean,
): Promise<unknown> {
  const { lines, failures } = await writeOutputs(outputs, profile, { threads, isOnlyCopy: true });
  for (const line of lines) writeStderr(`${terminalSafe(line)}\n`);
  // A reader that has gone is no failure beside a real one.
  const [first, ...others] = failures.filter((error) => !(error instanceof ClosedPipe));
  for (const error of others) writeStderr(`Error: ${terminalSafe(String((error as Error).message))}\n`);
  return first ?? failures[0];
}

function goneLine({ processes }: RecordingSession, { pid, subprocesses }: RecordOptions): string {
  if (subprocesses) return `Process ${pid} and all that came from it have ended.`;
  return processes[0]!.isAlive ? `Process ${pid} does not run Python any more.` : `Process ${pid} has ended.`;
}

function notSampledLine({ subprocesses }: RecordOptions): string {
  return subprocesses
    ? "No process of the tree ran Python while it was recorded.\n"
    : "The program ended before it could be sampled.\n";
}

async function exitOf(child: ReturnType<typeof launch>, signals: StopSignals): Promise<number> {
  return await waitForExit(child, () => signals.isAborted) ?? 130;
}

function startLine(options: RecordOptions, target: Target | undefined): string {
  const end = options.durationSeconds === undefined
    ? "Ctrl-C ends it."
    : `It takes ${options.durationSeconds} s.`;
  const process = `process ${options.pid}${innerPidNote(target?.process.innerPid())}`;
  return `Sampling ${process} ${options.rateHz} times a second. ${end}\n`;
}
