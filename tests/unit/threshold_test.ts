import assert from "node:assert/strict";
import { shareOf } from "../../src/analysis/interval.ts";
import { judge, parseLimit } from "../../src/analysis/threshold.ts";
import { ProfilerError } from "../../src/errors.ts";
import { renderJudgement } from "../../src/render/judgement_text.ts";
import { frame, INFO, profileOf } from "./render_helper.ts";

Deno.test("a limit is a kind, a pattern, and a share or a time", () => {
  const parsed = (text: string, isChange = false) => {
    const { kind, pattern, value, unit } = parseLimit(text, { isChange });
    return [kind, pattern, value, unit];
  };
  assert.deepEqual(parsed("self:json.dumps>20%"), ["self", "json.dumps", 0.2, "%"]);
  assert.deepEqual(parsed("total: mymodule.* > 1.5 s"), ["total", "mymodule.*", 1.5, "s"]);
  assert.deepEqual(parsed("self:<module>>20%"), ["self", "<module>", 0.2, "%"]);
  assert.deepEqual(parsed("total:m.*>+5%", true), ["total", "m.*", 0.05, "%"]);
  for (
    const text of [
      "",
      "json.dumps>20%",
      "self:>20%",
      "self:a<20%",
      "self:a>20",
      "self:a>x%",
      "own:a>2%",
      "self:a>+5%",
    ]
  ) {
    assert.throws(
      () => parseLimit(text, { isChange: false }),
      (error) => error instanceof ProfilerError && error.kind === "usage" && error.remedy !== undefined,
      text,
    );
  }
});

/** A profile in which `f` has so many of so many samples. */
function profileWith(count: number, of: number, ticks = of) {
  const info = { ...INFO, samples: of, ticks, durationSeconds: ticks / 100 };
  return profileOf([{ frames: [frame("main"), frame("f")], count }, {
    frames: [frame("main")],
    count: of - count,
  }], {
    info,
  });
}

function verdictOf(limit: string, profile: ReturnType<typeof profileWith>): string {
  return judge(profile, parseLimit(limit, { isChange: false }), { secondsEach: 0.01 }).verdict;
}

Deno.test("a limit is broken only when chance is ruled out, and not judged on too few samples", () => {
  assert.equal(verdictOf("self:f>20%", profileWith(300, 1000)), "broken");
  assert.equal(verdictOf("self:f>20%", profileWith(100, 1000)), "holds");
  // 20.5 % of 1,000 samples may well be 20 %.
  assert.equal(verdictOf("self:f>20%", profileWith(205, 1000)), "holds");
  assert.equal(verdictOf("self:f>20%", profileWith(8, 30)), "undecided");
  assert.equal(verdictOf("self:f>20%", profileWith(3, 30)), "undecided");
  // Far enough away, few are enough.
  assert.equal(verdictOf("self:f>20%", profileWith(30, 30)), "broken");
  assert.equal(verdictOf("self:f>20%", profileOf([])), "undecided");
  assert.equal(verdictOf("total:main>99%", profileWith(10, 1000)), "broken");
  assert.equal(verdictOf("self:f>2s", profileWith(300, 1000)), "broken");
  assert.equal(verdictOf("self:f>4s", profileWith(300, 1000)), "holds");
});

Deno.test("samples of one tick count once: a hundred threads that do the same are one observation", () => {
  assert.equal(verdictOf("self:f>20%", profileWith(800, 3000, 30)), "undecided");
  assert.equal(verdictOf("self:f>20%", profileWith(800, 3000)), "broken");
});

Deno.test("of 2,000 samples of a coin the interval holds the truth in about 95 of 100 cases", () => {
  let seed = 3;
  const random = () => (seed = seed * 48271 % 0x7fff_ffff) / 0x7fff_ffff;
  let held = 0;
  for (let i = 0; i < 400; i++) {
    let count = 0;
    for (let j = 0; j < 2000; j++) if (random() < 0.1) count++;
    const { low, high } = shareOf(profileWith(count, 2000), count);
    if (low <= 0.1 && 0.1 <= high) held++;
  }
  assert.ok(held >= 368 && held <= 396, `${held} of 400`);
});

Deno.test("a judgement says what was found and how sure it is", () => {
  const text = (limit: string, profile: ReturnType<typeof profileWith>) =>
    renderJudgement(judge(profile, parseLimit(limit, { isChange: false }), { secondsEach: 0.01 }));
  assert.equal(
    text("self:f>20%", profileWith(300, 1000)),
    "self:f>20%: BROKEN; it is 30.0 % (95 % sure: 27.2 to 32.9 %)",
  );
  assert.match(text("self:g>20%", profileWith(300, 1000)), /holds, no such function was seen; it is 0\.0 %/);
  assert.match(text("self:f>20%", profileWith(8, 30)), /cannot be judged.*too few samples.*-r/);
});
