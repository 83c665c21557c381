/** The table of `pyspy ps`. */
import { terminalSafe } from "./escape.ts";

/** A line of the table. */
export interface ProcessRow {
  readonly pid: number;
  readonly pythonVersion: string | undefined;
  readonly problem: string | undefined;
  readonly user: string;
  readonly threads: number;
  readonly container: string;
  readonly innerPid: number;
  readonly command: readonly string[];
}

const HEADINGS = ["PID", "PYTHON", "USER", "THREADS", "CONTAINER", "COMMAND"];

/** Renders processes as a table with aligned columns; the command comes last and is not cut. */
export function renderProcessTable(rows: readonly ProcessRow[]): string {
  const lines = [HEADINGS, ...rows.map(cells)];
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const isNumber = (column: number) => column === 0 || column === 3;
  return lines.map((line) =>
    line.map((text, column) =>
      column === line.length - 1
        ? text
        : isNumber(column)
        ? text.padStart(widths[column]!)
        : text.padEnd(widths[column]!)
    ).join("  ") + "\n"
  ).join("");
}

function cells(row: ProcessRow): string[] {
  const { pid, innerPid, container } = row;
  const where = container === "" ? "-" : innerPid === pid ? container : `${container} (pid ${innerPid})`;
  return [
    `${pid}`,
    row.pythonVersion ?? "?",
    row.user,
    `${row.threads}`,
    where,
    row.command.join(" ") + (row.problem === undefined ? "" : ` (${row.problem})`),
  ].map(terminalSafe);
}
