/** Processes of a tree that are not sampled yet: which of them run Python, and when to look again. */
import { attachOnce } from "./attach.ts";
import type { Target } from "./attach.ts";
import { ProfilerError } from "./errors.ts";
import { executableOf } from "./ffi/mod.ts";

/** A process may become Python soon after its start. Units: ms. */
const EARLY_INTERVAL = 20;
const EARLY_LIMIT = 1000;
/** Later it is looked at only when it runs another program. Units: ms. */
const LATE_INTERVAL = 100;

interface Newcomer {
  readonly sinceMs: number;
  nextMs: number;
  executable: string;
}

/** Attaches to processes as soon as they run Python. */
export class Newcomers {
  readonly #waiting = new Map<number, Newcomer>();
  /** Processes that could not be read, and why; each once. */
  readonly refused: { readonly pid: number; readonly reason: string }[] = [];

  add(pid: number, nowMs: number): void {
    this.#waiting.set(pid, { sinceMs: nowMs, nextMs: nowMs, executable: "" });
  }

  /** Those that have turned out to run Python. Units: ms. */
  attach(nowMs: number): Target[] {
    const found: Target[] = [];
    for (const [pid, newcomer] of this.#waiting) {
      if (nowMs < newcomer.nextMs) continue;
      const isEarly = nowMs - newcomer.sinceMs < EARLY_LIMIT;
      newcomer.nextMs = nowMs + (isEarly ? EARLY_INTERVAL : LATE_INTERVAL);
      const executable = executableOf(pid);
      if (executable === undefined) {
        this.#waiting.delete(pid);
        continue;
      }
      if (!isEarly && executable === newcomer.executable) continue;
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
