/** The controls above the graph. */
import { formatPercent } from "../numbers.ts";
import { button, html } from "./dom.js";
import { keyHelp } from "./keys.js";
import { activityTotals, rootTotals } from "./weigh.js";

/** Views, filters, switches and the search field; `act` names what a control does. */
export function makeToolbar(app, act) {
  const { parts } = app;
  const view = (name, { text, label }) =>
    button(text, { label, "data-view": name, onClick: () => act.change({ view: name }) });
  parts.views = html("div", { class: "group", role: "group", "aria-label": "View" }, [
    view("callees", { text: "Top-down", label: "From the root to what it calls (g)" }),
    view("callers", { text: "Bottom-up", label: "From what ran to its callers (b)" }),
    view("table", { text: "Table", label: "Functions by their shares (t)" }),
  ]);
  const flag = (name, { text, label }) =>
    button(text, { label, "data-flag": name, onClick: () => act.change({ [name]: !app.state[name] }) });
  const hasLines = app.model.byLine.texts.some((text, i) => text !== app.model.byFunction.texts[i]);
  parts.flags = html("div", { class: "group", role: "group", "aria-label": "How it is shown" }, [
    ...hasLines
      ? [flag("byFunction", { text: "Functions", label: "Lines of one function together (f)" })]
      : [],
    ...app.model.before === undefined
      ? [flag("split", { text: "Threads", label: "A row of threads below the root (s)" })]
      : [],
    flag("folded", { text: "Fold recursion", label: "A function that calls itself once (r)" }),
    flag("flipped", { text: "Flip", label: "Turn it over, root at the bottom (i)" }),
  ]);
  parts.reset = button("Reset zoom", { label: "Zoom out (Esc)", class: "reset", onClick: act.reset });
  parts.unhide = button("", { label: "Show all that is hidden (u)", class: "unhide", onClick: act.unhide });
  return html("div", { class: "toolbar", role: "toolbar", "aria-label": "Flamegraph" }, [
    parts.views,
    parts.flags,
    ...makeFilters(app, act),
    parts.unhide,
    parts.reset,
    makeSearch(app, act),
  ]);
}

/** A choice of threads, of processes, of activities; none where there is nothing to choose. */
export function makeFilters(app, act) {
  const { model, parts } = app;
  parts.filters = {};
  const choice = (name, { label, all, options, read }) => {
    if (options.length < 2) return [];
    const items = [["", all], ...options].map(([value, text]) => html("option", { value, text }));
    const select = html("select", { "aria-label": label, title: label }, items);
    select.addEventListener("change", () => act.change({ [name]: read(select.value) }));
    parts.filters[name] = select;
    return [select];
  };
  const withShares = (totals) => {
    const sum = totals.reduce((all, [, total]) => all + total, 0);
    return totals.map(([label, total]) => [label, label + " · " + formatPercent(total, sum)]);
  };
  const names = ["with the GIL", "native", "waiting for the GIL", "idle"];
  const totals = activityTotals(model);
  const activities = names.map((text, i) => [String(i), text, totals[i]]).filter(([, , total]) => total > 0);
  const sum = totals.reduce((all, total) => all + total, 0);
  return [
    ...choice("run", {
      label: "Which run the widths are of",
      all: "Both runs",
      options: model.before === undefined ? [] : [["before", "Before"], ["after", "After"]],
      read: String,
    }),
    ...choice("process", {
      label: "Process",
      all: "All processes",
      options: withShares(rootTotals(model, "process")),
      read: String,
    }),
    ...choice("thread", {
      label: "Thread",
      all: "All threads",
      options: withShares(rootTotals(model, "thread")),
      read: String,
    }),
    ...choice("activity", {
      label: "What threads were doing",
      all: "All activities",
      options: activities.map(([value, text, total]) => [value, text + " · " + formatPercent(total, sum)]),
      read: (value) => value === "" ? -1 : Number(value),
    }),
  ];
}

export function makeSearch(app, act) {
  const { parts } = app;
  parts.input = html("input", {
    type: "text",
    placeholder: "Search (regex)",
    "aria-label": "Search",
    title: "A regular expression, or plain text (/ or Ctrl+F)",
    autocomplete: "off",
    spellcheck: "false",
  });
  parts.input.addEventListener("input", () => act.search(parts.input.value));
  parts.matched = html("span", { class: "matched", "aria-live": "polite" });
  parts.previous = button("‹", { label: "Previous match (N)", onClick: () => act.walkMatches(-1) });
  parts.next = button("›", { label: "Next match (n)", onClick: () => act.walkMatches(1) });
  return html("div", { class: "search", role: "search" }, [
    parts.input,
    parts.matched,
    parts.previous,
    parts.next,
  ]);
}

/** Shows on the controls what the state says. */
export function showControls(app) {
  const { parts, state, tree, zoomed } = app;
  for (const element of parts.views.children) {
    element.setAttribute("aria-pressed", String(element.getAttribute("data-view") === state.view));
  }
  for (const element of parts.flags.children) {
    const name = element.getAttribute("data-flag");
    const isIdle = state.view === "table" && name !== "byFunction" ||
      state.view === "callers" && name === "split";
    element.disabled = isIdle;
    element.setAttribute("aria-pressed", String(state[name] && !isIdle));
  }
  for (const name in parts.filters) {
    const value = state[name] === -1 ? "" : String(state[name]);
    parts.filters[name].value = value;
    parts.filters[name].classList.toggle("set", value !== "");
  }
  if (parts.input.value !== state.query) parts.input.value = state.query;
  parts.reset.disabled = zoomed === tree.root || state.view === "table";
  parts.unhide.textContent = "Show " + state.hidden.length + " hidden";
  parts.unhide.classList.toggle("off", state.hidden.length === 0);
}

/** The list of keys. */
export function makeHelp(app, onClose) {
  const rows = keyHelp().filter(([keys]) => keys !== "s" || app.model.before === undefined).map((
    [keys, text],
  ) => html("tr", {}, [html("th", { scope: "row", text: keys }), html("td", { text })]));
  return html("div", { class: "help off", role: "dialog", "aria-label": "Keys", tabindex: "-1" }, [
    html("div", { class: "helpHead" }, [
      html("h2", { text: "Keys" }),
      button("Close", { label: "Close (Esc)", onClick: onClose }),
    ]),
    html("table", {}, rows),
  ]);
}
