import assert from "node:assert/strict";
import { toTopJson } from "../../src/render/top/json.ts";
import { terminalLine } from "../../src/render/top/line.ts";
import { renderScreen } from "../../src/render/top/screen.ts";
import { sparkline } from "../../src/render/top/sparkline.ts";
import { SORT_KEYS } from "../../src/render/top/state.ts";
import type { Grouping, TopState } from "../../src/render/top/state.ts";
import { renderTable } from "../../src/render/top/tables.ts";
import { spanText } from "../../src/render/top/header.ts";
import { textWidth } from "../../src/render/text_width.ts";
import { entries, FACTS, screenText, SNAPSHOT, stateWith, VIEW } from "./top_helper.ts";

const GROUPINGS: readonly Grouping[] = ["function", "line", "thread", "process"];
/** Everything that a line may hold beside text: styles that begin, and their end. */
// deno-lint-ignore no-control-regex -- that is what is looked for
const STYLES = /\x1b\[(?:[0-9;]+)m/g;

function names(state: TopState): string[] {
  return entries(state).map(({ name }) => name);
}

Deno.test("rows are sorted by each column, the largest first", () => {
  const firstTwo = (sort: TopState["sort"], isCumulative = false) =>
    names(stateWith({ sort, isCumulative })).slice(0, 2);
  assert.deepEqual(firstTwo("own"), ["price_of", "JSONEncoder.iterencode"]);
  assert.deepEqual(firstTwo("own", true), ["Basket.total", "price_of"]);
  assert.deepEqual(firstTwo("own_time"), ["Basket.total", "price_of"]);
  assert.deepEqual(firstTwo("total"), ["<module>", "Basket.total"]);
  assert.deepEqual(firstTwo("total_time"), ["<module>", "Basket.total"]);
});

Deno.test("a filter keeps what has its text in name or file, a limit the first rows", () => {
  assert.deepEqual(names(stateWith({ filter: "JSON" })), ["JSONEncoder.iterencode"]);
  assert.deepEqual(names(stateWith({ filter: "views.py:11" })), ["price_of"]);
  assert.deepEqual(names(stateWith({ limit: 1 })), ["Basket.total"]);
  assert.match(screenText(stateWith({ filter: "nowhere" })), /Nothing has "nowhere" in its name/);
});

Deno.test("expanded rows have their callers below, and these theirs", () => {
  const state = stateWith({ expanded: new Set(["f1", "f1/Basket.total shop/views.py:12"]) });
  const shown = entries(state).slice(1, 5).map(({ name, depth, now }) => [name, depth, now[1]]);
  assert.deepEqual(shown, [["price_of", 0, 45], ["Basket.total", 1, 30], ["<module>", 2, 30], [
    "show",
    1,
    15,
  ]]);
});

Deno.test("at each width and height the screen has just its lines, none wider, and always the rates and the sorted column", () => {
  for (const columns of [1, 20, 40, 59, 60, 76, 90, 120, 250, 300]) {
    for (const rows of [1, 2, 5, 11, 12, 24, 80]) {
      for (const grouping of GROUPINGS) {
        for (const sort of SORT_KEYS) {
          const state = stateWith({ grouping, sort, expanded: new Set(["f1"]), selected: "f1" });
          const size = { columns, rows };
          const lines = renderScreen(VIEW, state, { size, entries: entries(state) });
          assert.equal(lines.length, rows);
          const shown = lines.map((line) => terminalLine(line, { columns, color: true }).replace(STYLES, ""));
          for (const line of shown) assert.ok(textWidth(line) <= columns, `${columns}: ${line}`);
          // deno-lint-ignore no-control-regex -- nothing of the target's may steer the terminal
          for (const line of shown) assert.doesNotMatch(line, /[\x00-\x1f\x7f-\x9f\u202e]/);
          if (columns < 40 || rows < 4) continue;
          assert.match(shown[1]!, /99\.9.*100 ?Hz {1,2}late 0\.2% {1,2}err(?:ors)? 0\.0%/);
          assert.ok(shown.some((line) => line.includes("▾")), `${columns}x${rows} ${sort}`);
        }
      }
    }
  }
});

Deno.test("without colour there are none, but what is selected is still to be seen", () => {
  const state = stateWith({ selected: "f1" });
  const size = { columns: 80, rows: 24 };
  const lines = renderScreen(VIEW, state, { size, entries: entries(state) });
  const text = lines.map((line) => terminalLine(line, { columns: 80, color: false })).join("\n");
  // deno-lint-ignore no-control-regex -- colours are control sequences
  assert.doesNotMatch(text, /\x1b\[[0-9;]*3[0-7]/);
  // deno-lint-ignore no-control-regex -- so is reverse video
  assert.match(text, /\x1b\[(?:1;)?7m[^\n]*price_of/);
});

Deno.test("what is in doubt is said: late ticks, failed ones, a pause, a filter that is being typed", () => {
  const facts = { ...FACTS, late: 900, errors: 100 };
  assert.match(screenText(stateWith(), { view: { ...VIEW, facts } }), /late 19\.5% {2}errors 2\.2%/);
  assert.match(screenText(stateWith({ isPaused: true, filter: "x" })), /with "x" {3}PAUSED/);
  assert.match(screenText(stateWith({ isEditing: true, filter: "abc" })), /Filter: abc\n$/);
  assert.match(screenText(stateWith({ message: "Wrote x.svg" })), /Wrote x\.svg\n$/);
});

Deno.test("a collector that is at work is shown", () => {
  const text = (isCollecting: boolean) =>
    screenText(stateWith(), { view: { ...VIEW, facts: { ...FACTS, isCollecting } } });
  assert.match(text(true), /collecting garbage/);
  assert.doesNotMatch(text(false), /collecting/);
});

Deno.test("where only the GIL's holder is sampled nothing is said of other threads", () => {
  const view = { ...VIEW, facts: { ...FACTS, selection: "gil" as const } };
  const text = screenText(stateWith(), { view });
  assert.match(text, /only the thread that holds the GIL is sampled/);
  assert.doesNotMatch(text, /idle/);
});

Deno.test("pages are shown over the table, from the line that was scrolled to", () => {
  const text = { title: "Stacks", lines: Array.from({ length: 100 }, (_, i) => `line ${i}`) };
  const shown = screenText(stateWith({ page: "dump", pageFirst: 10 }), { view: { ...VIEW, text }, rows: 10 });
  assert.match(shown, /\nStacks\nline 10\nline 11\n/);
  assert.match(screenText(stateWith({ page: "help" }), { columns: 100, rows: 30 }), /Ctrl-C/);
});

Deno.test("a table for files has whole names, and no trend", () => {
  const text = renderTable(VIEW, stateWith({ limit: 8 }), { columns: undefined, color: false });
  assert.match(
    text,
    /a_function_with_a_name.*_goes_on \(a\/very\/long\/path\/to\/some\/module\/in\/a\/package\.py:17\)/,
  );
  assert.doesNotMatch(text, /[▁-█]/);
});

Deno.test("JSON has shares, times and names as the target has them", () => {
  const document = toTopJson(VIEW, stateWith({ limit: 3 }), "2026-11-22T17:05:00.000Z");
  assert.equal(document.schema, "pyspy-top");
  assert.equal(document.version, 1);
  assert.equal(document.interval.gil_percent, 62);
  assert.deepEqual(document.activity, {
    running_with_gil: 0.62,
    running_native: 0.08,
    waiting_for_gil: 0.3,
    idle: 9,
  });
  assert.deepEqual(document.functions!.map(({ name }) => name), [
    "Basket.total",
    "price_of",
    "JSONEncoder.iterencode",
  ]);
  assert.deepEqual(document.functions![1], {
    name: "price_of",
    filename: "/srv/shop/views.py",
    short_filename: "shop/views.py",
    line: 11,
    own_percent: 40,
    total_percent: 45,
    own_percent_all: 20,
    total_percent_all: 22.222,
    own_seconds: 9,
    total_seconds: 10,
  });
  const threads = toTopJson(VIEW, stateWith({ grouping: "thread" }), "").threads!;
  assert.deepEqual(threads.map((one) => [one.thread_name, one.running_with_gil, one.has_ended]), [
    ["W-1", 0.6, false],
    ["W-2", 0.02, true],
    ["MainThread", 0, false],
  ]);
  assert.equal(toTopJson(VIEW, stateWith({ grouping: "process" }), "").processes!.length, 2);
});

Deno.test("before the first tick there is nothing to divide by", () => {
  const nothing = { seconds: 0, ticks: 0, samples: 0, gil: 0, activities: [0, 0, 0, 0] };
  const snapshot = { ...SNAPSHOT, now: nothing, sum: nothing, functions: [], threads: [] };
  const facts = { ...FACTS, ticks: 0, samples: 0, late: 0, elapsedSeconds: 0 };
  const view = { ...VIEW, snapshot, facts };
  assert.doesNotMatch(screenText(stateWith(), { view }), /NaN|Infinity/);
  assert.match(screenText(stateWith(), { view }), /Nothing was sampled yet/);
  assert.equal(toTopJson(view, stateWith(), "").sampling.achieved_hz, 0);
});

Deno.test("times and trends are written in the fewest signs", () => {
  assert.deepEqual([0, 9.94, 45.2, 83, 7384, 266580].map(spanText), [
    "0.0s",
    "9.9s",
    "45s",
    "1:23",
    "2:03:04",
    "3d 02:03",
  ]);
  assert.equal(sparkline([0, 0.1, 0.2, 0.4, 0.8]), " ▂▃▅█");
  assert.equal(sparkline([0, 0.01]), " ▂");
  assert.equal(sparkline([]), "");
});
