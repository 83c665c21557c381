import assert from "node:assert/strict";
import { RecentLooks } from "../../src/recent_looks.ts";

type News = "torn" | "unknown" | "proven";

/** After so many ticks of which one in `every` shows something new. */
function after(
  rateHz: number,
  every: number,
  news: News,
  { canInterrupt = false }: { canInterrupt?: boolean } = {},
): boolean[] {
  const looks = new RecentLooks(rateHz, { canInterrupt });
  for (let i = 1; i <= 1000; i++) {
    if (i % every === 0) {
      looks.addNews(news);
      if (news !== "proven") looks.addUnproven();
    }
    looks.endTick();
  }
  return [looks.areNew, looks.needVisits];
}

Deno.test("new paths call for second copies, and for visits where these cost little or little else helps", () => {
  assert.deepEqual(after(100, 40, "proven"), [true, true]);
  assert.deepEqual(after(1000, 40, "proven"), [true, false]);
  assert.deepEqual(after(10_000, 40, "proven"), [false, false]);
  assert.deepEqual(after(10_000, 4, "proven"), [true, false]);
  assert.deepEqual(after(10_000, 4, "unknown"), [true, true]);
  assert.deepEqual(after(100, 40, "unknown"), [true, false], "a visit would prove nothing");
  assert.deepEqual(after(100, 2000, "proven"), [false, false], "all is known");
});

Deno.test("visits that are interrupts cost little up to 1 kHz, and prove whatever is there", () => {
  assert.deepEqual(after(1000, 40, "proven", { canInterrupt: true }), [true, true]);
  assert.deepEqual(after(1000, 40, "unknown", { canInterrupt: true }), [true, true]);
  assert.deepEqual(after(10_000, 40, "proven", { canInterrupt: true }), [false, false]);
  assert.deepEqual(after(1000, 2000, "proven", { canInterrupt: true }), [false, false], "all is known");
  assert.deepEqual(after(1000, 40, "torn", { canInterrupt: true }), [true, false], "others stand in for few");
  assert.deepEqual(after(1000, 4, "torn", { canInterrupt: true }), [true, true]);
  assert.deepEqual(
    after(100, 2000, "proven", { canInterrupt: true }),
    [false, true],
    "a thousandth of the time",
  );
});
