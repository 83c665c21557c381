/** `pyspy top`: the hottest functions of a process, as it runs. */
import { attach } from "../attach.ts";
import type { Target } from "../attach.ts";
import { ChildOutput } from "../child_output.ts";
import { liveClock } from "../clock.ts";
import { EXIT_CODES } from "../errors.ts";
import { launch, waitForExit } from "../launch.ts";
import { ClosedPipe, isStdoutColored, writeStderr, writeStdout } from "../output.ts";
import { RecordingSession } from "../recording_session.ts";
import { terminalSafe } from "../render/escape.ts";
import { renderTopJson } from "../render/top/json.ts";
import { initialState } from "../render/top/state.ts";
import type { TopState } from "../render/top/state.ts";
import { renderTable } from "../render/top/tables.ts";
import { hasScreen, screenSize } from "../terminal.ts";
import { attachToChild, attachToRoot } from "./attach_subject.ts";
import { LiveView } from "./live_view.ts";
import { discardOutputs, openOutputs, writeOutputs } from "./outputs.ts";
import { StopSignals } from "./stop_signals.ts";
import type { TopOptions } from "./top_options.ts";
import { TopScreen } from "./top_screen.ts";
import { untestedWarnings } from "./warnings.ts";

/** Rows of a table where there is no window, and of JSON. */
const TABLE_ROWS = 20;
const JSON_ROWS = 100;
/** Lines around the rows of the table that stays on the terminal. */
const OTHER_LINES = 7;
/** A program whose interpreter has gone ends soon, unless it is another program by now. Units: ms. */
const END_PATIENCE = 500;
/** The end of what it has printed is waited for so long: others may hold its output. Units: ms. */
const OUTPUT_PATIENCE = 200;
const NEWLINE = 0x0a;

/** Runs the command. @returns the exit code. @throws ProfilerError */
export async function top(options: TopOptions): Promise<number> {
  const signals = new StopSignals();
  try {
    if (options.pid !== undefined) return await watch(options.pid, { options, signals });
    const { programOutput } = options;
    const child = launch(options.program, programOutput === undefined ? "keep" : { path: programOutput });
    signals.forwardTo(child);
    const output = child.output === undefined ? undefined : new ChildOutput(child.output);
    try {
      await watch(child, { options, signals, output });
    } catch (error) {
      if (!(error instanceof ClosedPipe)) throw error;
    } finally {
      passOn(output);
    }
    if (child.poll() === undefined) {
      writeStderr("The program goes on; Ctrl-C ends it.\n");
    }
    const exitCode = await waitForExit(child, () => signals.isAborted) ?? 130;
    await endOf(output);
    return exitCode;
  } finally {
    signals.close();
  }
}

async function watch(
  subject: ReturnType<typeof launch> | number,
  { options, signals, output }: {
    options: TopOptions;
    signals: StopSignals;
    output?: ChildOutput | undefined;
  },
): Promise<number> {
  const child = typeof subject === "number" ? undefined : subject;
  const pid = typeof subject === "number" ? subject : subject.pid;
  let hasQuit = false;
  const isStopped = () => hasQuit || signals.isStopped;
  const session: RecordingSession = new RecordingSession({
    pid,
    subprocesses: options.subprocesses,
    clock: liveClock(isStopped),
    perThread: false,
    timeline: false,
    sampler: {
      rateHz: options.rateHz,
      durationSeconds: options.durationSeconds,
      selection: options.selection,
      blocking: false,
      byCpuTime: false,
    },
    listen: (process, recording) => view.listen(process, recording),
  });
  const target: Target | undefined = options.subprocesses
    ? attachToRoot(pid, child !== undefined)
    : child === undefined
    ? await attach(pid)
    : await attachToChild(child, signals);
  if (target !== undefined) {
    writeStderr(untestedWarnings()({ pythonVersion: target.pythonVersion, guessed: target.runtime.guessed }));
  }
  const view = new LiveView(session, { options, pid, target });
  if (target === undefined && !options.subprocesses) {
    writeStderr("The program ended before it could be sampled.\n");
    return EXIT_CODES.no_samples;
  }
  const quit = () => {
    hasQuit = true;
  };
  const isScreen = hasScreen() && !options.json;
  const { state, reason } = isScreen
    ? await onScreen(session, { view, target, options, isStopped, quit })
    : await asLines(session, { view, target, options, isStopped });
  if (child !== undefined && reason === "target_gone") {
    const deadline = performance.now() + END_PATIENCE;
    const exitCode = await waitForExit(child, () => performance.now() > deadline || signals.isAborted);
    if (exitCode !== undefined) await endOf(output);
  }
  // What the program has printed comes first, so that the table is what stays in sight.
  passOn(output);
  for (const { pid: refused, reason: why } of session.newcomers.refused) {
    writeStderr(`Not sampled: process ${refused}: ${terminalSafe(why)}\n`);
  }
  if (isScreen) writeStdout(finalTable(view, state));
  if (reason === "target_gone" && child === undefined) writeStderr(`${goneText(session, options)}\n`);
  return session.counters.samples === 0 && reason === "target_gone" ? EXIT_CODES.no_samples : 0;
}

interface Watched {
  readonly view: LiveView;
  readonly target: Target | undefined;
  readonly options: TopOptions;
  readonly isStopped: () => boolean;
}

type Ended = { readonly state: TopState; readonly reason: Awaited<ReturnType<RecordingSession["run"]>> };

async function onScreen(
  session: RecordingSession,
  { view, target, options, isStopped, quit }: Watched & { quit: () => void },
): Promise<Ended> {
  const write = () => writeFlamegraph(view, options);
  const screen = new TopScreen(view, {
    owner: { quit, write },
    state: initialState(options),
    hasMouse: options.mouse,
  });
  screen.open();
  try {
    const reason = await session.run(target, { isStopped, onTick: ({ nowMs }) => screen.onTick(nowMs) });
    view.end();
    return { state: screen.state, reason };
  } finally {
    await screen.close();
  }
}

/** Where there is no terminal: a table or a line of JSON a refresh. */
async function asLines(
  session: RecordingSession,
  { view, target, options, isStopped }: Watched,
): Promise<Ended> {
  const limit = options.limit ?? (options.json ? JSON_ROWS : TABLE_ROWS);
  const state = initialState({ ...options, limit });
  let next = performance.now() + options.delaySeconds * 1000;
  let isFirst = true;
  const report = () => {
    const shown = { facts: view.facts, snapshot: view.refresh(), callers: new Map(), text: undefined };
    if (options.json) return writeStdout(renderTopJson(shown, state, new Date().toISOString()));
    writeStdout((isFirst ? "" : "\n") + renderTable(shown, state, { columns: undefined, color: false }));
    isFirst = false;
  };
  const onTick = ({ nowMs }: { nowMs: number }) => {
    if (nowMs < next) return;
    next = nowMs + options.delaySeconds * 1000;
    report();
  };
  const reason = await session.run(target, { isStopped, onTick });
  view.end();
  // What came since the last one is not lost.
  report();
  return { state, reason };
}

/** Everything since the start or the last reset, for the normal screen. */
function finalTable(view: LiveView, state: TopState): string {
  const { columns, rows } = screenSize();
  const shown = { facts: view.facts, snapshot: view.refresh(), callers: new Map(), text: undefined };
  const limit = Math.min(state.limit ?? Infinity, Math.max(1, rows - OTHER_LINES));
  const last = { ...state, isCumulative: true, isPaused: false, expanded: new Set<string>(), limit };
  return renderTable(shown, last, { columns, color: isStdoutColored(), withColor: true });
}

async function writeFlamegraph(view: LiveView, { program, pid }: TopOptions): Promise<string> {
  try {
    const profile = view.profile();
    if (profile.info.samples === 0) return "There is nothing to write yet";
    const outputs = openOutputs([], { format: "flamegraph", subject: program[0] ?? String(pid) });
    const { lines, failures } = await writeOutputs(outputs, profile, { threads: false, isOnlyCopy: false });
    if (failures.length > 0) discardOutputs(outputs);
    return [...lines, ...failures.map((error) => (error as Error).message)].join("; ");
  } catch (error) {
    return (error as Error).message;
  }
}

/** What the program has printed goes to stderr: results go to stdout. */
function passOn(output: ChildOutput | undefined): void {
  if (output === undefined) return;
  if (output.dropped > 0) {
    writeStderr(
      `(The first ${output.dropped} bytes that the program printed were not kept; --program-output FILE keeps all.)\n`,
    );
  }
  let last = NEWLINE;
  output.passOn((bytes) => {
    last = bytes.at(-1) ?? last;
    writeStderr(bytes);
  });
  if (last !== NEWLINE) writeStderr("\n");
}

async function endOf(output: ChildOutput | undefined): Promise<void> {
  if (output === undefined) return;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise((resolve) => timer = setTimeout(resolve, OUTPUT_PATIENCE));
  await Promise.race([output.ended, patience]);
  clearTimeout(timer);
}

function goneText({ processes }: RecordingSession, { pid, subprocesses }: TopOptions): string {
  if (subprocesses) return `Process ${pid} and all that came from it have ended.`;
  return processes[0]?.isAlive === true
    ? `Process ${pid} does not run Python any more.`
    : `Process ${pid} has ended.`;
}
