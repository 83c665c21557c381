/** What people do with a flamegraph. */
import assert from "node:assert/strict";
import { djangoProfile, thread } from "../unit/render_helper.ts";
import {
  drawnLabels,
  frameAt,
  frames,
  hashOf,
  shareOf,
  type Step,
  testInBrowser,
  textOf,
  valueOf,
} from "./page.ts";
import { FORK, RECURSION, THREADS } from "./profiles.ts";

const STEPS: readonly Step[] = [
  ["hovering over a frame shows its numbers", async (open) => {
    const page = await open(FORK);
    assert.match(await textOf(page, ".live .name"), /^Each box/);
    await frameAt(page, "right (").hover();
    assert.equal(await textOf(page, ".live .name"), "right (pkg/right.py:3)");
    assert.equal(
      await textOf(page, ".live .facts"),
      "40 samples · 401 ms · 40.0 % of all · self 15.0 % · your code",
    );
    await page.mouse.move(5, 5);
    assert.match(await textOf(page, ".live .name"), /^Each box/);
  }],
  ["a click zooms, callers stay, and everything can be undone", async (open) => {
    const page = await open(FORK);
    const isWhole = async () =>
      assert.deepEqual([await shareOf(page, "Left.work"), await shareOf(page, "right (")], [60, 40]);
    await isWhole();
    await frameAt(page, "right (").click();
    assert.deepEqual([await shareOf(page, "main ("), await shareOf(page, "right (")], [100, 100]);
    assert.deepEqual([await shareOf(page, "Left.work"), await shareOf(page, "deep (")], [0, 63]);
    assert.match(await frameAt(page, "main (").getAttribute("class") ?? "", /caller/);
    await frameAt(page, "deep (").hover();
    assert.match(await textOf(page, ".live .facts"), /25\.0 % of all · 62\.5 % of zoomed · self 25\.0 %/);
    await page.locator(".reset").click();
    await isWhole();
    await frameAt(page, "right (").click();
    await page.keyboard.press("Escape");
    await isWhole();
    await frameAt(page, "right (").click();
    await page.goBack();
    await page.waitForFunction('document.querySelectorAll(".live .caller").length === 0');
    await isWhole();
    await page.goForward();
    await page.waitForFunction('document.querySelectorAll(".live .caller").length > 0');
    await frameAt(page, "all").click();
    await isWhole();
  }],
  ["nothing moves while a frame is hovered over, chosen and zoomed to", async (open) => {
    for (const width of [600, 1200]) {
      const page = await open(THREADS, { width });
      const top = () => page.evaluate("document.querySelector('.live .graph').getBoundingClientRect().top");
      const places = [await top()];
      await frameAt(page, "[idle]").hover();
      places.push(await top());
      await frameAt(page, "deep (").click();
      places.push(await top());
      assert.equal(await shareOf(page, "deep ("), 100);
      await page.mouse.move(5, 5);
      places.push(await top());
      assert.equal(new Set(places).size, 1, places.join(" "));
    }
  }],
  ["frames can be walked and zoomed with the keys alone", async (open) => {
    const page = await open(FORK);
    await page.locator('.live .f[tabindex="0"]').focus();
    const names: string[] = [];
    for (const key of ["ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight", "ArrowDown", "ArrowUp"]) {
      await page.keyboard.press(key);
      names.push((await textOf(page, ".live .name")).replace(/ \(.*/, ""));
    }
    assert.deepEqual(names, ["thread", "main", "Left.work", "right", "deep", "right"]);
    assert.equal(await page.locator('.live .f[tabindex="0"]').count(), 1);
    await page.keyboard.press("Enter");
    assert.equal(await shareOf(page, "right ("), 100);
    assert.match(await page.evaluate("document.activeElement.getAttribute('aria-label')"), /^right \(/);
    await page.keyboard.press("Backspace");
    assert.deepEqual([await shareOf(page, "main ("), await shareOf(page, "right (")], [100, 40]);
    await page.keyboard.press("0");
    await page.keyboard.press("i");
    await page.locator('.live .f[tabindex="0"]').focus();
    await page.keyboard.press("ArrowUp");
    assert.match(await textOf(page, ".live .name"), /^thread/);
  }],
  ["a screen reader is told a tree", async (open) => {
    const page = await open(FORK);
    assert.equal(await page.getByRole("tree").count(), 1);
    assert.equal(await page.getByRole("treeitem").count(), await frames(page).count());
    const main = page.getByRole("treeitem", {
      name: "main (app.py:1), 100 samples · 1.00 s · 100.0 % of all",
    });
    assert.equal(await main.getAttribute("aria-level"), "3");
    await page.getByRole("button", { name: "Bottom-up" }).press("Enter");
    assert.equal(await page.getByRole("button", { pressed: true, name: "Bottom-up" }).count(), 1);
    await page.keyboard.press("Tab");
    const outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle");
    assert.equal(outline, "solid");
  }],
  ["a search marks frames, counts nothing twice, and can be walked", async (open) => {
    const page = await open(FORK);
    await page.keyboard.press("/");
    await page.keyboard.type("deep|left");
    assert.equal(await page.locator(".live .match").count(), 3);
    assert.equal(await textOf(page, ".matched"), "85.0 % matched");
    const walked: string[] = [];
    for (const key of ["Enter", "Enter", "Enter", "Enter", "Shift+Enter"]) {
      await page.keyboard.press(key);
      walked.push(`${await textOf(page, ".live .name")} ${await textOf(page, ".matched")}`);
    }
    assert.deepEqual(walked.map((text) => text.replace(/ \(.*\)/, "")), [
      "Left.work 1 of 3",
      "deep 2 of 3",
      "deep 3 of 3",
      "Left.work 1 of 3",
      "deep 3 of 3",
    ]);
    await page.getByLabel("Search").fill("main (");
    assert.equal(await textOf(page, ".matched"), "100.0 % matched");
    await page.getByLabel("Search").fill("nothing such");
    assert.equal(await textOf(page, ".matched"), "0.0 % matched");
    await page.keyboard.press("Escape");
    assert.equal(await page.locator(".live .match").count(), 0);
    assert.equal(await textOf(page, ".matched"), "");
    await page.keyboard.press("Control+f");
    assert.equal(await page.evaluate("document.activeElement.tagName"), "input");
  }],
  ["the graph turns over", async (open) => {
    const page = await open(FORK);
    const top = async (label: string) => (await frameAt(page, label).boundingBox())?.y ?? NaN;
    assert.ok(await top("all") < await top("main ("));
    await page.getByRole("button", { name: "Flip" }).click();
    assert.ok(await top("all") > await top("main ("));
    assert.ok(await top("main (") > await top("deep ("));
    assert.equal(hashOf(page), "#flip=1");
  }],
  ["bottom-up shows what ran, the hottest first, and who called it", async (open) => {
    const page = await open(FORK);
    await page.keyboard.press("b");
    assert.deepEqual((await drawnLabels(page)).map((label) => label.replace(/ .*/, "")), [
      "all",
      ...["deep", "Left.work", "right"],
      ...["Left.work", "right", "main", "main"],
      ...["main", "main"],
    ]);
    assert.deepEqual([await shareOf(page, "deep ("), await shareOf(page, "Left.work (")], [55, 30]);
  }],
  ["the table lists functions, sorts, and leads back to the graph", async (open) => {
    const page = await open(FORK);
    await page.getByRole("button", { name: "Table" }).click();
    const rows = async () => {
      const texts = await page.locator(".tableBox tbody tr").allInnerTexts();
      return texts.map((text) => text.replaceAll(/\s+/g, " "));
    };
    assert.deepEqual(await rows(), [
      "55.0 % 55.0 % deep (pkg/deep.py:4)",
      "30.0 % 60.0 % Left.work (pkg/left.py:2)",
      "15.0 % 40.0 % right (pkg/right.py:3)",
      "0.0 % 100.0 % main (app.py:1)",
    ]);
    await page.getByRole("button", { name: "Total" }).click();
    assert.equal((await rows())[0], "0.0 % 100.0 % main (app.py:1)");
    await page.getByLabel("Search").fill("work|right");
    assert.equal((await rows()).length, 2);
    await page.getByRole("button", { name: "right (pkg/right.py:3)" }).click();
    assert.equal(await textOf(page, ".matched"), "40.0 % matched");
    assert.equal(await page.locator(".live .match").count(), 1);
  }],
  ["threads and what they did can be filtered", async (open) => {
    const page = await open(THREADS);
    assert.deepEqual(await page.getByLabel("Thread").first().locator("option").allTextContents(), [
      "All threads",
      "thread (4120): MainThread · 60.0 %",
      "thread (4121): W-0 · 40.0 %",
    ]);
    await page.locator("select").first().selectOption({ index: 2 });
    assert.deepEqual([await shareOf(page, "main ("), await shareOf(page, "[idle]")], [100, 75]);
    assert.equal(await shareOf(page, "thread (4120)"), 0);
    await page.locator("select").nth(1).selectOption({ label: "waiting for the GIL · 6.0 %" });
    await frameAt(page, "deep (").hover();
    assert.match(await textOf(page, ".live .facts"), /^6 samples/);
    await page.locator("select").first().selectOption("");
    assert.equal(await shareOf(page, "thread (4121)"), 100);
    await page.getByRole("button", { name: "Threads" }).click();
    assert.equal(await shareOf(page, "thread (4121)"), 0);
  }],
  ["lines become functions, and recursion is folded", async (open) => {
    const page = await open(RECURSION, { threads: false });
    assert.deepEqual((await drawnLabels(page)).slice(2), [
      "walk (w.py:5)",
      "walk (w.py:6)",
      "helper (w.py:9)",
      "walk (w.py:7)",
    ]);
    await page.keyboard.press("f");
    assert.deepEqual((await drawnLabels(page)).slice(2), [
      "walk (w.py:4)",
      "walk (w.py:4)",
      "helper (w.py:1)",
      "walk (w.py:4)",
    ]);
    await page.keyboard.press("r");
    assert.deepEqual((await drawnLabels(page)).slice(2), ["walk (w.py:4)", "helper (w.py:1)"]);
    assert.equal(await shareOf(page, "helper"), 75);
    await frameAt(page, "walk").hover();
    assert.match(await textOf(page, ".live .facts"), /self 25\.0 %/);
  }],
  ["a zoom is kept when lines become functions", async (open) => {
    const page = await open(RECURSION, { threads: false });
    await frameAt(page, "walk (w.py:6)").click();
    await page.keyboard.press("f");
    assert.deepEqual([await shareOf(page, "helper"), await page.locator(".live .caller").count()], [75, 3]);
  }],
  ["what is hidden is taken out of all, until it is shown again", async (open) => {
    const page = await open(FORK);
    await frameAt(page, "Left.work").click({ modifiers: ["Alt"] });
    assert.deepEqual([await shareOf(page, "Left.work"), await shareOf(page, "right (")], [0, 100]);
    await frameAt(page, "right (").hover();
    assert.match(await textOf(page, ".live .facts"), /40 samples .* 100\.0 % of all/);
    assert.match(hashOf(page), /^#hide=/);
    await page.getByRole("button", { name: "Show 1 hidden" }).click();
    assert.deepEqual([await shareOf(page, "Left.work"), await shareOf(page, "right (")], [60, 40]);
    await frameAt(page, "right (").click();
    await page.keyboard.press("x");
    assert.deepEqual([await shareOf(page, "Left.work"), await shareOf(page, "right (")], [100, 0]);
  }],
  ["names and stacks are copied", async (open) => {
    const page = await open(FORK);
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const clipboard = () => page.evaluate("navigator.clipboard.readText()");
    await frameAt(page, "right (").click();
    await page.getByRole("button", { name: "Copy name" }).click();
    await page.getByText("The name is copied").waitFor();
    assert.equal(await clipboard(), "right (pkg/right.py:3)");
    await page.keyboard.press("Shift+C");
    await page.getByText("The stack is copied").waitFor();
    assert.equal(
      await clipboard(),
      "thread (4120): MainThread\nmain (app.py:1)\nright (pkg/right.py:3)\n",
    );
  }],
  ["the address holds the whole view, by names, and restores it", async (open) => {
    const first = await open(THREADS);
    await first.getByRole("button", { name: "Flip" }).click();
    await first.getByLabel("Search").fill("deep");
    await first.locator("select").first().selectOption({ index: 2 });
    await frameAt(first, "main (").click();
    const hash = hashOf(first);
    assert.equal(
      decodeURIComponent(hash),
      "#flip=1&thread=thread (4121): W-0&search=deep&zoom=thread (4121): W-0;main (app.py:1)",
    );
    const second = await open(THREADS, { hash });
    assert.deepEqual(await drawnLabels(second), await drawnLabels(first));
    assert.equal(await textOf(second, ".matched"), "100.0 % matched");
    assert.equal(await valueOf(second, ".live input"), "deep");
    assert.equal(await valueOf(second, ".live select"), "thread (4121): W-0");
    assert.match(await frameAt(second, "thread (4121)").getAttribute("class") ?? "", /caller/);
    // Another recording has other numbers for its threads, and has lost some calls: what there is is shown.
    const again = { ...THREADS, threads: [thread(7), thread(8, "W-0")] };
    const third = await open(again, { hash: hash.replace("main%20(app.py%3A1)", "gone") });
    assert.equal(await valueOf(third, ".live select"), "thread (8): W-0");
    assert.equal(await shareOf(third, "[idle]"), 75);
    const fourth = await open(FORK, { hash: hash.replace("W-0", "unknown") });
    assert.equal(await shareOf(fourth, "Left.work"), 60);
  }],
  ["the keys are listed", async (open) => {
    const page = await open(djangoProfile());
    await page.keyboard.press("?");
    assert.ok(await page.getByRole("dialog", { name: "Keys" }).isVisible());
    await page.keyboard.press("Escape");
    assert.ok(!await page.getByRole("dialog", { name: "Keys" }).isVisible());
  }],
];

testInBrowser("the flamegraph in Chromium", STEPS);
