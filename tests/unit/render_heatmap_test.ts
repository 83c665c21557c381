import assert from "node:assert/strict";
import type { Profile } from "../../src/profile.ts";
import { visibleText } from "../../src/render/escape.ts";
import { HEAT, heatLevel } from "../../src/render/heat_scale.ts";
import { renderHeatmap } from "../../src/render/heatmap.ts";
import { callsOfLines } from "../../src/render/line_calls.ts";
import { countLines } from "../../src/render/line_counts.ts";
import { contrast, FRAME_TEXT } from "../../src/render/palette.ts";
import { decodeSource, sourceLines } from "../../src/render/source_text.ts";
import { THEMES } from "../../src/render/svg_style.ts";
import { djangoProfile, frame, HOSTILE, INFO, profileOf } from "./render_helper.ts";

const info = { ...INFO, command: ["python", "a.py"], durationSeconds: 1, ticks: 100 };
const [main, f, g] = [
  frame("main", "/srv/a.py", 2, 1),
  frame("f", "/srv/a.py", 6, 5),
  frame("g", "/usr/lib/python3.12/json/x.py", 40, 39),
];

/** `main` calls `f` on line 2, which calls itself and `g`. */
const PROFILE = profileOf([
  { frames: [main, f], count: 60 },
  { frames: [main, f, f], count: 20 },
  { frames: [main, f, f, g], count: 9 },
  { frames: [main, f, frame("g", "/usr/lib/python3.12/json/x.py", 41, 39)], count: 1 },
  { frames: [frame("main", "/srv/a.py", 3, 1)], count: 10 },
], { info });

const SOURCE = "def main():\n  f()\n  end()\n\ndef f():\n  return 1\n" + "#\n".repeat(30) + "last\n";
const pageOf = (profile: Profile, text: string | undefined = SOURCE, changedMs?: number) =>
  renderHeatmap(
    profile,
    (path) => path.endsWith("a.py") && text !== undefined ? { text, changedMs } : undefined,
  )
    .html;

/** The cells of a line: its numbers and its code. */
function cells(html: string, id: string): string[] {
  const line = new RegExp(`^<div class="[^"]*" id="${id}">.*$`, "m").exec(html)?.[0] ?? "";
  return [...line.matchAll(/<(?:b|code)[^>]*>([^<]*)<\/(?:b|code)>/g)].slice(0, 5).map(([, text]) => text!);
}

Deno.test("lines are counted by their own time and in all, recursion once; so are files", () => {
  const { all, files } = countLines(PROFILE);
  assert.equal(all, 100);
  const shown = files.map(({ path, self, total, places }) => [
    path,
    self,
    total,
    places.map(({ line, self, total }) => [line, self, total]),
  ]);
  assert.deepEqual(shown, [
    ["/srv/a.py", 90, 100, [[2, 0, 90], [6, 80, 90], [3, 10, 10]]],
    ["/usr/lib/python3.12/json/x.py", 10, 10, [[40, 9, 9], [41, 1, 1]]],
  ]);
});

Deno.test("code without a file counts for no file, and for all", () => {
  const { all, files } = countLines(profileOf([
    { frames: [frame("main", "a.py"), frame("[cut]", "", 0, 0)], count: 3 },
    { frames: [frame("native", "", 0, 0)], count: 4 },
    { frames: [], count: 1 },
  ]));
  assert.equal(all, 8);
  assert.deepEqual(files.map(({ path, self, total }) => [path, self, total]), [["a.py", 0, 3]]);
});

Deno.test("a line's callers are lines, what it calls are functions at their hottest line; a stack counts once", () => {
  const counts = countLines(PROFILE);
  const { ofPlace, isPartial } = callsOfLines(PROFILE, counts, { minCount: 1, limit: 4 });
  assert.equal(isPartial, false);
  const at = (path: string, line: number) =>
    counts.places.findIndex((place) => counts.files[place.file]!.path === path && place.line === line);
  const named = (calls: readonly { place: number; frame: number; count: number }[]) =>
    calls.map(({ place, frame, count }) => [
      PROFILE.frames[frame]!.name,
      counts.places[place]!.line,
      count,
    ]);
  const ofMain = ofPlace.get(at("/srv/a.py", 2))!;
  assert.deepEqual([named(ofMain.callers), named(ofMain.callees)], [[], [["f", 6, 90]]]);
  const ofF = ofPlace.get(at("/srv/a.py", 6))!;
  assert.deepEqual(named(ofF.callers), [["main", 2, 90], ["f", 6, 29]]);
  assert.deepEqual(named(ofF.callees), [["f", 6, 29], ["g", 40, 10]]);
  assert.deepEqual(named(ofPlace.get(at("/usr/lib/python3.12/json/x.py", 41))!.callers), [["f", 6, 1]]);
  assert.equal(ofPlace.get(at("/srv/a.py", 3)), undefined);
  const few = callsOfLines(PROFILE, counts, { minCount: 50, limit: 1 }).ofPlace;
  assert.deepEqual([...few.keys()], [at("/srv/a.py", 2), at("/srv/a.py", 6)]);
  const { callers, allCallers, allCallees } = few.get(at("/srv/a.py", 6))!;
  assert.deepEqual([callers.length, allCallers, allCallees], [1, 2, 2]);
});

Deno.test("the page has the numbers of each line, folds cold stretches, and links lines", () => {
  const html = pageOf(PROFILE);
  assert.deepEqual(cells(html, "f0-L2"), ["", "", "0.900", "90.0 %", "  f()"]);
  assert.deepEqual(cells(html, "f0-L6"), ["0.800", "80.0 %", "0.900", "90.0 %", "  return 1"]);
  assert.deepEqual(cells(html, "f0-L5"), ["def f():"]);
  // Lines 10 to 37 are cold; the last is there too.
  assert.match(html, /<details class="cold"><summary>28 lines without samples<\/summary>/);
  assert.deepEqual(cells(html, "f0-L37"), ["last"]);
  assert.doesNotMatch(html, /id="f0-L38"/);
  assert.match(html, /class="l h hs7 ht7 k" id="f0-L6"/);
  assert.match(html, /<span>calls<\/span><b>10\.0 %<\/b><a href="#f1-L40">g \(.*x\.py:40\)<\/a>/);
  assert.match(html, /<h2>Your code <span class="muted">self 90\.0 %/);
  assert.match(html, /<h2>Standard library <span class="muted">self 10\.0 %/);
  for (const [, target] of html.matchAll(/href="#([^"]+)"/g)) {
    assert.ok(html.includes(`id="${target}"`), `a link leads to ${target}`);
  }
  const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(html, pageOf(PROFILE), "the same each time");
});

Deno.test("a file that cannot be read, or is another version, is listed by its lines and functions, and said to be", () => {
  const unread = renderHeatmap(PROFILE, () => undefined);
  assert.deepEqual([unread.shown, unread.withoutText], [2, 2]);
  assert.match(unread.html, /The source cannot be read here\. Only the lines with samples are listed\./);
  assert.match(unread.html, /id="f0-L6">.*<code><i>in f<\/i><\/code>/);
  assert.match(unread.html, /80\.0 %/);
  const short = pageOf(PROFILE, "a secret of another version\n");
  assert.match(short, /not the one that ran: it has 1 line, and samples are in line 6\./);
  assert.doesNotMatch(short, /secret/);
  const started = Date.parse(INFO.startTime);
  assert.match(pageOf(PROFILE, SOURCE, started + 1), /changed after the recording began/);
  assert.doesNotMatch(pageOf(PROFILE, SOURCE, started - 1), /changed after the recording began/);
});

Deno.test("profiles of functions, without lines, without files, and without samples say so", () => {
  const functions = profileOf([
    { frames: [frame("a", "a.py", 5, 5), frame("b", "a.py", 9, 9), frame("c", "a.py", 20, 20)], count: 1 },
  ]);
  assert.match(pageOf(functions), /the profile tells functions apart, not lines/);
  assert.doesNotMatch(pageOf(PROFILE), /tells functions apart/);
  assert.match(
    pageOf(profileOf([{ frames: [frame("a", "a.py", 0, 0)], count: 2 }])),
    /Of no known line: 100\.0 %/,
  );
  assert.match(
    pageOf(profileOf([{ frames: [frame("a", "", 0, 0)], count: 2 }])),
    /No sample is in a source file/,
  );
  assert.match(pageOf(profileOf([])), /No samples\./);
});

Deno.test("no name and no source breaks out of the page", () => {
  const names = HOSTILE.map((name, i) => `${i} ${name}`);
  const frames = names.map((name, i) => frame(name, `/srv/${name}.py`, i + 1));
  const profile = profileOf(
    frames.map((one, i) => ({ frames: [frames[(i + 1) % frames.length]!, one], count: 1 })),
    {
      info: { ...INFO, command: [...HOSTILE], notes: [...HOSTILE] },
    },
  );
  const text = HOSTILE.map((name) => name.replaceAll(/[\r\n]/g, "")).join("\n") + "\n".repeat(HOSTILE.length);
  const { html } = renderHeatmap(profile, () => ({ text, changedMs: 0 }));
  const tags = new Set([...html.matchAll(/<\/?([a-z]\w*|!)/gi)].map(([, tag]) => tag!));
  for (const tag of ["script", "img", "svg", "iframe", "object"]) assert.ok(!tags.has(tag), tag);
  assert.doesNotMatch(html, /<[^>]*\son\w+=/i);
  assert.equal(html.replaceAll(/[\n\t]/g, ""), visibleText(html.replaceAll(/[\n\t]/g, "")));
  assert.ok([...html.matchAll(/<style>/g)].length === 1 && html.endsWith("</html>\n"));
  assert.doesNotMatch(html, /x{500}/);
});

Deno.test("tabs stay tabs, long lines are cut, and a pair of surrogates is never split", () => {
  const html = pageOf(PROFILE, `\tx\n${"é".repeat(1000)}\n${"x" + "🐍".repeat(500)}\n\f\n\n\n`);
  assert.match(html, /<code>\tx<\/code>/);
  assert.match(html, /<code>é{400}<i>… and 600 more characters<\/i>/);
  assert.match(html, /<code>x(?:🐍){199}<i>… and 602 more characters<\/i>/);
  assert.match(html, /<code>\\x0c<\/code>/);
});

Deno.test("sources of any encoding and with any ends of lines", () => {
  const bytes = (...parts: (string | number[])[]) =>
    Uint8Array.from(
      parts.flatMap((part) => typeof part === "string" ? [...new TextEncoder().encode(part)] : part),
    );
  assert.equal(decodeSource(bytes("é = 1")), "é = 1");
  assert.equal(decodeSource(bytes([0xef, 0xbb, 0xbf], "x")), "x");
  assert.equal(decodeSource(bytes("# -*- coding: latin-1 -*-\nx = '", [0xe9], "'")).at(-2), "é");
  assert.equal(
    decodeSource(bytes("#!/usr/bin/python\n# vim: set fileencoding=koi8_r :\n", [0xc1])).at(-1),
    "а",
  );
  assert.equal(decodeSource(bytes("x\ny\n# coding: koi8-r\n", [0xc3, 0xa9])).at(-1), "é");
  assert.equal(decodeSource(bytes("# coding: nonsense\n", [0xe9])).at(-1), "é");
  assert.equal(decodeSource(bytes("undeclared ", [0xe9, 0x80])).length, 13);
  assert.deepEqual(sourceLines("a\r\nb\rc\n\nd\fe\n"), ["a", "b", "c", "", "d\fe"]);
  assert.deepEqual(sourceLines(""), []);
});

Deno.test("text on each step of the scale has a contrast of 4.5:1, and a step is one, whatever the profile", () => {
  for (const theme of ["light", "dark"] as const) {
    for (const step of HEAT) {
      assert.ok(contrast(step[theme], FRAME_TEXT[theme]) >= 4.5, `${theme} ${step[theme]}`);
    }
    for (const text of ["text", "muted", "accent"] as const) {
      for (const ground of ["page", "panel"] as const) {
        assert.ok(
          contrast(THEMES[theme][text], THEMES[theme][ground]) >= 4.5,
          `${theme} ${text} on ${ground}`,
        );
      }
    }
    assert.equal(new Set(HEAT.map((step) => step[theme])).size, HEAT.length);
  }
  const levels = [0, 0.05, 0.1, 0.29, 0.3, 2.9, 3, 29, 30, 100].map((percent) => heatLevel(percent, 100));
  assert.deepEqual(levels, [0, 1, 2, 2, 3, 4, 5, 6, 7, 7]);
});

Deno.test("what is too much is left out and said: files, lines without samples, text", () => {
  const many = Array.from({ length: 320 }, (_, i) => frame("f", `/srv/m${i}.py`, 1, 1));
  const files = profileOf(many.map((one, i) => ({ frames: [one], count: 1 + i })));
  let asked = 0;
  const { html, shown } = renderHeatmap(files, () => {
    asked++;
    return { text: "x\n".repeat(1000), changedMs: undefined };
  });
  assert.deepEqual([shown, asked], [300, 300]);
  assert.match(html, /20 files are not shown below/);
  assert.equal([...html.matchAll(/\(not shown below\)/g)].length, 20);
  // 996 cold lines a file: a hundred files have them, the others say how many there are.
  assert.equal([...html.matchAll(/>996 lines without samples<\/summary>/g)].length, 100);
  assert.equal([...html.matchAll(/>996 lines without samples, left out</g)].length, 200);
  const huge = renderHeatmap(files, () => ({ text: "x".repeat(8_000_000), changedMs: undefined }));
  assert.equal(huge.withoutText, 299);
  assert.match(huge.html, /no room for the text of this file/);
  assert.ok(huge.html.length < 1_000_000);
});

Deno.test("a real recording of five threads: the times of its files are those of its samples", () => {
  const profile = djangoProfile();
  const { all, files, places } = countLines(profile);
  assert.equal(all, profile.stacks.reduce((sum, { count }) => sum + count, 0));
  const selfOf = (some: readonly { self: number }[]) => some.reduce((sum, { self }) => sum + self, 0);
  const ofNoFile = profile.stacks.filter(({ frames }) => profile.frames[frames.at(-1)!]!.file === "")
    .reduce((sum, { count }) => sum + count, 0);
  assert.equal(selfOf(files) + ofNoFile, all);
  assert.equal(selfOf(places), selfOf(files));
  for (const { self, total } of [...files, ...places]) assert.ok(self <= total && total <= all);
});
