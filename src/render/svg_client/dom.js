/** Elements made by hand: a text of the target is only ever set as text. */

/** Makes an HTML element; `text` is its text, other properties are attributes, `undefined` leaves one out. */
export function html(tag, { text, ...attributes } = {}, children = []) {
  return fill(document.createElementNS("http://www.w3.org/1999/xhtml", tag), { text, attributes, children });
}

/** Makes an SVG element. */
export function drawn(tag, { text, ...attributes } = {}, children = []) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), { text, attributes, children });
}

export function fill(element, { text, attributes, children }) {
  for (const name in attributes) {
    if (attributes[name] !== undefined) element.setAttribute(name, attributes[name]);
  }
  if (text !== undefined) element.textContent = text;
  element.append(...children);
  return element;
}

/** A button that acts on a click; its key stands in its tooltip. */
export function button(text, { label, onClick, ...attributes }) {
  const element = html("button", { type: "button", text, title: label, ...attributes });
  element.addEventListener("click", onClick);
  return element;
}

/** Puts a text on the clipboard. @returns whether it is there */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
