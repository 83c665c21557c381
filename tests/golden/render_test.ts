/** Whole outputs, byte for byte. After an intended change: `UPDATE_GOLDEN=1 deno test -A tests/golden`. */
import assert from "node:assert/strict";
import type { ProcessDump } from "../../src/render/dump.ts";
import { renderChromeTrace } from "../../src/render/chrome_trace.ts";
import { renderDumpJson } from "../../src/render/dump_json.ts";
import { renderDumpText } from "../../src/render/dump_text.ts";
import { renderFirefox } from "../../src/render/firefox.ts";
import { renderFolded } from "../../src/render/folded.ts";
import { renderMarkdown } from "../../src/render/markdown.ts";
import { renderProfileJson } from "../../src/render/profile_json.ts";
import { renderSpeedscope } from "../../src/render/speedscope.ts";
import { renderHottest } from "../../src/render/summary.ts";
import { renderSvg } from "../../src/render/svg.ts";
import { renderTopJson } from "../../src/render/top/json.ts";
import { renderTable } from "../../src/render/top/tables.ts";
import type { StackTrace } from "../../src/types.ts";
import { diffSvg, NEW, OLD } from "../unit/diff_helper.ts";
import { djangoProfile, frame, HOSTILE, profileOf, readFixture, thread } from "../unit/render_helper.ts";
import { screenText, stateWith, VIEW } from "../unit/top_helper.ts";

function checkGolden(name: string, text: string): void {
  if (Deno.env.get("UPDATE_GOLDEN") === "1") {
    Deno.writeTextFileSync(new URL(`../fixtures/render/${name}`, import.meta.url), text);
  }
  assert.ok(text === readFixture(name), `${name} differs: see git diff after UPDATE_GOLDEN=1`);
}

const [main, work, leaf] = [
  frame("<module>", "lv.py", 19),
  frame("Worker.run", "lib/worker.py", 88, 80),
  frame("<lambda>", "<string>", 1),
] as const;

const small = profileOf([
  { thread: 0, frames: [main, work, leaf], count: 70, byActivity: [50, 5, 10, 5] },
  { thread: 0, frames: [main, work], count: 20 },
  { thread: 1, frames: [main, { name: "[cut]", file: "", line: 0, firstLine: 0 }], count: 10 },
], {
  threads: [thread(4120), thread(4121, "W-0")],
  timeline: { stack: [0, 1, 0], startNs: [0, 4e8, 6e8], weightNs: [4e8, 2e8, 3e8] },
});

// The two longest names would only make the fixtures long.
const hostile = profileOf(
  HOSTILE.slice(0, -2).map((name, index) => ({
    frames: [frame(name, HOSTILE[index + 1]?.slice(0, 40) ?? "")],
    count: 1 + index,
  })),
);

const dump: ProcessDump = {
  pid: 4120,
  command: ["python", "lv.py", "--name", HOSTILE[7] ?? ""],
  executable: "/usr/bin/python3.12",
  pythonVersion: "3.12.8",
  collectingGarbage: true,
  threads: [
    traceOf({ state: "running", ownsGil: true, frames: [leaf, work, main] }),
    traceOf({ thread: thread(4121, "W-0"), frames: [work, main], proven: false }),
    traceOf({
      thread: thread(4122, "W-1"),
      handling: { type: "OSError", message: HOSTILE[7] ?? "" },
      exceptionsProven: true,
    }),
    traceOf({ thread: { ...thread(0), name: undefined, interpreterId: 1 }, truncation: "unreadable" }),
  ],
};

function traceOf(parts: Partial<StackTrace>): StackTrace {
  const whole: StackTrace = {
    thread: thread(4120),
    state: "idle",
    ownsGil: false,
    frames: HOSTILE.slice(0, 4).map((name) => frame(name, "/srv/app.py", 0)),
    proven: true,
    truncation: undefined,
  };
  return { ...whole, ...parts };
}

const shortNames = new Map([["lib/worker.py", "worker.py"]]);

/** The picture without its style and its script, which have files of their own. */
function picture(svg: string): string {
  return svg.replace(/<style><!\[CDATA\[[\s\S]*?\]\]><\/style>/, "<style/>")
    .replace(/<script><!\[CDATA\[[\s\S]*?\]\]><\/script>/, "<script/>");
}

const OUTPUTS: readonly [name: string, render: () => string][] = [
  ["small.svg", () => picture(renderSvg(small, { threads: true }))],
  ["empty.svg", () => picture(renderSvg(profileOf([]), { threads: false }))],
  [
    "hostile.svg",
    () => picture(renderSvg(hostile, { threads: false, title: HOSTILE.slice(0, 6).join(" ") })),
  ],
  ["changes.svg", () => picture(diffSvg(OLD, NEW))],
  ["small.speedscope.json", () => new TextDecoder().decode(renderSpeedscope(small))],
  ["small.trace.json", () => new TextDecoder().decode(renderChromeTrace(small))],
  ["small.firefox.json", () => new TextDecoder().decode(renderFirefox(small))],
  ["small.pyspy.json", () => new TextDecoder().decode(renderProfileJson(small))],
  ["small.md", () => renderMarkdown(small, { limit: 5 })],
  ["small.folded", () => renderFolded(small, { threads: true })],
  ["hostile.folded", () => renderFolded(hostile, { threads: true })],
  ["django.hottest.txt", () => renderHottest(djangoProfile(), { limit: 15 })],
  ["dump.txt", () => renderDumpText(dump, { shortNames, fullFilenames: false, color: false })],
  ["dump_color.txt", () => renderDumpText(dump, { shortNames, fullFilenames: true, color: true })],
  ["top_40.txt", () => screenText(stateWith(), { columns: 40, rows: 16 })],
  ["top_80.txt", () => screenText(stateWith({ expanded: new Set(["f1"]) }), { columns: 80 })],
  ["top_120.txt", () => screenText(stateWith({ sort: "total", isCumulative: true }), { columns: 120 })],
  ["top_lines.txt", () => screenText(stateWith({ grouping: "line" }), { columns: 100, rows: 10 })],
  ["top_threads.txt", () => screenText(stateWith({ grouping: "thread", isPaused: true }), { rows: 12 })],
  ["top_processes.txt", () => screenText(stateWith({ grouping: "process", filter: "py" }), { rows: 12 })],
  ["top_help.txt", () => screenText(stateWith({ page: "help" }), { columns: 90, rows: 30 })],
  ["top_table.txt", () => renderTable(VIEW, stateWith({ limit: 8 }), { columns: undefined, color: false })],
  ["top.json", () => renderTopJson(VIEW, stateWith(), "2026-11-22T17:05:00.000Z")],
  ["dump.json", () => renderDumpJson(dump, { shortNames })],
];

for (const [name, render] of OUTPUTS) {
  Deno.test(`golden: ${name}`, () => {
    assert.equal(render(), render());
    checkGolden(name, render());
  });
}
