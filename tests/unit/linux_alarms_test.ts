import assert from "node:assert/strict";
import { Alarms } from "../../src/ffi/linux_alarms.ts";
import { monotonicMs } from "../../src/ffi/linux_clock.ts";

Deno.test("alarms: each sleep ends after its time, also one that comes when another was named, or that has passed", () => {
  const alarms = new Alarms();
  const start = monotonicMs();
  const plan = [[1.25, 2.5], [2.5, 4], [3, 60_000], [5, 6], [6, 7], [-50, 8], [8, 8], [8, NaN], [9, 10]];
  for (const [until, next] of plan) {
    assert.equal(alarms.sleepUntil(start + until!, start + next!), true);
    assert.ok(monotonicMs() >= start + until!, `${until}`);
  }
  alarms.close();
  assert.equal(alarms.sleepUntil(start + 20, start + 30), false);
  assert.ok(monotonicMs() < start + 60_000, "an alarm that was only named is not waited for");
});
