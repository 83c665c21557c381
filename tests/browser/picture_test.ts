/** What a flamegraph looks like: themes, widths, hostile names, no scripts, great size. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Profile } from "../../src/profile.ts";
import { readSvg } from "../../src/render/svg_data.ts";
import { PROJECT, runPyspy, warnSkipped } from "../helpers.ts";
import { python } from "../live/programs.ts";
import { djangoProfile, frame, HOSTILE, profileOf } from "../unit/render_helper.ts";
import {
  drawn,
  drawnLabels,
  frameAt,
  frames,
  hashOf,
  shareOf,
  type Step,
  testInBrowser,
  textOf,
} from "./page.ts";
import { FORK } from "./profiles.ts";

/** Functions that each call two hundred others, two rows down: 40,201 nodes, and as many names. */
function wideProfile(): Profile {
  const wide = Array.from({ length: 200 }, (_, i) => frame(`wide_${i}`, `m${i % 20}.py`));
  const stacks = wide.flatMap((caller, i) =>
    Array.from({ length: 250 }, (_, j) => ({
      frames: [caller, frame(`narrow_${i}_${j}`, "n.py")],
      count: 1 + (i + j) % 7,
    }))
  );
  return profileOf(stacks);
}

const BACKGROUND = 'getComputedStyle(document.querySelector(".live .page")).backgroundColor';

const STEPS: readonly Step[] = [
  ["hostile names are shown as text", async (open) => {
    const names = HOSTILE.map((name, index) => `${index} ${name}`);
    const page = await open(profileOf(names.map((name) => ({ frames: [frame(name, name)], count: 1 }))));
    // Two frames of the tree, the names, and nothing that a name has made.
    assert.equal(await frames(page).count(), HOSTILE.length + 2);
    assert.equal(await page.locator("script").count(), 1);
    assert.equal(await page.locator("img").count(), 0);
    await frameAt(page, "0 </script>").hover();
    assert.match(await textOf(page, ".live .name"), /^0 <\/script><script>alert\(1\)<\/script> \(/);
    await frameAt(page, "1 ]]>").click();
    assert.match(await textOf(page, ".live .name"), /^1 \]\]><script>alert\(2\)<\/script> \(/);
    const hash = hashOf(page);
    await page.keyboard.press("0");
    await frameAt(page, "7 nul").hover();
    assert.match(await textOf(page, ".live .name"), /^7 nul\\x00bell\\x07esc\\x1b\[31mred/);
    await frameAt(page, "10 bidi").hover();
    assert.match(await textOf(page, ".live .name"), /^10 bidi \\u202egnp\.exe/);
    await frameAt(page, "16 xxx").hover();
    assert.ok((await textOf(page, ".live .name")).length <= 500);
    await page.keyboard.press("t");
    assert.equal(await page.locator(".tableBox tbody tr").count(), HOSTILE.length);
    assert.equal(await page.locator("script").count(), 1);
    const again = await open(profileOf(names.map((name) => ({ frames: [frame(name, name)], count: 1 }))), {
      hash,
    });
    assert.equal(await shareOf(again, "1 ]]>"), 100);
    await again.getByLabel("Search").fill("</script><script>alert(1)</script> (");
    assert.match(await textOf(again, ".matched"), /^5\.6 %/);
  }],
  ["an address can do no more than choose a view", async (open) => {
    const evil = "%3C/script%3E%3Cscript%3Ealert(1)%3C/script%3E";
    const hash = `#search=${evil}&zoom=${evil};x&hide=${evil}&thread=${evil}&view=${evil}&__proto__=1`;
    const page = await open(FORK, { hash });
    assert.equal(await page.locator("script").count(), 1);
    assert.deepEqual([await shareOf(page, "Left.work"), await shareOf(page, "right (")], [60, 40]);
    await page.getByLabel("Search").fill("(");
    assert.equal(await textOf(page, ".matched"), "100.0 % matched");
  }],
  ["no text is wider than its frame, and nothing lies outside, at any width", async (open) => {
    const page = await open(djangoProfile());
    const shown: number[] = [];
    for (const width of [600, 1600, 900]) {
      await page.setViewportSize({ width, height: 900 });
      await page.waitForFunction(`innerWidth === ${width} &&
        Math.abs(document.querySelector(".live .graph").getBoundingClientRect().right - (innerWidth - 16)) < 1`);
      const wide = await page.evaluate(`[...document.querySelectorAll(".live .f text")].filter((text) => {
        const rect = text.parentNode.querySelector("rect").getBoundingClientRect();
        const box = text.getBoundingClientRect();
        return box.left < rect.left - 0.5 || box.right > rect.right + 0.5;
      }).length`);
      assert.equal(wide, 0);
      const outside = await page.evaluate(`[...document.querySelectorAll(".live .page *")].filter((element) =>
        element.getBoundingClientRect().right > ${width} + 0.5).map((element) => element.outerHTML)`);
      assert.deepEqual(outside, []);
      const overlap = await page.evaluate(`(() => {
        const boxes = [...document.querySelectorAll(".live :is(.toolbar, header) :is(button, select, input), .live h1")]
          .filter((element) => element.checkVisibility()).map((element) => element.getBoundingClientRect());
        return boxes.filter((a, i) => boxes.some((b, j) => i < j && a.left < b.right - 1 && b.left < a.right - 1 &&
          a.top < b.bottom - 1 && b.top < a.bottom - 1)).length;
      })()`);
      assert.equal(overlap, 0);
      shown.push(await page.locator(".live .f text").count());
    }
    const [narrow = 0, wide = 0, middle = 0] = shown;
    assert.ok(narrow < middle && middle < wide, shown.join(" "));
  }],
  ["wide characters fit into their frames", async (open) => {
    const names = [
      "漢字かな交じり文の関数名",
      "🐍🦀🐍🦀🐍🦀🐍🦀",
      "e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301",
      "ﷺﷺﷺﷺﷺ",
      "꧅ꧏ𒐫𒐫𒐫",
    ];
    const stacks = names.flatMap((name) =>
      [3, 5, 9, 17].map((count) => ({ frames: [frame(name + count, "")], count }))
    );
    const page = await open(profileOf(stacks));
    const wide = await page.evaluate(`[...document.querySelectorAll(".live .f text")].filter((text) =>
      text.getBoundingClientRect().right > text.parentNode.querySelector("rect").getBoundingClientRect().right + 1)
      .map((text) => text.textContent)`);
    assert.deepEqual(wide, []);
    assert.ok(await page.locator(".live .f text").count() > 10);
  }],
  ["dark mode follows the system, until it is chosen", async (open) => {
    const page = await open(FORK);
    assert.equal(await page.evaluate(BACKGROUND), "rgb(255, 255, 255)");
    const dark = await open(FORK, { colorScheme: "dark" });
    assert.equal(await dark.evaluate(BACKGROUND), "rgb(21, 23, 27)");
    const text = 'getComputedStyle(document.querySelector(".live .f text")).fill';
    assert.equal(await dark.evaluate(text), "rgb(245, 242, 236)");
    await dark.keyboard.press("d");
    assert.equal(await dark.evaluate(BACKGROUND), "rgb(255, 255, 255)");
    assert.equal(await dark.evaluate(text), "rgb(28, 25, 23)");
    await dark.reload();
    assert.equal(await dark.evaluate(BACKGROUND), "rgb(255, 255, 255)");
    await dark.getByRole("button", { name: "Dark or light" }).click();
    assert.equal(await dark.evaluate(BACKGROUND), "rgb(21, 23, 27)");
    await page.emulateMedia({ colorScheme: "dark" });
    assert.equal(await page.evaluate(BACKGROUND), "rgb(21, 23, 27)");
  }],
  ["text stands out from what is behind it, as the browser paints it", async (open) => {
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await open(djangoProfile(), { colorScheme });
      const worst = await page.evaluate(`(() => {
        const light = (color) => {
          const [r, g, b] = color.match(/\\d+/g).map((part) => {
            const channel = part / 255;
            return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
          });
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        return Math.min(...[...document.querySelectorAll(".live .f text")].map((text) => {
          const [x, y] = [text, text.parentNode.querySelector("rect")].map((one) => light(getComputedStyle(one).fill));
          return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
        }));
      })()`);
      assert.ok(Number(worst) >= 4.5, `${colorScheme}: ${worst}`);
    }
  }],
  ["without scripts it is a labelled picture, without dead buttons", async (open) => {
    const page = await open(djangoProfile(), { javaScriptEnabled: false });
    assert.equal(await page.locator("button, input, select").count(), 0);
    const label = page.locator(".still .f text").filter({ hasText: "ThreadWorker.handle" });
    assert.equal(await label.first().isVisible(), true);
    assert.match(await textOf(page, ".still .f title"), /^all\n5,365 samples/);
  }],
  ["the living picture shows what the still one shows", async (open) => {
    const page = await open(djangoProfile());
    const [still, live] = await page.evaluate(`["still", "live"].map((part) =>
      [...document.querySelectorAll("." + part + " .f")].map((f) => [
        (f.querySelector("title")?.textContent.replace("\\n", ", ") ?? f.getAttribute("aria-label")),
        f.getAttribute("class"),
      ].join()))`) as [string[], string[]];
    const drawnLive = new Set(live);
    assert.ok(still.length > 100);
    assert.deepEqual(still.filter((text) => !drawnLive.has(text)), []);
  }],
  ["in an <img> it is the still picture", async (open) => {
    const page = await open(FORK, {
      around: '<!DOCTYPE html><title>x</title><body><img src="FLAMEGRAPH"></body>',
    });
    assert.ok(Number(await page.evaluate("document.images[0].naturalWidth")) === 1200);
  }],
  ["in another page it keeps to itself", async (open) => {
    const around = '<!DOCTYPE html><title>x</title><body><input id="own"><object data="FLAMEGRAPH" ' +
      'width="900" height="700"></object></body>';
    const page = await open(FORK, { around, hash: "#chapter" });
    const inner = page.frames()[1];
    assert.ok(inner !== undefined);
    await inner.locator('.live .f[aria-label^="right ("]').click();
    assert.equal(await inner.locator(".live .caller").count(), 3);
    assert.equal(hashOf(page), "#chapter");
    await page.locator("#own").fill("d / ? t");
    assert.equal(await page.evaluate("document.querySelector('#own').value"), "d / ? t");
  }],
  ["as a part of another page it works, and leaves that page's address and keys alone", async (open) => {
    const around = '<!DOCTYPE html><meta charset="utf-8"><title>x</title><body><input id="own">INLINE</body>';
    const stacks = HOSTILE.map((name) => ({ frames: [frame(name, name)], count: 1 }));
    for (const profile of [FORK, profileOf(stacks)]) {
      const page = await open(profile, { around, hash: "#chapter" });
      assert.equal(await page.locator("script").count(), 1);
      assert.equal(await page.locator("img").count(), 0);
      await frames(page).nth(3).click();
      assert.ok(await page.locator(".live .caller").count() > 0);
      assert.equal(hashOf(page), "#chapter");
      await page.locator("#own").fill("");
      await page.locator("#own").press("t");
      assert.equal(await page.locator(".tableBox tbody tr").count(), 0);
      await page.locator("#own").blur();
      await page.keyboard.press("t");
      assert.equal(await page.locator(".tableBox tbody tr").count(), 0);
    }
  }],
  ["an empty recording is a picture too", async (open) => {
    const page = await open(profileOf([]));
    assert.match(await textOf(page, ".hint"), /^No samples\. /);
    assert.equal(await page.locator("input").count(), 0);
    await page.keyboard.press("Escape");
    await page.setViewportSize({ width: 700, height: 500 });
  }],
  ["a picture whose data is damaged is still a picture", async (open) => {
    const { renderSvg } = await import("../../src/render/svg.ts");
    const svg = renderSvg(FORK, { threads: true });
    const broken = svg.replace(/"stacks":"[^"]*"/, '"stacks":""').replace(
      "<script>",
      "<script>onerror = () => true;",
    );
    const page = await open(broken);
    assert.equal(await page.locator(".still .f").first().isVisible(), true);
    assert.equal(await page.locator("button").count(), 0);
  }],
  ["50,000 functions stay quick: few are drawn, the others when they are zoomed to", async (open) => {
    const profile = wideProfile();
    const page = await open(profile, { threads: false });
    assert.ok(Number(await page.evaluate("document.querySelectorAll('.live *').length")) < 5000);
    assert.equal(await page.locator('.live .f[aria-label^="narrow"]').count(), 0);
    assert.match(await textOf(page, ".omitted"), /^50000 calls are too narrow to be drawn/);
    await frameAt(page, "wide_17 ").click();
    const below = profile.stacks.filter(({ frames }) => profile.frames[frames[0]!]!.name === "wide_17");
    assert.equal(await page.locator('.live .f[aria-label^="narrow_17_"]').count(), below.length);
    await page.getByLabel("Search").fill("narrow_18_");
    assert.equal(await page.locator(".live .match").count(), 0);
    const share = 100 * profile.stacks.filter(({ frames }) => profile.frames[frames[0]!]!.name === "wide_18")
      .reduce((sum, { count }) => sum + count, 0) /
      profile.info.samples;
    assert.equal(await textOf(page, ".matched"), `${share.toFixed(1)} % matched`);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await page.keyboard.press("t");
    assert.equal(await page.locator(".tableBox tbody tr").count(), 500);
  }],
  ["very deep stacks can be walked down", async (open) => {
    const deep = Array.from({ length: 5000 }, (_, i) => frame(`f${i}`));
    const page = await open(profileOf([{ frames: deep, count: 1 }]), { threads: false });
    assert.equal(await frames(page).count(), 1600);
    assert.match(await textOf(page, ".omitted"), /zoom to see more/);
    await frameAt(page, "f1500 ").click();
    assert.equal(await page.locator(".live .caller").count(), 300);
    await frameAt(page, "f2900 ").click();
    assert.equal(await frameAt(page, "f4000 ").count(), 1);
  }],
  ["a real recording", async (open) => {
    if (python === undefined) {
      warnSkipped("the flamegraph of a real recording, for want of a Python");
      return;
    }
    const folder = await Deno.makeTempDir();
    try {
      const path = join(folder, "profile.svg");
      const program = [...python.command, join(PROJECT, "examples/messages.py"), "--seconds", "2"];
      const outcome = await runPyspy(["record", "-o", path, "--", ...program]);
      assert.equal(outcome.code, 0, outcome.stderr);
      const svg = await Deno.readTextFile(path);
      const page = await open(svg);
      const labels = await drawnLabels(page);
      assert.ok(labels.some((label) => label.startsWith("is_repeated (")), labels.join("\n"));
      const { info } = readSvg(svg);
      await frameAt(page, "all").hover();
      assert.ok((await textOf(page, ".live .facts")).startsWith(`${info.samples} sample`));
      await drawn(page);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }],
];

testInBrowser("the picture in Chromium", STEPS);
