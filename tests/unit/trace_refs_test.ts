/** Builds that trace references: each offset is that which a compiler gives for the release's headers. */
import assert from "node:assert/strict";
import { layoutFor } from "../../src/cpython/layouts.ts";
import { withTraceRefs } from "../../src/cpython/trace_refs.ts";

function traced(minor: number, major = 3) {
  return withTraceRefs(layoutFor({ major, minor, micro: 0, release: "" })).layout;
}

Deno.test("trace refs: objects begin with two more pointers, 2.7", () => {
  const { code, frame, type, object, int, dict, thread, interpreter } = traced(7, 2);
  assert.deepEqual(
    [object.type, code.filename, code.lineTable, frame.previous, type.name, int.value, dict.mask],
    [24, 96, 120, 40, 40, 32, 48],
  );
  assert.deepEqual(
    { thread, interpreter },
    pick(layoutFor({ major: 2, minor: 7, micro: 0, release: "" }).layout),
  );
});

Deno.test("trace refs: what a version does not have stays absent", () => {
  assert.equal(traced(7, 2).code.qualname, -1);
  assert.equal(traced(6).generator.frame, -1);
});

Deno.test("trace refs: frames are objects only up to 3.10", () => {
  const plain = layoutFor({ major: 3, minor: 11, micro: 0, release: "" }).layout;
  assert.deepEqual(traced(11).frame, plain.frame);
  assert.equal(traced(11).generator.frame, plain.generator.frame + 16);
  assert.equal(traced(10).frame.previous, 40);
});

function pick({ thread, interpreter }: ReturnType<typeof traced>) {
  return { thread, interpreter };
}
