/** What is shown: made of the state whenever that changes. */
import { showDetails } from "./details.js";
import { drawGraph } from "./draw.js";
import { formatPercent } from "../numbers.ts";
import { compileQuery, matchedSamples } from "./search.js";
import { writeState } from "./state.js";
import { drawTable } from "./table_view.js";
import { showControls } from "./toolbar.js";
import { makeTree, nodeAtPath, pathInShape } from "./tree.js";
import { weighNodes } from "./weigh.js";

/** Makes the tree of the state anew and shows it. */
export function refresh(app) {
  const { model, state } = app;
  const shape = state;
  const hidden = state.hidden.flatMap((path) => membersAt(app, { path, shape: state }));
  const isAll = hidden.length === 0 && state.thread === "" && state.process === "" &&
    state.activity < 0 && state.run === "";
  const weights = isAll ? app.allWeights : weighNodes(model, { filter: state, hidden });
  app.tree = makeTree(model, { weights, shape });
  app.zoomed = nodeAtPath(app.tree, state.zoom).node;
  // What is only in the other one of two recordings cannot be shown.
  while (app.zoomed.total <= 0 && app.zoomed.parent !== null) app.zoomed = app.zoomed.parent;
  app.chosen = app.zoomed === app.tree.root ? null : app.zoomed;
  app.hovered = null;
  app.focused = app.zoomed;
  app.pattern = compileQuery(state.query);
  redraw(app);
}

/** The nodes of the model at a path, whatever is filtered. */
export function membersAt(app, { path, shape }) {
  const tree = makeTree(app.model, { weights: app.allWeights, shape: { ...shape, view: "callees" } });
  const { node, isWhole } = nodeAtPath(tree, path);
  return isWhole && node !== tree.root ? node.members : [];
}

/** The same place in another shape of the tree; the root where there is none. */
export function translatePath(app, { path, from, to }) {
  const member = path.length === 0 ? undefined : membersAt(app, { path, shape: from })[0];
  return member === undefined ? [] : pathInShape(app.model, { node: member, shape: to });
}

/** Shows the tree as it is: after a zoom, a search, or in another width. */
export function redraw(app) {
  const { parts, state } = app;
  const isTable = state.view === "table";
  const hadFocus = parts.graph.contains(document.activeElement);
  parts.graphBox.classList.toggle("off", isTable);
  parts.table.classList.toggle("off", !isTable);
  if (isTable) drawTable(app, app.tableActions);
  else drawGraph(app);
  if (hadFocus) app.elementOf.get(app.focused)?.focus({ preventScroll: true });
  showControls(app);
  showDetails(app);
  showMatched(app);
}

export function showMatched(app) {
  const { parts, pattern, tree, matches, state } = app;
  const isSearching = pattern !== null;
  parts.matched.textContent = isSearching
    ? formatPercent(matchedSamples(tree, pattern), tree.weights.sum) + " matched"
    : "";
  parts.previous.disabled = parts.next.disabled = !isSearching || matches.length === 0 ||
    state.view === "table";
}

/** Changes the state; `isStep` makes it a step to which the browser's Back returns. */
export function changeState(app, change, { isStep = true } = {}) {
  const from = app.state;
  const to = { ...from, ...change };
  const isReshaped = ["view", "byFunction", "split", "folded"].some((name) => from[name] !== to[name]);
  if (isReshaped) {
    const isSameTree = from.view === "callees" && to.view === "callees";
    const zoom = isSameTree ? translatePath(app, { path: from.zoom, from, to }) : [];
    const hidden = from.hidden.map((path) => translatePath(app, { path, from, to }))
      .filter((path) => path.length > 0);
    app.state = { ...to, zoom, hidden };
  } else app.state = to;
  refresh(app);
  saveState(app, { isStep });
}

/** Puts the state into the address; a page in which we are only a picture keeps its own. */
export function saveState(app, { isStep }) {
  if (!app.isDocument) return;
  const text = writeState(app.state, app.first);
  if ("#" + text === (location.hash || "#")) return;
  const address = location.href.replace(/#.*$/, "") + "#" + text;
  try {
    if (isStep) history.pushState(null, "", address);
    else history.replaceState(null, "", address);
  } catch {
    // A frame may not be allowed to; then there is no link to the view.
  }
}
