import assert from "node:assert/strict";
import fc from "fast-check";
import { cutText, fitLabel, flowBoxes, textColumns } from "../../src/render/svg_client/fit.js";
import { compileQuery, coveredSamples } from "../../src/render/svg_client/search.js";
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
  assert.equal(fitLabel("thread (12): sentry.Worker", 20), "thread (12): sentry…");
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

Deno.test("matches below matches are not counted twice", () => {
  assert.equal(coveredSamples([]), 0);
  assert.equal(
    coveredSamples([{ start: 0, total: 10 }, { start: 2, total: 3 }, { start: 10, total: 5 }]),
    15,
  );
  const span = fc.record({ start: fc.integer({ min: 0, max: 60 }), total: fc.integer({ min: 1, max: 40 }) });
  fc.assert(fc.property(fc.array(span), (spans) => {
    const samples = new Set(
      spans.flatMap(({ start, total }) => Array.from({ length: total }, (_, i) => start + i)),
    );
    assert.equal(coveredSamples(spans), samples.size);
  }));
});
