/** Which columns the table has at a width, and what stands in them. */
import type { LiveSpan } from "../../live_profile.ts";
import { cutEnd, cutStart, fitWidth, textWidth } from "../text_width.ts";
import { shareOf, sortColumn } from "./entries.ts";
import type { Entry } from "./entries.ts";
import { piece } from "./line.ts";
import type { Line, Style } from "./line.ts";
import { sparkline } from "./sparkline.ts";
import { SORT_KEYS } from "./state.ts";
import type { SortKey, TopState } from "./state.ts";

/** A column of numbers. Units: `width` in columns of the terminal. */
interface NumberColumn {
  readonly sort: SortKey;
  readonly width: number;
}

/** What is shown at a width. */
export interface Columns {
  readonly numbers: readonly NumberColumn[];
  /** Width of the trend; 0 for none. */
  readonly trend: number;
  /** Width of the name with its place. */
  readonly label: number;
}

const WIDTHS: Readonly<Record<SortKey, number>> = { own: 7, total: 8, own_time: 9, total_time: 10 };
const CALLABLE_HEADINGS = ["%Own", "%Total", "OwnTime", "TotalTime"];
const THREAD_HEADINGS = ["%Run", "%Wait", "RunTime", "WaitTime"];
const WITH_TREND = 90;
const WITH_SHORT_TREND = 76;
const WITH_ALL = 60;
const WITH_TWO = 30;
const GAP = 2;
const MAX_INDENT = 20;
/** A file that is cut to less than this says nothing. */
const SHORTEST_PLACE = 12;
const KIND_STYLES: Readonly<Record<Entry["kind"], readonly Style[]>> = {
  user: ["bold"],
  library: [],
  stdlib: ["cyan"],
  runtime: ["magenta"],
  cut: ["red"],
};

/** Chooses columns; the one by which rows are sorted is always there. */
export function columnsFor(width: number, sort: SortKey): Columns {
  const { index } = sortColumn(sort);
  const numbers = SORT_KEYS.filter((key) =>
    width >= WITH_ALL || (width >= WITH_TWO ? sortColumn(key).index === index : key === sort)
  ).map((key) => ({ sort: key, width: WIDTHS[key] }));
  const trend = width >= WITH_TREND ? 12 : width >= WITH_SHORT_TREND ? 6 : 0;
  const used = numbers.reduce((sum, column) => sum + column.width, 0) + (trend > 0 ? GAP + trend : 0);
  return { numbers, trend, label: Math.max(0, width - used - GAP) };
}

/** The heading of the column that is at a place on the screen, to sort by it; undefined beside them. */
export function sortKeyAt(x: number, width: number, sort: SortKey): SortKey | undefined {
  let right = 0;
  for (const column of columnsFor(width, sort).numbers) {
    right += column.width;
    if (x < right) return column.sort;
  }
  return undefined;
}

/** The line of headings, with the sorted one marked. */
export function headingLine(columns: Columns, { sort, grouping }: TopState): Line {
  const isCode = grouping === "function" || grouping === "line";
  const names = isCode ? CALLABLE_HEADINGS : THREAD_HEADINGS;
  const numbers = columns.numbers.map((column) => {
    const text = names[SORT_KEYS.indexOf(column.sort)]!;
    const isSorted = column.sort === sort;
    const marked = isSorted && text.length < column.width ? `▾${text}` : text;
    return isSorted
      ? piece(marked.padStart(column.width), "reverse", "bold")
      : piece(marked.padStart(column.width), "reverse");
  });
  const trend = columns.trend > 0 ? [piece(`  ${fitWidth("Trend", columns.trend)}`, "reverse")] : [];
  const label = {
    function: "Function (file:line)",
    line: "Function (file:line)",
    thread: "Thread (id, state)",
    process: "Process",
  }[grouping];
  return [...numbers, ...trend, piece(`  ${fitWidth(label, columns.label)}`, "reverse")];
}

/** What the numbers of a row are about. */
export interface Spans {
  readonly now: LiveSpan;
  readonly sum: LiveSpan;
}

/** A row of the table. */
export function entryLine(
  entry: Entry,
  columns: Columns,
  { state, spans }: { state: TopState; spans: Spans },
): Line {
  const numbers = columns.numbers.map(({ sort, width }) => {
    const text = numberText(entry, sort, { isCumulative: state.isCumulative, spans }).padStart(width);
    return sort === state.sort ? piece(text, "bold") : piece(text);
  });
  const trend = columns.trend > 0
    ? [piece(`  ${fitWidth(sparkline(entry.trend().slice(-columns.trend)), columns.trend)}`, "green")]
    : [];
  return [...numbers, ...trend, piece("  "), ...labelPieces(entry, columns.label)];
}

/** One number of a row; empty where it is not known. */
export function numberText(
  { now, sum }: Pick<Entry, "now" | "sum">,
  sort: SortKey,
  { isCumulative, spans }: { isCumulative: boolean; spans: Spans },
): string {
  const { index, isTime } = sortColumn(sort);
  const isOfSum = isTime || isCumulative;
  const count = (isOfSum ? sum : now)[index];
  if (count === undefined) return "";
  const share = shareOf(count, isOfSum ? spans.sum : spans.now);
  return isTime ? timeText(share * spans.sum.seconds) : `${(100 * share).toFixed(1)}%`;
}

function timeText(seconds: number): string {
  if (seconds >= 10_000) return `${seconds.toFixed(0)}s`;
  return `${seconds.toFixed(seconds >= 100 ? 1 : seconds >= 10 ? 2 : 3)}s`;
}

/** The name is kept as long as possible; of the place, the end. */
function labelPieces(entry: Entry, width: number): Line {
  const indent = entry.depth === 0 ? "" : `${"  ".repeat(Math.min(entry.depth, MAX_INDENT))}↑ `;
  const lead = cutEnd(entry.isExpanded ? `${indent}▾ ` : indent, width);
  const left = width - textWidth(lead);
  const name = cutEnd(entry.name, left);
  const rest = left - textWidth(name);
  const styles = KIND_STYLES[entry.kind];
  const pieces = [piece(lead, "dim"), piece(name, ...styles)];
  if (entry.place === "" || rest < SHORTEST_PLACE) return pieces;
  return [...pieces, piece(` (${cutStart(entry.place, rest - 3)})`, "dim")];
}
