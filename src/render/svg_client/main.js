/** The flamegraph's behaviour: hover, zoom, search. Runs in the browser, inside the SVG. */
import { compileQuery, coveredSamples } from "./search.js";
import { readFrames } from "./model.js";
import { drawFrames, layOut, measureColumn, setFitted } from "./view.js";
import { moveFocus } from "./keys.js";

/** Brings the flamegraph to life. */
export function startFlamegraph() {
  const script = document.currentScript;
  const svg = script === null ? document.documentElement : script.closest("svg.pyspy");
  const find = (selector) => svg.querySelector(selector);
  const frames = readFrames(svg);
  const parts = {
    graph: find(".graph"),
    heading: find(".heading"),
    subtitle: find(".subtitle"),
    toolbar: find(".toolbar"),
    searchBox: find(".search"),
    input: find(".search").querySelector("input"),
    reset: find(".reset"),
    matched: find(".matched"),
    panel: find(".panel"),
    name: find(".name"),
    facts: find(".facts"),
    legend: find(".legend"),
    footer: find(".footer"),
  };
  const view = {
    svg,
    frames,
    parts,
    byElement: new Map(frames.map((frame) => [frame.element, frame])),
    root: frames[0],
    zoomed: frames[0],
    heading: parts.heading.getAttribute("data-full"),
    subtitle: parts.subtitle.getAttribute("data-full"),
    hint: [
      "Hover over a frame to see its numbers",
      "Click or Enter zooms · Esc resets · / searches · arrows walk",
    ],
    margin: Number(parts.graph.getAttribute("x")),
    /** The frame whose numbers are shown. */
    shown: null,
    width: 0,
  };
  svg.removeAttribute("viewBox");
  svg.setAttribute("width", "100%");
  if (view.root !== undefined) parts.toolbar.removeAttribute("display");
  svg.classList.add("live");
  // Tab reaches one frame only; the arrow keys move that place along with the focus.
  for (const frame of frames) frame.element.setAttribute("tabindex", frame === view.root ? "0" : "-1");
  view.column = measureColumn(parts.name);
  layOut(view);
  listen(view);
}

/** Connects the events; one listener a kind, whatever the number of frames. */
export function listen(view) {
  const { svg, parts } = view;
  const frameOf = (event) => view.byElement.get(event.target.closest(".f")) ?? null;
  const window = svg.ownerDocument.defaultView;
  window.addEventListener("resize", () => {
    layOut(view);
    if (view.root !== undefined) showDetails(view, view.shown);
  });
  if (view.root === undefined) return;
  showDetails(view, null);
  parts.graph.addEventListener("pointerover", (event) => showDetails(view, frameOf(event)));
  parts.graph.addEventListener("pointerleave", () => showDetails(view, null));
  parts.graph.addEventListener("focusin", (event) => showDetails(view, frameOf(event)));
  parts.graph.addEventListener("click", (event) => {
    const frame = frameOf(event);
    if (frame === null) return;
    frame.element.focus({ preventScroll: true });
    zoomTo(view, frame);
  });
  parts.reset.addEventListener("click", () => zoomTo(view, view.root));
  parts.input.addEventListener("input", () => search(view, parts.input.value));
  svg.ownerDocument.addEventListener("keydown", (event) => onKey(view, event));
}

/** Acts on a key. */
export function onKey(view, event) {
  const { input, reset } = view.parts;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const focused = view.svg.ownerDocument.activeElement;
  // Put into a page, the picture must not take the keys of that page's fields.
  if (focused !== null && focused !== input && /^(input|select|textarea)$/i.test(focused.tagName)) return;
  if (focused === input) {
    if (event.key !== "Escape") return;
    input.value = "";
    search(view, "");
    input.blur();
  } else if (event.key === "Escape") {
    zoomTo(view, view.root);
  } else if (event.key === "/") {
    input.focus();
  } else if (event.key === "Enter" || event.key === " ") {
    const frame = view.byElement.get(focused);
    if (frame !== undefined) zoomTo(view, frame);
    else if (focused === reset) zoomTo(view, view.root);
    else return;
  } else if (!moveFocus(view, event.key)) return;
  event.preventDefault();
}

/** Zooms to a frame; its callers stay above it, faded. */
export function zoomTo(view, frame) {
  view.zoomed = frame;
  view.parts.reset.classList.toggle("enabled", frame !== view.root);
  drawFrames(view);
  showDetails(view, view.shown);
}

/** Shows the numbers of a frame, or what can be done. */
export function showDetails(view, frame) {
  const { name, facts } = view.parts;
  view.shown = frame;
  const width = view.graphWidth - 20;
  const [first, second] = frame === null ? view.hint : [frame.label, describeFrame(view, frame)];
  setFitted(name, first, width, view.column);
  setFitted(facts, second, width, view.smallColumn);
  name.parentNode.classList.toggle("active", frame !== null);
}

/** The numbers of a frame, with its share of what is zoomed to. */
export function describeFrame(view, frame) {
  if (view.zoomed === view.root || frame.depth < view.zoomed.depth) return frame.facts;
  return frame.facts + " · " + (100 * frame.total / view.zoomed.total).toFixed(1) + " % of zoom";
}

/** Marks the frames that match and says what share of all samples they hold. */
export function search(view, query) {
  const pattern = compileQuery(query);
  const matches = [];
  for (const frame of view.frames) {
    const isMatch = pattern !== null && frame !== view.root && pattern.test(frame.label);
    frame.element.classList.toggle("match", isMatch);
    if (isMatch) matches.push(frame);
  }
  view.svg.classList.toggle("searching", pattern !== null);
  const share = 100 * coveredSamples(matches) / view.root.total;
  view.parts.matched.textContent = pattern === null ? "" : "matched " + share.toFixed(1) + " %";
}
