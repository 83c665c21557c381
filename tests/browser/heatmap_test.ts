/** The heatmap in a real browser: it needs no scripts and no network, its links lead to lines, in both themes. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { renderHeatmap } from "../../src/render/heatmap.ts";
import { contrast } from "../../src/render/palette.ts";
import { frame, HOSTILE, INFO, profileOf } from "../unit/render_helper.ts";
import { type OpenPage, type PageOptions, type Step, testInBrowser, textOf } from "./page.ts";

const SOURCE = Array.from({ length: 200 }, (_, i) => `line_${i + 1} = ${i}  # text of line ${i + 1}`).join(
  "\r\n",
);
const [main, work, deep] = [
  frame("main", "/srv/app.py", 100, 98),
  frame("work", "/srv/app.py", 20, 18),
  frame("deep", "/usr/lib/python3.12/json/decoder.py", 150, 140),
];
const PROFILE = profileOf([
  { frames: [main, work], count: 60 },
  { frames: [main, work, deep], count: 39 },
  { frames: [main], count: 1 },
], { info: { ...INFO, samples: 100 } });
const { html: HTML } = renderHeatmap(PROFILE, () => ({ text: SOURCE, changedMs: undefined }));

/** Opens a page, and loads it once more: `testInBrowser` fails a test for anything but the page that is asked for. */
async function openHeatmap(open: OpenPage, html: string, options: PageOptions = {}): Promise<Page> {
  const page = await open("", { ...options, around: html });
  await page.reload();
  return page;
}

const colourOf = async (page: Page, selector: string, property: string): Promise<string> => {
  const text: string = await page.locator(selector).first().evaluate(
    (element, name) =>
      (globalThis as unknown as { getComputedStyle(e: unknown): Record<string, string> })
        .getComputedStyle(element)[name]!,
    property,
  );
  const numbers = /^rgb\((\d+), (\d+), (\d+)\)$/.exec(text)?.slice(1).map(Number) ?? [];
  return "#" + numbers.map((number) => number.toString(16).padStart(2, "0")).join("");
};

const STEPS: readonly Step[] = [
  [
    "without scripts and with them, at any width, in both themes: the numbers stand out on their heat",
    async (open) => {
      for (const javaScriptEnabled of [false, true]) {
        for (const [width, colorScheme] of [[600, "light"], [1600, "dark"], [600, "dark"]] as const) {
          const page = await openHeatmap(open, HTML, { width, colorScheme, javaScriptEnabled });
          assert.equal(await textOf(page, "#f0-L20 code"), "line_20 = 19  # text of line 20");
          assert.equal(await page.locator("#f0-L20 .w").first().isVisible(), width > 800);
          assert.equal((await textOf(page, "#f0-L20 .s:not(.w)")).trim(), "60.0 %");
          const cell = "#f0-L20 .t:not(.w)";
          const [ground, text] = [
            await colourOf(page, cell, "backgroundColor"),
            await colourOf(page, cell, "color"),
          ];
          assert.ok(contrast(ground, text) >= 4.5, `${text} on ${ground}`);
          const cold = await colourOf(page, "#f0-L22 code", "color");
          const paper = await colourOf(page, "body", "backgroundColor");
          assert.ok(contrast(cold, paper) >= 4.5, `${cold} on ${paper}`);
          assert.notEqual(cold, text);
          const box = await page.locator("#index").boundingBox();
          assert.ok(box !== null && box.x >= 0 && box.x + box.width <= width);
          assert.equal(await page.locator("script").count(), 0);
        }
      }
    },
  ],
  ["a line can be linked to, in a folded stretch too", async (open) => {
    const page = await openHeatmap(open, HTML, { hash: "#f0-L120" });
    await page.locator("#f0-L120:target").waitFor({ state: "visible" });
    assert.equal(await page.locator("#f0-L60").isVisible(), false);
    await page.locator("#f0 .cold summary", { hasText: "73 lines" }).first().click();
    await page.locator("#f0-L60").waitFor({ state: "visible" });
  }],
  ["calls lead to the line that was called and back, by keyboard as well", async (open) => {
    const page = await openHeatmap(open, HTML, { javaScriptEnabled: false });
    await page.locator("#f0-L20 .calls summary").click();
    await page.locator("#f0-L20 .calls a", { hasText: "deep" }).click();
    await page.locator("#f1-L150:target").waitFor({ state: "visible" });
    await page.locator("#f1-L150 .calls summary").focus();
    await page.keyboard.press("Enter");
    await page.locator("#f1-L150 .calls a", { hasText: "work" }).click();
    await page.locator("#f0-L20:target").waitFor({ state: "visible" });
    await page.locator("#f0 > summary a").click();
    await page.locator("#index:target").waitFor();
    await page.locator("td a", { hasText: "decoder.py" }).click();
    await page.locator("#f1:target").waitFor({ state: "visible" });
  }],
  ["lines are coloured by their own time or by all of it, without scripts", async (open) => {
    const page = await openHeatmap(open, HTML, { javaScriptEnabled: false });
    const colours = async () => [
      await colourOf(page, "#f0-L20 code", "backgroundColor"),
      await colourOf(page, "#f0-L100 code", "backgroundColor"),
    ];
    const bySelf = await colours();
    assert.notEqual(bySelf[0], bySelf[1]);
    await page.locator("label", { hasText: "total" }).click();
    await page.locator("#by-total:checked").waitFor({ state: "attached" });
    const byTotal = await colours();
    assert.equal(byTotal[0], byTotal[1]);
    assert.equal(byTotal[0], bySelf[0]);
  }],
  ["hostile names and sources are shown as text", async (open) => {
    const names = HOSTILE.map((name, i) => `${i} ${name}`);
    const profile = profileOf(names.map((name, i) => ({
      frames: [main, frame(name, `/srv/${name}.py`, 1 + i)],
      count: 1,
    })));
    const text = HOSTILE.map((name) => name.replaceAll(/[\r\n]/g, " ")).join("\n") + "\n".repeat(100);
    const { html } = renderHeatmap(profile, () => ({ text, changedMs: undefined }));
    const page = await openHeatmap(open, html);
    assert.equal(await page.locator("script, img, svg, iframe").count(), 0);
    assert.equal(await page.locator("details.file").count(), HOSTILE.length + 1);
    assert.match(await textOf(page, "#f1-L1 code"), /^<\/script><script>alert\(1\)<\/script>$/);
    assert.match(await page.title(), /: time by line$/);
  }],
];

testInBrowser("the heatmap in Chromium", STEPS);
