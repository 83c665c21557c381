/** The page around the graph, made once. */
import { makeDetails } from "./details.js";
import { button, drawn, html } from "./dom.js";
import { measureColumn } from "./draw.js";
import { makeHelp, makeToolbar } from "./toolbar.js";

/** Builds the page in place of the still picture, from which it takes its texts. */
export function makePage(app, act) {
  const { svg, parts } = app;
  const still = svg.querySelector(".still");
  const full = (name) => still.querySelector(name).getAttribute("data-full");
  parts.graph = drawn("svg", { class: "graph", role: "tree", "aria-label": "Flamegraph" });
  parts.graphBox = html("div", { class: "graphBox" }, [parts.graph]);
  parts.table = html("div", { class: "tableBox" });
  parts.omitted = html("p", { class: "omitted" });
  parts.scroller = html("main", { class: "scroller" }, [
    parts.graphBox,
    parts.table,
    parts.omitted,
    makeFooter(still),
  ]);
  parts.help = makeHelp(app, act.help);
  const heading = full(".heading");
  parts.page = html("div", { class: "page" }, [
    html("header", {}, [
      html("div", { class: "titles" }, [
        html("h1", { text: heading, title: heading }),
        html("p", { text: full(".subtitle") }),
      ]),
      button("◐", {
        label: "Dark or light (d)",
        "aria-label": "Dark or light",
        class: "icon",
        onClick: act.theme,
      }),
      button("?", { label: "Keys (?)", "aria-label": "Keys", class: "icon", onClick: act.help }),
    ]),
    makeToolbar(app, act),
    makeDetails(app, act),
    makeLegend(still),
    parts.scroller,
    parts.help,
  ]);
  svg.append(drawn("foreignObject", { class: "live", width: "100%", height: "100%" }, [parts.page]));
  if (app.isDocument) {
    svg.removeAttribute("viewBox");
    svg.setAttribute("width", "100%");
    svg.setAttribute("height", "100%");
  }
  still.setAttribute("display", "none");
  // The scroll bar, where it takes room, stands in the margin.
  const bar = parts.scroller.offsetWidth - parts.scroller.clientWidth;
  parts.scroller.style.paddingRight = Math.max(1, 16 - bar) + "px";
  app.column = measureColumn(parts.graph);
  app.canvas = html("canvas").getContext("2d");
  const style = getComputedStyle(parts.graph);
  app.canvas.font = "12px " + style.fontFamily;
}

export function makeLegend(still) {
  const items = [...still.querySelectorAll(".legend .item")].map((item) => {
    const chip = drawn("svg", {
      class: "chip",
      width: 12,
      height: 11,
      viewBox: "0 -9 12 11",
      "aria-hidden": "true",
    });
    const swatches = [...item.querySelectorAll(".swatch")];
    chip.append(...swatches.map((swatch) => swatch.cloneNode(true)));
    return html("li", {}, [...swatches.length > 0 ? [chip] : [], item.querySelector("text").textContent]);
  });
  return html("ul", { class: "legend", "aria-label": "Colours" }, items);
}

export function makeFooter(still) {
  const items = [...still.querySelectorAll(".footer .item")];
  const facts = items.map((item) => [item.querySelector(".key").textContent, item.querySelector(".value")])
    // What is left out depends on the view.
    .filter(([key]) => key !== "Left out")
    .map(([key, value]) =>
      html("div", {}, [html("dt", { text: key }), html("dd", { text: value.getAttribute("data-full") })])
    );
  return html("dl", { class: "footer" }, facts);
}
