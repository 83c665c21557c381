// @ts-check
/**
 * The tree as it is shown: nodes that read the same under the same parent are one.
 *
 * It grows only where it is looked at, so a million nodes cost nothing until somebody zooms to them.
 */
import { compareText } from "../numbers.ts";

/**
 * The tree of a view, with only its root made.
 *
 * @param {import("./types.ts").Model} model
 * @param {{weights: import("./types.ts").Weights, shape: import("./types.ts").Shape}} options
 * @returns {import("./types.ts").ViewTree}
 */
export function makeTree(model, { weights, shape }) {
  const root = newNode(null, { kind: "root", label: "all" });
  root.total = weights.sum;
  if (shape.view === "callers") {
    weights.either.self.forEach((self, node) => {
      if (self <= 0) return;
      root.members.push(node);
      root.origins.push(node);
    });
  } else {
    model.roots.forEach((_, node) => {
      if (weights.either.total[node] > 0) root.members.push(node);
    });
  }
  return { model, weights, shape, root };
}

/**
 * @param {import("./types.ts").ViewNode | null} parent
 * @param {{kind: import("./types.ts").ViewNode["kind"], label: string, frame?: number, activity?: number}} identity
 * @returns {import("./types.ts").ViewNode}
 */
export function newNode(parent, { kind, label, frame = -1, activity = -1 }) {
  const depth = parent === null ? 0 : parent.depth + 1;
  const numbers = { start: 0, total: 0, self: 0, selfBy: [0, 0, 0, 0] };
  return {
    kind,
    label,
    frame,
    activity,
    parent,
    depth,
    ...numbers,
    children: null,
    members: [],
    origins: [],
    ends: [],
    change: null,
  };
}

/**
 * The children of a node, made when they are first asked for; with them its own samples are known.
 *
 * @param {import("./types.ts").ViewTree} tree
 * @param {import("./types.ts").ViewNode} node
 * @returns {import("./types.ts").ViewNode[]}
 */
export function childrenOf(tree, node) {
  if (node.children !== null) return node.children;
  const isUp = tree.shape.view === "callers";
  const groups = node.kind === "activity"
    ? []
    : isUp
    ? groupCallers(tree, node)
    : groupRows(tree, node) ?? groupCallees(tree, node);
  const children = groups.sort((a, b) =>
    a.activity - b.activity || (isUp ? b.total - a.total : 0) || compareText(a.label, b.label)
  );
  let start = node.start;
  for (const child of children) {
    child.start = start;
    start += child.total;
  }
  node.children = children;
  return children;
}

/**
 * Puts nodes of the tree into groups, one a label.
 *
 * @param {import("./types.ts").ViewNode} parent
 */
export function nodeGroups(parent) {
  const groups = new Map();
  return {
    /** @param {string | number} key @param {() => Parameters<typeof newNode>[1]} identity */
    groupOf: (key, identity) => {
      let group = groups.get(key);
      if (group === undefined) groups.set(key, group = newNode(parent, identity()));
      return group;
    },
    all: () => [...groups.values()],
  };
}

/**
 * The rows of processes and of threads; undefined where the next row is of frames.
 *
 * @param {import("./types.ts").ViewTree} tree
 * @param {import("./types.ts").ViewNode} node
 */
export function groupRows({ model, weights, shape }, node) {
  if (node.kind !== "root" && node.kind !== "process") return undefined;
  const isProcess = node.kind === "root" && model.processes.length > 0;
  if (!isProcess && !shape.split) return undefined;
  const { groupOf, all } = nodeGroups(node);
  for (const member of node.members) {
    const { process, thread } = model.roots[member];
    const label = (isProcess ? model.processes[process] : model.threads[thread]) ?? "[unknown]";
    const group = groupOf(label, () => ({ kind: isProcess ? "process" : "thread", label }));
    group.members.push(member);
    group.total += weights.total[member];
  }
  return all();
}

/**
 * What a node calls, and what it does itself without running Python.
 *
 * @param {import("./types.ts").ViewTree} tree
 * @param {import("./types.ts").ViewNode} node
 */
export function groupCallees({ model, weights, shape }, node) {
  const labels = shape.byFunction ? model.byFunction : model.byLine;
  const { groupOf, all } = nodeGroups(node);
  const members = shape.folded ? [...node.members] : node.members;
  node.ends = members;
  // The list grows while calls of a function by itself are folded into it.
  for (let i = 0; i < members.length; i++) {
    const member = members[i];
    node.self += weights.self[member];
    weights.selfBy.forEach((parts, activity) => node.selfBy[activity] += parts?.[member] ?? 0);
    for (let child = model.firstChild[member]; child >= 0; child = model.nextSibling[child]) {
      if (weights.either.total[child] <= 0) continue;
      const frame = model.frame[child];
      if (shape.folded && isSameFunction(model, { frame, other: model.frame[member] })) {
        members.push(child);
        continue;
      }
      const key = labels.of[frame];
      const group = groupOf(key, () => ({ kind: "frame", label: labels.texts[key], frame }));
      group.members.push(child);
      group.total += weights.total[child];
    }
  }
  return [...all(), ...activityNodes(model, node)];
}

/**
 * @param {import("./types.ts").Model} model
 * @param {{frame: number, other: number}} frames
 */
export function isSameFunction({ byFunction }, { frame, other }) {
  return frame >= 0 && other >= 0 && byFunction.of[frame] === byFunction.of[other];
}

/**
 * What a function's own samples were but Python: shown below it as if it called that.
 *
 * @param {import("./types.ts").Model} model
 * @param {import("./types.ts").ViewNode} node
 */
export function activityNodes(model, node) {
  const isCut = node.frame >= 0 && model.paint[node.frame].startsWith("c");
  const nodes = [];
  for (let activity = 1; activity < 4 && !isCut; activity++) {
    if (node.selfBy[activity] <= 0) continue;
    const child = newNode(node, { kind: "activity", label: activityLabel(activity), activity });
    child.total = child.self = node.selfBy[activity];
    nodes.push(child);
  }
  return nodes;
}

/** @param {number} activity */
export function activityLabel(activity) {
  return ["[GIL]", "[native]", "[waiting for the GIL]", "[idle]"][activity];
}

/**
 * Who calls a node; below the root the functions in which samples ended.
 *
 * @param {import("./types.ts").ViewTree} tree
 * @param {import("./types.ts").ViewNode} node
 */
export function groupCallers({ model, weights, shape }, node) {
  const labels = shape.byFunction ? model.byFunction : model.byLine;
  const { parent, frame } = model;
  const { groupOf, all } = nodeGroups(node);
  node.members.forEach((member, i) => {
    let at = node.kind === "root" ? member : parent[member];
    const origin = node.origins[i];
    const weight = weights.self[origin];
    if (frame[at] < 0) {
      node.self += weight;
      return;
    }
    const key = labels.of[frame[at]];
    const first = frame[at];
    while (shape.folded && isSameFunction(model, { frame: frame[parent[at]], other: first })) at = parent[at];
    const group = groupOf(key, () => ({ kind: "frame", label: labels.texts[key], frame: first }));
    group.members.push(at);
    group.origins.push(origin);
    group.total += weight;
  });
  return all();
}

/**
 * The node that a path of labels leads to, or the last one of it that there is.
 *
 * @param {import("./types.ts").ViewTree} tree
 * @param {readonly string[]} path
 */
export function nodeAtPath(tree, path) {
  let node = tree.root;
  for (const label of path) {
    const child = childrenOf(tree, node).find((one) => one.label === label);
    if (child === undefined) return { node, isWhole: false };
    node = child;
  }
  return { node, isWhole: true };
}

/**
 * The labels that lead to a node of the model in another shape of the tree.
 *
 * @param {import("./types.ts").Model} model
 * @param {{node: number, shape: import("./types.ts").Shape}} place
 * @returns {string[]}
 */
export function pathInShape(model, { node, shape }) {
  const { of, texts } = shape.byFunction ? model.byFunction : model.byLine;
  const path = [];
  let at = node;
  for (; model.frame[at] >= 0; at = model.parent[at]) {
    const other = model.frame[model.parent[at]];
    const isFolded = shape.folded && isSameFunction(model, { frame: model.frame[at], other });
    if (!isFolded) path.push(texts[of[model.frame[at]]]);
  }
  const { process, thread } = model.roots[at];
  if (shape.split) path.push(model.threads[thread] ?? "[unknown]");
  if (model.processes.length > 0) path.push(model.processes[process] ?? "[unknown]");
  return path.reverse();
}

/**
 * The labels from below the root to a node.
 *
 * @param {import("./types.ts").ViewNode} node
 * @returns {string[]}
 */
export function pathOfNode(node) {
  const path = [];
  for (let at = node; at.parent !== null; at = at.parent) path.push(at.label);
  return path.reverse();
}
