/** Trees of the flamegraph for its tests. */
import type { Profile } from "../../src/profile.ts";
import { makeModel } from "../../src/render/svg_client/model.js";
import { childrenOf, makeTree } from "../../src/render/svg_client/tree.js";
import type { Filter, Shape, ViewNode, ViewTree } from "../../src/render/svg_client/types.ts";
import { weighNodes } from "../../src/render/svg_client/weigh.js";
import { packProfile } from "../../src/render/svg_data.ts";

/** Makes the tree of a profile; all is shown but for what `parts` says. */
export function treeOf(
  profile: Profile,
  parts: Partial<Shape & Filter & { hidden: readonly number[] }> = {},
): ViewTree {
  const all = {
    view: "callees",
    byFunction: false,
    split: false,
    folded: false,
    thread: "",
    process: "",
    activity: -1,
    run: "",
    hidden: [],
    ...parts,
  } as const;
  const model = makeModel(packProfile(profile));
  return makeTree(model, { weights: weighNodes(model, { filter: all, hidden: all.hidden }), shape: all });
}

/** Every node of a tree with its path of labels, parents first. */
export function walkTree(tree: ViewTree): { node: ViewNode; path: string[] }[] {
  const nodes: { node: ViewNode; path: string[] }[] = [{ node: tree.root, path: [] }];
  for (const { node, path } of nodes) {
    for (const child of childrenOf(tree, node)) nodes.push({ node: child, path: [...path, child.label] });
  }
  return nodes;
}

/** Says a tree in one line: `name self/total(children)`. */
export function showTree(tree: ViewTree, node: ViewNode = tree.root): string {
  const children = childrenOf(tree, node);
  const below = children.length > 0 ? `(${children.map((child) => showTree(tree, child)).join(" ")})` : "";
  return `${node.label} ${node.self}/${node.total}${below}`;
}
