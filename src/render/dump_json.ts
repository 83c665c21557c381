/** The JSON of `dump`: versioned, with every fact of the text and the names as the target has them. */
import type { LocalVariable, StackTrace, Truncation } from "../types.ts";
import { type ProcessDump, shortFilename, type ShortNames, stateWord } from "./dump.ts";

/** A frame of the document. Units: lines are 1-based, 0 means unknown. */
export interface DumpJsonFrame {
  name: string;
  filename: string;
  short_filename: string;
  line: number;
  first_line: number;
  /** Only where they were asked for. */
  locals?: DumpJsonVariable[];
}

/** A variable of a frame. */
export interface DumpJsonVariable {
  name: string;
  argument: boolean;
  scope: "local" | "cell" | "free" | "dict";
  value: string;
}

/** An exception: the name of its class, and its message as `str` gives it; its arguments, as a tuple, where `str` is its own. */
export interface DumpJsonException {
  type: string;
  message: string;
}

/** A thread of the document. Shape: `frames` are leaf first. */
export interface DumpJsonThread {
  thread_id: number;
  /** Null when the kernel's id is not known. */
  os_thread_id: number | null;
  thread_name: string | null;
  /** The system's name of a thread that `threading` does not know, where it has one of its own. */
  os_thread_name?: string;
  interpreter_id: number;
  state: "active" | "idle" | "stopped";
  active: boolean;
  owns_gil: boolean;
  /** True when the whole stack is known to have existed at one moment. */
  proven: boolean;
  /** True when the variables are of that moment too; only where they were asked for. */
  locals_proven?: boolean;
  /** The exception that the thread is handling (`sys.exc_info()`), and one that is on its way; null when there is none. */
  handling: DumpJsonException | null;
  raising: DumpJsonException | null;
  /** True when both are of that moment too. */
  exceptions_proven: boolean;
  /** Why the stack does not reach its root; null when it does. */
  truncated: Truncation | null;
  frames: DumpJsonFrame[];
}

/** The whole document. `version` changes when a field goes or changes its meaning, not when one is added. */
export interface DumpJson {
  schema: "pyspy-dump";
  version: 1;
  process: {
    pid: number;
    /** Its pid in its own PID namespace, where that is not ours. */
    inner_pid?: number;
    command: string[];
    executable: string;
    python_version: string;
    /** Whether the garbage collector was at work; null when that is not known. */
    collecting_garbage: boolean | null;
  };
  threads: DumpJsonThread[];
}

/** How to write a dump as JSON. */
export interface DumpJsonOptions {
  readonly shortNames: ShortNames;
}

/** Renders the stacks of a process as pretty-printed JSON. */
export function renderDumpJson(dump: ProcessDump, options: DumpJsonOptions): string {
  return JSON.stringify(toDumpJson(dump, options), null, 2) + "\n";
}

/** Several processes in one document, the one that was asked for first. */
export function renderDumpTreeJson(processes: readonly DumpJson[]): string {
  return JSON.stringify({ schema: "pyspy-dump-tree", version: 1, processes }, null, 2) + "\n";
}

/** Converts a dump to its JSON document. */
export function toDumpJson(dump: ProcessDump, options: DumpJsonOptions): DumpJson {
  return {
    schema: "pyspy-dump",
    version: 1,
    process: {
      pid: dump.pid,
      ...(dump.innerPid === undefined ? {} : { inner_pid: dump.innerPid }),
      command: [...dump.command],
      executable: dump.executable,
      python_version: dump.pythonVersion,
      collecting_garbage: dump.collectingGarbage ?? null,
    },
    threads: dump.threads.map((trace) => toThread(trace, options)),
  };
}

function toVariable({ name, isArgument, scope, text }: LocalVariable): DumpJsonVariable {
  return { name, argument: isArgument, scope, value: text };
}

function toThread(trace: StackTrace, options: DumpJsonOptions): DumpJsonThread {
  const { thread } = trace;
  return {
    thread_id: thread.threadId,
    os_thread_id: thread.osThreadId > 0 ? thread.osThreadId : null,
    thread_name: thread.name ?? null,
    ...(thread.osName === undefined ? {} : { os_thread_name: thread.osName }),
    interpreter_id: thread.interpreterId,
    state: stateWord(trace),
    active: trace.state === "running",
    owns_gil: trace.ownsGil,
    proven: trace.proven,
    ...(trace.localsProven === undefined ? {} : { locals_proven: trace.localsProven }),
    handling: trace.handling ?? null,
    raising: trace.raising ?? null,
    exceptions_proven: trace.exceptionsProven ?? false,
    truncated: trace.truncation ?? null,
    frames: trace.frames.map((frame) => ({
      name: frame.name,
      filename: frame.file,
      short_filename: shortFilename(frame, options.shortNames),
      line: frame.line,
      first_line: frame.firstLine,
      ...(frame.locals === undefined ? {} : { locals: frame.locals.map(toVariable) }),
    })),
  };
}
