import assert from "node:assert/strict";
import { RawStack } from "../../src/cpython/raw_stack.ts";
import { EnteredFrame } from "../../src/entered_frame.ts";

function stackOf(...frames: number[]): RawStack {
  const stack = new RawStack();
  for (const frame of frames) stack.push(frame + 1, 0, frame);
  return stack;
}

Deno.test("a frame that is there each time after its thread has run is linked", () => {
  const entered = new EnteredFrame();
  const stack = stackOf(64, 32);
  assert.deepEqual([1, 2, 3, 3].map((runs) => entered.stays(stack, runs)), [false, false, true, true]);
  assert.equal(entered.stays(stackOf(64, 16), 4), false, "another caller");
  assert.deepEqual([5, 6].map((runs) => entered.stays(stackOf(64, 16), runs)), [false, true]);
  assert.equal(entered.stays(stackOf(96, 16), 7), false, "another frame");
});

Deno.test("a thread that has not run is where it was, linked or not", () => {
  const entered = new EnteredFrame();
  const looks = Array.from({ length: 9 }, () => entered.stays(stackOf(64), 5));
  assert.ok(!looks.includes(true));
});

Deno.test("without a count nothing is known", () => {
  const entered = new EnteredFrame();
  const looks = Array.from({ length: 9 }, () => entered.stays(stackOf(64), NaN));
  assert.ok(!looks.includes(true));
});
