/** Processes of a tree that are not sampled yet: which of them run Python, and when to look again. */
import { attachOnce } from "./attach.ts";
import type { Target } from "./attach.ts";
import { ProfilerError } from "./errors.ts";
import { executableOf, isProcessAlive } from "./ffi/mod.ts";

/** The first look again, and by how much the next are later: one that is called Python will be ready soon. Units: ms. */
const INTERVAL = 20;
const PYTHON_NAME = /python/i;
const PYTHON_GROWTH = 1.1;
const OTHER_GROWTH = 2;
/** After this a process is looked at only when it executes another program. Units: ms. */
const LONGEST_INTERVAL = 640;

interface Newcomer {
  nextMs: number;
  intervalMs: number;
  executable: string;
}

/** Attaches to processes as soon as they run Python. */
export class Newcomers {
  readonly #waiting = new Map<number, Newcomer>();
  /** Processes that could not be read, and why; each once. */
  readonly refused: { readonly pid: number; readonly reason: string }[] = [];

  add(pid: number, nowMs: number): void {
    this.#waiting.set(pid, { nextMs: nowMs, intervalMs: INTERVAL, executable: "?" });
  }

  /** Those that have turned out to run Python. Units: ms. */
  attach(nowMs: number): Target[] {
    const found: Target[] = [];
    for (const [pid, newcomer] of this.#waiting) {
      const executable = executableOf(pid) ?? "";
      if (executable === "" && !isProcessAlive(pid)) {
        this.#waiting.delete(pid);
        continue;
      }
      const isSame = executable === newcomer.executable;
      if (isSame && (nowMs < newcomer.nextMs || newcomer.intervalMs > LONGEST_INTERVAL)) continue;
      const growth = PYTHON_NAME.test(executable) ? PYTHON_GROWTH : OTHER_GROWTH;
      newcomer.intervalMs = isSame ? newcomer.intervalMs * growth : INTERVAL;
      newcomer.nextMs = nowMs + newcomer.intervalMs;
      newcomer.executable = executable;
      try {
        const target = attachOnce(pid);
        if (target === undefined) continue;
        this.#waiting.delete(pid);
        found.push(target);
      } catch (error) {
        if (!(error instanceof ProfilerError)) throw error;
        // One that has ended was no target; one that may not be read will not become one.
        if (error.kind === "no_process") continue;
        this.#waiting.delete(pid);
        this.refused.push({ pid, reason: error.message });
      }
    }
    return found;
  }
}
