import assert from "node:assert/strict";
import { Histogram } from "../../src/histogram.ts";
import { renderStats } from "../../src/render/stats.ts";
import type { ReadingStats } from "../../src/render/stats.ts";

const NOTHING: ReadingStats = {
  ticks: 0,
  durationSeconds: 0,
  systemCalls: 0,
  calls: 0,
  misses: 0,
  stale: 0,
  relists: 0,
  sights: [0, 0, 0, 0, 0],
  rereads: 0,
  paused: 0,
  failed: 0,
  readTime: new Histogram(),
  pauseTime: new Histogram(),
  cpuMs: 0,
};

Deno.test("stats of a recording: a fact a line, with units", () => {
  const readTime = new Histogram();
  readTime.add(0.004);
  readTime.add(0.02);
  const pauseTime = new Histogram();
  pauseTime.add(0.025);
  const text = renderStats({
    ...NOTHING,
    ticks: 1000,
    durationSeconds: 10,
    systemCalls: 3500,
    calls: 1020,
    misses: 30,
    sights: [0, 5, 5, 40, 950],
    rereads: 1234,
    paused: 100,
    failed: 2,
    readTime,
    pauseTime,
    cpuMs: 85.2,
  });
  assert.match(text, /^System calls: 3\.50 a tick, with 1\.02 vectored reads$/m);
  assert.match(
    text,
    /^Looks: 1,000; 95\.0 % showed a proven path at once, 4\.0 % .*, 1\.0 % led nowhere, 0\.0 %/m,
  );
  assert.match(text, /^Read while the thread could not run: 10\.0 % of the ticks$/m);
  assert.match(text, /^Time of a read: median \d\.\d µs, .* longest 20\.0 µs$/m);
  assert.match(text, /^CPU used by pyspy: 0\.09 s, 0\.9 % of a core, 85\.2 µs a tick$/m);
  assert.match(text, /^Ticks that failed while the process executed another program: 2$/m);
});

Deno.test("stats of a recording that has seen nothing have no infinities", () => {
  const text = renderStats(NOTHING);
  assert.doesNotMatch(text, /NaN|Infinity|undefined/);
  assert.match(text, /^Time of a read: none$/m);
});
