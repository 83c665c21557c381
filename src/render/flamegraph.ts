/** The geometry of a flamegraph: a call tree as rectangles in unit coordinates. Knows nothing of SVG. */
import type { CallNode } from "./call_tree.ts";

/** Narrowest share of all samples that is drawn: about one pixel on a usual screen. */
export const MIN_SHARE = 0.001;

/** Deepest row that is drawn: a browser shows no more than some ten thousand frames well. */
export const MAX_ROWS = 2000;

/**
 * A node with its place.
 *
 * Units: `left` and `right` are shares of the whole width, 0 to 1; `start` counts samples, `depth` rows.
 * Invariant: neighbours share their edge exactly; a child lies within its parent, one row below.
 */
export interface FlameRect {
  readonly node: CallNode;
  readonly depth: number;
  /** Samples to the left of this rectangle. */
  readonly start: number;
  readonly left: number;
  readonly right: number;
}

/** A laid out flamegraph. Shape: `rects` in tree order (parent before child, left before right). */
export interface FlameLayout {
  readonly rects: readonly FlameRect[];
  /** Rows needed. */
  readonly rows: number;
  /** Nodes too narrow to be drawn. */
  readonly hidden: number;
  /** Nodes wide enough, but in rows below the last one that is drawn. */
  readonly tooDeep: number;
  /** Samples the whole width stands for. */
  readonly total: number;
}

/** How to lay out a call tree. */
export interface FlameOptions {
  /** Nodes with a smaller share of all samples are counted, not drawn. */
  readonly minShare?: number;
}

/** Lays out a call tree; widths are totals, children start at their parent's left edge. */
export function layoutFlamegraph(root: CallNode, options: FlameOptions = {}): FlameLayout {
  const total = root.total;
  const least = total * (options.minShare ?? MIN_SHARE);
  const rects: FlameRect[] = [];
  let rows = 0;
  let hidden = 0;
  let tooDeep = 0;
  const pending: { node: CallNode; depth: number; start: number; drawn: boolean }[] = [];
  if (total > 0) pending.push({ node: root, depth: 0, start: 0, drawn: true });
  for (let item = pending.pop(); item !== undefined; item = pending.pop()) {
    const { node, depth, start } = item;
    const drawn = item.drawn && node.total >= least;
    if (drawn && depth >= MAX_ROWS) {
      tooDeep++;
    } else if (drawn) {
      rects.push({ node, depth, start, left: start / total, right: (start + node.total) / total });
      rows = Math.max(rows, depth + 1);
    } else {
      hidden++;
    }
    let end = start + node.total - node.self;
    for (const child of node.children.toReversed()) {
      end -= child.total;
      pending.push({ node: child, depth: depth + 1, start: end, drawn });
    }
  }
  return { rects, rows, hidden, tooDeep, total };
}
