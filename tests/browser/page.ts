/** Flamegraphs in a real browser, opened as people open them: as documents of their own. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import type { Profile } from "../../src/profile.ts";
import { renderSvg } from "../../src/render/svg.ts";

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

/** Starts a browser; undefined where there is none. */
export const launchBrowser: (() => Promise<Browser>) | undefined = executablePath === undefined
  ? undefined
  : () => chromium.launch({ executablePath, args: ARGS });

/** How to open a picture. */
export interface PageOptions {
  readonly width?: number;
  readonly colorScheme?: "light" | "dark";
  readonly javaScriptEnabled?: boolean;
  /** The fragment of the address. */
  readonly hash?: string;
  readonly threads?: boolean;
  /** A page around the picture; `FLAMEGRAPH` in it becomes the name of the file, `INLINE` the picture itself. */
  readonly around?: string;
}

/** Opens a profile, or an SVG text. */
export type OpenPage = (profile: Profile | string, options?: PageOptions) => Promise<Page>;

/** A test with a browser. */
export type Step = readonly [name: string, step: (open: OpenPage) => Promise<void>];

/** Runs steps in one browser; each fails if a page wrote to its console, opened a dialog, or loaded anything else. */
export function testInBrowser(name: string, steps: readonly Step[]): void {
  Deno.test({
    name,
    ignore: launchBrowser === undefined,
    // The browser's own pipes and timers are playwright's.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async (test) => {
      const folder = await Deno.makeTempDir();
      const browser = await launchBrowser!();
      const open = async (
        complaints: string[],
        profile: Profile | string,
        { width = 1200, colorScheme = "light", javaScriptEnabled = true, ...options }: PageOptions,
      ) => {
        const text = typeof profile === "string"
          ? profile
          : renderSvg(profile, { threads: options.threads ?? true });
        await Deno.writeTextFile(`${folder}/flamegraph.svg`, text);
        const file = options.around === undefined ? "flamegraph.svg" : "around.html";
        if (options.around !== undefined) {
          const page = options.around.replace("FLAMEGRAPH", "flamegraph.svg")
            .replace("INLINE", () => text.replace(/^<\?xml.*\n/, ""));
          await Deno.writeTextFile(`${folder}/around.html`, page);
        }
        const viewport = { width, height: 900 };
        const context = await browser.newContext({ viewport, colorScheme, javaScriptEnabled });
        const page = await context.newPage();
        page.setDefaultTimeout(20_000);
        page.on("console", (message) => complaints.push(message.text()));
        page.on("pageerror", (error) => complaints.push(error.message));
        page.on("dialog", (dialog) => complaints.push(`dialog: ${dialog.message()}`));
        await page.goto(`file://${folder}/${file}${options.hash ?? ""}`);
        page.on("request", (request) => {
          if (!request.isNavigationRequest()) complaints.push(`request: ${request.url()}`);
        });
        return page;
      };
      try {
        for (const [name, step] of steps) {
          await test.step(name, async () => {
            const complaints: string[] = [];
            await step((profile, options = {}) => open(complaints, profile, options));
            assert.deepEqual(complaints, []);
          });
          for (const context of browser.contexts()) await context.close();
        }
      } finally {
        await browser.close();
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

/** The frames of the living picture. */
export function frames(page: Page): Locator {
  return page.locator(".live .f");
}

/** A frame by the beginning of its label. */
export function frameAt(page: Page, label: string, nth = 0): Locator {
  return page.locator(`.live .f[aria-label^="${label}"]`).nth(nth);
}

/** The text of the first element that a selector finds. */
export async function textOf(page: Page, selector: string): Promise<string> {
  return await page.locator(selector).first().textContent() ?? "";
}

/** What the first field that a selector finds holds. */
export async function valueOf(page: Page, selector: string): Promise<string> {
  return await page.evaluate(`document.querySelector(${JSON.stringify(selector)}).value`);
}

/** Share of the graph's width that a frame takes, in percent; 0 if it is not drawn. */
export async function shareOf(page: Page, label: string, nth = 0): Promise<number> {
  const rect = frameAt(page, label, nth).locator("rect");
  const box = await rect.count() > 0 ? await rect.boundingBox() : null;
  const graph = await page.evaluate('document.querySelector(".live .graph").getBoundingClientRect().width');
  return box === null ? 0 : Math.round(100 * box.width / Number(graph));
}

/** The labels of the frames that are drawn, row by row from the root, left to right. */
export async function drawnLabels(page: Page): Promise<string[]> {
  return await page.evaluate(`[...document.querySelectorAll(".live .f")]
    .map((f) => [Number(f.getAttribute("aria-level")), f.querySelector("rect").getBoundingClientRect().left,
      f.getAttribute("aria-label").replace(/, (?:[\\d,]+ samples?|before ).*/, "")])
    .sort((a, b) => a[0] - b[0] || a[1] - b[1]).map(([, , label]) => label)`);
}

/** The fragment of the page's address. */
export function hashOf(page: Page): string {
  return new URL(page.url()).hash;
}

/** Waits until the page has drawn what it knows. */
export async function drawn(page: Page): Promise<void> {
  await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
}
