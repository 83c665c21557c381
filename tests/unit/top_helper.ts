/** Data for the tests of the screen of `top`. */
import type { LiveRow, LiveSnapshot, LiveSpan } from "../../src/live_profile.ts";
import { entriesOf } from "../../src/render/top/entries.ts";
import type { Entry } from "../../src/render/top/entries.ts";
import { plainLine } from "../../src/render/top/line.ts";
import { renderScreen } from "../../src/render/top/screen.ts";
import { initialState } from "../../src/render/top/state.ts";
import type { TopState } from "../../src/render/top/state.ts";
import type { TopFacts, TopView } from "../../src/render/top/view.ts";
import { frame, thread } from "./render_helper.ts";

export const FACTS: TopFacts = {
  pid: 4120,
  command: ["/srv/shop/.venv/bin/python", "manage.py", "runserver"],
  pythonVersion: "3.12.8",
  uptimeSeconds: 8130,
  elapsedSeconds: 45.2,
  rateHz: 100,
  ticks: 4515,
  samples: 3200,
  late: 9,
  errors: 0,
  missed: 3,
  isCollecting: false,
  selection: "active",
  isTree: false,
};

const NOW: LiveSpan = { seconds: 1, ticks: 100, samples: 70, gil: 62, activities: [62, 8, 30, 900] };
const SUM: LiveSpan = {
  seconds: 45,
  ticks: 4500,
  samples: 3200,
  gil: 2800,
  activities: [2800, 400, 900, 4e4],
};
const TREND = [0, 0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.5, 0.3, 0.4];

/** A row. Shape: counts are own now, total now, own and total since the start. */
export function row(
  id: number,
  name: string,
  { file = "shop/views.py", line = 0, firstLine = 10 + id, fullFile = `/srv/${file}`, counts }: {
    file?: string;
    line?: number;
    firstLine?: number;
    fullFile?: string;
    counts: readonly [number, number, number, number];
  },
): LiveRow {
  const [ownNow, totalNow, own, total] = counts;
  return {
    id,
    frame: frame(name, file, line, firstLine),
    fullFile,
    now: { own: ownNow, total: totalNow },
    sum: { own, total },
    ownTrend: () => TREND.map((value) => value * ownNow / 40),
    totalTrend: () => TREND.map((value) => value * totalNow / 40),
  };
}

const FUNCTIONS = [
  row(0, "<module>", { file: "manage.py", firstLine: 1, counts: [0, 70, 0, 3200] }),
  row(1, "price_of", { counts: [40, 45, 900, 1000] }),
  row(2, "Basket.total", { counts: [5, 50, 1200, 2500] }),
  row(3, "JSONEncoder.iterencode", {
    file: "json/encoder.py",
    fullFile: "/usr/lib/python3.12/json/encoder.py",
    counts: [20, 20, 600, 600],
  }),
  row(4, "_bootstrap", {
    file: "<frozen importlib._bootstrap>",
    fullFile: "<frozen importlib._bootstrap>",
    counts: [0, 0, 90, 120],
  }),
  row(5, "計算する_合計", { file: "店/カート.py", counts: [4, 6, 80, 90] }),
  row(6, "evil\x1b]0;owned\x07\x1b[2J\u202e", { file: "a\nb.py", counts: [1, 1, 40, 40] }),
  row(7, "a_function_with_a_name_that_is_longer_than_most_windows_are_wide_and_goes_on", {
    file: "a/very/long/path/to/some/module/in/a/package.py",
    counts: [0, 3, 10, 60],
  }),
  row(8, "[cut]", { file: "", fullFile: "", firstLine: 0, counts: [0, 0, 2, 2] }),
];

export const SNAPSHOT: LiveSnapshot = {
  now: NOW,
  sum: SUM,
  functions: FUNCTIONS,
  lines: [
    row(0, "price_of", { line: 14, counts: [30, 32, 700, 720] }),
    row(1, "price_of", { line: 15, counts: [10, 13, 200, 280] }),
  ],
  threads: [
    { id: 7, info: thread(4120), activity: 3, now: [0, 0, 0, 100], sum: [10, 0, 0, 4490], trend: TREND },
    {
      id: 8,
      info: thread(4121, "W-1"),
      activity: 0,
      now: [60, 5, 30, 5],
      sum: [2000, 300, 800, 1400],
      trend: TREND,
    },
    {
      id: 9,
      info: thread(4122, "W-2"),
      activity: undefined,
      now: [2, 0, 0, 0],
      sum: [790, 100, 100, 10],
      trend: [],
    },
  ],
  processes: [
    {
      id: 20,
      pid: 4120,
      command: ["python", "manage.py"],
      hasEnded: false,
      threads: 3,
      now: [62, 5, 30, 105],
      sum: [2800, 400, 900, 5900],
      trend: TREND,
    },
    {
      id: 21,
      pid: 4200,
      command: ["python", "-c", "x\x1b[2J"],
      hasEnded: true,
      threads: 0,
      now: [0, 0, 0, 0],
      sum: [10, 0, 0, 0],
      trend: [],
    },
  ],
};

/** Callers of `price_of` in functions. */
export const CALLERS: TopView["callers"] = new Map([["f1", [
  {
    frame: frame("Basket.total", "shop/views.py", 0, 12),
    fullFile: "/srv/shop/views.py",
    now: 30,
    sum: 800,
    callers: [{
      frame: frame("<module>", "manage.py", 0, 1),
      fullFile: "/srv/manage.py",
      now: 30,
      sum: 800,
      callers: [],
    }],
  },
  {
    frame: frame("show", "shop/views.py", 0, 40),
    fullFile: "/srv/shop/views.py",
    now: 15,
    sum: 200,
    callers: [],
  },
]]]);

export const VIEW: TopView = { facts: FACTS, snapshot: SNAPSHOT, callers: CALLERS, text: undefined };

/** A state; change what a test is about. */
export function stateWith(changes: Partial<TopState> = {}): TopState {
  return {
    ...initialState({ grouping: "function", sort: "own_time", delaySeconds: 1, limit: undefined }),
    ...changes,
  };
}

/** The rows that a state shows. */
export function entries(state: TopState, view: TopView = VIEW): Entry[] {
  return entriesOf(view, state);
}

/** The screen as text, without styles. */
export function screenText(
  state: TopState,
  { view = VIEW, columns = 80, rows = 24 }: { view?: TopView; columns?: number; rows?: number } = {},
): string {
  const lines = renderScreen(view, state, { size: { columns, rows }, entries: entriesOf(view, state) });
  return lines.map((line) => `${plainLine(line)}\n`).join("");
}
