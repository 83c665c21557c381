import assert from "node:assert/strict";
import { RecentShare } from "../../src/recent_share.ts";

/** After so many ticks in which it happens every so often. */
function after(ticks: number, every: number, share = new RecentShare()): boolean {
  for (let i = 0; i < ticks; i++) {
    if (i % every === 0) share.add();
    share.endTick();
  }
  return share.isHigh;
}

Deno.test("it is high at first, and while something happens in more than a fifth of the ticks", () => {
  assert.equal(new RecentShare().isHigh, true);
  assert.equal(after(1000, 4), true);
  assert.equal(after(1000, 6), false);
  const share = new RecentShare();
  assert.deepEqual([after(500, Infinity, share), after(40, 1, share)], [false, true], "soon again");
});
