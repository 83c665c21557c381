/** The frames of the flamegraph as the browser has them, read back from the markup. */

/**
 * Reads every drawn frame. Units: `start` and `total` are samples; `depth` counts rows.
 *
 * @returns {{element, rect, label, facts, start, total, depth, parent}[]} parent before child, row by row
 */
export function readFrames(svg) {
  const frames = [];
  let above = [];
  for (const row of svg.querySelectorAll(".row")) {
    const depth = Number(row.getAttribute("data-depth"));
    const current = [];
    let next = 0;
    for (const element of row.querySelectorAll(".f")) {
      const start = Number(element.getAttribute("data-x"));
      const total = Number(element.getAttribute("data-n"));
      const title = element.querySelector("title").textContent;
      const newline = title.indexOf("\n");
      while (next + 1 < above.length && above[next + 1].start <= start) next++;
      current.push({
        element,
        rect: element.querySelector("rect"),
        label: title.slice(0, newline),
        facts: title.slice(newline + 1),
        start,
        total,
        depth,
        parent: above[next],
      });
    }
    frames.push(...current);
    above = current;
  }
  return frames;
}

/** True if `outer` is `inner` or one of its callers. */
export function holds(outer, inner) {
  return outer.depth <= inner.depth && outer.start <= inner.start &&
    outer.start + outer.total >= inner.start + inner.total;
}
