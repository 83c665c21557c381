import assert from "node:assert/strict";
import fc from "fast-check";
import { CUT_FRAME } from "../../src/profile.ts";
import { parseFolded, renderFolded } from "../../src/render/folded.ts";
import { frame, HOSTILE, profileOf, thread } from "./render_helper.ts";

const main = frame("<module>", "lv.py", 19);
const f = frame("f", "lv.py", 16);

Deno.test("folded stacks are sorted and end in their counts", () => {
  const profile = profileOf([
    { frames: [main, f], count: 2 },
    { frames: [main], count: 1 },
    { frames: [main, CUT_FRAME], count: 3 },
  ]);
  assert.equal(
    renderFolded(profile, { threads: false }),
    "<module> (lv.py:19) 1\n<module> (lv.py:19);[cut] 3\n<module> (lv.py:19);f (lv.py:16) 2\n",
  );
});

Deno.test("threads are root frames on request, else their equal stacks are merged", () => {
  const profile = profileOf([
    { thread: 0, frames: [main], count: 1 },
    { thread: 1, frames: [main], count: 2 },
  ], { threads: [thread(7), thread(8, "W;0")] });
  assert.equal(renderFolded(profile, { threads: false }), "<module> (lv.py:19) 3\n");
  assert.equal(
    renderFolded(profile, { threads: true }),
    "thread (7): MainThread;<module> (lv.py:19) 1\nthread (8): W:0;<module> (lv.py:19) 2\n",
  );
});

Deno.test("a sample without frames still counts", () => {
  assert.equal(
    renderFolded(profileOf([{ frames: [], count: 4 }]), { threads: false }),
    "[no Python frames] 4\n",
  );
  assert.equal(renderFolded(profileOf([]), { threads: true }), "");
});

Deno.test("folded stacks of any names are read back with every sample", () => {
  const name = fc.oneof(fc.string(), fc.constantFrom(...HOSTILE));
  const anyFrame = fc.record({
    name,
    file: name,
    line: fc.integer({ min: 0, max: 99 }),
    firstLine: fc.constant(1),
  });
  const stack = fc.record({
    frames: fc.array(anyFrame, { minLength: 1, maxLength: 6 }),
    count: fc.integer({ min: 1, max: 9 }),
  });
  fc.assert(fc.property(fc.array(stack, { maxLength: 8 }), (stacks) => {
    const profile = profileOf(stacks);
    const text = renderFolded(profile, { threads: true });
    const { stacks: parsed, foreign } = parseFolded(text);
    assert.equal(foreign, 0);
    assert.equal(parsed.reduce((sum, { count }) => sum + count, 0), profile.info.samples);
    assert.equal(parsed.map(({ frames, count }) => `${frames.join(";")} ${count}\n`).join(""), text);
    const depths = new Set(stacks.map(({ frames }) => frames.length + 1));
    for (const { frames } of parsed) assert.ok(depths.has(frames.length));
  }));
});

Deno.test("lines that are no stacks are left out", () => {
  assert.deepEqual(parseFolded("a;b 3\r\n\n# note\nx\nc d 2\na 99999999999999999999\n 5"), {
    stacks: [{ frames: ["a", "b"], count: 3 }, { frames: ["c d"], count: 2 }],
    foreign: 3,
  });
});
