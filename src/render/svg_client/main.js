/** Brings the flamegraph to life: reads its profile, builds the page, listens. */
import { choose, makeActions, onKey } from "./actions.js";
import { showDetails } from "./details.js";
import { makeModel } from "./model.js";
import { makePage } from "./page.js";
import { firstState, fitState, readState } from "./state.js";
import { restoreTheme } from "./theme.js";
import { redraw, refresh } from "./view.js";
import { weighNodes } from "./weigh.js";

/** Starts the script. If anything of it fails the still picture stays as it is. */
export function startFlamegraph() {
  const script = document.currentScript;
  const svg = script === null ? document.documentElement : script.closest("svg.pyspy");
  const model = makeModel(JSON.parse(svg.querySelector(".pyspy-profile").textContent));
  const first = firstState({
    split: svg.getAttribute("data-split") === "1",
    isComparison: model.before !== undefined,
  });
  const app = {
    svg,
    model,
    first,
    isDocument: document.documentElement === svg,
    allWeights: weighNodes(model, { filter: first, hidden: [] }),
    parts: {},
    state: first,
    /** Elements of the nodes that are drawn, and back. */
    elementOf: new Map(),
    nodeOf: new Map(),
    /** Drawn nodes that match the search, and which of them was gone to. */
    matches: [],
    match: -1,
    pattern: null,
    tree: null,
    zoomed: null,
    /** The node that Tab leads to, the one that is spoken of, and the one under the pointer. */
    focused: null,
    chosen: null,
    hovered: null,
  };
  if (app.allWeights.sum === 0) return;
  if (app.isDocument) app.state = fitState(readState(location.hash.slice(1), first), model);
  restoreTheme(svg);
  const act = makeActions(app);
  makePage(app, act);
  refresh(app);
  if (app.state.flipped) app.parts.scroller.scrollTop = app.parts.scroller.scrollHeight;
  listen(app, act);
}

/** Connects the events; one listener a kind, whatever the number of frames. */
export function listen(app, act) {
  const { parts } = app;
  const nodeOf = (event) => app.nodeOf.get(event.target.closest(".f")) ?? null;
  const hover = (node) => {
    app.hovered = node;
    showDetails(app);
  };
  parts.graph.addEventListener("pointerover", (event) => hover(nodeOf(event)));
  parts.graph.addEventListener("pointerleave", () => hover(null));
  parts.graph.addEventListener("focusin", (event) => {
    const node = nodeOf(event);
    if (node === null) return;
    app.focused = app.chosen = node;
    showDetails(app);
  });
  parts.graph.addEventListener("click", (event) => {
    const node = nodeOf(event);
    if (node === null) return;
    if (event.altKey || event.ctrlKey || event.metaKey) {
      act.hide(node);
      return;
    }
    choose(app, node);
    act.zoom(node);
  });
  document.addEventListener("keydown", (event) => onKey(app, event, act));
  let width = parts.graphBox.clientWidth;
  // Also hears of a scroll bar that comes or goes.
  new ResizeObserver(() => {
    if (parts.graphBox.clientWidth === width || parts.graphBox.clientWidth === 0) return;
    width = parts.graphBox.clientWidth;
    redraw(app);
  }).observe(parts.graphBox);
  if (!app.isDocument) return;
  addEventListener("popstate", () => {
    app.state = fitState(readState(location.hash.slice(1), app.first), app.model);
    refresh(app);
  });
}
