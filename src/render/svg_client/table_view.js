/** The table of functions. */
import { formatCount, formatPercent } from "../numbers.ts";
import { button, drawn, html } from "./dom.js";
import { countRows } from "./table.js";

/** Draws the table of the current filters and search; `onPick` is called with a label. */
export function drawTable(app, { onSort, onPick }) {
  const { tree, state, pattern, parts } = app;
  const most = 500;
  const rows = countRows(tree).filter(({ label }) => pattern === null || pattern.test(label));
  rows.sort((a, b) =>
    (state.sort === "label" ? 0 : b[state.sort] - a[state.sort] || b.total - a.total) ||
    (a.label < b.label ? -1 : 1)
  );
  const columns = [["self", "Self"], ["total", "Total"], ["label", "Function"]];
  const head = columns.map(([sort, text]) =>
    html("th", {
      scope: "col",
      class: sort,
      "aria-sort": state.sort !== sort ? "none" : sort === "label" ? "ascending" : "descending",
    }, [button(text, { label: "Sort by this column", onClick: () => onSort(sort) })])
  );
  const body = rows.slice(0, most).map((row) => drawRow(app, row, onPick));
  parts.table.replaceChildren(
    html("table", {}, [html("thead", {}, [html("tr", {}, head)]), html("tbody", {}, body)]),
  );
  const noun = state.byFunction ? "functions" : "lines";
  parts.omitted.textContent = rows.length > most
    ? "The first " + most + " of " + formatCount(rows.length) + " " + noun + "; a search finds the others"
    : formatCount(rows.length) + " " + (rows.length === 1 ? noun.slice(0, -1) : noun);
}

export function drawRow(app, row, onPick) {
  const { tree } = app;
  const number = (samples, name) =>
    html("td", { class: name }, [
      html("span", { class: "bar", style: "width:" + (100 * samples / tree.weights.sum).toFixed(2) + "%" }),
      html("span", { class: "amount", text: formatPercent(samples, tree.weights.sum) }),
    ]);
  const chip = drawn("svg", { class: "chip " + tree.model.paint[row.frame], width: 11, height: 11 }, [
    drawn("rect", { width: 11, height: 11, rx: 2 }),
  ]);
  const pick = button(row.label, { label: row.label, class: "pick", onClick: () => onPick(row.label) });
  return html("tr", {}, [
    number(row.self, "self"),
    number(row.total, "total"),
    html("td", { class: "label" }, [html("div", { class: "cell" }, [chip, pick])]),
  ]);
}
