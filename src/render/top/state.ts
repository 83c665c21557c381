/** What the user has chosen to see on the screen of `top`. */

/** What a row of the table is. */
export type Grouping = "function" | "line" | "thread" | "process";

/** Columns by which rows can be sorted, from left to right. Of threads: running, and waiting for the GIL. */
export const SORT_KEYS = ["own", "total", "own_time", "total_time"] as const;

/** A column by which rows are sorted. */
export type SortKey = typeof SORT_KEYS[number];

/** Delays between two refreshes to choose from. Units: seconds. */
const DELAYS = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60];

/** A page over the table. */
export type Page = "help" | "dump" | "thread";

/** The state of the screen. */
export interface TopState {
  readonly grouping: Grouping;
  /** Percentages since the start, or the last reset; else of the last interval. */
  readonly isCumulative: boolean;
  readonly sort: SortKey;
  readonly filter: string;
  readonly isEditing: boolean;
  readonly isPaused: boolean;
  readonly delaySeconds: number;
  readonly limit: number | undefined;
  /** Key of the selected row. */
  readonly selected: string | undefined;
  /** Index of the first row that is shown. */
  readonly first: number;
  /** Keys of rows whose callers are shown. */
  readonly expanded: ReadonlySet<string>;
  readonly page: Page | undefined;
  /** The thread of the page. */
  readonly threadId: number | undefined;
  readonly pageFirst: number;
  /** The last thing that happened; until the next key. */
  readonly message: string;
}

/** The state at the start. */
export function initialState(
  { grouping, sort, delaySeconds, limit }: Pick<TopState, "grouping" | "sort" | "delaySeconds" | "limit">,
): TopState {
  return {
    grouping,
    isCumulative: false,
    sort,
    filter: "",
    isEditing: false,
    isPaused: false,
    delaySeconds,
    limit,
    selected: undefined,
    first: 0,
    expanded: new Set(),
    page: undefined,
    threadId: undefined,
    pageFirst: 0,
    message: "",
  };
}

/** The next longer delay, or shorter one. */
export function nextDelay(seconds: number, step: 1 | -1): number {
  const others = step > 0
    ? DELAYS.filter((one) => one > seconds)
    : DELAYS.filter((one) => one < seconds).toReversed();
  return others[0] ?? seconds;
}
