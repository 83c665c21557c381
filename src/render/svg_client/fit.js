// @ts-check
/** Text in columns: what fits where. Used when the SVG is written and again in the browser, so they agree. */

/**
 * Columns a text takes in a monospaced font: East Asian wide characters and emoji take two, marks none.
 *
 * @param {string} text
 * @returns {number}
 */
export function textColumns(text) {
  if (/^[ -~…]*$/.test(text)) return text.length;
  const wide =
    /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/;
  const wideAstral = /[\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
  let columns = 0;
  for (const character of text) {
    if (!/\p{Mn}|\p{Me}|\u200c|\u200d/u.test(character)) {
      columns += wide.test(character) || wideAstral.test(character) ? 2 : 1;
    }
  }
  return columns;
}

/**
 * The longest beginning of a text that fits, with an ellipsis if it is cut; nothing if that says too little.
 *
 * @param {string} text
 * @param {number} columns
 * @returns {string}
 */
export function cutText(text, columns) {
  // Reading only what could fit keeps names of 10,000 characters cheap; a character is at most two units.
  if (text.length <= 4 * columns && textColumns(text) <= columns) return text;
  if (columns < 3) return "";
  let result = "";
  let used = 1;
  for (const character of text) {
    used += textColumns(character);
    if (used > columns) break;
    result += character;
  }
  return result + "…";
}

/**
 * A frame's label `name (path/file.py:12)` made to fit: the path goes first, then the file, then the class;
 * of a thread its number.
 *
 * @param {string} label
 * @param {number} columns
 * @returns {string}
 */
export function fitLabel(label, columns) {
  if (columns < 4) return "";
  if (textColumns(label) <= columns) return label;
  const thread = /^thread \([^)]*\): (?=.)/.exec(label);
  if (thread !== null) return cutText(label.slice(thread[0].length), columns);
  const open = label.endsWith(")") ? label.lastIndexOf(" (") : -1;
  const name = open > 0 ? label.slice(0, open) : label;
  const path = open > 0 ? label.slice(open + 2, -1) : "";
  const file = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
  const withFile = name + " (" + file + ")";
  if (file !== "" && textColumns(withFile) <= columns) return withFile;
  if (textColumns(name) <= columns) return name;
  // Only a function has a class before the dot; a thread may be called anything.
  const last = open > 0 ? name.slice(name.lastIndexOf(".") + 1) : name;
  return cutText(/^\w+$/.test(last) ? last : name, columns);
}

/**
 * Places boxes in rows, left to right, as words in a paragraph.
 *
 * @param {number[]} widths
 * @param {number} available
 * @param {number} gap
 * @returns {{x: number, row: number}[]}
 */
export function flowBoxes(widths, available, gap) {
  let x = 0;
  let row = 0;
  return widths.map((width) => {
    if (x > 0 && x + width > available) {
      x = 0;
      row++;
    }
    const place = { x, row };
    x += width + gap;
    return place;
  });
}
