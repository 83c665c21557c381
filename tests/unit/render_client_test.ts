import assert from "node:assert/strict";
import fc from "fast-check";
import { cutText, fitLabel, flowBoxes, textColumns } from "../../src/render/svg_client/fit.js";
import { compileQuery } from "../../src/render/svg_client/search.js";
import { firstState, readState, writeState } from "../../src/render/svg_client/state.js";
import type { ViewState } from "../../src/render/svg_client/types.ts";
import { HOSTILE } from "./render_helper.ts";

Deno.test("labels lose the path first, then the file, then the class", () => {
  const label = "QuerySet._fetch_all (django/db/models/query.py:1928)";
  const fits = [60, 40, 25, 15, 9, 3].map((columns) => fitLabel(label, columns));
  assert.deepEqual(fits, [
    label,
    "QuerySet._fetch_all (query.py:1928)",
    "QuerySet._fetch_all",
    "_fetch_all",
    "_fetch_a…",
    "",
  ]);
  assert.equal(fitLabel("thread (12): sentry.Worker", 20), "sentry.Worker");
  assert.equal(fitLabel("outer.<locals>.<lambda> (a.py:1)", 12), "outer.<loca…");
});

Deno.test("no text is ever wider than its place", () => {
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(...HOSTILE));
  fc.assert(fc.property(text, fc.integer({ min: 0, max: 50 }), (text, columns) => {
    assert.ok(textColumns(fitLabel(text, columns)) <= columns);
    assert.ok(textColumns(cutText(text, columns)) <= columns);
  }));
});

Deno.test("wide characters take two columns, marks none", () => {
  assert.equal(textColumns("漢字"), 4);
  assert.equal(textColumns("e\u0301"), 1);
  assert.equal(textColumns("🐍 ok"), 5);
  assert.equal(cutText("漢字漢字", 5), "漢字…");
});

Deno.test("boxes flow like words", () => {
  assert.deepEqual(flowBoxes([50, 40, 100, 200, 10], 110, 10), [
    { x: 0, row: 0 },
    { x: 60, row: 0 },
    { x: 0, row: 1 },
    { x: 0, row: 2 },
    { x: 0, row: 3 },
  ]);
});

Deno.test("a search is a regular expression, or the text itself if it is none", () => {
  const matches = (query: string, text: string) => compileQuery(query)?.test(text) ?? false;
  assert.equal(compileQuery(""), null);
  assert.ok(matches("views\\.py:4\\d", "get (views.py:42)"));
  assert.ok(matches("queryset", "QuerySet.get"));
  assert.ok(!matches("Queryset", "QuerySet.get"));
  assert.ok(matches("\\Whe", "(help"));
  assert.ok(matches("f(x", "f(x) (a.py:1)"));
  assert.ok(matches("[cut", "[cut]"));
});

const LABELS = ["a;b (c.py:1)", "f&g=h#i", "100 %", "\ud800 half", "漢字 🐍", "", "[cut]", "%zz", ...HOSTILE];

Deno.test("the state of a view is read back from its address", () => {
  const path = fc.array(fc.constantFrom(...LABELS.slice(0, 9).map((label) => label.toWellFormed())), {
    minLength: 2,
    maxLength: 4,
  });
  const text = fc.constantFrom(...LABELS.map((label) => label.toWellFormed()));
  const anyState = fc.record<ViewState>({
    view: fc.constantFrom("callees", "callers", "table"),
    byFunction: fc.boolean(),
    split: fc.boolean(),
    folded: fc.boolean(),
    flipped: fc.boolean(),
    thread: text,
    process: text,
    activity: fc.integer({ min: -1, max: 3 }),
    run: fc.constantFrom("", "before", "after"),
    query: text,
    zoom: path,
    hidden: fc.array(path),
    sort: fc.constantFrom("self", "total", "label", "change"),
  });
  fc.assert(fc.property(anyState, fc.boolean(), fc.boolean(), (state, split, isComparison) => {
    const first = firstState({ split, isComparison });
    const address = writeState(state, first);
    assert.match(address, /^[\w;&=%.~!*'()-]*$/);
    assert.deepEqual({ ...readState(address, first) }, { ...state });
  }));
});

Deno.test("an address that says nothing, or nonsense, is the first view", () => {
  const first = firstState({ split: true });
  assert.equal(writeState(first, first), "");
  for (const text of ["", "&&=&x", "view=&view=x&activity=9&run=x&__proto__=1&constructor=1&hide=&zoom"]) {
    assert.deepEqual({ ...readState(text, first) }, { ...first });
  }
  assert.deepEqual(readState("zoom=%zz;a", first).zoom, ["%zz", "a"]);
});
