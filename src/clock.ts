/** The clock of live sampling: coarse waits leave the event loop free, the last stretch is slept precisely. */
import { setImmediate } from "node:timers";
import { beginSampling, endSampling, nowMs, sleepBlocking, sleepUntilBlocking } from "./ffi/mod.ts";
import type { Clock } from "./types.ts";

/** Timers of the event loop may be this late. Units: ms. */
const TIMER_SLACK = 3;
/** Falling asleep and waking up takes as long. Units: ms. */
const SHORTEST_SLEEP = 0.008;
/**
 * A pause is of random length, so that no loop of the target keeps step with it. Of a short one the thread has nothing: by
 * the time that the processor has gone to it and found its memory again we are back, and see the same place. Units: ns.
 */
const PAUSE_MIN = 10_000;
const PAUSE_RANGE = 60_000;
/** To wake up, and what is done after a pause, take as long. Units: ms. */
const PAUSE_END = 0.03;
/** It is looked at this often what share of the time is slept. Units: ms. */
const CHECK_INTERVAL = 500;
/**
 * The event loop gets its turn so often; signals wait at most twice as long. In some versions of Deno a turn takes a
 * millisecond: where ticks would be missed for it, it comes less often. Units: ms.
 */
const YIELD_INTERVAL = 25;
const COSTLY_YIELD_INTERVAL = 200;

/** A steady clock that keeps time to some 60 microseconds. A wait ends early once `isStopped` says so. */
export function liveClock(isStopped: () => boolean): Clock {
  return new LiveClock(isStopped);
}

class LiveClock implements Clock {
  readonly now = nowMs;
  readonly end = endSampling;
  readonly #isStopped: () => boolean;
  #lastYield = nowMs();
  #yieldInterval = YIELD_INTERVAL;
  #tickInterval = Infinity;
  #checked = this.#lastYield;
  #waited = 0;

  constructor(isStopped: () => boolean) {
    this.#isStopped = isStopped;
  }

  begin(rateHz: number): void {
    this.#tickInterval = 1000 / rateHz;
    beginSampling(rateHz);
  }

  random(): number {
    return Math.random();
  }

  pause(untilMs: number): boolean {
    const lengthNs = PAUSE_MIN + Math.random() * PAUSE_RANGE;
    if (nowMs() + lengthNs / 1e6 + PAUSE_END > untilMs) return false;
    sleepBlocking(lengthNs);
    return true;
  }

  wait(untilMs: number, { now, nextMs }: { now: number; nextMs: number }): Promise<void> | undefined {
    this.#waited += Math.max(0, untilMs - now);
    if (now - this.#checked >= CHECK_INTERVAL) this.#checkShare(now);
    if (untilMs - now > YIELD_INTERVAL) return this.#waitLong(untilMs, nextMs);
    if (now - this.#lastYield > this.#yieldInterval) return this.#yieldOnce(untilMs, nextMs);
    this.#sleepUntil(untilMs, nextMs, now);
    return undefined;
  }

  /** With a real-time priority, a thread that hardly sleeps would keep all others from its processor. */
  #checkShare(now: number): void {
    if (this.#waited < (now - this.#checked) / 2) beginSampling(Infinity);
    this.#checked = now;
    this.#waited = 0;
  }

  #sleepUntil(untilMs: number, nextMs: number, now: number): void {
    if (untilMs - now > SHORTEST_SLEEP) sleepUntilBlocking(untilMs, nextMs);
    else while (nowMs() < untilMs);
  }

  async #waitLong(untilMs: number, nextMs: number): Promise<void> {
    for (;;) {
      const remaining = untilMs - nowMs() - TIMER_SLACK;
      if (remaining < 1) break;
      await new Promise((resolve) => setTimeout(resolve, Math.min(remaining, YIELD_INTERVAL)));
      this.#lastYield = nowMs();
      if (this.#isStopped()) return;
    }
    this.#sleepUntil(untilMs, nextMs, nowMs());
  }

  async #yieldOnce(untilMs: number, nextMs: number): Promise<void> {
    const start = nowMs();
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#lastYield = nowMs();
    const isCostly = this.#lastYield - start > this.#tickInterval / 2;
    this.#yieldInterval = isCostly ? COSTLY_YIELD_INTERVAL : YIELD_INTERVAL;
    this.#sleepUntil(untilMs, nextMs, this.#lastYield);
  }
}
