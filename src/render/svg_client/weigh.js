// @ts-check
/** How many samples each node of the tree holds, of those that are asked for. */

/**
 * Counts the samples that a filter lets through, but for those below hidden nodes.
 *
 * @param {import("./types.ts").Model} model
 * @param {{filter: import("./types.ts").Filter, hidden: readonly number[]}} options
 * @returns {import("./types.ts").Weights}
 */
export function weighNodes(model, { filter, hidden }) {
  const { parent, roots, rootOf, leaf, hasActivity, byActivity, threads, processes } = model;
  const count = countsOfRun(model, filter.run);
  const isOut = new Uint8Array(parent.length);
  roots.forEach(({ process, thread }, root) => {
    const isIn = (filter.process === "" || filter.process === processes[process]) &&
      (filter.thread === "" || filter.thread === threads[thread]);
    isOut[root] = isIn ? 0 : 1;
  });
  for (const node of hidden) isOut[node] = 1;
  if (hidden.length > 0) {
    for (let node = roots.length; node < parent.length; node++) isOut[node] |= isOut[parent[node]];
  }
  const self = new Float64Array(parent.length);
  /** @type {(Float64Array | undefined)[]} */
  const selfBy = [undefined, undefined, undefined, undefined];
  for (let stack = 0; stack < leaf.length; stack++) {
    const node = leaf[stack];
    if (isOut[node] || isOut[rootOf[node]]) continue;
    if (filter.activity >= 0) {
      self[node] += byActivity[4 * stack + filter.activity];
      continue;
    }
    self[node] += count[stack];
    if (!hasActivity[stack]) continue;
    for (let activity = 0; activity < 4; activity++) {
      const part = byActivity[4 * stack + activity];
      if (part > 0) (selfBy[activity] ??= new Float64Array(parent.length))[node] += part;
    }
  }
  const amounts = withTotals(model, self);
  let sum = 0;
  for (let root = 0; root < roots.length; root++) sum += amounts.total[root];
  const change = weighRuns(model, isOut);
  const either = change === undefined ? amounts : {
    self: change.before.self.map((before, node) => before + change.after.self[node]),
    total: change.before.total.map((before, node) => before + change.after.total[node]),
  };
  return { ...amounts, selfBy, sum, run: filter.run, either, change };
}

/**
 * Of each stack what makes it wide.
 *
 * @param {import("./types.ts").Model} model
 * @param {import("./types.ts").Filter["run"]} run
 */
export function countsOfRun({ before, count }, run) {
  if (before === undefined || run === "after") return count;
  return run === "before" ? before.count : count.map((after, stack) => (after + before.count[stack]) / 2);
}

/**
 * What each node holds itself, with what it holds in all.
 *
 * @param {import("./types.ts").Model} model
 * @param {Float64Array<ArrayBuffer>} self
 */
export function withTotals({ parent, roots }, self) {
  const total = Float64Array.from(self);
  for (let node = parent.length - 1; node >= roots.length; node--) total[parent[node]] += total[node];
  return { self, total };
}

/**
 * Where two recordings are compared: what each node holds in both, whichever of them makes it wide.
 *
 * @param {import("./types.ts").Model} model
 * @param {Uint8Array} isOut
 */
export function weighRuns(model, isOut) {
  const { before, count, leaf, rootOf, parent } = model;
  if (before === undefined) return undefined;
  const addUp = (/** @type {Float64Array} */ amounts) => {
    const self = new Float64Array(parent.length);
    for (let stack = 0; stack < leaf.length; stack++) {
      const node = leaf[stack];
      if (!isOut[node] && !isOut[rootOf[node]]) self[node] += amounts[stack];
    }
    return withTotals(model, self);
  };
  const [varianceBefore, varianceAfter] = before.variances;
  return {
    before: addUp(before.count),
    after: addUp(count),
    variances: /** @type {[import("./types.ts").Amounts, import("./types.ts").Amounts]} */ ([
      addUp(varianceBefore),
      addUp(varianceAfter),
    ]),
  };
}

/**
 * Samples by activity: with the GIL, native, waiting for the GIL, idle.
 *
 * @param {import("./types.ts").Model} model
 * @returns {number[]}
 */
export function activityTotals({ byActivity }) {
  const totals = [0, 0, 0, 0];
  for (let i = 0; i < byActivity.length; i++) totals[i & 3] += byActivity[i];
  return totals;
}

/**
 * Threads or processes with their samples, by label; the one with the most samples first.
 *
 * @param {import("./types.ts").Model} model
 * @param {"thread" | "process"} what
 * @returns {[label: string, samples: number][]}
 */
export function rootTotals({ roots, rootOf, leaf, count, threads, processes }, what) {
  const labels = what === "thread" ? threads : processes;
  const totals = new Map();
  for (let stack = 0; stack < leaf.length; stack++) {
    const label = labels[roots[rootOf[leaf[stack]]][what]];
    if (label !== undefined) totals.set(label, (totals.get(label) ?? 0) + count[stack]);
  }
  const isMain = (/** @type {string} */ label) => / MainThread$/.test(label) ? 1 : 0;
  return [...totals].sort(([a, x], [b, y]) => isMain(b) - isMain(a) || y - x);
}
