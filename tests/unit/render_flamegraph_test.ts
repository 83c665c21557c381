import assert from "node:assert/strict";
import fc from "fast-check";
import type { Profile } from "../../src/profile.ts";
import { buildCallTree, type CallNode } from "../../src/render/call_tree.ts";
import { type FlameRect, layoutFlamegraph, MAX_ROWS } from "../../src/render/flamegraph.ts";
import { djangoProfile, frame, profileOf, thread } from "./render_helper.ts";

const anyProfile: fc.Arbitrary<Profile> = fc.array(
  fc.record({
    thread: fc.integer({ min: 0, max: 2 }),
    frames: fc.array(fc.constantFrom("a", "b", "c", "d").map((name) => frame(name)), { maxLength: 7 }),
    count: fc.integer({ min: 1, max: 5000 }),
  }),
  { minLength: 1, maxLength: 20 },
).map((stacks) => profileOf(stacks, { threads: [thread(1), thread(2, "B"), thread(3, "C")] }));

function walk(node: CallNode): CallNode[] {
  return [node, ...node.children.flatMap(walk)];
}

/** Says a tree in one line: `name self/total(children)`. */
function show({ label, self, total, children }: CallNode): string {
  return `${label} ${self}/${total}` + (children.length > 0 ? `(${children.map(show).join(" ")})` : "");
}

const [a, b, c] = [frame("a", ""), frame("b", ""), frame("c", "")] as const;

Deno.test("stacks are merged from the root, children by name", () => {
  const profile = profileOf([
    { frames: [a, c], count: 1 },
    { frames: [a, b], count: 2 },
    { frames: [a], count: 4 },
    { frames: [b, a, b], count: 8 },
  ]);
  assert.equal(
    show(buildCallTree(profile, { threads: false })),
    "all 0/15(a 4/7(b 2/2 c 1/1) b 0/8(a 0/8(b 8/8)))",
  );
});

Deno.test("frames that read the same are one node", () => {
  const other = { ...a, firstLine: 99 };
  const profile = profileOf([{ frames: [a], count: 1 }, { frames: [other], count: 1 }]);
  assert.equal(show(buildCallTree(profile, { threads: false })), "all 0/2(a 2/2)");
});

Deno.test("threads are nodes on request", () => {
  const profile = profileOf([{ thread: 1, frames: [a], count: 1 }, { thread: 0, frames: [a], count: 2 }], {
    threads: [thread(10), thread(9, "W")],
  });
  assert.equal(show(buildCallTree(profile, { threads: false })), "all 0/3(a 3/3)");
  assert.equal(
    show(buildCallTree(profile, { threads: true })),
    "all 0/3(thread (10): MainThread 0/2(a 2/2) thread (9): W 0/1(a 1/1))",
  );
});

Deno.test("a stack of 100,000 frames is no problem", () => {
  const root = buildCallTree(profileOf([{ frames: Array(100_000).fill(a), count: 1 }]), { threads: false });
  const { rows, tooDeep } = layoutFlamegraph(root);
  assert.equal(rows + tooDeep, 100_001);
});

Deno.test("self adds up to total, and total to the samples", () => {
  fc.assert(fc.property(anyProfile, fc.boolean(), (profile, threads) => {
    const root = buildCallTree(profile, { threads });
    assert.equal(root.total, profile.info.samples);
    assert.equal(walk(root).reduce((sum, node) => sum + node.self, 0), root.total);
    for (const node of walk(root)) {
      assert.equal(node.total, node.children.reduce((sum, child) => sum + child.total, node.self));
    }
  }));
});

/** True if `outer` holds `inner` and is exactly one row above it. */
function isAbove(outer: FlameRect, inner: FlameRect): boolean {
  return outer.depth === inner.depth - 1 && outer.left <= inner.left && outer.right >= inner.right;
}

Deno.test("rectangles nest, never overlap, and are as wide as their share", () => {
  fc.assert(fc.property(anyProfile, fc.constantFrom(0, 0.001, 0.02, 0.3), (profile, minShare) => {
    const root = buildCallTree(profile, { threads: true });
    const { rects, rows, hidden, total } = layoutFlamegraph(root, { minShare });
    assert.equal(rects.length + hidden, walk(root).length);
    assert.equal(rows, Math.max(...rects.map(({ depth }) => depth)) + 1);
    for (const rect of rects) {
      assert.equal(rect.left, rect.start / total);
      assert.equal(rect.right, (rect.start + rect.node.total) / total);
      assert.ok(rect.node.total / total >= minShare);
      if (rect.depth > 0) assert.equal(rects.filter((other) => isAbove(other, rect)).length, 1);
    }
    for (let depth = 0; depth < rows; depth++) {
      const row = rects.filter((rect) => rect.depth === depth);
      row.reduce((left, right) => (assert.ok(left.right <= right.left), right));
    }
  }));
});

Deno.test("what is too narrow is counted, with all that lies below it", () => {
  const profile = profileOf([{ frames: [a], count: 999 }, { frames: [b, a, c], count: 1 }]);
  const root = buildCallTree(profile, { threads: false });
  assert.deepEqual(layoutFlamegraph(root, { minShare: 0.002 }).hidden, 3);
  assert.deepEqual(layoutFlamegraph(root).hidden, 0);
});

Deno.test("rows beyond the last one that is drawn are counted", () => {
  const frames = Array.from({ length: MAX_ROWS + 9 }, () => a);
  const layout = layoutFlamegraph(buildCallTree(profileOf([{ frames, count: 1 }]), { threads: false }));
  // The first row is the root's.
  assert.deepEqual([layout.rows, layout.rects.length, layout.tooDeep], [MAX_ROWS, MAX_ROWS, 10]);
});

Deno.test("no samples, no rectangles", () => {
  const layout = layoutFlamegraph(buildCallTree(profileOf([]), { threads: true }));
  assert.deepEqual(layout, { rects: [], rows: 0, hidden: 0, tooDeep: 0, total: 0 });
});

Deno.test("the same profile always gives the same tree", () => {
  const profile = djangoProfile();
  const reversed = { ...profile, stacks: profile.stacks.toReversed() };
  assert.equal(
    show(buildCallTree(profile, { threads: true })),
    show(buildCallTree(reversed, { threads: true })),
  );
});
