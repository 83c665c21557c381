/** When to sample. */
import type { Clock, SampleCounters } from "./types.ts";

/** Why sampling came to its end. */
export type StopReason = "duration" | "stopped" | "target_gone";

/**
 * Calls `tick` once in each interval, at a random moment inside it, so that a periodic program is not seen always in the
 * same phase. An interval that has passed while a tick went on is left out and counted: the schedule does not drift.
 *
 * @param tick returns false to stop.
 */
export async function runSchedule(
  tick: (nowMs: number) => boolean | Promise<boolean>,
  { clock, startMs, rateHz, durationSeconds, counters, isStopped, between }: {
    clock: Clock;
    startMs: number;
    rateHz: number;
    durationSeconds: number | undefined;
    counters: SampleCounters;
    isStopped: () => boolean;
    /** Uses the time until the next tick. @returns true when that took some. */
    between?: ((untilMs: number) => boolean) | undefined;
  },
): Promise<StopReason> {
  const intervalMs = 1000 / rateHz;
  const end = durationSeconds === undefined ? Infinity : startMs + durationSeconds * 1000;
  const dueIn = (interval: number) => startMs + (interval + clock.random()) * intervalMs;
  let index = 0;
  let due = dueIn(index);
  let now = clock.now();
  for (;;) {
    const nextDue = dueIn(index + 1);
    const waiting = clock.wait(Math.min(due, end), { now, nextMs: nextDue });
    if (waiting !== undefined) await waiting;
    if (isStopped()) return "stopped";
    if (waiting !== undefined || now < due) now = clock.now();
    if (due >= end || now >= end) {
      counters.missed += Math.max(0, Math.floor((Math.min(now, end) - startMs) / intervalMs + 1e-6) - index);
      return "duration";
    }
    if (now - due > intervalMs / 2) counters.late++;
    const result = tick(now);
    if (!(typeof result === "boolean" ? result : await result)) return "target_gone";
    now = clock.now();
    const next = Math.max(index + 1, Math.floor((Math.min(now, end) - startMs) / intervalMs));
    counters.missed += next - index - 1;
    due = next === index + 1 ? nextDue : dueIn(next);
    index = next;
    if (between?.(Math.min(due, end)) === true) now = clock.now();
  }
}
