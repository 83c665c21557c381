import assert from "node:assert/strict";
import fc from "fast-check";
import { cutEnd, cutStart, fitWidth, textWidth } from "../../src/render/text_width.ts";
import { warnSkipped } from "../helpers.ts";

/** Width of each character by Unicode's own table, as Python has it: W and F are two columns, marks none. */
const REFERENCE = `
import sys, unicodedata as u
def width(c):
    if u.category(c) in ("Mn", "Me") or 0x200b <= ord(c) <= 0x200d or 0x1160 <= ord(c) <= 0x11ff: return 0
    return 2 if u.east_asian_width(c) in "WF" else 1
assigned = (c for c in map(chr, range(0x20, 0x40000)) if u.category(c) not in ("Cc", "Cn", "Cs", "Cf", "Co"))
print(u.unidata_version, "".join("%x:%d " % (ord(c), width(c)) for c in assigned))
`;

/** Another tool's opinion; undefined where there is no Python 3. */
async function reference(): Promise<string[] | undefined> {
  try {
    const { stdout, success } = await new Deno.Command("python3", { args: ["-c", REFERENCE] }).output();
    return success ? new TextDecoder().decode(stdout).trim().split(" ") : undefined;
  } catch {
    return undefined;
  }
}

Deno.test("widths of characters are those of Unicode's table of East Asian widths", async () => {
  const [version, ...widths] = await reference() ?? [];
  if (version === undefined) return warnSkipped("widths of characters: there is no python3");
  const wrong = widths.filter((entry) => {
    const [code = "", width] = entry.split(":");
    return textWidth(String.fromCodePoint(parseInt(code, 16))) !== Number(width);
  });
  assert.ok(widths.length > 100_000);
  // Versions of Unicode differ in a few characters.
  assert.ok(
    wrong.length < 100,
    `Unicode ${version}: ${wrong.length} differ: ${wrong.slice(0, 40).join(" ")}`,
  );
});

Deno.test("a text that is cut is as wide as it may be, and never wider", () => {
  const character = fc.constantFrom("a", "é", "漢", "字", "🐍", "e\u0301", "한");
  fc.assert(fc.property(fc.array(character), fc.nat(20), (characters, width) => {
    const text = characters.join("");
    for (const cut of [cutEnd(text, width), cutStart(text, width)]) {
      assert.ok(textWidth(cut) <= width);
      assert.ok(cut === text || width === 0 || textWidth(cut) >= width - 1, `${cut} of ${text}`);
    }
    assert.equal(textWidth(fitWidth(text, width)), width);
  }));
});

Deno.test("what was cut is shown", () => {
  assert.equal(cutEnd("handle_request", 8), "handle_…");
  assert.equal(cutStart("app/views/shop.py:12", 12), "…/shop.py:12");
  assert.equal(cutEnd("漢字漢字", 5), "漢字…");
  assert.equal(cutEnd("漢字漢字", 4), "漢…");
  assert.equal(fitWidth("漢字", 6), "漢字  ");
});
