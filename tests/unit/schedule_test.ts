import assert from "node:assert/strict";
import fc from "fast-check";
import { newCounters } from "../../src/sampler.ts";
import { runSchedule } from "../../src/schedule.ts";
import type { Clock, SampleCounters } from "../../src/types.ts";

const START = 1000;

/** A clock that goes on only when it is waited for, or when a tick takes time. */
class FakeClock implements Clock {
  time = START;
  readonly random: () => number;

  constructor(random: () => number = () => 0.5) {
    this.random = random;
  }

  now(): number {
    return this.time;
  }

  begin(): void {}

  end(): void {}

  pause(): boolean {
    return true;
  }

  wait(untilMs: number): Promise<void> | undefined {
    if (untilMs <= this.time) return undefined;
    this.time = untilMs;
    return Promise.resolve();
  }
}

interface Outcome {
  readonly reason: string;
  /** When each tick began, since the start. */
  readonly times: readonly number[];
  readonly counters: SampleCounters;
}

/** Runs a schedule. @param onTick what a tick does with the clock; false ends it. */
async function run(
  { rateHz = 100, durationSeconds, clock = new FakeClock(), onTick = () => true, isStopped = () => false }: {
    rateHz?: number;
    durationSeconds?: number | undefined;
    clock?: FakeClock;
    onTick?: (clock: FakeClock, index: number) => boolean | Promise<boolean>;
    isStopped?: (times: readonly number[]) => boolean;
  },
): Promise<Outcome> {
  const counters = newCounters();
  const times: number[] = [];
  const tick = () => {
    times.push(clock.time - START);
    return onTick(clock, times.length - 1);
  };
  const options = {
    clock,
    startMs: START,
    rateHz,
    durationSeconds,
    counters,
    isStopped: () => isStopped(times),
  };
  return { reason: await runSchedule(tick, options), times, counters };
}

Deno.test("ticks keep the rate for the whole duration, without drift", async () => {
  const { reason, times, counters } = await run({
    rateHz: 1000 / 3,
    durationSeconds: 30,
    onTick: (clock) => {
      clock.time += 0.7;
      return true;
    },
  });
  assert.equal(reason, "duration");
  assert.equal(times.length, 10_000);
  times.forEach((time, i) => assert.ok(Math.abs(time - (i + 0.5) * 3) < 1e-6, `tick ${i} at ${time}`));
  assert.deepEqual([counters.late, counters.missed], [0, 0]);
});

Deno.test("each tick is at a random moment of its own interval", async () => {
  const randoms = [0, 0.999, 0, 0.25, 0.75, 0.999];
  let i = 0;
  const clock = new FakeClock(() => randoms[i++]!);
  const { times } = await run({ clock, onTick: (_, index) => index < 5 });
  assert.deepEqual(times.map((time) => Math.round(time * 100) / 100), [0, 19.99, 20, 32.5, 47.5, 59.99]);
});

Deno.test("a tick that takes too long makes others missed; those after it are where they would have been", async () => {
  const { times, counters } = await run({
    onTick: (clock, index) => {
      if (index === 2) clock.time = START + 63;
      return index < 4;
    },
  });
  assert.deepEqual(times, [5, 15, 25, 65, 75]);
  assert.deepEqual([counters.missed, counters.late], [3, 0]);
});

Deno.test("a tick that begins more than half an interval after its moment is late", async () => {
  const lateBy = async (ms: number) => {
    const clock = new FakeClock();
    const wait = clock.wait.bind(clock);
    let waits = 0;
    clock.wait = (untilMs) => {
      const waiting = wait(untilMs);
      if (++waits === 2) clock.time += ms;
      return waiting;
    };
    const { counters } = await run({ clock, onTick: (_, index) => index < 3 });
    return counters.late;
  };
  assert.equal(await lateBy(4.9), 0);
  assert.equal(await lateBy(5.1), 1);
});

Deno.test("intervals that pass without a tick are missed up to the end, not beyond it", async () => {
  const { reason, times, counters } = await run({
    durationSeconds: 0.1,
    onTick: (clock, index) => {
      if (index === 4) clock.time = START + 500;
      return true;
    },
  });
  assert.deepEqual([reason, times.length, counters.missed], ["duration", 5, 5]);
});

Deno.test("the end of the duration is waited for, not sampled past", async () => {
  const clock = new FakeClock(() => 0.9);
  const { reason, times } = await run({ clock, durationSeconds: 0.025 });
  assert.equal(reason, "duration");
  assert.deepEqual(times.map(Math.round), [9, 19]);
  assert.equal(clock.time, START + 25);
});

Deno.test("a stop ends it before the next tick, the target's end after the tick that sees it", async () => {
  const stopped = await run({ isStopped: (times) => times.length === 3 });
  assert.deepEqual([stopped.reason, stopped.times.length], ["stopped", 3]);
  const gone = await run({ onTick: (_, index) => index < 2 });
  assert.deepEqual([gone.reason, gone.times.length], ["target_gone", 3]);
  const goneLater = await run({ onTick: (_, index) => Promise.resolve(index < 2) });
  assert.deepEqual([goneLater.reason, goneLater.times.length], ["target_gone", 3]);
});

Deno.test("whatever ticks take, none is in an interval of another, and none is unaccounted for", async () => {
  const costs = fc.array(fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 0, max: 9 }) }, fc.nat(70)), {
    maxLength: 30,
  });
  const randoms = fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(costs, randoms, async (costs, randoms) => {
      let next = 0;
      const clock = new FakeClock(() => randoms[next++ % randoms.length]!);
      const { times, counters } = await run({
        clock,
        onTick: (clock, index) => {
          clock.time += costs[index] ?? 0;
          return index < costs.length;
        },
      });
      // A tick that begins late is counted in the interval in which it was due.
      const ends = times.map((time, i) => time + (costs[i] ?? 0));
      times.forEach((time, i) => assert.ok(i === 0 || time >= ends[i - 1]! - 1e-9, "ticks overlap"));
      const due = times.length + counters.missed;
      const elapsed = times.at(-1)! / 10;
      assert.ok(
        due >= elapsed && due <= elapsed + 1 + 1e-9 || counters.late > 0,
        `${due} ticks due in ${elapsed} intervals`,
      );
    }),
  );
});
