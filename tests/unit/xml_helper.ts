/** Pictures as XML. */
import assert from "node:assert/strict";

/** Checks that a text is well-formed XML of known elements, and gives back the texts of its titles. */
export function checkXml(xml: string): string[] {
  assert.ok(xml.isWellFormed());
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(xml, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufffe\uffff]/);
  const titles: string[] = [];
  const open: string[] = [];
  const body = xml.replace(/^<\?xml version="1.0" encoding="UTF-8"\?>\n/, "")
    .replace(/<!\[CDATA\[[\s\S]*?\]\]>/g, "");
  const token = /([^<]*)(?:<(\/?)([a-zA-Z]+)((?: [a-zA-Z-]+="[^"<]*")*)(\/?)>)?/gy;
  while (token.lastIndex < body.length) {
    const at = token.lastIndex;
    const [whole = "", text = "", end, name = "", , empty] = token.exec(body) ?? [];
    assert.ok(whole.length > 0, `not XML: ${body.slice(at, at + 80)}`);
    assert.doesNotMatch(whole, /&(?!(?:amp|lt|gt|quot|#39);)/);
    if (end === "/") {
      assert.equal(open.pop(), name);
      if (name === "title") titles.push(text);
    } else if (empty === "" && name !== "") open.push(name);
  }
  assert.deepEqual(open, []);
  return titles;
}
