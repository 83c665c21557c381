/** Lays the flamegraph out for the window's width and the zoomed frame. */
import { cutText, fitLabel, flowBoxes } from "./fit.js";
import { holds } from "./model.js";

/** Width of one character of a text element. Units: CSS pixels. */
export function measureColumn(element) {
  const probe = element.cloneNode(false);
  probe.textContent = "0".repeat(40);
  probe.setAttribute("visibility", "hidden");
  element.parentNode.appendChild(probe);
  const width = probe.getComputedTextLength() / 40;
  probe.remove();
  return width > 0 ? width : 7.25;
}

/** Shows a text cut to a width; the whole text stays in `data-full`. */
export function setFitted(element, text, width, column) {
  element.setAttribute("data-full", text);
  element.textContent = cutText(text, Math.max(0, Math.floor(width / column)));
}

/** Moves and labels each frame for the current zoom; what is outside of it is hidden. */
export function drawFrames(view) {
  const { zoomed, frames, graphWidth, column } = view;
  for (const frame of frames) {
    const isCaller = frame !== zoomed && holds(frame, zoomed);
    const isShown = isCaller || holds(zoomed, frame);
    frame.element.classList.toggle("off", !isShown);
    frame.element.classList.toggle("caller", isCaller);
    if (!isShown) continue;
    const left = isCaller ? 0 : (frame.start - zoomed.start) / zoomed.total;
    const width = isCaller ? 1 : frame.total / zoomed.total;
    frame.rect.setAttribute("x", (100 * left).toFixed(4) + "%");
    frame.rect.setAttribute("width", (100 * width).toFixed(4) + "%");
    drawLabel(frame, { left, text: fitLabel(frame.label, Math.floor((width * graphWidth - 7) / column)) });
  }
}

/** Writes a frame's text, which is only made when there is something to write. */
export function drawLabel(frame, { left, text }) {
  let element = frame.element.querySelector("text");
  if (element === null) {
    if (text === "") return;
    element = document.createElementNS("http://www.w3.org/2000/svg", "text");
    element.setAttribute("y", "14");
    element.setAttribute("dx", "4");
    frame.element.appendChild(element);
  }
  element.setAttribute("x", (100 * left).toFixed(4) + "%");
  element.textContent = text;
}

/** Fits everything to the width of the window. Units: CSS pixels. */
export function layOut(view) {
  const { svg, parts, margin } = view;
  const width = Math.max(320, svg.getBoundingClientRect().width);
  if (width === view.width) return;
  view.width = width;
  view.graphWidth = width - 2 * margin;
  parts.graph.setAttribute("width", String(view.graphWidth));
  parts.panel.setAttribute("width", String(view.graphWidth));
  parts.toolbar.setAttribute("transform", "translate(" + (width - margin) + " 0)");
  const toolbarWidth = Math.min(320, view.graphWidth * 0.55);
  const searchWidth = toolbarWidth - 76;
  parts.searchBox.setAttribute("x", String(-searchWidth));
  parts.searchBox.setAttribute("width", String(searchWidth));
  parts.reset.setAttribute("transform", "translate(" + -toolbarWidth + " 0)");
  const column = measureColumn(parts.subtitle);
  const leftWidth = view.graphWidth - toolbarWidth - 12;
  setFitted(parts.heading, view.heading, leftWidth, measureColumn(parts.heading));
  setFitted(parts.subtitle, view.subtitle, view.graphWidth - 120, column);
  view.smallColumn = column;
  const legendRows = flow(parts.legend, view, 16);
  const legendTop = Number(parts.graph.getAttribute("y")) + Number(parts.graph.getAttribute("height")) + 22;
  parts.legend.setAttribute("transform", "translate(" + margin + " " + legendTop + ")");
  const footerTop = legendTop + 18 * legendRows + 10;
  parts.footer.setAttribute("transform", "translate(" + margin + " " + footerTop + ")");
  const height = footerTop + 18 * flow(parts.footer, view, 0) + 4;
  svg.setAttribute("height", String(height));
  if (view.root !== undefined) drawFrames(view);
}

/** Flows the items of a group into rows and says how many there are. */
export function flow(group, view, indent) {
  const items = [...group.querySelectorAll(".item")];
  const column = view.smallColumn;
  const widths = items.map((item) => {
    const value = item.querySelector(".value");
    const key = item.querySelector(".key");
    const keyColumns = key === null ? 0 : key.textContent.length + 1;
    const full = value.getAttribute("data-full") ?? value.textContent;
    setFitted(value, full, view.graphWidth - indent - keyColumns * column, column);
    return indent + item.querySelector("text").getComputedTextLength();
  });
  const places = flowBoxes(widths, view.graphWidth, 20);
  places.forEach(({ x, row }, i) =>
    items[i].setAttribute("transform", "translate(" + x + " " + 18 * row + ")")
  );
  return places.length === 0 ? 0 : places[places.length - 1].row + 1;
}
