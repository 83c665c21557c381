import assert from "node:assert/strict";
import fc from "fast-check";
import { ProfilerError } from "../../src/errors.ts";
import type { Profile } from "../../src/profile.ts";
import { renderDiffSvg } from "../../src/render/diff_svg.ts";
import { changeClasses } from "../../src/render/palette.ts";
import { changeOfNode, changePaint, changeText, isCertain } from "../../src/render/svg_client/change.js";
import { nodeFacts, nodePaint } from "../../src/render/svg_client/facts.js";
import { chooseNodes } from "../../src/render/svg_client/layout.js";
import { firstState, fitState } from "../../src/render/svg_client/state.js";
import { countRows } from "../../src/render/svg_client/table.js";
import type { Shape, ViewTree } from "../../src/render/svg_client/types.ts";
import { readSvg } from "../../src/render/svg_data.ts";
import { diffSvg, diffTree, infoOf, mergeOf, NEW, OLD, runOf, withTimes } from "./diff_helper.ts";
import { frame, HOSTILE, profileOf } from "./render_helper.ts";
import { walkTree } from "./svg_tree_helper.ts";
import { checkXml } from "./xml_helper.ts";

/** The class of each node, by its last label without its file. */
function paints(tree: ViewTree): Record<string, string> {
  return Object.fromEntries(
    walkTree(tree).map(({ node }) => [node.label.replace(/ \(.*/, ""), nodePaint(tree, node)!]),
  );
}

/** What is said of a function. */
function factsOf(tree: ViewTree, name: string): string {
  const { node } = walkTree(tree).find(({ node }) => node.label.startsWith(`${name} (`))!;
  return nodeFacts(tree, { node });
}

const DIMMED: Record<string, string> = { parse: "e1", sort: "e1", log: "e1", rare: "e1", odd: "e1" };

Deno.test("what takes more time is red, what takes less blue, and what may be chance grey", () => {
  const { all: _, main: _main, ...functions } = paints(diffTree(OLD, NEW));
  assert.deepEqual(functions, { ...DIMMED, read: "m3", load: "m2", check: "d3", cache: "m3" });
  const swapped = paints(diffTree(NEW, OLD));
  assert.deepEqual([swapped["read"], swapped["check"], swapped["cache"]], ["d3", "m3", "d3"]);
  const same = Object.values(paints(diffTree(OLD, OLD)));
  assert.deepEqual(new Set(same), new Set(["e1"]));
  assert.ok([...changeClasses("more"), ...changeClasses("less")].includes("m3"));
});

Deno.test("the words say both times, and whether the change may be chance", () => {
  // The median of what the functions changed by: 0.99, that of `log`.
  const tree = diffTree(OLD, NEW);
  assert.equal(tree.model.before?.factor.toFixed(2), "0.99");
  const said = (name: string) => factsOf(tree, name).split(" · ")[0]!;
  assert.match(said("read"), /^before 8\.00 s × 0\.99, after 17\.0 s: \+1\d\d %$/);
  assert.match(said("parse"), /^before 10\.0 s × 0\.99, after 10\.1 s: \+\d\.\d %, may be chance$/);
  assert.match(
    said("log"),
    /^before 5\.00 s × 0\.99, after 4\.95 s: (no change|[+-]0\.\d %, may be chance)$/,
  );
  assert.equal(said("check"), "before 6.00 s × 0.99, after 0 ms: vanished");
  assert.equal(said("cache"), "before 0 ms, after 4.00 s: new");
  assert.equal(said("rare"), "before 30 ms × 0.99, after 0 ms: not seen after, may be chance");
  assert.equal(said("odd"), "before 0 ms, after 40 ms: not seen before, may be chance");
  assert.match(factsOf(tree, "read"), / all self$/);
  assert.match(factsOf(tree, "load"), /self before 0 ms, after 120 ms: /);
  assert.match(factsOf(tree, "main"), / 100\.0 % of both runs · no self$/);
});

Deno.test("recordings of another length, or of another machine, have the same changes", () => {
  const longer = runOf(Object.fromEntries(
    NEW.stacks.map(({ frames, count }) => [
      frames.map((one) => NEW.frames[one]!.name).join(";"),
      3 * count,
    ]),
  ));
  const tree = diffTree(OLD, longer);
  assert.ok(Math.abs(tree.model.before!.factor - 2.97) < 0.02);
  const { all: _, main: _main, ...functions } = paints(tree);
  assert.deepEqual(functions, { ...DIMMED, read: "m3", load: "m2", check: "d3", cache: "m3" });
  // The same in microseconds of CPU.
  const inTime = (profile: Profile): Profile => ({
    ...profile,
    info: { ...profile.info, unit: "cpu_us" },
    stacks: profile.stacks.map((stack) => ({ ...stack, count: stack.count * 10_000 })),
  });
  const { all: _all, main: _m, ...byTime } = paints(diffTree(inTime(OLD), NEW));
  assert.deepEqual(byTime, { ...DIMMED, read: "m3", load: "m2", check: "d3", cache: "m3" });
});

Deno.test("of two runs of the same program hardly a frame is coloured", () => {
  let seed = 1;
  const random = () => (seed = seed * 48271 % 0x7fff_ffff) / 0x7fff_ffff;
  const rates = Array.from({ length: 60 }, (_, i) => 1 + 400 / (1 + i));
  /** As many samples as a process has that is met at random. */
  const record = () =>
    runOf(Object.fromEntries(
      rates.map((rate, i) => {
        let count = 0;
        let left = rate + Math.log(random());
        while (left > 0) {
          count++;
          left += Math.log(random());
        }
        return [`main;f${i % 7};g${i}`, count];
      }).filter(([, count]) => Number(count) > 0),
    ));
  let [colored, all] = [0, 0];
  for (let pair = 0; pair < 40; pair++) {
    const classes = Object.values(paints(diffTree(record(), record())));
    colored += classes.filter((name) => name !== "e1").length;
    all += classes.length;
  }
  assert.ok(all > 2000);
  assert.ok(colored <= 4, `${colored} of ${all}`);
});

Deno.test("a function is coloured if, and only if, the table calls its change certain", () => {
  const names = ["a", "b", "c", "d", "e", "f"];
  const counts = fc.array(fc.oneof(fc.nat(60), fc.nat(3000)), { minLength: 6, maxLength: 6 })
    .filter((all) => all.some((count) => count > 0));
  const record = (all: readonly number[]) =>
    runOf(Object.fromEntries(all.map((count, i) => [names[i]!, count]).filter(([, count]) => count !== 0)));
  fc.assert(
    fc.property(counts, counts, fc.constantFrom(0, 1, 50), (before, after, atOnce) => {
      const [old, now] = [before, after].map((all) =>
        atOnce > 0 ? withTimes(record(all), atOnce) : record(all)
      ) as [
        Profile,
        Profile,
      ];
      const tree = diffTree(old, now, { view: "callers" });
      const colored = Object.entries(paints(tree)).filter(([name, paint]) =>
        name !== "all" && paint !== "e1"
      );
      const certain = mergeOf(old, now).comparison.functions.filter(({ isCertain }) => isCertain);
      assert.deepEqual(
        colored.map(([name, paint]) => `${name} ${paint.startsWith("m") ? "+" : "-"}`).sort(),
        certain.map(({ frame, change }) => `${frame.name} ${change > 0 ? "+" : "-"}`).sort(),
      );
    }),
    {
      examples: [
        // Just as many samples as are looked at, which the common factor does not divide evenly.
        [[0, 0, 58, 0, 0, 10], [0, 0, 3000, 0, 0, 0], 0],
        // A change at the very limit of what may be chance.
        [[0, 47, 0, 2339, 1260, 199], [46, 4, 16, 0, 46, 430], 1],
      ],
    },
  );
});

Deno.test("steps of colour: up to a fifth, up to twice, and more", () => {
  const run = {
    ...diffTree(OLD, NEW).model.before!,
    relative: [0, 0] as const,
    sums: [1e9, 1e9] as const,
  };
  const paint = (after: number) => changePaint(run, { before: 1e6, after, variances: [1e6, after] });
  assert.deepEqual([1e6, 1.1e6, 1.3e6, 2.1e6, 0.9e6, 0.6e6, 0.4e6, 0].map(paint), [
    "e1",
    "m1",
    "m2",
    "m3",
    "d1",
    "d2",
    "d3",
    "d3",
  ]);
  // Nine samples may always be chance.
  const certain = (samples: number) =>
    isCertain({ ...run, critical: 0.1 }, { before: samples * run.factor, after: 0, variances: [0, 0] });
  assert.deepEqual([certain(9), certain(11)], [false, true]);
  assert.equal(changeText({ before: 3, after: 3, variances: [0, 0] }), "");
  assert.equal(changeText({ before: 100, after: 1234, variances: [0, 0] }), "+1134 %");
});

const path = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 5 });
const anyRun = fc.dictionary(path.map((names) => names.join(";")), fc.integer({ min: 1, max: 99 }), {
  minKeys: 1,
}).map((stacks): Record<string, number> => ({ ...stacks }));

Deno.test("both counts of each node are what adding up by hand gives, in every shape, whichever run is shown", () => {
  const shapes: readonly [Partial<Shape>, (names: string[]) => string[]][] = [
    [{}, (names) => names],
    [{ view: "callers" }, (names) => names.toReversed()],
    [{ folded: true }, (names) => names.filter((name, i) => name !== names[i - 1])],
    [
      { folded: true, view: "callers" },
      (names) => names.filter((name, i) => name !== names[i - 1]).reverse(),
    ],
  ];
  fc.assert(fc.property(anyRun, anyRun, fc.constantFrom("", "before", "after"), (before, after, run) => {
    for (const [shape, pathOf] of shapes) {
      const expected = new Map<string, [number, number]>();
      for (const [side, stacks] of [before, after].entries()) {
        for (const [names, count] of Object.entries(stacks)) {
          const whole = pathOf(names.split(";"));
          for (let length = 0; length <= whole.length; length++) {
            const key = whole.slice(0, length).join(";");
            const counts = expected.get(key) ?? [0, 0];
            counts[side]! += count;
            expected.set(key, counts);
          }
        }
      }
      const tree = diffTree(runOf(before), runOf(after), { ...shape, run });
      const factor = tree.model.before!.factor;
      const found = walkTree(tree).map(({ node, path }) => {
        const sums = changeOfNode(tree, node);
        return [
          path.map((label) => label.replace(/ \(.*/, "")).join(";"),
          [Math.round(1e6 * sums.before / factor) / 1e6, sums.after],
        ];
      });
      assert.deepEqual(found.sort(), [...expected].sort());
      for (const { node } of walkTree(tree)) {
        const { before, after } = changeOfNode(tree, node);
        const width = { "": (before + after) / 2, before, after }[run];
        assert.ok(Math.abs(node.total - width) < 1e-6);
      }
    }
  }));
});

Deno.test("what the shown run has not is not drawn, nor said to be too narrow", () => {
  const labels = (run: "" | "before" | "after") => {
    const tree = diffTree(OLD, NEW, { run });
    const { nodes, narrow, deep } = chooseNodes(tree, { top: tree.root, least: 0, most: 99, rows: 99 });
    assert.deepEqual([narrow, deep], [0, 0]);
    return nodes.map(({ label }) => label.replace(/ \(.*/, ""));
  };
  assert.ok(labels("").includes("check") && labels("").includes("cache"));
  assert.ok(labels("before").includes("check") && !labels("before").includes("cache"));
  assert.ok(!labels("after").includes("check") && labels("after").includes("cache"));
});

Deno.test("the table has each function's own change", () => {
  const rows = countRows(diffTree(OLD, NEW));
  const row = (name: string) => rows.find(({ label }) => label.startsWith(name))!;
  const { factor } = diffTree(OLD, NEW).model.before!;
  assert.deepEqual([Math.round(row("read").before / factor), row("read").after], [800, 1700]);
  assert.deepEqual([row("main").before, row("main").after], [0, 0]);
  assert.equal(rows.length, 10);
});

Deno.test("a link asks for nothing that the picture has not", () => {
  const model = { threads: [], processes: [], before: diffTree(OLD, NEW).model.before };
  const wanted = { ...firstState(), split: true, activity: 2, run: "before", sort: "change" } as const;
  const fitted = fitState(wanted, model);
  assert.deepEqual([fitted.split, fitted.activity, fitted.run, fitted.sort], [false, -1, "before", "change"]);
  const plain = fitState(wanted, { ...model, before: undefined });
  assert.deepEqual([plain.split, plain.activity, plain.run, plain.sort], [true, 2, "", "self"]);
});

Deno.test("the picture names both recordings, and says what their times were multiplied by", () => {
  const svg = diffSvg(OLD, NEW);
  const titles = checkXml(svg);
  const words = svg.slice(svg.indexOf("</style>"), svg.indexOf("<metadata"));
  assert.equal(titles[0], "a.pyspy.json → b.pyspy.json - pyspy flamegraph");
  assert.ok(
    titles.some((title) => /^check \(shop\.py\)\nbefore .*: vanished/.test(title)),
    titles.join("\n"),
  );
  assert.match(words, /38\.0 s before · 45\.0 s after · most functions took 0\.99 times as long/);
  assert.match(
    svg,
    /data-full="old\/a\.pyspy\.json · shop\.py · 38\.0 s · 3,803 samples · 100 Hz · Python 3/,
  );
  assert.match(words, />\+1\d\d % read \(shop\.py\)</);
  assert.match(words, />- check</);
  const same = renderDiffSvg(mergeOf(OLD, NEW), { names: ["old/a.json", "new/a.json"] });
  assert.match(same, /<title>old\/a\.json → new\/a\.json/);
});

Deno.test("a picture of two recordings is refused as a recording", () => {
  assert.throws(() => readSvg(diffSvg(OLD, NEW)), (error) => {
    assert.ok(error instanceof ProfilerError);
    assert.equal(error.kind, "failure");
    assert.match(error.message, /it compares two recordings/);
    assert.match(error.remedy ?? "", /one of the two recordings/);
    return true;
  });
});

Deno.test("hostile names stay text in a picture of two recordings", () => {
  for (const name of HOSTILE) {
    const profile = (other: string) =>
      profileOf([{ frames: [frame(name, other)], count: 50 }, { frames: [frame(other, name)], count: 9 }], {
        info: infoOf(59, { command: [name], pythonVersion: name, startTime: name, notes: [name] }),
      });
    const svg = renderDiffSvg(mergeOf(profile("old"), profile("new")), { names: [name, name] });
    checkXml(svg);
    assert.equal(svg.match(/<script>/g)?.length, 1);
    assert.doesNotMatch(svg, / on[a-z]+="/);
  }
});
