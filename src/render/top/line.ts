/** Lines of a screen: pieces of text with a style, made into a string for the terminal at the end. */
import { cutEnd, textWidth } from "../text_width.ts";

/** How a piece looks; colour is never the only sign of anything. */
export type Style = "bold" | "dim" | "reverse" | "red" | "yellow" | "green" | "cyan" | "magenta";

const COLORS: ReadonlySet<Style> = new Set(["red", "yellow", "green", "cyan", "magenta"]);
const CODES: Readonly<Record<Style, string>> = {
  bold: "1",
  dim: "2",
  reverse: "7",
  red: "31",
  green: "32",
  yellow: "33",
  magenta: "35",
  cyan: "36",
};

/** A piece of a line. Invariant: `text` is safe for a terminal. */
export interface Piece {
  readonly text: string;
  readonly styles: readonly Style[];
}

/** A line of the screen. */
export type Line = readonly Piece[];

/** A piece with styles. */
export function piece(text: string, ...styles: Style[]): Piece {
  return { text, styles };
}

/** The text of a line alone. */
export function plainLine(line: Line): string {
  return line.map(({ text }) => text).join("").trimEnd();
}

/** A line for the terminal, not wider than it. */
export function terminalLine(line: Line, { columns, color }: { columns: number; color: boolean }): string {
  let left = columns;
  let result = "";
  for (const { text, styles } of line) {
    if (left <= 0) break;
    const shown = cutEnd(text, left);
    left -= textWidth(shown);
    const codes = styles.filter((style) => color || !COLORS.has(style)).map((style) => CODES[style]);
    result += codes.length === 0 ? shown : `\x1b[${codes.join(";")}m${shown}\x1b[0m`;
  }
  return result;
}

/** The same line in reverse video up to the width; colours would be hard to read there. */
export function highlighted(line: Line, columns: number): Line {
  const width = line.reduce((sum, { text }) => sum + textWidth(text), 0);
  const fill = { text: " ".repeat(Math.max(0, columns - width)), styles: [] };
  return [...line, fill].map(({ text, styles }) =>
    styles.includes("bold") ? piece(text, "bold", "reverse") : piece(text, "reverse")
  );
}
