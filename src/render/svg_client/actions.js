/** What the user can do, by whatever means. */
import { copyNode, showDetails } from "./details.js";
import { focusNode, frameAt } from "./keys.js";
import { compileQuery } from "./search.js";
import { switchTheme } from "./theme.js";
import { pathOfNode } from "./tree.js";
import { changeState, redraw, saveState } from "./view.js";

/** The actions by name. */
export function makeActions(app) {
  const change = (changes) => changeState(app, changes);
  const toggle = (name) => change({ [name]: !app.state[name] });
  const act = {
    change,
    toggle,
    zoom: (node) => {
      if (node.kind === "activity") return;
      app.state = { ...app.state, zoom: pathOfNode(node) };
      app.zoomed = app.focused = node;
      app.chosen = node === app.tree.root ? null : node;
      redraw(app);
      saveState(app, { isStep: true });
    },
    reset: () => act.zoom(app.tree.root),
    hide: (node = app.chosen) => {
      const isHideable = node?.kind === "frame" || node?.kind === "thread" || node?.kind === "process";
      if (app.state.view !== "callees" || !isHideable) return;
      const path = pathOfNode(node);
      const isInside = path.every((label, i) => app.state.zoom[i] === label);
      const zoom = isInside ? app.state.zoom.slice(0, path.length - 1) : app.state.zoom;
      change({ hidden: [...app.state.hidden, path], zoom });
    },
    unhide: () => change({ hidden: [] }),
    search: (query) => {
      app.state = { ...app.state, query };
      app.pattern = compileQuery(query);
      app.match = -1;
      redraw(app);
      saveState(app, { isStep: false });
    },
    walkMatches: (step) => {
      const { matches } = app;
      if (matches.length === 0) return;
      const first = step > 0 ? 0 : matches.length - 1;
      const at = matches.indexOf(matches[app.match]) < 0 ? first : app.match + step;
      app.match = (at + matches.length) % matches.length;
      choose(app, matches[app.match]);
      app.parts.matched.textContent = app.match + 1 + " of " + matches.length;
    },
    theme: () => switchTheme(app.svg),
    help: () => {
      const isOff = app.parts.help.classList.toggle("off");
      if (!isOff) app.parts.help.focus();
    },
  };
  app.tableActions = {
    onSort: (sort) => change({ sort }),
    onPick: (label) =>
      change({ view: "callees", query: "^" + label.replace(/[.*+?^${}()|[\]\\]/g, "\\$&") + "$" }),
  };
  return act;
}

/** Makes a frame the one that is spoken of. */
export function choose(app, node) {
  focusNode(app, node);
  app.chosen = node;
  app.hovered = null;
  showDetails(app);
}

/** Acts on a key. */
export function onKey(app, event, act) {
  const { parts, state } = app;
  const { key } = event;
  const focused = document.activeElement;
  const isField = /^(input|select|textarea)$/i.test(focused?.tagName ?? "");
  if ((event.ctrlKey || event.metaKey) && key === "f" && focused !== parts.input && app.isDocument) {
    parts.input.focus();
    event.preventDefault();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isField && focused !== parts.input) return;
  if (focused === parts.input) {
    onSearchKey(app, event, act);
    return;
  }
  // In another page the keys are that page's, but for those pressed on the picture.
  if (!app.isDocument && !app.svg.contains(focused)) return;
  const isButton = /^button$/i.test(focused?.tagName ?? "");
  const onGraph = parts.graph.contains(focused);
  const simple = {
    Escape: () => {
      if (!parts.help.classList.contains("off")) act.help();
      else act.reset();
    },
    "0": act.reset,
    "/": () => parts.input.focus(),
    "?": act.help,
    n: () => act.walkMatches(1),
    N: () => act.walkMatches(-1),
    t: () => act.change({ view: state.view === "table" ? "callees" : "table" }),
    b: () => act.change({ view: "callers" }),
    g: () => act.change({ view: "callees" }),
    f: () => act.toggle("byFunction"),
    r: () => act.toggle("folded"),
    s: () => app.model.before === undefined && act.toggle("split"),
    i: () => act.toggle("flipped"),
    x: () => act.hide(),
    u: act.unhide,
    c: () => copyNode(app, "name"),
    C: () => copyNode(app, "stack"),
    d: act.theme,
    Backspace: () => act.zoom(app.zoomed.parent ?? app.tree.root),
  };
  if (Object.hasOwn(simple, key)) simple[key]();
  else if ((key === "Enter" || key === " ") && onGraph) act.zoom(app.focused);
  else if (/^(Arrow|Home$)/.test(key) && onGraph) {
    const to = frameAt(app, key);
    if (to !== undefined) choose(app, to);
  } else return;
  if (!isButton || key !== "Enter") event.preventDefault();
}

/** In the search field: Enter goes on to the next match, Escape clears. */
export function onSearchKey(app, event, act) {
  const { parts } = app;
  if (event.key === "Enter") act.walkMatches(event.shiftKey ? -1 : 1);
  else if (event.key === "Escape") {
    parts.input.value = "";
    act.search("");
    focusNode(app, app.focused);
  } else return;
  if (event.key === "Enter") parts.input.focus();
  event.preventDefault();
}
