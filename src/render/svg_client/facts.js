// @ts-check
/** The numbers of a node, in words. */
import { formatAmount, formatPercent, formatSeconds, secondsPerCount } from "../numbers.ts";
import { changeFact, changeOfNode, changePaint, sumChange } from "./change.js";
import { childrenOf } from "./tree.js";

/**
 * The numbers of a node: `120 samples · 1.20 s · 41.3 % of all · 80.0 % of zoomed · self 3.2 % (idle 1.0 %)`.
 *
 * @param {import("./types.ts").ViewTree} tree
 * @param {{node: import("./types.ts").ViewNode, zoomed?: import("./types.ts").ViewNode}} which
 */
export function nodeFacts(tree, { node, zoomed = tree.root }) {
  const { info, before } = tree.model;
  if (before !== undefined) return changeFacts(tree, { node, before, zoomed });
  const sum = tree.weights.sum;
  const facts = [formatAmount(node.total, info)];
  // Other units are times by themselves.
  const secondsEach = (info.unit ?? "sample") === "sample" ? secondsPerCount(info) : 0;
  if (secondsEach > 0) facts.push(formatSeconds(node.total * secondsEach));
  facts.push(formatPercent(node.total, sum) + " of all");
  if (zoomed !== tree.root && node.depth >= zoomed.depth) {
    facts.push(formatPercent(node.total, zoomed.total) + " of zoomed");
  }
  if (node.kind === "frame" && tree.shape.view !== "callers") facts.push(selfFact(tree, node));
  return facts.join(" · ");
}

/**
 * The same where two recordings are compared: `before 1.20 s, after 0.90 s: -25.0 % · 12.0 % of both runs`.
 *
 * @param {import("./types.ts").ViewTree} tree
 * @param {{node: import("./types.ts").ViewNode, before: import("./types.ts").Before,
 *   zoomed: import("./types.ts").ViewNode}} which
 */
export function changeFacts(tree, { node, before, zoomed }) {
  const whole = changeOfNode(tree, node);
  const facts = [changeFact(before, whole)];
  facts.push(formatPercent(node.total, tree.weights.sum) + " of " + runText(tree.weights.run));
  if (zoomed !== tree.root && node.depth >= zoomed.depth) {
    facts.push(formatPercent(node.total, zoomed.total) + " of zoomed");
  }
  if (node.kind === "frame" && tree.shape.view !== "callers") {
    childrenOf(tree, node);
    const self = sumChange(tree.weights, { nodes: node.ends, part: "self" });
    const isLeaf = self.before === whole.before && self.after === whole.after;
    const isCaller = self.before + self.after === 0;
    facts.push(isLeaf ? "all self" : isCaller ? "no self" : "self " + changeFact(before, self));
  }
  return facts.join(" · ");
}

/**
 * Of which recording widths and shares are.
 *
 * @param {import("./types.ts").Filter["run"]} run
 */
export function runText(run) {
  return { "": "both runs", before: "the run before", after: "the run after" }[run];
}

/**
 * @param {import("./types.ts").ViewTree} tree
 * @param {import("./types.ts").ViewNode} node
 */
export function selfFact(tree, node) {
  childrenOf(tree, node);
  const parts = ["", "native", "waiting for the GIL", "idle"].map((name, activity) =>
    name === "" || node.selfBy[activity] === 0
      ? ""
      : name + " " + formatPercent(node.selfBy[activity], tree.weights.sum)
  ).filter((part) => part !== "");
  const self = "self " + formatPercent(node.self, tree.weights.sum);
  return parts.length === 0 ? self : self + " (" + parts.join(", ") + ")";
}

/**
 * Whose code a class of frames is.
 *
 * @param {string} paint
 */
export function kindText(paint) {
  /** @type {Record<string, string>} */
  const texts = {
    u: "your code",
    l: "installed package",
    s: "standard library",
    r: "interpreter",
    n: "native code, without the GIL",
    w: "waiting for the GIL",
    i: "idle",
    t: "thread",
    p: "process",
    c: "the rest of the stack is not proven",
  };
  return texts[paint.charAt(0)] ?? "";
}

/**
 * The class of a node.
 *
 * @param {import("./types.ts").ViewTree} tree
 * @param {import("./types.ts").ViewNode} node
 */
export function nodePaint(tree, node) {
  const { before } = tree.model;
  return before === undefined ? kindPaint(tree, node) : changePaint(before, changeOfNode(tree, node));
}

/**
 * The class of a node by what it is.
 *
 * @param {import("./types.ts").ViewTree} tree
 * @param {import("./types.ts").ViewNode} node
 */
export function kindPaint({ model }, { kind, frame, activity }) {
  if (kind === "frame") return model.paint[frame];
  return { root: "a1", process: "p1", thread: "t1", activity: ["", "n1", "w1", "i1"][activity] }[kind];
}
