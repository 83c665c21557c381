/** The flamegraph in a real browser, opened as people open it: as a document of its own. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import type { Profile } from "../../src/profile.ts";
import { renderSvg } from "../../src/render/svg.ts";
import { djangoProfile, frame, HOSTILE, profileOf } from "../unit/render_helper.ts";

const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
  .find((path) => existsSync(path));
if (executablePath === undefined) {
  console.warn("SKIPPED: no Chromium found, so the flamegraph was NOT tested in a browser");
}

const ARGS = [
  "--no-sandbox",
  "--headless",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

interface PageOptions {
  readonly width?: number;
  readonly colorScheme?: "light" | "dark";
  readonly javaScriptEnabled?: boolean;
}

type OpenPage = (profile: Profile, options?: PageOptions) => Promise<Page>;

/** Opens profiles as SVG documents, and fails if a page wrote to its console or loaded anything else. */
function opener(browser: Browser, folder: string, complaints: string[]): OpenPage {
  return async (profile, { width = 1200, colorScheme = "light", javaScriptEnabled = true } = {}) => {
    const path = `${folder}/flamegraph.svg`;
    await Deno.writeTextFile(path, renderSvg(profile, { threads: true }));
    const context = await browser.newContext({
      viewport: { width, height: 900 },
      colorScheme,
      javaScriptEnabled,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("dialog", (dialog) => complaints.push(`dialog: ${dialog.message()}`));
    await page.goto(`file://${path}`);
    page.on("request", (request) => complaints.push(`request: ${request.url()}`));
    return page;
  };
}

Deno.test({
  name: "the flamegraph in Chromium",
  ignore: executablePath === undefined,
  // The browser's own pipes and timers are playwright's.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async (test) => {
    const folder = await Deno.makeTempDir();
    const browser = await chromium.launch({ executablePath: executablePath ?? "", args: ARGS });
    try {
      for (const [name, step] of STEPS) {
        await test.step(name, async () => {
          const complaints: string[] = [];
          await step(opener(browser, folder, complaints));
          assert.deepEqual(complaints, []);
        });
      }
    } finally {
      await browser.close();
      await Deno.remove(folder, { recursive: true });
    }
  },
});

const [main, left, right, deep] = [
  frame("main", "app.py", 1),
  frame("Left.work", "pkg/left.py", 2),
  frame("right", "pkg/right.py", 3),
  frame("deep", "pkg/deep.py", 4),
] as const;

/** `main` calls `left` (60 %, half of it in `deep`) and `right` (40 %, a quarter of all in `deep`). */
const FORK = profileOf([
  { frames: [main, left], count: 30 },
  { frames: [main, left, deep], count: 30 },
  { frames: [main, right], count: 15 },
  { frames: [main, right, deep], count: 25 },
]);

function frameAt(page: Page, label: string, nth = 0) {
  return page.locator(".f").filter({ has: page.locator("title", { hasText: label }) }).nth(nth);
}

async function textOf(page: Page, selector: string): Promise<string> {
  return await page.locator(selector).textContent() ?? "";
}

/** Share of the graph's width that a frame takes; 0 if it is not shown. */
async function shareOf(page: Page, label: string, nth = 0): Promise<number> {
  const rect = frameAt(page, label, nth).locator("rect");
  const box = await rect.isVisible() ? await rect.boundingBox() : null;
  const graph = await page.evaluate('document.querySelector(".graph").getBoundingClientRect().width');
  return box === null ? 0 : Math.round(100 * box.width / Number(graph));
}

const STEPS: readonly [name: string, step: (open: OpenPage) => Promise<void>][] = [
  ["hovering over a frame shows its numbers", async (open) => {
    const page = await open(FORK);
    assert.match(await textOf(page, ".name"), /^Hover/);
    await frameAt(page, "right (").hover();
    assert.equal(await textOf(page, ".name"), "right (pkg/right.py:3)");
    assert.equal(await textOf(page, ".facts"), "40 samples · 401 ms · 40.0 % of all · self 15.0 %");
    await page.mouse.move(5, 5);
    assert.match(await textOf(page, ".name"), /^Hover/);
  }],
  ["a click zooms, callers stay, and everything can be undone", async (open) => {
    const page = await open(FORK);
    assert.deepEqual([await shareOf(page, "main ("), await shareOf(page, "right (")], [100, 40]);
    await frameAt(page, "right (").click();
    assert.deepEqual([await shareOf(page, "main ("), await shareOf(page, "right (")], [100, 100]);
    assert.deepEqual([await shareOf(page, "Left.work"), await shareOf(page, "deep (", 1)], [0, 63]);
    assert.match(await frameAt(page, "main (").getAttribute("class") ?? "", /caller/);
    await frameAt(page, "deep (", 1).hover();
    assert.match(await textOf(page, ".facts"), /62\.5 % of zoom$/);
    await page.locator(".reset").click();
    assert.deepEqual([await shareOf(page, "Left.work"), await shareOf(page, "right (")], [60, 40]);
    await frameAt(page, "right (").click();
    await page.keyboard.press("Escape");
    assert.deepEqual([await shareOf(page, "Left.work"), await shareOf(page, "right (")], [60, 40]);
  }],
  ["frames can be walked and zoomed with the keys alone", async (open) => {
    const page = await open(FORK);
    await page.locator(".f").first().focus();
    const names: string[] = [];
    for (const key of ["ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight", "ArrowDown", "ArrowUp"]) {
      await page.keyboard.press(key);
      names.push((await textOf(page, ".name")).replace(/ \(.*/, ""));
    }
    assert.deepEqual(names, ["thread", "main", "Left.work", "right", "deep", "right"]);
    await page.keyboard.press("Enter");
    assert.equal(await shareOf(page, "right ("), 100);
  }],
  ["a search marks frames and counts nothing twice", async (open) => {
    const page = await open(FORK);
    await page.keyboard.press("/");
    await page.keyboard.type("deep|left");
    assert.equal(await page.locator(".match").count(), 3);
    assert.equal(await textOf(page, ".matched"), "matched 85.0 %");
    await page.locator("input").fill("main (");
    assert.equal(await textOf(page, ".matched"), "matched 100.0 %");
    await page.keyboard.press("Escape");
    assert.equal(await page.locator(".match").count(), 0);
    assert.equal(await textOf(page, ".matched"), "");
  }],
  ["hostile names are shown as text", async (open) => {
    const stacks = HOSTILE.map((name) => ({ frames: [frame(name, name)], count: 1 }));
    const page = await open(profileOf(stacks));
    // Two frames of the tree, the names, and nothing that a name has made.
    assert.equal(await page.locator(".f").count(), HOSTILE.length + 2);
    assert.equal(await page.locator("script").count(), 1);
    assert.equal(await page.locator("img").count(), 0);
    await frameAt(page, "alert(1)").hover();
    assert.match(await textOf(page, ".name"), /^<\/script><script>alert\(1\)<\/script> \(/);
    await frameAt(page, "bell").hover();
    assert.match(await textOf(page, ".name"), /^nul\\x00bell\\x07esc\\x1b\[31mred/);
  }],
  ["no text is wider than its frame, at any width", async (open) => {
    const page = await open(djangoProfile());
    const count = () => page.locator(".graph text").filter({ hasText: /\S/ }).count();
    const shown: number[] = [];
    for (const width of [600, 1600, 900]) {
      await page.setViewportSize({ width, height: 900 });
      // The page hears of its new size with the next frame it draws.
      await page.waitForFunction(`innerWidth === ${width}`);
      await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
      const wide = await page.evaluate(`[...document.querySelectorAll(".f text")].filter((text) => {
        const rect = text.parentNode.querySelector("rect").getBoundingClientRect();
        const box = text.getBoundingClientRect();
        return text.textContent !== "" && (box.left < rect.left - 0.5 || box.right > rect.right + 0.5);
      }).length`);
      assert.equal(wide, 0);
      const outside = await page.evaluate(`[...document.querySelectorAll("text")].filter((text) =>
        text.getBoundingClientRect().right > ${width}).map((text) => text.textContent)`);
      assert.deepEqual(outside, []);
      shown.push(await count());
    }
    const [narrow = 0, wide = 0, middle = 0] = shown;
    assert.ok(narrow < middle && middle < wide, shown.join(" "));
  }],
  ["dark mode follows the system", async (open) => {
    const background = 'getComputedStyle(document.querySelector(".page")).fill';
    assert.equal(await (await open(FORK)).evaluate(background), "rgb(255, 255, 255)");
    const dark = await open(FORK, { colorScheme: "dark" });
    assert.equal(await dark.evaluate(background), "rgb(21, 23, 27)");
    const text = 'getComputedStyle(document.querySelector(".f text")).fill';
    assert.equal(await dark.evaluate(text), "rgb(245, 242, 236)");
  }],
  ["without scripts it is a labelled picture, without dead buttons", async (open) => {
    const page = await open(djangoProfile(), { javaScriptEnabled: false });
    assert.equal(await page.locator(".reset").isVisible(), false);
    assert.equal(await page.locator("input").isVisible(), false);
    assert.equal(await frameAt(page, "ThreadWorker.handle (").locator("text").isVisible(), true);
  }],
  ["an empty recording is a picture too", async (open) => {
    const page = await open(profileOf([]));
    assert.equal(await textOf(page, ".name"), "No samples");
    assert.equal(await page.locator("input").isVisible(), false);
    await page.keyboard.press("Escape");
    await page.setViewportSize({ width: 700, height: 500 });
  }],
];
