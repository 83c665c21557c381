/**
 * Untrusted text made safe for each place it is shown in: terminals, XML, JSON inside XML, folded lines.
 *
 * The target chooses the names of its functions, files and threads; none of them may steer a terminal, end an
 * element early, or read differently from what it is. What cannot be shown is spelled out, never dropped.
 */

// C0, DEL and C1; line and paragraph separators; bidi marks, overrides and isolates; invisible characters;
// the byte order mark; the two noncharacters that XML 1.0 forbids; surrogates without a partner.
const HIDDEN_RANGES = String.raw`\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e` +
  String.raw`\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff`;
const LONE_SURROGATES = String.raw`[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]`;
/** Characters that are invisible or reorder text. */
export const HIDDEN = new RegExp(`[${HIDDEN_RANGES}]|${LONE_SURROGATES}`, "g");

/** Escapes with a letter of their own. */
export const SHORT_ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

const XML_ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A character by its number. */
export function spellOut(character: string): string {
  const code = character.charCodeAt(0);
  const short = SHORT_ESCAPES[character];
  if (short !== undefined) return short;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : unicodeEscape(character);
}

/** A character as JSON and JavaScript write it. */
export function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Spells out each character that is invisible or reorders text: ESC becomes `\x1b`, a newline `\n`. */
export function visibleText(text: string): string {
  return text.replace(HIDDEN, spellOut);
}

/** Text that can be written to a terminal: on one line, without control sequences and bidi overrides. */
export function terminalSafe(text: string): string {
  return visibleText(text);
}

/** Text for XML content and for attributes in either kind of quotes. */
export function xmlEscape(text: string): string {
  return visibleText(text).replace(/[&<>"']/g, (character) => XML_ENTITIES[character] ?? "");
}

/** A value as JSON in which nothing is invisible; parsing gives the value back exactly. */
export function visibleJson(value: unknown): string {
  return JSON.stringify(value).replace(HIDDEN, unicodeEscape);
}

/** A value as JSON inside XML content; parsing the element's text gives the value back exactly. */
export function xmlJson(value: unknown): string {
  return visibleJson(value).replace(/[&<>]/g, (character) => XML_ENTITIES[character] ?? "");
}

/** One frame of a folded line: without `;` and line breaks, and never empty. */
export function foldedSafe(text: string): string {
  const safe = visibleText(text).replaceAll(";", ":");
  return safe === "" ? "[unknown]" : safe;
}

/** Cuts the middle out of a text longer than `limit` UTF-16 units; never splits a surrogate pair. */
export function shortenMiddle(text: string, limit: number): string {
  if (text.length <= limit) return text;
  let head = Math.ceil((limit - 1) * 0.6);
  let tail = text.length - (limit - 1 - head);
  if (splitsPair(text, head)) head--;
  if (splitsPair(text, tail)) tail++;
  return text.slice(0, head) + "…" + text.slice(tail);
}

/** Whether a place lies within a surrogate pair. */
export function splitsPair(text: string, at: number): boolean {
  return /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(Math.max(0, at - 1), at + 1));
}
