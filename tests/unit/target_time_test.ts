import assert from "node:assert/strict";
import { TargetTime } from "../../src/target_time.ts";

/** How much is taken, 0.1 ms at a time, until no more is allowed. Units: ms. */
function takeAll(time: TargetTime, kind: "tick" | "search", nowMs: number): number {
  let taken = 0;
  const allows = () => kind === "tick" ? time.allowsTick(0.1, nowMs) : time.allowsSearch(0.1, nowMs);
  for (; allows(); taken++) kind === "tick" ? time.takeForTick(0.1) : time.takeForSearch(0.1);
  return taken / 10;
}

Deno.test("at the start most of what is free is for ticks, and a search leaves it to them", () => {
  const time = new TargetTime(1000, { canInterrupt: false });
  assert.ok(Math.abs(takeAll(time, "search", 1000) - 8) < 0.2);
  assert.ok(Math.abs(takeAll(time, "tick", 1000) - 42) < 0.2);
});

Deno.test("no more than a share of the time is taken, however it is used", () => {
  const hour = 3_600_000;
  const both = new TargetTime(0, { canInterrupt: false });
  const taken = takeAll(both, "tick", hour) + takeAll(both, "search", hour);
  assert.ok(Math.abs(taken - (50 + 0.008 * hour)) < 1, `${taken} ms`);
  const searches = takeAll(new TargetTime(0, { canInterrupt: false }), "search", hour);
  assert.ok(Math.abs(searches - (8 + 0.008 * hour)) < 1, `${searches} ms, since no tick took any`);
  const ticks = takeAll(new TargetTime(0, { canInterrupt: false }), "tick", hour);
  assert.ok(Math.abs(ticks - (42 + 0.006 * hour)) < 1, `${ticks} ms`);
});

Deno.test("where threads are interrupted, ticks may take all of a share that is a little larger", () => {
  const hour = 3_600_000;
  const ticks = takeAll(new TargetTime(0, { canInterrupt: true }), "tick", hour);
  assert.ok(Math.abs(ticks - (42 + 0.009 * hour)) < 1, `${ticks} ms`);
});
