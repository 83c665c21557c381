/** The table of functions. */
import { formatCount, formatPercent } from "../numbers.ts";
import { changeFact, changePaint, changeWords, isCertain } from "./change.js";
import { button, drawn, html } from "./dom.js";
import { countRows } from "./table.js";

/** Draws the table of the current filters and search; `onPick` is called with a label. */
export function drawTable(app, { onSort, onPick }) {
  const { tree, state, pattern, parts } = app;
  const most = 500;
  const { before } = tree.model;
  const rows = countRows(tree).filter(({ label }) => pattern === null || pattern.test(label))
    .map((row) => ({ ...row, change: before === undefined ? 0 : changeRank(before, row) }));
  rows.sort((a, b) =>
    (state.sort === "label" ? 0 : b[state.sort] - a[state.sort] || b.total - a.total) ||
    (a.label < b.label ? -1 : 1)
  );
  const columns = [
    ["self", "Self"],
    ["total", "Total"],
    ...before === undefined ? [] : [["change", "Change of self"]],
    ["label", "Function"],
  ];
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

/** What a row is sorted by: certain changes first, the largest first. */
export function changeRank(before, row) {
  return Math.abs(row.after - row.before) + (isCertain(before, row) ? 1e15 : 0);
}

export function drawChange(before, row) {
  const isSure = isCertain(before, row);
  const text = row.before + row.after === 0 ? "" : changeWords(before, row);
  const title = text === "" ? undefined : changeFact(before, row);
  return html("td", { class: "change" + (isSure ? " sure" : ""), text, title });
}

export function drawRow(app, row, onPick) {
  const { tree } = app;
  const number = (samples, name) =>
    html("td", { class: name }, [
      html("span", { class: "bar", style: "width:" + (100 * samples / tree.weights.sum).toFixed(2) + "%" }),
      html("span", { class: "amount", text: formatPercent(samples, tree.weights.sum) }),
    ]);
  const { before, paint } = tree.model;
  const color = before === undefined ? paint[row.frame] : changePaint(before, row);
  const chip = drawn("svg", { class: "chip " + color, width: 11, height: 11 }, [
    drawn("rect", { width: 11, height: 11, rx: 2 }),
  ]);
  const pick = button(row.label, { label: row.label, class: "pick", onClick: () => onPick(row.label) });
  return html("tr", {}, [
    number(row.self, "self"),
    number(row.total, "total"),
    ...before === undefined ? [] : [drawChange(before, row)],
    html("td", { class: "label" }, [html("div", { class: "cell" }, [chip, pick])]),
  ]);
}
