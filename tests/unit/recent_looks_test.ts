import assert from "node:assert/strict";
import { RecentLooks } from "../../src/recent_looks.ts";

/** After so many ticks of which one in `every` shows a new path. */
function after(
  rateHz: number,
  every: number,
  { proves, canInterrupt = false }: { proves: boolean; canInterrupt?: boolean },
): boolean[] {
  const looks = new RecentLooks(rateHz, { canInterrupt });
  for (let i = 1; i <= 1000; i++) {
    if (i % every === 0) {
      looks.addNews({ proves });
      if (!proves) looks.addUnproven();
    }
    looks.endTick();
  }
  return [looks.areNew, looks.needVisits];
}

Deno.test("new paths call for second copies, and for visits where these cost little or little else helps", () => {
  assert.deepEqual(after(100, 40, { proves: true }), [true, true]);
  assert.deepEqual(after(1000, 40, { proves: true }), [true, false]);
  assert.deepEqual(after(10_000, 40, { proves: true }), [false, false]);
  assert.deepEqual(after(10_000, 4, { proves: true }), [true, false]);
  assert.deepEqual(after(10_000, 4, { proves: false }), [true, true]);
  assert.deepEqual(after(100, 40, { proves: false }), [true, false], "a visit would prove nothing");
  assert.deepEqual(after(100, 2000, { proves: true }), [false, false], "all is known");
});

Deno.test("visits that are interrupts cost little up to 1 kHz, and prove whatever is there", () => {
  assert.deepEqual(after(1000, 40, { proves: true, canInterrupt: true }), [true, true]);
  assert.deepEqual(after(1000, 40, { proves: false, canInterrupt: true }), [true, true]);
  assert.deepEqual(after(10_000, 40, { proves: true, canInterrupt: true }), [false, false]);
  assert.deepEqual(after(1000, 2000, { proves: true, canInterrupt: true }), [false, false], "all is known");
});
