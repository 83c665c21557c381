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
  let lastYield = nowMs();
  let yieldInterval = YIELD_INTERVAL;
  let tickInterval = Infinity;
  let checked = lastYield;
  let waited = 0;
  /** With a real-time priority, a thread that hardly sleeps would keep all others from its processor. */
  const checkShare = (now: number) => {
    if (now - checked < CHECK_INTERVAL) return;
    if (waited < (now - checked) / 2) beginSampling(Infinity);
    checked = now;
    waited = 0;
  };
  const sleepUntil = (untilMs: number, { now = nowMs(), nextMs }: { now?: number; nextMs: number }) => {
    if (untilMs - now > SHORTEST_SLEEP) sleepUntilBlocking(untilMs, nextMs);
    else while (nowMs() < untilMs);
  };
  const waitLong = async (untilMs: number, nextMs: number) => {
    for (;;) {
      const remaining = untilMs - nowMs() - TIMER_SLACK;
      if (remaining < 1) break;
      await new Promise((resolve) => setTimeout(resolve, Math.min(remaining, YIELD_INTERVAL)));
      lastYield = nowMs();
      if (isStopped()) return;
    }
    sleepUntil(untilMs, { nextMs });
  };
  const yieldOnce = async (untilMs: number, nextMs: number) => {
    const start = nowMs();
    await new Promise<void>((resolve) => setImmediate(resolve));
    lastYield = nowMs();
    yieldInterval = lastYield - start > tickInterval / 2 ? COSTLY_YIELD_INTERVAL : YIELD_INTERVAL;
    sleepUntil(untilMs, { nextMs });
  };
  return {
    now: nowMs,
    begin(rateHz) {
      tickInterval = 1000 / rateHz;
      beginSampling(rateHz);
    },
    end: endSampling,
    pause(untilMs) {
      const lengthNs = PAUSE_MIN + Math.random() * PAUSE_RANGE;
      if (nowMs() + lengthNs / 1e6 + PAUSE_END > untilMs) return false;
      sleepBlocking(lengthNs);
      return true;
    },
    random: () => Math.random(),
    wait(untilMs, { now, nextMs }) {
      waited += Math.max(0, untilMs - now);
      checkShare(now);
      if (untilMs - now > YIELD_INTERVAL) return waitLong(untilMs, nextMs);
      if (now - lastYield > yieldInterval) return yieldOnce(untilMs, nextMs);
      sleepUntil(untilMs, { now, nextMs });
      return undefined;
    },
  };
}
