import assert from "node:assert/strict";
import fc from "fast-check";
import { frameLabel, type Profile, type StackCount, threadLabel } from "../../src/profile.ts";
import { chooseNodes } from "../../src/render/svg_client/layout.js";
import { compileQuery, matchedSamples } from "../../src/render/svg_client/search.js";
import { countRows } from "../../src/render/svg_client/table.js";
import { childrenOf, nodeAtPath, pathInShape, pathOfNode } from "../../src/render/svg_client/tree.js";
import type { ViewTree } from "../../src/render/svg_client/types.ts";
import { activityTotals, rootTotals } from "../../src/render/svg_client/weigh.js";
import { djangoProfile, frame, profileOf, thread } from "./render_helper.ts";
import { showTree, treeOf, walkTree } from "./svg_tree_helper.ts";

const [a, b, c] = [frame("a", ""), frame("b", ""), frame("c", "")] as const;

/** Lines 1 and 2 of four functions, and what the threads did. */
const anyProfile: fc.Arbitrary<Profile> = fc.array(
  fc.record({
    thread: fc.integer({ min: 0, max: 2 }),
    frames: fc.array(
      fc.tuple(fc.constantFrom("a", "b", "c"), fc.constantFrom(1, 2)).map(([name, line]) =>
        frame(name, "x.py", line, 1)
      ),
      { maxLength: 7 },
    ),
    parts: fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 4, maxLength: 4 }),
  }),
  { minLength: 1, maxLength: 15 },
).map((stacks) => {
  const profile = profileOf(
    stacks.map((stack) => ({ ...stack, count: stack.parts.reduce((sum, part) => sum + part, 0) })),
    { threads: [thread(1), thread(2, "B"), thread(3, "C")] },
  );
  return {
    ...profile,
    stacks: profile.stacks.map((stack, index) => ({ ...stack, byActivity: stacks[index]!.parts })),
  };
});

/** Adds up stacks by a path of labels that `pathOf` gives, without any tree. */
function addUp(profile: Profile, pathOf: (stack: StackCount, labels: string[]) => string[]) {
  const totals = new Map<string, number>();
  for (const stack of profile.stacks) {
    const path = pathOf(stack, stack.frames.map((index) => frameLabel(profile.frames[index]!)));
    if (stack.count === 0) continue;
    for (let length = 0; length <= path.length; length++) {
      const key = JSON.stringify(path.slice(0, length));
      totals.set(key, (totals.get(key) ?? 0) + stack.count);
    }
  }
  return [...totals].sort();
}

/** The totals of a tree by path, without the nodes that say what threads did. */
function totalsOf(tree: ViewTree) {
  return walkTree(tree).filter(({ node }) => node.kind !== "activity" && node.total > 0)
    .map(({ node, path }): [string, number] => [JSON.stringify(path), node.total]).sort();
}

const byLine = (line: number) => (label: string) => label.replace(/:\d+\)/, `:${line})`);

Deno.test("stacks are merged from the root, children by name", () => {
  const profile = profileOf([
    { frames: [a, c], count: 1 },
    { frames: [a, b], count: 2 },
    { frames: [a], count: 4 },
    { frames: [b, a, b], count: 8 },
  ]);
  assert.equal(showTree(treeOf(profile)), "all 0/15(a 4/7(b 2/2 c 1/1) b 0/8(a 0/8(b 8/8)))");
  // The hottest first, and below each who called it.
  assert.equal(
    showTree(treeOf(profile, { view: "callers" })),
    "all 0/15(b 0/10(a 2/10(b 8/8)) a 4/4 c 0/1(a 1/1))",
  );
});

Deno.test("the tree holds what adding up by hand gives, in every shape", () => {
  fc.assert(fc.property(anyProfile, (profile) => {
    assert.deepEqual(totalsOf(treeOf(profile)), addUp(profile, (_, labels) => labels));
    assert.deepEqual(
      totalsOf(treeOf(profile, { split: true })),
      addUp(profile, ({ thread }, labels) => [threadLabel(profile.threads[thread]!), ...labels]),
    );
    assert.deepEqual(
      totalsOf(treeOf(profile, { byFunction: true })),
      addUp(profile, (_, labels) => labels.map(byLine(1))),
    );
    assert.deepEqual(
      totalsOf(treeOf(profile, { view: "callers" })),
      addUp(profile, (_, labels) => labels.toReversed()),
    );
    const fold = (labels: string[]) =>
      labels.map(byLine(1)).filter((label, index, all) => label !== all[index - 1]);
    assert.deepEqual(
      totalsOf(treeOf(profile, { folded: true, byFunction: true })),
      addUp(profile, (_, labels) => fold(labels)),
    );
    assert.deepEqual(
      totalsOf(treeOf(profile, { folded: true, byFunction: true, view: "callers" })),
      addUp(profile, (_, labels) => fold(labels).reverse()),
    );
  }));
});

Deno.test("self adds up to total, and neighbours touch", () => {
  fc.assert(fc.property(anyProfile, fc.boolean(), fc.boolean(), (profile, split, folded) => {
    const tree = treeOf(profile, { split, folded });
    for (const { node } of walkTree(tree)) {
      const children = childrenOf(tree, node);
      const frames = children.filter(({ kind }) => kind !== "activity");
      const sum = (nodes: typeof children) => nodes.reduce((all, { total }) => all + total, 0);
      assert.equal(sum(frames) + node.self, node.total);
      assert.ok(sum(children) <= node.total);
      let start = node.start;
      for (const child of children) {
        assert.equal(child.start, start);
        start += child.total;
      }
    }
  }));
});

Deno.test("filters count what they let through", () => {
  fc.assert(fc.property(anyProfile, fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 3 }), (
    profile,
    thread,
    activity,
  ) => {
    const only = profile.stacks.filter((stack) => stack.thread === thread);
    const label = threadLabel(profile.threads[thread]!);
    assert.deepEqual(
      totalsOf(treeOf(profile, { thread: label })),
      totalsOf(treeOf({ ...profile, stacks: only })),
    );
    const parts = profile.stacks.map((stack) => ({ ...stack, count: stack.byActivity![activity]! }));
    const bare = parts.map(({ byActivity: _, ...stack }) => stack);
    assert.deepEqual(
      totalsOf(treeOf(profile, { activity })),
      totalsOf(treeOf({ ...profile, stacks: bare })),
    );
  }));
});

Deno.test("what is hidden takes its samples out of its callers", () => {
  const profile = profileOf([
    { frames: [a, b, c], count: 4 },
    { frames: [a, b], count: 1 },
    { frames: [a, c], count: 8 },
  ]);
  const tree = treeOf(profile);
  const { node } = nodeAtPath(tree, ["a", "b"]);
  assert.equal(showTree(treeOf(profile, { hidden: node.members })), "all 0/8(a 0/8(c 8/8))");
});

Deno.test("what a function did but Python stands below it, and counts as its own", () => {
  const stacks = [{ thread: 0, frames: [0], count: 10, byActivity: [4, 3, 2, 1] }];
  const profile = { ...profileOf([{ frames: [a], count: 1 }]), stacks };
  assert.equal(
    showTree(treeOf(profile)),
    "all 0/10(a 10/10([native] 3/3 [waiting for the GIL] 2/2 [idle] 1/1))",
  );
  assert.equal(showTree(treeOf(profile, { activity: 2 })), "all 0/2(a 2/2)");
  assert.deepEqual(activityTotals(treeOf(profile).model), [4, 3, 2, 1]);
});

Deno.test("threads are listed with the main one first, then by their samples", () => {
  const profile = profileOf([
    { thread: 0, frames: [a], count: 1 },
    { thread: 1, frames: [a], count: 2 },
    { thread: 2, frames: [a], count: 3 },
  ], { threads: [thread(7, "A"), thread(8), thread(9, "C")] });
  assert.deepEqual(rootTotals(treeOf(profile).model, "thread"), [
    ["thread (8): MainThread", 2],
    ["thread (9): C", 3],
    ["thread (7): A", 1],
  ]);
});

Deno.test("a path of names leads back to where it was taken, also in another shape", () => {
  fc.assert(fc.property(anyProfile, fc.boolean(), fc.boolean(), fc.nat(), (profile, split, folded, pick) => {
    const tree = treeOf(profile, { split, folded });
    const nodes = walkTree(tree).filter(({ node }) => node.kind === "frame");
    if (nodes.length === 0) return;
    const { node } = nodes[pick % nodes.length]!;
    assert.equal(nodeAtPath(tree, pathOfNode(node)).node, node);
    const other = treeOf(profile, { byFunction: true, split: !split, folded: !folded });
    const path = pathInShape(other.model, { node: node.members[0]!, shape: other.shape });
    const found = nodeAtPath(other, path);
    assert.ok(found.isWhole);
    assert.ok(found.node.members.length > 0);
  }));
  const { node, isWhole } = nodeAtPath(treeOf(profileOf([{ frames: [a, b], count: 1 }])), ["a", "gone", "b"]);
  assert.deepEqual([node.label, isWhole], ["a", false]);
});

Deno.test("the table counts a function once for each sample, however often it is on the stack", () => {
  fc.assert(fc.property(anyProfile, (profile) => {
    const expected = new Map<string, { self: number; total: number }>();
    for (const { frames, count } of profile.stacks) {
      const labels = frames.map((index) => frameLabel(profile.frames[index]!));
      for (const label of new Set(labels)) {
        const row = expected.get(label) ?? { self: 0, total: 0 };
        row.total += count;
        if (label === labels.at(-1)) row.self += count;
        expected.set(label, row);
      }
    }
    const rows = countRows(treeOf(profile)).map(({ label, self, total }) => [label, { self, total }]);
    assert.deepEqual(rows.sort(), [...expected].filter(([, { total }]) => total > 0).sort());
  }));
});

Deno.test("a search counts each sample once that has a match on its stack", () => {
  fc.assert(
    fc.property(anyProfile, fc.constantFrom("a \\(", "b \\(x.py:2", "^[ac]", "zzz"), (profile, query) => {
      const pattern = compileQuery(query)!;
      const expected = profile.stacks.reduce((sum, { frames, count }) => {
        return sum + (frames.some((index) => pattern.test(frameLabel(profile.frames[index]!))) ? count : 0);
      }, 0);
      assert.equal(matchedSamples(treeOf(profile), pattern), expected);
      assert.equal(matchedSamples(treeOf(profile, { view: "callers" }), pattern), expected);
    }),
  );
});

Deno.test("a search finds threads and what they did, where these are shown", () => {
  const stacks = [
    { thread: 0, frames: [0], count: 10, byActivity: [4, 0, 0, 6] },
    { thread: 1, frames: [0], count: 5, byActivity: [0, 0, 0, 5] },
  ];
  const profile = { ...profileOf([{ frames: [a], count: 1 }]), stacks, threads: [thread(1), thread(2, "B")] };
  const matched = (query: string, split: boolean) =>
    matchedSamples(treeOf(profile, { split }), compileQuery(query)!);
  assert.equal(matched("\\[idle", true), 11);
  assert.equal(matched("B$", true), 5);
  assert.equal(matched("B$|\\[idle", true), 11);
  assert.equal(matched("B$", false), 0);
});

Deno.test("no more nodes are drawn than allowed, and those are the widest", () => {
  const profile = djangoProfile();
  const tree = treeOf(profile, { split: true });
  const all = walkTree(tree).length;
  const draw = (parts: Partial<Parameters<typeof chooseNodes>[1]>) =>
    chooseNodes(tree, { top: tree.root, least: 0, most: 1e6, rows: 2000, ...parts });
  assert.equal(draw({}).nodes.length, all);
  const few = draw({ most: 50 });
  assert.equal(few.nodes.length, 50);
  const narrowest = Math.min(...few.nodes.map(({ total }) => total));
  const sure = walkTree(tree).filter(({ node }) => node.total > narrowest).length;
  assert.ok(few.nodes.filter(({ total }) => total > narrowest).length === sure);
  assert.ok(few.narrow > 0);
  for (const { parent } of few.nodes) assert.ok(parent === null || few.nodes.includes(parent));
  const wide = draw({ least: tree.root.total / 100 });
  assert.ok(wide.nodes.every(({ total }) => total >= tree.root.total / 100));
  const flat = draw({ rows: 3 });
  assert.equal(Math.max(...flat.nodes.map(({ depth }) => depth)), 2);
  assert.ok(flat.deep > 0);
});

Deno.test("a stack of 100,000 frames is no problem", () => {
  const profile = profileOf([{ frames: Array(100_000).fill(a), count: 1 }]);
  const tree = treeOf(profile);
  const { nodes, deep } = chooseNodes(tree, { top: tree.root, least: 0.001, most: 5000, rows: 2000 });
  assert.deepEqual([nodes.length, deep], [2000, 1]);
  assert.equal(countRows(tree)[0]?.total, 1);
  assert.equal(showTree(treeOf(profile, { folded: true })), "all 0/1(a 1/1)");
});

Deno.test("where lines were not asked for, functions have none either", () => {
  const { model } = treeOf(profileOf([{ frames: [frame("f", "x.py", 0, 7)], count: 1 }]));
  assert.deepEqual([model.byLine.texts, model.byFunction.texts], [["f (x.py)"], ["f (x.py)"]]);
});

Deno.test("no samples, no nodes", () => {
  const tree = treeOf(profileOf([]));
  assert.deepEqual(chooseNodes(tree, { top: tree.root, least: 0, most: 10, rows: 10 }).nodes, []);
});

Deno.test("the same profile always gives the same tree", () => {
  const profile = djangoProfile();
  const reversed = { ...profile, stacks: profile.stacks.toReversed() };
  assert.equal(showTree(treeOf(profile, { split: true })), showTree(treeOf(reversed, { split: true })));
});
