import assert from "node:assert/strict";
import fc from "fast-check";
import type { Profile } from "../../src/profile.ts";
import { buildCallTree, type CallNode } from "../../src/render/call_tree.ts";
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

Deno.test("call tree: stacks are merged from the root, children by name", () => {
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

Deno.test("call tree: frames that read the same are one node", () => {
  const other = { ...a, firstLine: 99 };
  const profile = profileOf([{ frames: [a], count: 1 }, { frames: [other], count: 1 }]);
  assert.equal(show(buildCallTree(profile, { threads: false })), "all 0/2(a 2/2)");
});

Deno.test("call tree: threads are nodes on request", () => {
  const profile = profileOf([{ thread: 1, frames: [a], count: 1 }, { thread: 0, frames: [a], count: 2 }], {
    threads: [thread(10), thread(9, "W")],
  });
  assert.equal(show(buildCallTree(profile, { threads: false })), "all 0/3(a 3/3)");
  assert.equal(
    show(buildCallTree(profile, { threads: true })),
    "all 0/3(thread (10): MainThread 0/2(a 2/2) thread (9): W 0/1(a 1/1))",
  );
});

Deno.test("call tree: self adds up to total, and total to the samples", () => {
  fc.assert(fc.property(anyProfile, fc.boolean(), (profile, threads) => {
    const root = buildCallTree(profile, { threads });
    assert.equal(root.total, profile.info.samples);
    assert.equal(walk(root).reduce((sum, node) => sum + node.self, 0), root.total);
    for (const node of walk(root)) {
      assert.equal(node.total, node.children.reduce((sum, child) => sum + child.total, node.self));
    }
  }));
});

Deno.test("call tree: the same profile always gives the same tree", () => {
  const profile = djangoProfile();
  const reversed = { ...profile, stacks: profile.stacks.toReversed() };
  assert.equal(
    show(buildCallTree(profile, { threads: true })),
    show(buildCallTree(reversed, { threads: true })),
  );
});
