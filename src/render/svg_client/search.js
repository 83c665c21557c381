// @ts-check
/** Search: which labels match, and what share of the samples they hold. */
import { activityLabel } from "./tree.js";

/**
 * Compiles what was typed: a regular expression, or the literal text if it is none. Case counts only if the
 * text has an upper-case letter.
 *
 * @param {string} query
 * @returns {RegExp | null} null if there is nothing to search for
 */
export function compileQuery(query) {
  if (query === "") return null;
  const letters = query.replace(/\\./g, "");
  const flags = letters === letters.toLowerCase() ? "i" : "";
  try {
    return new RegExp(query, flags);
  } catch {
    return new RegExp(query.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), flags);
  }
}

/**
 * Samples that a match holds: what lies below a match is not counted again.
 *
 * @param {import("./types.ts").ViewTree} tree
 * @param {RegExp} pattern
 * @returns {number}
 */
export function matchedSamples({ model, weights, shape }, pattern) {
  const { of, texts } = shape.byFunction ? model.byFunction : model.byLine;
  const isMatch = Uint8Array.from(texts, (text) => pattern.test(text) ? 1 : 0);
  const activities = [1, 2, 3].filter((activity) => pattern.test(activityLabel(activity)));
  const { parent, frame, roots } = model;
  const isCovered = new Uint8Array(parent.length);
  let sum = 0;
  for (let node = 0; node < parent.length; node++) {
    const isInside = parent[node] >= 0 && isCovered[parent[node]] === 1;
    const matches = frame[node] < 0
      ? isRootMatch({ model, shape, root: roots[node] }, pattern)
      : isMatch[of[frame[node]]] === 1;
    isCovered[node] = isInside || matches ? 1 : 0;
    if (matches && !isInside) sum += weights.total[node];
    if (isCovered[node] || shape.view === "callers") continue;
    for (const activity of activities) sum += weights.selfBy[activity]?.[node] ?? 0;
  }
  return sum;
}

/**
 * Whether the row of a thread or of a process matches.
 *
 * @param {{model: import("./types.ts").Model, shape: import("./types.ts").Shape,
 *   root: {process: number, thread: number}}} place
 * @param {RegExp} pattern
 */
export function isRootMatch({ model, shape, root }, pattern) {
  if (shape.view === "callers") return false;
  const process = model.processes[root.process];
  const thread = shape.split ? model.threads[root.thread] : undefined;
  return process !== undefined && pattern.test(process) || thread !== undefined && pattern.test(thread);
}
