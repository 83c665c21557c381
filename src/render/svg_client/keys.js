/** Walking between frames with the arrow keys. */

/** The frame an arrow key leads to: caller, widest callee, neighbour in the row; undefined if none. */
export function frameAt(app, key) {
  const from = app.focused;
  const isUp = key === (app.state.flipped ? "ArrowDown" : "ArrowUp");
  if (key === "Home") return app.zoomed;
  if (isUp) return app.elementOf.has(from.parent) ? from.parent : undefined;
  const shown = [...app.elementOf.keys()];
  if (key === "ArrowUp" || key === "ArrowDown") {
    return shown.filter(({ parent }) => parent === from)
      .reduce((best, child) => best === undefined || child.total > best.total ? child : best, undefined);
  }
  const row = shown.filter(({ depth }) => depth === from.depth).sort((a, b) => a.start - b.start);
  return row[row.indexOf(from) + (key === "ArrowLeft" ? -1 : 1)];
}

/** Puts the focus on a drawn frame. */
export function focusNode(app, node) {
  const element = app.elementOf.get(node);
  if (element === undefined) return;
  app.elementOf.get(app.focused)?.setAttribute("tabindex", "-1");
  element.setAttribute("tabindex", "0");
  app.focused = node;
  element.focus({ preventScroll: true });
  element.scrollIntoView({ block: "nearest" });
}

/** The keys of the flamegraph with what they do, as the help lists them. */
export function keyHelp() {
  return [
    ["Arrows", "walk between frames"],
    ["Enter", "zoom to the frame"],
    ["Backspace", "zoom out to its caller"],
    ["0, Esc", "zoom out to all"],
    ["/, Ctrl+F", "search"],
    ["n, N", "next and previous match"],
    ["t, b, g", "table, bottom-up, top-down"],
    ["f", "functions or lines"],
    ["r", "fold recursion"],
    ["s", "a row of threads"],
    ["i", "turn over"],
    ["x", "hide the frame and all below it; also Alt+click"],
    ["u", "show all that is hidden"],
    ["c, C", "copy the name, the stack"],
    ["d", "dark or light"],
    ["?", "this list"],
  ];
}
