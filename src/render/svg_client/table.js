// @ts-check
/** The functions of a profile as rows, with what each holds itself and with its callees. */
import { addChange, noChange } from "./change.js";

/**
 * Counts each function or line; one that calls itself counts once for each sample.
 *
 * @param {import("./types.ts").ViewTree} tree
 * @returns {(import("./types.ts").Change & {label: string, frame: number, self: number, total: number})[]}
 *   where two recordings are compared, `before` and `after` are of a function itself
 */
export function countRows({ model, weights, shape }) {
  const { of, texts } = shape.byFunction ? model.byFunction : model.byLine;
  const rows = texts.map((label) => ({ label, frame: -1, self: 0, total: 0, ...noChange() }));
  const { frame, parent, firstChild, nextSibling } = model;
  /** How often each label stands above the node that is looked at. */
  const above = new Int32Array(texts.length);
  for (let root = 0; root < model.roots.length; root++) {
    // Down to a child, on to the next sibling, and up again: stacks may be deeper than our own.
    for (let node = root, isDown = true;;) {
      const label = frame[node] < 0 ? -1 : of[frame[node]];
      if (isDown && label >= 0) {
        const row = rows[label];
        row.frame = frame[node];
        row.self += weights.self[node];
        const { change } = weights;
        if (change !== undefined) addChange(row, { change, node, part: "self" });
        if (above[label]++ === 0) row.total += weights.total[node];
      }
      if (isDown && firstChild[node] >= 0 && weights.either.total[node] > 0) {
        node = firstChild[node];
        continue;
      }
      if (label >= 0) above[label]--;
      if (node === root) break;
      isDown = nextSibling[node] >= 0;
      node = isDown ? nextSibling[node] : parent[node];
    }
  }
  return rows.filter(({ total }) => total > 0);
}
