/** Draws the frames of the current view. */
import { boxText } from "./change.js";
import { drawn } from "./dom.js";
import { nodeFacts, nodePaint } from "./facts.js";
import { chooseNodes } from "./layout.js";

/** Width of one character of the frames' font. Units: CSS pixels. */
export function measureColumn(graph) {
  const probe = drawn("text", { text: "0".repeat(40), visibility: "hidden" });
  graph.append(probe);
  const width = probe.getComputedTextLength() / 40;
  probe.remove();
  return width > 0 ? width : 7.25;
}

/** The longest form of a label that fits, measured where a character may have any width. */
export function fitMeasured(app, { node, width }) {
  let columns = Math.floor(width / app.column);
  let text = boxText(app.tree, { node, columns });
  while (!/^[ -~…]*$/.test(text) && app.canvas.measureText(text).width > width) {
    columns--;
    text = boxText(app.tree, { node, columns });
  }
  return text;
}

/** The callers of what is zoomed to, outermost first; of very deep ones only the nearest. */
export function callersOf(zoomed) {
  const callers = [];
  for (let node = zoomed.parent; node !== null && callers.length < 300; node = node.parent) {
    callers.push(node);
  }
  return callers.reverse();
}

/** Draws all anew: at most some 5,000 elements, which takes a browser less time than looking for changes. */
export function drawGraph(app) {
  const { tree, zoomed, state, parts } = app;
  const rowHeight = 20;
  const width = Math.max(100, parts.graphBox.clientWidth);
  const callers = callersOf(zoomed);
  const chosen = chooseNodes(tree, {
    top: zoomed,
    // Half a pixel can still be seen; anything less is shown when it is zoomed to.
    least: zoomed.total * Math.max(0.0005, 0.5 / width),
    most: 1600,
    rows: 2000,
  });
  const top = zoomed.depth - callers.length;
  const rows = 1 + chosen.nodes.reduce((most, { depth }) => Math.max(most, depth - top), 0);
  const scale = width / zoomed.total;
  app.elementOf.clear();
  app.nodeOf.clear();
  app.matches = [];
  const add = (node, isCaller) => {
    const row = state.flipped ? rows - 1 - (node.depth - top) : node.depth - top;
    const x = isCaller ? 0 : (node.start - zoomed.start) * scale;
    const box = { x, y: row * rowHeight, width: isCaller ? width : node.total * scale };
    const element = drawFrame(app, { node, box, isCaller });
    app.elementOf.set(node, element);
    app.nodeOf.set(element, node);
    return element;
  };
  parts.graph.replaceChildren(
    ...callers.map((node) => add(node, true)),
    ...chosen.nodes.map((node) => add(node, false)),
  );
  parts.graph.setAttribute("width", String(width));
  parts.graph.setAttribute("height", String(rows * rowHeight));
  parts.graph.classList.toggle("searching", app.pattern !== null);
  parts.omitted.textContent = tree.root.total > 0 ? omittedNote(chosen) : "No sample passes these filters.";
  app.elementOf.get(app.focused)?.setAttribute("tabindex", "0");
  if (!app.elementOf.has(app.focused)) {
    app.focused = zoomed;
    app.elementOf.get(zoomed)?.setAttribute("tabindex", "0");
  }
}

export function omittedNote({ narrow, deep }) {
  const notes = [];
  if (narrow > 0) notes.push(narrow + (narrow === 1 ? " call is" : " calls are") + " too narrow to be drawn");
  if (deep > 0) notes.push(deep + (deep === 1 ? " call lies" : " calls lie") + " too deep");
  return notes.length === 0 ? "" : notes.join(", ") + ": zoom to see more";
}

export function drawFrame(app, { node, box, isCaller }) {
  const { tree, zoomed, pattern } = app;
  const isMatch = pattern !== null && node.kind !== "root" && pattern.test(node.label);
  if (isMatch && !isCaller) app.matches.push(node);
  const name = "f " + nodePaint(tree, node) + (isCaller ? " caller" : "") + (isMatch ? " match" : "");
  const text = fitMeasured(app, { node, width: box.width - 8 });
  const rect = { x: box.x.toFixed(2), y: box.y, width: box.width.toFixed(2), height: 19, rx: 2 };
  return drawn("g", {
    class: name,
    role: "treeitem",
    tabindex: "-1",
    "aria-level": node.depth + 1,
    "aria-label": node.label + ", " + nodeFacts(tree, { node, zoomed }),
  }, [
    drawn("rect", rect),
    ...text === "" ? [] : [drawn("text", { text, x: (box.x + 4).toFixed(2), y: box.y + 14 })],
  ]);
}
