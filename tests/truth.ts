/** Compares what pyspy shows of a process with what the process itself says (tests/programs/report.py). */
import type { DumpJson, DumpJsonException, DumpJsonFrame, DumpJsonThread } from "../src/render/dump_json.ts";

/** A frame as the target sees it. */
export interface ReportedFrame {
  /** `co_qualname` from Python 3.11 on, else `co_name`. */
  readonly name: string;
  readonly qualname: string | null;
  readonly file: string;
  readonly line: number;
  readonly firstlineno: number;
  /** `repr` of each variable by name, where the program reports them. */
  readonly locals?: Readonly<Record<string, string>> | null;
}

/** A thread as the target sees it. Shape: frames are leaf first. */
export interface ReportedThread {
  readonly ident: number;
  /** Null for a thread that the target cannot tell the kernel's id of. */
  readonly native_id: number | null;
  /** Null for a thread that `threading` does not know. */
  readonly name: string | null;
  readonly frames: readonly ReportedFrame[];
  /** What `sys.exc_info()` said; "unknown" for a thread that did not ask. Not in reports of programs that say nothing of it. */
  readonly handling?: ReportedException | null | "unknown";
}

/** An exception as the target sees it; the message is null where none can be foretold, and long ones are cut. */
export interface ReportedException {
  readonly type: string;
  readonly message: string | null;
}

/** The line that a test program prints as soon as its threads stand still. */
export interface Report {
  readonly ready: true;
  readonly pid: number;
  /** Without a suffix for releases to come: "3.15.0". */
  readonly version: string;
  /** The thread that made the report; it is not part of it. */
  readonly reporter_ident: number;
  /** Oldest first. */
  readonly threads: readonly ReportedThread[];
}

/** Every way in which a dump differs from the target's own report, as text; empty when the dump is true. */
export function differences(report: Report, dump: DumpJson): string[] {
  const found: string[] = [];
  const { pid, python_version: version } = dump.process;
  if (pid !== report.pid) found.push(`pid: ${pid}, should be ${report.pid}`);
  if (!version.startsWith(report.version)) found.push(`Python: ${version}, should be ${report.version}`);

  const shown = dump.threads.filter((thread) => thread.thread_id !== report.reporter_ident);
  if (shown.length === dump.threads.length) found.push("the reporter's own thread is missing");
  const byIdent = new Map(shown.map((thread) => [thread.thread_id, thread]));
  for (const expected of report.threads) {
    const actual = byIdent.get(expected.ident);
    const label = `thread ${expected.ident} ${JSON.stringify(expected.name)}`;
    if (actual === undefined) {
      found.push(`${label}: missing`);
    } else {
      byIdent.delete(expected.ident);
      found.push(...threadDifferences(report, expected, actual).map((line) => `${label}: ${line}`));
    }
  }
  for (const extra of byIdent.values()) {
    found.push(`thread ${extra.thread_id} ${JSON.stringify(extra.thread_name)}: does not exist`);
  }
  // Python 2 keeps its report in no order.
  if (found.length === 0 && !report.version.startsWith("2.")) {
    const order = shown.map((thread) => thread.thread_id).join(" ");
    const expected = report.threads.map((thread) => thread.ident).join(" ");
    if (order !== expected) found.push(`order of threads: ${order}\n  should be (oldest first): ${expected}`);
  }
  return found;
}

function threadDifferences(report: Report, expected: ReportedThread, actual: DumpJsonThread): string[] {
  const found: string[] = [];
  const compare = (field: keyof DumpJsonThread, value: unknown) => {
    if (actual[field] === value) return;
    found.push(`${field} is ${JSON.stringify(actual[field])}, should be ${JSON.stringify(value)}`);
  };
  compare("thread_name", expected.name);
  compare("interpreter_id", 0);
  compare("truncated", null);
  compare("proven", true); // it does not move
  if (expected.native_id !== null && !mayLackNativeId(report, expected, actual)) {
    compare("os_thread_id", expected.native_id);
  }
  if (expected.handling !== undefined && expected.handling !== "unknown") {
    compare("exceptions_proven", true);
    compare("raising", null);
    const should = expected.handling;
    if (!isSameException(actual.handling, should)) {
      found.push(`handling ${JSON.stringify(actual.handling)}, should be ${JSON.stringify(should)}`);
    }
  }
  const frames = frameDifference(expected.frames, actual.frames);
  if (frames !== undefined) found.push(frames);
  else expected.frames.forEach((frame, i) => found.push(...localDifferences(frame, actual.frames[i]!)));
  return found;
}

/** Both may be cut, at lengths of their own. */
function isSameException(actual: DumpJsonException | null, expected: ReportedException | null): boolean {
  if (actual === null || expected === null) return actual === expected;
  if (actual.type !== expected.type) return false;
  const { message } = expected;
  if (message === null || actual.message === message) return true;
  return actual.message.length > 256 && actual.message.endsWith("…") &&
    message.startsWith(actual.message.slice(0, -1));
}

/** Differences in the variables of one frame, where both sides have them. */
function localDifferences(expected: ReportedFrame, actual: DumpJsonFrame): string[] {
  if (expected.locals == null || actual.locals === undefined) return [];
  const shown = new Map(actual.locals.map(({ name, value }) => [name, value]));
  const found: string[] = [];
  if (shown.size < actual.locals.length) found.push(`${expected.name}: a variable is shown twice`);
  for (const [name, text] of Object.entries(expected.locals)) {
    const value = shown.get(name);
    shown.delete(name);
    if (value !== text) found.push(`${expected.name}: ${name} is ${value ?? "missing"}, should be ${text}`);
  }
  for (const [name, value] of shown) found.push(`${expected.name}: ${name} is ${value}, should not be there`);
  return found;
}

/** Up to 3.10 the interpreter knows the kernel's id of `threading`'s threads only. */
function mayLackNativeId(report: Report, expected: ReportedThread, actual: DumpJsonThread): boolean {
  const minor = Number(report.version.split(".")[1]);
  return minor <= 10 && expected.name === null && actual.os_thread_id === null;
}

/** The first place where two stacks differ, with the frames around it. */
function frameDifference(
  expected: readonly ReportedFrame[],
  actual: readonly DumpJsonFrame[],
): string | undefined {
  const should = expected.map((frame) => frameText(frame.name, frame.file, frame.line, frame.firstlineno));
  const is = actual.map((frame) => frameText(frame.name, frame.filename, frame.line, frame.first_line));
  let at = 0;
  while (at < should.length && should[at] === is[at]) at++;
  if (at === should.length && is.length === should.length) return undefined;
  const lines = [`frame ${at} differs (0 is the leaf; ${is.length} frames, should be ${should.length})`];
  const from = Math.max(0, at - 2);
  for (const text of should.slice(from, at)) lines.push(`      ${text}`);
  for (const text of is.slice(at, at + 3)) lines.push(`    - ${text}`);
  for (const text of should.slice(at, at + 3)) lines.push(`    + ${text}`);
  return lines.join("\n");
}

function frameText(name: string, file: string, line: number, firstLine: number): string {
  return `${name} (${JSON.stringify(file)}:${line}) def at ${firstLine}`;
}
