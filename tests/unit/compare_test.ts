import assert from "node:assert/strict";
import { compare, judgeChange, normalQuantile } from "../../src/analysis/compare.ts";
import { parseLimit } from "../../src/analysis/threshold.ts";
import type { Profile } from "../../src/profile.ts";
import { renderChangeJudgement, renderDiff } from "../../src/render/diff_text.ts";
import { frame, HOSTILE, INFO, profileOf } from "./render_helper.ts";

const RATE = 500;
const NAMES = ["parse", "middle", "sort", "join", "compute", "rare"];
/** Shares of time of a program that always does the same. */
const SHARES = [0.3, 0.25, 0.2, 0.15, 0.095, 0.005];

/** A generator of random numbers, always the same. Source: Park and Miller's, of which the first is thrown away. */
function randomOf(seed: number): () => number {
  let state = seed * 7919 % 0x7fff_ffff + 1;
  const next = () => (state = state * 48271 % 0x7fff_ffff) / 0x7fff_ffff;
  next();
  return next;
}

/**
 * A recording of that program: each round calls the functions in turn, for `roundMs` in all, and is sampled at random moments.
 *
 * @param noise what each function's time in this run differs by, at most, as a share.
 */
function recordingOf(
  seed: number,
  { shares = SHARES, seconds = 16, roundMs = 20, noise = 0.01, speed = 1 }: {
    shares?: readonly number[];
    seconds?: number;
    roundMs?: number;
    noise?: number;
    speed?: number;
  } = {},
): Profile {
  const random = randomOf(seed);
  const own = shares.map((share) => share * (1 + noise * (2 * random() - 1)) * speed);
  const round = own.reduce((sum, share) => sum + share, 0);
  const length = seconds * round;
  const ticks = Math.round(length * RATE);
  const counts = NAMES.map(() => 0);
  const timeline = { stack: [] as number[], startNs: [] as number[], weightNs: [] as number[] };
  for (let tick = 0; tick < ticks; tick++) {
    const at = (tick + random()) / RATE;
    let rest = at * 1000 / roundMs % round;
    let index = 0;
    while (index < own.length - 1 && rest >= own[index]!) rest -= own[index++]!;
    counts[index]!++;
    timeline.stack.push(index);
    timeline.startNs.push(at * 1e9);
    timeline.weightNs.push(1e9 / RATE);
  }
  const info = { ...INFO, rateHz: RATE, ticks, samples: ticks, durationSeconds: length };
  const main = frame("main", "app.py", 40, 38);
  return profileOf(
    NAMES.map((name, i) => ({ frames: [main, frame(name, "app.py", i + 1, i + 1)], count: counts[i]! })),
    { info, timeline },
  );
}

const run = (profile: Profile) => ({
  profile,
  secondsEach: profile.info.durationSeconds / profile.info.ticks,
});
const changed = (before: Profile, after: Profile) =>
  compare(run(before), run(after)).functions.filter(({ isCertain }) => isCertain).map(({ frame, change }) =>
    `${frame.name} ${change > 0 ? "+" : "-"}`
  );
const slowed = (by: number) => SHARES.map((share, i) => i === 1 ? share * by : share);

Deno.test("of 100 pairs of runs of the same program, at most a few show a difference", () => {
  const wrong = Array.from({ length: 100 }, (_, i) => changed(recordingOf(2 * i), recordingOf(2 * i + 1)))
    .filter((found) => found.length > 0);
  assert.ok(wrong.length <= 5, JSON.stringify(wrong));
});

Deno.test("a function that is slower by a fifth is named, and hardly another, in runs to the end and of a fixed time", () => {
  let others = 0;
  for (let i = 0; i < 50; i++) {
    const shares = slowed(1.2);
    const toTheEnd = recordingOf(500 + i, { shares });
    const fixed = recordingOf(900 + i, { shares, seconds: 16 / 1.05 });
    for (const after of [toTheEnd, fixed]) {
      const found = changed(recordingOf(i), after);
      assert.ok(found.includes("middle +"), `${i}: ${found}`);
      others += found.length - 1;
    }
  }
  assert.ok(others <= 5, `${others} of 100`);
});

Deno.test("a slower machine is no change of a function, and is said", () => {
  const after = recordingOf(8, { speed: 1.3, noise: 0 });
  const { factor, functions } = compare(run(recordingOf(7, { noise: 0 })), run(after));
  assert.ok(Math.abs(factor - 1.3) < 0.05, `${factor}`);
  assert.deepEqual(functions.filter(({ isCertain }) => isCertain), []);
});

Deno.test("functions that stay for long are less certain: their samples are no independent ones", () => {
  // Half a second in each function at a time, and a recording that ends anywhere in it.
  const wrong = Array.from({ length: 60 }, (_, i) => {
    const options = { roundMs: 2500 };
    return changed(
      recordingOf(i, { ...options, seconds: 16 + i % 5 * 0.37 }),
      recordingOf(1000 + i, { ...options, seconds: 16 + i % 7 * 0.29 }),
    );
  }).filter((found) => found.length > 0);
  assert.ok(wrong.length <= 3, JSON.stringify(wrong));
});

Deno.test("what is new, and what is gone, is named", () => {
  const gone = SHARES.map((share, i) => i === 3 ? 0 : share);
  assert.deepEqual(changed(recordingOf(1), recordingOf(2, { shares: gone })), ["join -"]);
  assert.deepEqual(changed(recordingOf(2, { shares: gone }), recordingOf(1)), ["join +"]);
});

Deno.test("a profile without times is compared as well, and an empty one is no trouble", () => {
  const [before, after] = [recordingOf(1), recordingOf(2, { shares: slowed(1.5) })];
  assert.deepEqual(changed({ ...before, timeline: undefined }, { ...after, timeline: undefined }), [
    "middle +",
  ]);
  assert.deepEqual(compare(run(before), { profile: profileOf([]), secondsEach: 0.01 }).factor, 1);
});

Deno.test("a limit of change is broken by what is certainly more, and not judged on too few samples", () => {
  const verdict = (text: string, before: Profile, after: Profile) =>
    judgeChange(run(before), run(after), parseLimit(text, { isChange: true }));
  const [before, same, slow] = [recordingOf(1), recordingOf(2), recordingOf(3, { shares: slowed(1.3) })];
  assert.equal(verdict("self:app.middle>+5%", before, slow).verdict, "broken");
  assert.equal(verdict("self:app.middle>+5%", before, same).verdict, "holds");
  assert.equal(verdict("self:app.middle>+50%", before, slow).verdict, "holds");
  assert.equal(verdict("self:app.sort>+5%", before, slow).verdict, "holds");
  assert.equal(verdict("self:nothing>+5%", before, slow).verdict, "holds");
  const few = [recordingOf(1, { seconds: 0.2 }), recordingOf(2, { seconds: 0.2 })] as const;
  const undecided = verdict("self:app.sort>+5%", ...few);
  assert.equal(undecided.verdict, "undecided");
  assert.match(renderChangeJudgement(undecided), /cannot be judged; it changed by .*too few samples/);
});

Deno.test("the text names what changed, with its interval, and nothing steers the terminal", () => {
  const text = renderDiff(compare(run(recordingOf(1)), run(recordingOf(2, { shares: slowed(1.5) }))), {
    limit: 3,
  });
  assert.match(text, /^16\.\d s before, .* s after\.\nMost functions took \d\.\d\d times as long/);
  assert.match(
    text,
    /Changed, and not by chance[^]*\+\d\d\.\d % +\+\d\d\.\d % to \+\d\d\.\d % .*middle \(app\.py\)/,
  );
  assert.match(text, /which may be chance:[^]*main \(app\.py\)|which may be chance:/);
  const hostile = profileOf(HOSTILE.map((name) => ({ frames: [frame(name, name)], count: 50 })));
  const shown = renderDiff(compare(run(hostile), run(profileOf([]))), { limit: 100 });
  // deno-lint-ignore no-control-regex -- that is what must not be there
  assert.ok(!/\x1b|\x07|\u202e/.test(shown));
  const same = compare(run(recordingOf(1)), run(recordingOf(1)));
  assert.match(renderDiff(same, { limit: 2 }), /No function has changed/);
});

Deno.test("quantiles of the normal distribution are those of the tables", () => {
  for (
    const [share, value] of [[0.5, 0], [0.975, 1.959964], [0.995, 2.575829], [0.9999, 3.719016], [
      0.025,
      -1.959964,
    ]]
  ) {
    assert.ok(Math.abs(normalQuantile(share!) - value!) < 1e-5, `${share}`);
  }
});
