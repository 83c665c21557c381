/** When to sample. */
import type { Clock, SampleCounters } from "./types.ts";

/** Why sampling came to its end. */
export type StopReason = "duration" | "stopped" | "target_gone";

/** Samples once. @returns false to stop. */
type Tick = (nowMs: number) => boolean | Promise<boolean>;

interface ScheduleOptions {
  readonly clock: Clock;
  readonly startMs: number;
  readonly rateHz: number;
  readonly durationSeconds: number | undefined;
  readonly counters: SampleCounters;
  readonly isStopped: () => boolean;
  /** Uses the time until the next tick. @returns true when that took some. */
  readonly between?: ((untilMs: number) => boolean) | undefined;
}

/**
 * Calls `tick` once in each interval, at a random moment inside it, so that a periodic program is not seen always in the
 * same phase. An interval that has passed while a tick went on is left out and counted: the schedule does not drift.
 */
export async function runSchedule(tick: Tick, options: ScheduleOptions): Promise<StopReason> {
  const schedule = new Schedule(tick, options);
  for (;;) {
    const reason = await schedule.goOn();
    if (reason !== undefined) return reason;
  }
}

/** The interval that comes next. Its methods are no async ones: these run unoptimized for a while after each await. */
class Schedule {
  readonly #tick: Tick;
  readonly #options: ScheduleOptions;
  readonly #intervalMs: number;
  readonly #endMs: number;
  #index = 0;
  #due: number;
  #nextDue: number;
  #now: number;

  constructor(tick: Tick, options: ScheduleOptions) {
    const { clock, startMs, rateHz, durationSeconds } = options;
    this.#tick = tick;
    this.#options = options;
    this.#intervalMs = 1000 / rateHz;
    this.#endMs = durationSeconds === undefined ? Infinity : startMs + durationSeconds * 1000;
    this.#due = this.#dueIn(0);
    this.#nextDue = this.#dueIn(1);
    this.#now = clock.now();
  }

  /** Ticks until something has to be awaited, or it is over. @returns undefined, or a promise of it, to go on. */
  goOn(): StopReason | Promise<StopReason | undefined> {
    const { clock } = this.#options;
    for (;;) {
      const until = Math.min(this.#due, this.#endMs);
      const waiting = clock.wait(until, { now: this.#now, nextMs: this.#nextDue });
      if (waiting !== undefined) {
        return waiting.then(() => {
          this.#now = clock.now();
          return this.#tickOnce();
        });
      }
      if (this.#now < this.#due) this.#now = clock.now();
      const result = this.#tickOnce();
      if (result !== undefined) return result;
    }
  }

  #tickOnce(): StopReason | undefined | Promise<StopReason | undefined> {
    const { isStopped, counters } = this.#options;
    const now = this.#now;
    if (isStopped()) return "stopped";
    if (this.#due >= this.#endMs || now >= this.#endMs) {
      counters.missed += Math.max(0, Math.floor(this.#intervalsUntil(now) + 1e-6) - this.#index);
      return "duration";
    }
    if (now - this.#due > this.#intervalMs / 2) counters.late++;
    const result = this.#tick(now);
    return typeof result === "boolean"
      ? this.#advance(result)
      : result.then((isGoing) => this.#advance(isGoing));
  }

  #advance(isGoing: boolean): StopReason | undefined {
    if (!isGoing) return "target_gone";
    const { clock, counters, between } = this.#options;
    this.#now = clock.now();
    const next = Math.max(this.#index + 1, Math.floor(this.#intervalsUntil(this.#now)));
    counters.missed += next - this.#index - 1;
    this.#due = next === this.#index + 1 ? this.#nextDue : this.#dueIn(next);
    this.#nextDue = this.#dueIn(next + 1);
    this.#index = next;
    if (between?.(Math.min(this.#due, this.#endMs)) === true) this.#now = clock.now();
    return undefined;
  }

  #intervalsUntil(timeMs: number): number {
    return (Math.min(timeMs, this.#endMs) - this.#options.startMs) / this.#intervalMs;
  }

  #dueIn(interval: number): number {
    const { clock, startMs } = this.#options;
    return startMs + (interval + clock.random()) * this.#intervalMs;
  }
}
