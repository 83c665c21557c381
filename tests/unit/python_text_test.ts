import assert from "node:assert/strict";
import { bytesText, complexText, floatText, intText, stringText } from "../../src/cpython/python_text.ts";

/** Shape: value, and what Python 3.13 prints. */
const FLOATS: readonly (readonly [number, string])[] = [
  [0, "0.0"],
  [-0, "-0.0"],
  [1, "1.0"],
  [-1.5, "-1.5"],
  [0.1, "0.1"],
  [1 / 3, "0.3333333333333333"],
  [100, "100.0"],
  [1e15, "1000000000000000.0"],
  [123456789012345680, "1.2345678901234568e+17"],
  [9999999999999998, "9999999999999998.0"],
  [1e16, "1e+16"],
  [1.5e300, "1.5e+300"],
  [0.0001, "0.0001"],
  [0.00001, "1e-05"],
  [1.5e-7, "1.5e-07"],
  [5e-324, "5e-324"],
  [Infinity, "inf"],
  [-Infinity, "-inf"],
  [NaN, "nan"],
];

Deno.test("floats as Python writes them", () => {
  for (const [value, text] of FLOATS) assert.equal(floatText(value), text);
});

Deno.test("complex numbers as Python writes them", () => {
  assert.equal(complexText(0, 1), "1j");
  assert.equal(complexText(-0, 1), "(-0+1j)");
  assert.equal(complexText(1, -0), "(1-0j)");
  assert.equal(complexText(1.5, -2.25), "(1.5-2.25j)");
  assert.equal(complexText(NaN, Infinity), "(nan+infj)");
});

Deno.test("ints of any size, up to what Python itself writes", () => {
  assert.equal(intText(Uint32Array.of(), false), "0");
  assert.equal(intText(Uint32Array.of(5), true), "-5");
  assert.equal(intText(Uint32Array.of(0, 0, 1), false), "1152921504606846976");
  assert.equal(intText(new Uint32Array(600).fill(1), false), undefined);
});

Deno.test("strings: quotes, escapes, and what is not printable", () => {
  assert.equal(stringText("it's"), `"it's"`);
  assert.equal(stringText(`it's "x"`), `'it\\'s "x"'`);
  assert.equal(stringText("\n\r\t\\\0\x1b\x7f"), String.raw`'\n\r\t\\\x00\x1b\x7f'`);
  assert.equal(stringText("größe 🐍"), "'größe 🐍'");
  assert.equal(stringText("\u00a0\u200b\u2028\ufeff\ud800"), String.raw`'\xa0\u200b\u2028\ufeff\ud800'`);
  assert.equal(stringText("\u{e0001}"), String.raw`'\U000e0001'`);
  assert.equal(stringText("ä🐍", true), String.raw`'\xe4\U0001f40d'`);
  assert.equal(bytesText(Uint8Array.of(0x41, 0xff, 0x27), "b"), `b"A\\xff'"`);
});
