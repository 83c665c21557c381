/** Walking between frames with the arrow keys. */

/** The frame an arrow key leads to from `from`: caller, widest callee, neighbour; null if none. */
export function frameAt(view, from, key) {
  const shown = view.frames.filter((frame) => !frame.element.classList.contains("off"));
  if (key === "ArrowUp") return from.parent ?? null;
  if (key === "ArrowDown") {
    const children = shown.filter((frame) => frame.parent === from);
    return children.reduce((best, child) => best === null || child.total > best.total ? child : best, null);
  }
  const row = shown.filter((frame) => frame.depth === from.depth);
  const step = key === "ArrowLeft" ? -1 : key === "ArrowRight" ? 1 : 0;
  return step === 0 ? null : row[row.indexOf(from) + step] ?? null;
}

/** Moves the focus with an arrow key; false if the key is none or leads nowhere. */
export function moveFocus(view, key) {
  if (!key.startsWith("Arrow")) return false;
  const from = view.byElement.get(view.svg.ownerDocument.activeElement);
  // Without a focused frame the arrow keys scroll, as in any document.
  if (from === undefined) return false;
  const to = frameAt(view, from, key);
  if (to === null) return true;
  from.element.setAttribute("tabindex", "-1");
  to.element.setAttribute("tabindex", "0");
  to.element.focus();
  return true;
}
