// @ts-check
/** Which nodes are drawn: the widest ones, so that a browser stays quick whatever was recorded. */
import { childrenOf } from "./tree.js";

/**
 * The widest nodes at and below `top`, callers before callees and left before right; only these are ever made.
 *
 * @param {import("./types.ts").ViewTree} tree
 * @param {{top: import("./types.ts").ViewNode, least: number, most: number, rows: number}} options
 *   `least` is the smallest total that is drawn, `most` the greatest number of nodes, `rows` of rows
 */
export function chooseNodes(tree, { top, least, most, rows }) {
  /** @type {import("./types.ts").ViewNode[]} */
  const nodes = [];
  /** @type {import("./types.ts").ViewNode[]} */
  const heap = [];
  let narrow = 0;
  let deep = 0;
  if (top.total > 0) heap.push(top);
  while (heap.length > 0 && nodes.length < most) {
    const node = popWidest(heap);
    nodes.push(node);
    const children = childrenOf(tree, node);
    if (node.depth - top.depth + 1 >= rows) {
      deep += children.length;
      continue;
    }
    for (const child of children) {
      // What is only in the other one of two recordings has no width at all.
      if (child.total >= least && child.total > 0) pushNode(heap, child);
      else if (child.total > 0) narrow++;
    }
  }
  nodes.sort((a, b) => a.start - b.start || a.depth - b.depth);
  return { nodes, narrow: narrow + heap.length, deep };
}

/**
 * Whether a node is drawn rather than another.
 *
 * @param {import("./types.ts").ViewNode} a
 * @param {import("./types.ts").ViewNode} b
 */
export function isWider(a, b) {
  return a.total > b.total || a.total === b.total && a.depth < b.depth;
}

/**
 * Puts a node into a heap.
 *
 * @param {import("./types.ts").ViewNode[]} heap
 * @param {import("./types.ts").ViewNode} node
 */
export function pushNode(heap, node) {
  let at = heap.push(node) - 1;
  for (let above = (at - 1) >> 1; at > 0 && isWider(node, heap[above]); above = (at - 1) >> 1) {
    heap[at] = heap[above];
    at = above;
  }
  heap[at] = node;
}

/**
 * Takes the widest node out of a heap that is not empty.
 *
 * @param {import("./types.ts").ViewNode[]} heap
 */
export function popWidest(heap) {
  const widest = heap[0];
  const last = /** @type {import("./types.ts").ViewNode} */ (heap.pop());
  if (heap.length === 0) return widest;
  let at = 0;
  for (;;) {
    let below = 2 * at + 1;
    if (below >= heap.length) break;
    if (below + 1 < heap.length && isWider(heap[below + 1], heap[below])) below++;
    if (!isWider(heap[below], last)) break;
    heap[at] = heap[below];
    at = below;
  }
  heap[at] = last;
  return widest;
}
