/** The program that `record -- program` or `top -- program` starts: its exit code becomes ours. */
import { spawnProcess } from "./ffi/mod.ts";
import type { ChildProcess, ChildStreams } from "./ffi/process.ts";

const POLL_INTERVAL = 5;

/** Starts a program. @throws ProfilerError when it cannot be started. */
export function launch(argv: readonly string[], streams?: ChildStreams): ChildProcess {
  return spawnProcess(argv, streams);
}

/** Waits for the end of a program without blocking the event loop. @returns its exit code, or undefined when told to stop. */
export async function waitForExit(
  child: ChildProcess,
  isAborted: () => boolean,
): Promise<number | undefined> {
  for (;;) {
    const code = child.poll();
    if (code !== undefined) return code;
    if (isAborted()) return undefined;
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL));
  }
}
