import assert from "node:assert/strict";
import { RecentShare } from "../../src/recent_share.ts";

/** After so many ticks in which it happens every so often. */
function after(ticks: number, every: number, share = new RecentShare(5)): boolean {
  for (let i = 0; i < ticks; i++) {
    if (i % every === 0) share.add();
    share.endTick();
  }
  return share.isHigh;
}

Deno.test("it is high at first, and while something happens in more than a fifth of the ticks", () => {
  assert.equal(new RecentShare(5).isHigh, true);
  assert.equal(after(1000, 4), true);
  assert.equal(after(1000, 6), false);
  assert.deepEqual([after(1000, 45, new RecentShare(50)), after(1060, 60, new RecentShare(50))], [
    true,
    false,
  ]);
  const share = new RecentShare(5);
  assert.deepEqual([after(500, Infinity, share), after(40, 1, share)], [false, true], "soon again");
});
