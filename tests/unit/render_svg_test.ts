import assert from "node:assert/strict";
import fc from "fast-check";
import { CUT_FRAME } from "../../src/profile.ts";
import { frameKind, frameModule } from "../../src/render/frame_kind.ts";
import { contrast, FRAME_TEXT, frameClass, SWATCHES } from "../../src/render/palette.ts";
import { renderSvg } from "../../src/render/svg.ts";
import { CLIENT_FUNCTIONS, svgScript } from "../../src/render/svg_script.ts";
import { FADED } from "../../src/render/svg_live_style.ts";
import { THEMES } from "../../src/render/svg_style.ts";
import { djangoProfile, frame, HOSTILE, INFO, profileOf, thread } from "./render_helper.ts";
import { checkXml } from "./xml_helper.ts";

/** What is drawn, without the profile in it and the script. */
function drawn(svg: string): string {
  return svg.slice(0, svg.indexOf("<metadata"));
}

Deno.test("a flamegraph says in words what it shows", () => {
  const frames = [frame("<module>", "lv.py", 19), frame("f", "lv.py", 16)];
  const profile = profileOf([{ frames, count: 3 }, { frames: frames.slice(0, 1), count: 1 }]);
  const svg = renderSvg({ ...profile, info: { ...profile.info, command: ["python", "lv.py"] } }, {
    threads: true,
  });
  assert.deepEqual(checkXml(svg), [
    "lv.py - pyspy flamegraph",
    "all\n4 samples · 40 ms · 100.0 % of all",
    "thread (4120): MainThread\n4 samples · 40 ms · 100.0 % of all",
    "&lt;module&gt; (lv.py:19)\n4 samples · 40 ms · 100.0 % of all · self 25.0 %",
    "f (lv.py:16)\n3 samples · 30 ms · 75.0 % of all · self 75.0 %",
  ]);
});

Deno.test("with CPU time as its unit a flamegraph speaks of that, and of no samples", () => {
  const info = { ...INFO, unit: "cpu_us" as const, samples: 1_200_000, cut: 300_000 };
  const profile = profileOf([{ frames: [frame("f")], count: 1_200_000 }], { info });
  const svg = drawn(renderSvg(profile, { threads: false }));
  assert.match(svg, /<title>f \(app\.py:1\)\n1\.20 s of CPU · 100\.0 % of all · self 100\.0 %<\/title>/);
  assert.match(svg, /data-full="300 ms of CPU"/);
});

Deno.test("frames too narrow to be seen are counted, not drawn", () => {
  const profile = profileOf([
    { frames: [frame("wide")], count: 9999 },
    { frames: [frame("narrow"), frame("below")], count: 1 },
  ]);
  const svg = renderSvg(profile, { threads: false });
  assert.match(svg, /1 call below 0\.1 % not drawn, with all below/);
  assert.doesNotMatch(drawn(svg), /narrow/);
});

Deno.test("hostile names stay text, wherever they are", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(...HOSTILE)), (name) => {
      const stacks = [{ frames: [frame(name, name), frame("f", name, 0)], count: 1 }];
      const info = { ...INFO, command: [name], pythonVersion: name, startTime: name, pyspyVersion: name };
      const profile = profileOf(stacks, { threads: [thread(1, name)], info });
      const svg = renderSvg(profile, { threads: true, title: name });
      checkXml(svg);
      assert.equal(svg.match(/<script>/g)?.length, 1);
      assert.doesNotMatch(svg, / on[a-z]+="/);
    }),
    { numRuns: 40 },
  );
});

Deno.test("a name of 10,000 characters is shortened, not repeated whole", () => {
  const profile = profileOf([{ frames: [frame("x".repeat(10_000))], count: 1 }]);
  const svg = renderSvg(profile, { threads: false });
  assert.doesNotMatch(drawn(svg), /x{600}/);
  assert.equal(svg.match(/x{600}/g)?.length, 16);
});

Deno.test("nothing is loaded from outside", () => {
  const svg = renderSvg(djangoProfile(), { threads: true });
  const addresses = new Set(svg.match(/https?:[^"\s]*/g));
  assert.deepEqual([...addresses].sort(), ["http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg"]);
  assert.doesNotMatch(svg, /@import|url\((?!#)|href=|\beval\b|new Function/);
});

Deno.test("a recording without samples says so, and why", () => {
  const why = (info: Partial<typeof INFO>) => {
    const svg = renderSvg(profileOf([], { info: { ...INFO, ...info } }), { threads: true });
    checkXml(svg);
    return /class="hint muted"[^>]*>No samples\. ([^<]*)</.exec(svg)?.[1];
  };
  assert.equal(why({}), "No Python code ran at any of 2,998 ticks.");
  assert.equal(why({ ticks: 0 }), "The recording ended before its first sample.");
  assert.equal(why({ errors: 1200 }), "1,200 samples could not be read.");
});

Deno.test("notes of what was done to a recording stand in the footer, the first of very many", () => {
  const notes = [HOSTILE[2]!, ...Array.from({ length: 30 }, (_, i) => `Note ${i}.`)];
  const svg = renderSvg(profileOf([{ frames: [frame("f")], count: 1 }], { info: { ...INFO, notes } }), {
    threads: false,
  });
  checkXml(svg);
  const shown = [...drawn(svg).matchAll(/muted">Note<\/tspan> <tspan class="value" data-full="([^"]*)"/g)];
  assert.deepEqual(shown.map(([, text]) => text).slice(0, 2), [
    "&quot;&gt;&lt;img src=x onerror=&quot;alert(3)&quot;&gt;",
    "Note 0.",
  ]);
  assert.deepEqual([shown.length, shown.at(-1)?.[1]], [11, "21 more notes"]);
});

/** A colour of which only a share covers another. */
function mixed(color: string, { over, share }: { over: string; share: number }): string {
  const channel = (hex: string, at: number) => parseInt(hex.slice(at, at + 2), 16);
  const parts = [1, 3, 5].map((at) => share * channel(color, at) + (1 - share) * channel(over, at));
  return "#" + parts.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("");
}

Deno.test("text has a contrast of 4.5 to 1 by day and by night", () => {
  for (const swatch of SWATCHES) {
    assert.ok(contrast(swatch.light, FRAME_TEXT.light) >= 4.5, swatch.className);
    assert.ok(contrast(swatch.dark, FRAME_TEXT.dark) >= 4.5, swatch.className);
  }
  for (const theme of Object.values(THEMES)) {
    assert.ok(contrast(theme.onAccent, theme.accent) >= 4.5);
    for (const text of [theme.text, theme.muted, theme.accent]) assert.ok(contrast(text, theme.page) >= 4.5);
    for (const text of [theme.text, theme.muted]) assert.ok(contrast(text, theme.panel) >= 4.5);
    assert.ok(contrast(theme.accent, theme.tint) >= 4.5);
    assert.ok(contrast(theme.text, theme.track) >= 4.5);
  }
  assert.equal(contrast("#000000", "#ffffff"), 21);
  for (const name of ["light", "dark"] as const) {
    for (const swatch of SWATCHES) {
      const box = mixed(swatch[name], { over: THEMES[name].page, share: FADED.box });
      const text = mixed(FRAME_TEXT[name], { over: box, share: FADED.text });
      assert.ok(contrast(text, box) >= 4.5, `${name} ${swatch.className} faded: ${contrast(text, box)}`);
    }
  }
});

Deno.test("code is told apart by where its file is", () => {
  const kindOf = (file: string) => frameKind(frame("f", file));
  assert.equal(kindOf("/srv/shop/cart/views.py"), "user");
  assert.equal(kindOf("<string>"), "user");
  assert.equal(kindOf("<stdin>"), "user");
  assert.equal(kindOf("<ipython-input-3-5b6a7c>"), "user");
  assert.equal(kindOf("<attrs generated init shop.Cart>"), "library");
  assert.equal(kindOf("<class 'networkx.utils.decorators.argmap'> compilation 29"), "library");
  assert.equal(kindOf("/srv/shop/.venv/lib/python3.12/site-packages/django/urls/base.py"), "library");
  assert.equal(kindOf("/usr/lib/python3/dist-packages/yaml/__init__.py"), "library");
  assert.equal(kindOf("C:\\Python312\\Lib\\site-packages\\flask\\app.py"), "library");
  assert.equal(kindOf("/usr/lib/python3.13t/threading.py"), "stdlib");
  assert.equal(kindOf("C:\\Python312\\Lib\\json\\decoder.py"), "stdlib");
  assert.equal(kindOf("concurrent/futures/thread.py"), "stdlib");
  assert.equal(kindOf("threading.py"), "stdlib");
  assert.equal(kindOf("/home/me/threading.py"), "user");
  assert.equal(kindOf("<frozen importlib._bootstrap>"), "runtime");
  assert.equal(kindOf("/usr/lib/libc.so.6"), "runtime");
  assert.equal(kindOf(""), "runtime");
  assert.equal(frameKind(CUT_FRAME), "cut");
  assert.equal(
    frameKind(frame("f", "django/urls/base.py"), "/x/site-packages/django/urls/base.py"),
    "library",
  );
});

Deno.test("a function has one colour, whether or not its file name was shortened", () => {
  const full = "/srv/shop/.venv/lib/python3.12/site-packages/django/urls/base.py";
  const short = frame("reverse", "django/urls/base.py");
  assert.equal(frameClass(frame("reverse", full)), frameClass(short, full));
  assert.equal(frameModule(short, full), "django");
  assert.equal(frameModule(frame("f", "/srv/shop/cart/views.py")), frameModule(frame("f", "cart/views.py")));
});

Deno.test("the script is made of functions that can stand in any document", () => {
  const script = svgScript();
  assert.doesNotMatch(script, /\]\]>|<\/script|<!--/);
  const code = script.replaceAll(/\/\*[\s\S]*?\*\//g, "");
  assert.doesNotMatch(
    code,
    /\bimport\b|\bexport\b|innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b/,
  );
  const names = CLIENT_FUNCTIONS.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  // Parsed, not run: there is no document here.
  assert.doesNotThrow(() => new Function(script));
});
