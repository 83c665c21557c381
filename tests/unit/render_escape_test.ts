import assert from "node:assert/strict";
import fc from "fast-check";
import { foldedSafe, shortenMiddle, terminalSafe, xmlEscape, xmlJson } from "../../src/render/escape.ts";
import { HOSTILE } from "./render_helper.ts";

// deno-lint-ignore no-control-regex
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;

/** Any UTF-16 code units at all, paired or not. */
const anyText = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 })
  .map((units) => String.fromCharCode(...units));
const hostileText = fc.oneof(anyText, fc.constantFrom(...HOSTILE));

Deno.test("text for terminals has no control character and only whole characters", () => {
  fc.assert(fc.property(hostileText, (text) => {
    const safe = terminalSafe(text);
    assert.doesNotMatch(safe, CONTROLS);
    assert.ok(safe.isWellFormed());
    assert.equal(terminalSafe(safe), safe);
  }));
});

Deno.test("what is hidden is spelled out", () => {
  assert.equal(terminalSafe("a\x1b[2Jb\nc\x9b"), "a\\x1b[2Jb\\nc\\x9b");
  assert.equal(terminalSafe("a\u202eb\ud800"), "a\\u202eb\\ud800");
  assert.equal(terminalSafe("naïve 漢字 🐍"), "naïve 漢字 🐍");
});

Deno.test("text for XML has no markup", () => {
  assert.equal(xmlEscape(`<a b="c" d='e'>&`), "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;");
  fc.assert(fc.property(hostileText, (text) => {
    assert.doesNotMatch(xmlEscape(text), /[<>"']|&(?!(?:amp|lt|gt|quot|#39);)/);
    assert.doesNotMatch(xmlEscape(text), CONTROLS);
  }));
});

Deno.test("JSON in XML gives back the value", () => {
  fc.assert(fc.property(hostileText, (text) => {
    const xml = xmlJson({ text });
    assert.doesNotMatch(xml, CONTROLS);
    const json = xml.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
    assert.deepEqual(JSON.parse(json), { text });
  }));
});

Deno.test("a folded frame has no separator and is not empty", () => {
  fc.assert(fc.property(hostileText, (text) => {
    const safe = foldedSafe(text);
    assert.doesNotMatch(safe, /;/);
    assert.doesNotMatch(safe, CONTROLS);
    assert.notEqual(safe, "");
  }));
});

Deno.test("long text loses its middle, never half a character", () => {
  assert.equal(shortenMiddle("abcdefghij", 6), "abc…ij");
  assert.equal(shortenMiddle("abcdef", 6), "abcdef");
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 20 }), (text, limit) => {
    const short = shortenMiddle(text, limit);
    assert.ok(short.length <= limit);
    assert.ok(short.isWellFormed());
  }));
});
