/** The table of `top` as plain text: for files and pipes, and what stays on the terminal at the end. */
import { textWidth } from "../text_width.ts";
import { columnsFor, entryLine, headingLine } from "./columns.ts";
import { commandText } from "./command.ts";
import { entriesOf } from "./entries.ts";
import { headerLines } from "./header.ts";
import { plainLine, terminalLine } from "./line.ts";
import type { Line } from "./line.ts";
import type { TopState } from "./state.ts";
import type { TopView } from "./view.ts";

/** Names are not cut where nobody's window is too narrow. */
const NO_WINDOW = 300;
/** So that lines have no room for a trend, which says nothing where nobody looks on. */
const FILE_WIDTH = 75;

/** The header and the table. `columns` is undefined where there is no window, and the names are not cut. */
export function renderTable(
  view: TopView,
  state: TopState,
  { columns, color, withColor }: { columns: number | undefined; color: boolean; withColor?: boolean },
): string {
  const layout = columnsFor(columns ?? FILE_WIDTH, state.sort);
  const shown = columns === undefined ? { ...layout, label: NO_WINDOW } : layout;
  const headerWidth = columns ?? FILE_WIDTH + textWidth(commandText(view.facts.command));
  const header = headerLines(view, state, headerWidth);
  const lines: Line[] = [
    ...header,
    headingLine({ ...shown, label: layout.label }, state),
    ...entriesOf(view, state).map((entry) => entryLine(entry, shown, { state, spans: view.snapshot })),
  ];
  const text = (line: Line) =>
    withColor === true ? terminalLine(line, { columns: columns ?? NO_WINDOW, color }) : plainLine(line);
  return lines.map((line) => `${text(line)}\n`).join("");
}
