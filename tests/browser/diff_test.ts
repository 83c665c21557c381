/** The picture of what has changed between two recordings. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { diffSvg, NEW, OLD, runOf } from "../unit/diff_helper.ts";
import { HOSTILE } from "../unit/render_helper.ts";
import { drawnLabels, frameAt, frames, hashOf, shareOf, type Step, testInBrowser, textOf } from "./page.ts";

const CHANGES = diffSvg(OLD, NEW);

async function classOf(page: Page, label: string): Promise<string> {
  return (await frameAt(page, label).getAttribute("class") ?? "").replace(/^f /, "");
}

async function fillOf(page: Page, label: string): Promise<string> {
  return await page.evaluate(
    `getComputedStyle(document.querySelector('.live .f[aria-label^="${label}"] rect')).fill`,
  );
}

/** Which of red, green and blue there is most of. */
function strongest(color: string): string {
  const [r = 0, g = 0, b = 0] = (color.match(/\d+/g) ?? []).map(Number);
  return Math.max(r, g, b) - Math.min(r, g, b) < 25 ? "grey" : r > b ? "red" : "blue";
}

const STEPS: readonly Step[] = [
  ["changes have their colours in both themes, and are said in words", async (open) => {
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await open(CHANGES, { colorScheme });
      assert.equal(strongest(await fillOf(page, "read (")), "red");
      assert.equal(strongest(await fillOf(page, "check (")), "blue");
      assert.equal(strongest(await fillOf(page, "sort (")), "grey");
      assert.equal(await frameAt(page, "read (").locator("text").textContent(), "+115 % read (shop.py)");
      await frameAt(page, "check (").hover();
      assert.equal(
        await textOf(page, ".live .facts"),
        "before 6.00 s × 0.99, after 0 ms: vanished · 7.2 % of both runs · all self · your code",
      );
      await page.mouse.move(5, 5);
      await frameAt(page, "sort (").focus();
      assert.match(await textOf(page, ".live .facts"), /-1\.2 %, may be chance/);
      assert.match(await textOf(page, ".live .legend"), /less time after.*may be chance.*more time after/);
    }
  }],
  ["widths are those of both runs, or of one", async (open) => {
    const page = await open(CHANGES);
    const run = page.getByLabel("Which run the widths are of");
    assert.deepEqual([await shareOf(page, "check ("), await shareOf(page, "cache (")], [7, 5]);
    await run.selectOption("before");
    // 600 of 3,803, and none.
    assert.deepEqual([await shareOf(page, "check ("), await shareOf(page, "cache (")], [16, 0]);
    assert.match(await textOf(page, ".live .name"), /the time of the run before/);
    await run.selectOption("after");
    // None, and 400 of 4,501.
    assert.deepEqual([await shareOf(page, "check ("), await shareOf(page, "cache (")], [0, 9]);
    assert.deepEqual([await classOf(page, "cache ("), await classOf(page, "read (")], ["m3", "m3"]);
    assert.equal(hashOf(page), "#run=after");
    await frameAt(page, "load (").click();
    const again = await open(CHANGES, { hash: hashOf(page) });
    assert.deepEqual(await drawnLabels(again), await drawnLabels(page));
    assert.equal(await shareOf(again, "read ("), 99);
    await again.getByLabel("Which run the widths are of").selectOption("");
    assert.equal(await shareOf(again, "check ("), 19);
    assert.equal(hashOf(again), "#zoom=main%20(shop.py);load%20(shop.py)");
  }],
  ["a zoom to what the shown run has not leads to its caller", async (open) => {
    const page = await open(CHANGES);
    await frameAt(page, "check (").click();
    assert.equal(await shareOf(page, "check ("), 100);
    await page.getByLabel("Which run the widths are of").selectOption("after");
    assert.deepEqual([await shareOf(page, "check ("), await shareOf(page, "load (")], [0, 100]);
    await page.getByLabel("Which run the widths are of").selectOption("");
    assert.equal(await shareOf(page, "check ("), 100);
  }],
  ["bottom-up each function has its own change", async (open) => {
    const page = await open(CHANGES);
    await page.keyboard.press("b");
    assert.deepEqual(
      await Promise.all(["read (", "check (", "cache (", "parse ("].map((label) => classOf(page, label))),
      ["m3", "d3", "m3", "e1"],
    );
    await frameAt(page, "read (").hover();
    assert.match(await textOf(page, ".live .facts"), /^before 8\.00 s × 0\.99, after 17\.0 s: \+115 %/);
    await frameAt(page, "load (").hover();
    assert.match(await textOf(page, ".live .facts"), /^before 8\.00 s × 0\.99, after 17\.0 s: \+115 %/);
  }],
  ["the table is sorted by change first, what is certain above", async (open) => {
    const page = await open(CHANGES);
    await page.keyboard.press("t");
    const rows = async () => {
      const texts = await page.locator(".tableBox tbody tr").allInnerTexts();
      return texts.map((text) => text.replaceAll(/\s+/g, " "));
    };
    assert.deepEqual((await rows()).slice(0, 4), [
      "30.1 % 30.1 % +115 % read (shop.py)",
      "7.2 % 7.2 % vanished check (shop.py)",
      "4.8 % 4.8 % new cache (shop.py)",
      "24.2 % 24.2 % +2.0 %, may be chance parse (shop.py)",
    ]);
    assert.equal(await page.locator(".tableBox .chip.m3").count(), 2);
    await page.getByRole("button", { name: "Self", exact: true }).click();
    assert.match((await rows())[1]!, /parse/);
    assert.equal(hashOf(page), "#view=table&sort=self");
    await page.getByRole("button", { name: "Change of self" }).click();
    assert.match((await rows())[1]!, /check/);
    assert.equal(hashOf(page), "#view=table");
  }],
  ["there are no threads, lines or activities to choose", async (open) => {
    const page = await open(CHANGES, { hash: "#threads=1&activity=idle&thread=x" });
    assert.equal(await page.locator("select").count(), 1);
    assert.equal(await page.locator("[data-flag=split], [data-flag=byFunction]").count(), 0);
    const labels = await drawnLabels(page);
    await page.keyboard.press("s");
    assert.deepEqual(await drawnLabels(page), labels);
    assert.ok(labels.includes("check (shop.py)") && !labels.some((label) => label.startsWith("thread")));
    await page.keyboard.press("?");
    assert.equal(await page.getByRole("dialog").getByText("a row of threads").count(), 0);
  }],
  ["nothing overlaps or lies outside, in narrow windows too", async (open) => {
    for (const width of [600, 1600]) {
      for (const hash of ["", "#view=table", "#view=callers&run=before"]) {
        const page = await open(CHANGES, { width, hash });
        const outside = await page.evaluate(
          `[...document.querySelectorAll(".live .page *")].filter((element) =>
          element.getBoundingClientRect().right > ${width} + 0.5).map((element) => element.outerHTML)`,
        );
        assert.deepEqual(outside, []);
        const wide = await page.evaluate(`[...document.querySelectorAll(".live .f text")].filter((text) =>
          text.getBoundingClientRect().right >
            text.parentNode.querySelector("rect").getBoundingClientRect().right + 0.5).length`);
        assert.equal(wide, 0);
      }
    }
  }],
  ["without scripts the picture says the same", async (open) => {
    const page = await open(CHANGES, { javaScriptEnabled: false });
    assert.ok(await page.getByText("+115 % read (shop.py)").isVisible());
    assert.ok(await page.getByText("no change, or may be chance").isVisible());
    assert.match(
      await textOf(page, ".still .footer"),
      /Before old\/a\.pyspy\.json.*After new\/b\.pyspy\.json/s,
    );
  }],
  ["notes of the recordings stand in the footer of the page", async (open) => {
    const notes = ["Stacks begin at main.", HOSTILE[0]!];
    const page = await open(diffSvg(OLD, runOf({ main: 50 }, { notes })));
    const shown = await textOf(page, ".live .footer");
    assert.match(shown, /Note \(after\)Stacks begin at main\..*<\/script><script>alert\(1\)<\/script>/s);
    assert.equal(await page.locator("script").count(), 1);
  }],
  ["hostile names are shown as text", async (open) => {
    const run = (count: number) =>
      runOf(Object.fromEntries(HOSTILE.map((name, i) => [`${i} ${name.replaceAll(";", ":")}`, count])));
    const page = await open(diffSvg(run(20), run(90)));
    assert.equal(await frames(page).count(), HOSTILE.length + 1);
    assert.equal(await page.locator("script").count(), 1);
    assert.equal(await page.locator("img").count(), 0);
    await page.keyboard.press("t");
    assert.equal(await page.locator(".tableBox tbody tr").count(), HOSTILE.length);
  }],
];

testInBrowser("the picture of two recordings in Chromium", STEPS);
