import assert from "node:assert/strict";
import { CUT_FRAME } from "../../src/profile.ts";
import { renderHottest } from "../../src/render/summary.ts";
import { frame, HOSTILE, INFO, profileOf } from "./render_helper.ts";

const main = frame("<module>", "lv.py", 19);
const walk = frame("walk", "tree.py", 5, 3);
const info = { ...INFO, durationSeconds: 10, ticks: 1000 };

Deno.test("functions are listed by self time, recursion counted once, lines merged", () => {
  const profile = profileOf([
    { frames: [main, walk, { ...walk, line: 6 }, walk], count: 600 },
    { frames: [main, walk], count: 100 },
    { frames: [main], count: 200 },
    { frames: [main, CUT_FRAME], count: 100 },
  ], { info });
  assert.equal(
    renderHottest(profile, { limit: 10 }),
    [
      "self %  total %    self s  function (file)",
      "  70.0     70.0      7.00  walk (tree.py)",
      "  20.0    100.0      2.00  <module> (lv.py)",
      "  10.0     10.0      1.00  [cut]",
      "",
    ].join("\n"),
  );
  assert.match(renderHottest(profile, { limit: 1 }), /walk \(tree.py\)\n\.\.\. and 2 more functions\n$/);
});

Deno.test("functions of one name are told apart by their first lines", () => {
  const lambda = (line: number) => frame("<lambda>", "a.py", line, line);
  const profile = profileOf([{ frames: [lambda(3)], count: 2 }, { frames: [lambda(9)], count: 1 }], { info });
  assert.match(renderHottest(profile, { limit: 9 }), /<lambda> \(a.py:3\)\n.*<lambda> \(a.py:9\)\n$/);
});

Deno.test("names cannot steer the terminal", () => {
  const profile = profileOf(HOSTILE.map((name) => ({ frames: [frame(name, name)], count: 1 })));
  const text = renderHottest(profile, { limit: 99 });
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
  assert.equal(text.split("\n").length, HOSTILE.length + 2);
});

Deno.test("without samples or without a clock it says what it can", () => {
  assert.equal(renderHottest(profileOf([]), { limit: 5 }), "No samples.\n");
  const timeless = profileOf([{ frames: [main], count: 1 }], { info: { ...info, ticks: 0, rateHz: 0 } });
  assert.equal(
    renderHottest(timeless, { limit: 5 }),
    "self %  total %  function (file)\n 100.0    100.0  <module> (lv.py)\n",
  );
});
