// @ts-check
/** Where two recordings are compared: what a node has changed by, and whether that may be chance. */
import { formatSeconds } from "../numbers.ts";
import { fitLabel, textColumns } from "./fit.js";

/**
 * What a node holds in both recordings, with what it calls.
 *
 * @param {import("./types.ts").ViewTree} tree
 * @param {import("./types.ts").ViewNode} node
 */
export function changeOfNode({ weights, shape }, node) {
  const isUp = shape.view === "callers";
  return node.change ??= sumChange(weights, {
    nodes: isUp ? node.origins : node.members,
    part: isUp ? "self" : "total",
  });
}

/**
 * @param {import("./types.ts").Weights} weights
 * @param {{nodes: readonly number[], part: "self" | "total"}} which
 * @returns {import("./types.ts").Change}
 */
export function sumChange({ change }, { nodes, part }) {
  const sum = noChange();
  if (change !== undefined) { for (const node of nodes) addChange(sum, { change, node, part }); }
  return sum;
}

/** @returns {import("./types.ts").Change} */
export function noChange() {
  return { before: 0, after: 0, variances: [0, 0] };
}

/**
 * Adds what a node holds.
 *
 * @param {import("./types.ts").Change} sum
 * @param {{change: import("./types.ts").Changes, node: number, part: "self" | "total"}} what
 */
export function addChange(sum, { change, node, part }) {
  sum.before += change.before[part][node];
  sum.after += change.after[part][node];
  sum.variances[0] += change.variances[0][part][node];
  sum.variances[1] += change.variances[1][part][node];
}

/**
 * Whether a difference is more than chance, by the measure of the table of `pyspy diff`: logarithms are compared, and
 * half a sample stands for none.
 *
 * @param {import("./types.ts").Before} run
 * @param {import("./types.ts").Change} change
 */
export function isCertain(run, { before, after, variances }) {
  const { relative, samplesEach, secondsEach, factor, critical, least, sums } = run;
  /** What one sample counts. */
  const counts = [factor * secondsEach[0] / secondsEach[1] / samplesEach[0], 1 / samplesEach[1]];
  // What was scaled and is scaled back may be less by the rounding of it.
  if (Math.max(before / counts[0], after / counts[1]) < least * (1 - 1e-9)) return false;
  const log = Math.log((after + counts[1] / 2) / (before + counts[0] / 2));
  const variance = [before, after].reduce((sum, amount, i) => {
    // What was never seen may be there as well; what takes nearly all of the time leaves little to chance.
    const ofSampling = amount > 0 ? Math.max(0, 1 - amount / sums[i]) * variances[i] / amount ** 2 : 2;
    return sum + ofSampling + relative[i];
  }, 0);
  return Math.abs(log) > critical * Math.sqrt(variance);
}

/**
 * The class of a change: `m` for more time and `d` for less, 1 to 3 by how much of it; `e` where it may be chance.
 *
 * @param {import("./types.ts").Before} run
 * @param {import("./types.ts").Change} change
 */
export function changePaint(run, change) {
  if (!isCertain(run, change)) return "e1";
  const times = Math.max(change.after / change.before, change.before / change.after);
  return (change.after > change.before ? "m" : "d") + (times > 2 ? 3 : times > 1.2 ? 2 : 1);
}

/**
 * A change as people read it: `+12.3 %`, `new`, `vanished`; empty where there is none.
 *
 * @param {import("./types.ts").Change} change
 */
export function changeText({ before, after }) {
  if (before === 0 || after === 0) return after > 0 ? "new" : before > 0 ? "vanished" : "";
  const percent = 100 * (after / before - 1);
  const text = Math.abs(percent).toFixed(Math.abs(percent) < 99.95 ? 1 : 0);
  return text === "0.0" ? "" : (percent > 0 ? "+" : "-") + text + " %";
}

/**
 * That with its doubt: `+3.1 %, may be chance`.
 *
 * @param {import("./types.ts").Before} run
 * @param {import("./types.ts").Change} change
 */
export function changeWords(run, change) {
  const text = changeText(change);
  if (text === "") return "no change";
  if (isCertain(run, change)) return text;
  return ({ new: "not seen before", vanished: "not seen after" }[text] ?? text) + ", may be chance";
}

/**
 * The times of both recordings with what they differ by, beyond the common factor:
 * `before 1.00 s × 1.30, after 1.62 s: +24.6 %`.
 *
 * @param {import("./types.ts").Before} run
 * @param {import("./types.ts").Change} change
 */
export function changeFact(run, change) {
  const { factor, secondsEach } = run;
  const before = formatSeconds(change.before / factor * secondsEach[1]);
  const times = factor.toFixed(2);
  const isScaled = times !== "1.00" && change.before > 0;
  return "before " + before + (isScaled ? " × " + times : "") +
    ", after " + formatSeconds(change.after * secondsEach[1]) + ": " + changeWords(run, change);
}

/**
 * The text in a frame's box: where two recordings are compared and it has changed for certain, by how much, or a sign
 * at least, so that not only its colour tells.
 *
 * @param {import("./types.ts").ViewTree} tree
 * @param {{node: import("./types.ts").ViewNode, columns: number}} place
 */
export function boxText(tree, { node, columns }) {
  const { before: run } = tree.model;
  const change = run === undefined || columns < 4 ? undefined : changeOfNode(tree, node);
  if (run === undefined || change === undefined || !isCertain(run, change)) {
    return fitLabel(node.label, columns);
  }
  const much = changeText(change);
  const text = fitLabel(node.label, columns - textColumns(much) - 1);
  if (columns >= 16 && text !== "") return much + " " + text;
  const short = fitLabel(node.label, columns - 2);
  return short === "" ? "" : (change.after > change.before ? "+ " : "- ") + short;
}
