/** Two lines about the frame under the pointer, or the one that is chosen, and what can be done with it. */
import { button, copyText, html } from "./dom.js";
import { kindPaint, kindText, nodeFacts, runText } from "./facts.js";
import { pathOfNode } from "./tree.js";

/** The panel, filled by `showDetails`. */
export function makeDetails(app, actions) {
  const { parts } = app;
  parts.name = html("div", { class: "name" });
  parts.facts = html("div", { class: "facts" });
  parts.hide = button("Hide", {
    label: "Take it and all below it out of the picture (x)",
    onClick: actions.hide,
  });
  parts.actions = html("div", { class: "actions" }, [
    parts.hide,
    button("Copy name", { label: "Copy the name (c)", onClick: () => copyNode(app, "name") }),
    button("Copy stack", { label: "Copy the stack, root first (C)", onClick: () => copyNode(app, "stack") }),
  ]);
  parts.details = html("div", { class: "details" }, [
    html("div", { class: "words", "aria-live": "polite" }, [parts.name, parts.facts]),
    parts.actions,
  ]);
  return parts.details;
}

/** Shows the frame under the pointer, else the chosen one, else how to use the picture. */
export function showDetails(app) {
  const { parts, tree, zoomed } = app;
  const node = app.hovered ?? app.chosen;
  const isTable = app.state.view === "table";
  parts.details.classList.toggle("active", node !== null && !isTable);
  // They are about the chosen frame, so they go while the words are about another. The panel keeps its size: what
  // moves under a pressed button is not clicked.
  parts.actions.classList.toggle("away", app.chosen === null || node !== app.chosen || isTable);
  parts.hide.disabled = app.state.view !== "callees" || app.chosen === tree.root ||
    app.chosen?.kind === "activity";
  parts.graph.querySelector(".chosen")?.classList.remove("chosen");
  app.elementOf.get(app.chosen)?.classList.add("chosen");
  if (isTable) {
    parts.name.textContent = "Every function with its own samples and those of what it called";
    parts.facts.textContent = "A click on a column sorts · a click on a name shows it in the flamegraph";
  } else if (node === null) {
    parts.name.textContent = app.state.view === "callers"
      ? "Functions in which samples ended, the hottest first; below each who called it"
      : "Each box is a function, as wide as its share of " +
        (tree.model.before === undefined ? "all samples" : "the time of " + runText(app.state.run)) +
        "; callers " + (app.state.flipped ? "below" : "above") + " callees";
    parts.facts.textContent =
      "Click or Enter zooms · Esc zooms out · / searches · arrows walk · ? lists all keys";
  } else {
    const fullFile = node.kind === "frame" ? tree.model.frames[node.frame].fullFile : "";
    const kind = kindText(kindPaint(tree, node));
    parts.name.textContent = node.label;
    parts.name.title = fullFile === "" ? node.label : node.label + "\n" + fullFile;
    parts.facts.textContent = nodeFacts(tree, { node, zoomed }) + (kind === "" ? "" : " · " + kind);
  }
}

/** Copies the name of the chosen frame, or its stack with the root first, one frame a line. */
export async function copyNode(app, what) {
  const node = app.chosen;
  if (node === null) return;
  const path = pathOfNode(node);
  if (app.state.view === "callers") path.reverse();
  const isCopied = await copyText(what === "name" ? node.label : path.join("\n") + "\n");
  app.parts.facts.textContent = isCopied ? "The " + what + " is copied" : "The browser did not allow to copy";
}
