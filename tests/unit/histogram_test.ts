import assert from "node:assert/strict";
import fc from "fast-check";
import { Histogram } from "../../src/histogram.ts";

Deno.test("percentiles are right to some percent, whatever the durations are", () => {
  fc.assert(fc.property(
    fc.array(fc.double({ min: 0.001, max: 1e4, noNaN: true }), { minLength: 1, maxLength: 300 }),
    fc.double({ min: 0.01, max: 1, noNaN: true }),
    (durations, share) => {
      const histogram = new Histogram();
      for (const ms of durations) histogram.add(ms);
      const sorted = durations.toSorted((a, b) => a - b);
      const exact = sorted[Math.max(0, Math.ceil(share * sorted.length - 1e-9) - 1)]!;
      const found = histogram.percentile(share);
      assert.ok(Math.abs(found - exact) <= 0.06 * exact, `${found}, not ${exact}`);
      assert.equal(histogram.longest, sorted.at(-1));
      assert.equal(histogram.count, durations.length);
    },
  ));
});

Deno.test("durations out of range are counted at its ends; of none there is no percentile", () => {
  const histogram = new Histogram();
  assert.equal(histogram.percentile(0.5), 0);
  histogram.add(0);
  histogram.add(1e9);
  assert.ok(histogram.percentile(0.5) < 0.001);
  assert.equal(histogram.longest, 1e9);
});
