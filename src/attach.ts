/** From a process id to a target that can be sampled: open it, find its interpreter, choose the layout. */
import { formatVersion } from "./cpython/layouts.ts";
import { locateRuntime } from "./cpython/locate.ts";
import { isInterpreter } from "./cpython/thread_list.ts";
import type { Runtime } from "./cpython/runtime.ts";
import { ProfilerError } from "./errors.ts";
import { openProcess } from "./ffi/mod.ts";
import type { RemoteProcess } from "./ffi/process.ts";
import { MemoryReader } from "./memory.ts";

/** A program that has just been started gets this long until its interpreter must be there. Units: ms. */
const START_LIMIT = 1000;
const RETRY_INTERVAL = 2;

/** A process with a Python interpreter in it. */
export interface Target {
  readonly process: RemoteProcess;
  readonly runtime: Runtime;
  /** As Python writes it: "3.13.0"; "3.13.0t" for a free-threaded build. */
  readonly pythonVersion: string;
}

/**
 * Attaches to a process. Nothing in it is changed or stopped.
 *
 * A process that is younger than a second, or whose interpreter is not ready, is tried again for up to a second.
 *
 * @throws ProfilerError `no_process`, `permission` or `unsupported`, with the cause and a remedy.
 */
export async function attach(pid: number): Promise<Target> {
  const deadline = performance.now() + START_LIMIT;
  for (;;) {
    const attempt = tryToAttach(pid);
    if (attempt.target !== undefined) return attempt.target;
    const { process, runtime, failure } = attempt;
    const mayBecomeReady = runtime !== undefined || process.ageSeconds() < START_LIMIT / 1000;
    if (!mayBecomeReady || performance.now() > deadline) {
      const executable = process.executable();
      const isAlive = process.isAlive();
      const foreign = process.foreign();
      process.close();
      if (!isAlive) throw new ProfilerError("no_process", `Cannot read process ${pid}: it has ended`);
      if (failure !== undefined) throw failure;
      if (foreign !== undefined && runtime === undefined) throw isForeign(pid, executable, foreign);
      throw runtime === undefined ? notPython(pid, executable) : notReady(pid, executable);
    }
    process.close();
    await new Promise((resolve) => setTimeout(resolve, RETRY_INTERVAL));
  }
}

/**
 * Attaches to a process, if it runs Python now.
 *
 * @returns undefined when it does not, or its interpreter is not ready.
 * @throws ProfilerError `no_process`, `permission` or `unsupported`.
 */
export function attachOnce(pid: number): Target | undefined {
  const { target, process, runtime, failure } = tryToAttach(pid);
  if (target !== undefined) return target;
  process.close();
  // What is read of a program that is just being loaded may be anything.
  if (failure !== undefined && runtime === undefined && process.ageSeconds() > START_LIMIT / 1000) {
    throw failure;
  }
  return undefined;
}

interface Attempt {
  readonly process: RemoteProcess;
  readonly target?: Target;
  readonly runtime?: Runtime | undefined;
  readonly failure?: unknown;
}

function tryToAttach(pid: number): Attempt {
  const process = openProcess(pid);
  const reader = new MemoryReader(process);
  try {
    const runtime = locateRuntime(process.images(), reader);
    if (runtime === undefined || !hasInterpreter(reader, runtime)) return { process, runtime };
    const pythonVersion = formatVersion(runtime.version, runtime.freeThreaded);
    return { process, target: { process, runtime, pythonVersion } };
  } catch (failure) {
    return { process, failure };
  }
}

function hasInterpreter(reader: MemoryReader, runtime: Runtime): boolean {
  const head = reader.pointer(runtime.address + runtime.layout.runtime.interpretersHead);
  return head !== undefined && head !== 0 && isInterpreter(reader, head, runtime.layout);
}

function notPython(pid: number, executable: string): ProfilerError {
  return new ProfilerError(
    "no_process",
    `Cannot profile process ${pid} (${
      executable || "a kernel thread"
    }): there is no CPython interpreter in it`,
    executable === "" ? undefined : "if it is a launcher, give the pid of the Python process that it started",
  );
}

function isForeign(
  pid: number,
  executable: string,
  { what, remedy }: { readonly what: string; readonly remedy: string },
): ProfilerError {
  return new ProfilerError("unsupported", `Cannot profile process ${pid} (${executable}): ${what}`, remedy);
}

function notReady(pid: number, executable: string): ProfilerError {
  return new ProfilerError(
    "no_process",
    `Cannot profile process ${pid} (${executable}): its Python interpreter was not ready within a second`,
    "try again once the program has started",
  );
}
