/** Attaching to what a command is about: a program that we start, or the root of a tree of processes. */
import { attach, attachOnce } from "../attach.ts";
import type { Target } from "../attach.ts";
import { ProfilerError } from "../errors.ts";
import type { launch } from "../launch.ts";
import { writeStderr } from "../output.ts";
import type { StopSignals } from "./stop_signals.ts";

/** A program without Python in it is looked at this often. Units: ms. */
const CHILD_INTERVAL = 50;

/** The root of a tree need not be Python, and a program of ours may be over. @throws ProfilerError when it may not be read. */
export function attachToRoot(pid: number, isOurs: boolean): Target | undefined {
  try {
    return attachOnce(pid);
  } catch (error) {
    const kind = error instanceof ProfilerError ? error.kind : undefined;
    if (kind === "unsupported" || kind === "no_process" && isOurs) return undefined;
    throw error;
  }
}

/**
 * Attaches to a program that we started. It may begin as something else, such as a shell script, and become Python later.
 *
 * @returns undefined when it was over, or the user stopped it, before it could be sampled: nothing to see, but no error.
 * @throws ProfilerError; `no_process` when it ran for a while and never was Python.
 */
export async function attachToChild(
  child: ReturnType<typeof launch>,
  signals: StopSignals,
): Promise<Target | undefined> {
  for (let isWaiting = false;; isWaiting = true) {
    try {
      return await attach(child.pid);
    } catch (error) {
      if (!(error instanceof ProfilerError) || error.kind !== "no_process") throw error;
      if (signals.isStopped) return undefined;
      if (child.poll() !== undefined) {
        if (!isWaiting) return undefined;
        throw new ProfilerError(
          "no_process",
          "Cannot profile the program: it ended, and there never was a CPython interpreter in it",
          "if it starts Python as a process of its own, give that one's command, or its pid",
        );
      }
      if (!isWaiting) writeStderr("There is no Python in the program yet; waiting for it.\n");
    }
    await new Promise((resolve) => setTimeout(resolve, CHILD_INTERVAL));
  }
}
