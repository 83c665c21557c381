/** The whole screen of `top`: from state and data to lines. */
import { terminalSafe } from "../escape.ts";
import { textWidth } from "../text_width.ts";
import { columnsFor, entryLine, headingLine } from "./columns.ts";
import type { Entry } from "./entries.ts";
import { headerLines } from "./header.ts";
import { HELP_LINES } from "./help.ts";
import { highlighted, piece } from "./line.ts";
import type { Line } from "./line.ts";
import type { TopState } from "./state.ts";
import type { ScreenSize, TopText, TopView } from "./view.ts";

/** Below this height only the first two lines of the header are shown. */
const LOW = 12;
const SHORT_HEADER = 2;
const NOTHING_YET = "Nothing was sampled yet.";
/** The most useful ones first: the end is cut off. */
const HINTS: readonly (readonly [string, string])[] = [
  ["q", "quit"],
  ["?", "help"],
  ["/", "filter"],
  ["s", "sort"],
  ["c", "all/now"],
  ["l", "lines"],
  ["t", "threads"],
  ["p", "pause"],
  ["Enter", "callers"],
  ["r", "reset"],
  ["w", "write"],
  ["d", "dump"],
  ["+-", "delay"],
];

/** Rows of the table that fit on a screen, and the line at which they begin. */
export function tablePlace(size: ScreenSize): { first: number; rows: number } {
  const header = size.rows < LOW ? SHORT_HEADER : SHORT_HEADER + 2;
  return { first: header + 1, rows: Math.max(0, size.rows - header - 2) };
}

/** Lines of text that fit on a page. */
export function pageRows(size: ScreenSize): number {
  return Math.max(0, size.rows - SHORT_HEADER - 2);
}

/** The text of the page that is shown over the table. */
export function pageText(view: TopView, state: TopState): TopText | undefined {
  if (state.page === undefined) return undefined;
  return state.page === "help" ? { title: "Help", lines: HELP_LINES } : view.text;
}

/** Draws the screen. Shape: one line a row of the terminal. */
export function renderScreen(
  view: TopView,
  state: TopState,
  { size, entries }: { size: ScreenSize; entries: readonly Entry[] },
): Line[] {
  const header = headerLines(view, state, size.columns);
  const text = pageText(view, state);
  const body = text === undefined
    ? [...header.slice(0, tablePlace(size).first - 1), ...tableLines(view, state, { size, entries })]
    : [...header.slice(0, SHORT_HEADER), ...pageLines(text, state, size)];
  while (body.length < size.rows - 1) body.push([]);
  return [...body.slice(0, size.rows - 1), footerLine(state, size.columns)].slice(-size.rows);
}

function tableLines(
  { snapshot, facts }: TopView,
  state: TopState,
  { size, entries }: { size: ScreenSize; entries: readonly Entry[] },
): Line[] {
  const columns = columnsFor(size.columns, state.sort);
  const { rows } = tablePlace(size);
  const lines: Line[] = [headingLine(columns, state)];
  for (const entry of entries.slice(state.first, state.first + rows)) {
    const line = entryLine(entry, columns, { state, spans: snapshot });
    lines.push(entry.key === state.selected ? highlighted(line, size.columns) : line);
  }
  if (entries.length === 0) lines.push([], [piece(`  ${emptyText(state, facts.selection)}`)]);
  return lines;
}

function emptyText(state: TopState, selection: "active" | "all" | "gil"): string {
  if (state.filter !== "") return `Nothing has "${terminalSafe(state.filter)}" in its name. Esc shows all.`;
  if (selection === "all") return NOTHING_YET;
  return selection === "gil"
    ? "No thread held the GIL."
    : `${NOTHING_YET} No thread runs; -i shows idle ones too.`;
}

function pageLines(text: TopText, state: TopState, size: ScreenSize): Line[] {
  const shown = text.lines.slice(state.pageFirst, state.pageFirst + pageRows(size));
  return [
    highlighted([piece(text.title, "bold")], size.columns),
    ...shown.map((line) => [piece(line)]),
  ];
}

function footerLine(state: TopState, columns: number): Line {
  if (state.isEditing) {
    return [piece("Filter: ", "bold"), piece(terminalSafe(state.filter)), piece(" ", "reverse")];
  }
  if (state.message !== "") return [piece(terminalSafe(state.message), "bold")];
  if (state.page !== undefined) {
    return [piece("Esc", "bold"), piece(" back  "), piece("arrows, PgUp, PgDn scroll", "dim")];
  }
  const line: { text: string; styles: ("bold" | "dim")[] }[] = [];
  let used = 0;
  for (const [key, text] of HINTS) {
    const width = textWidth(key) + 1 + textWidth(text) + 2;
    if (used + width - 2 > columns) break;
    used += width;
    line.push({ text: key, styles: ["bold"] }, { text: ` ${text}  `, styles: ["dim"] });
  }
  return line;
}
