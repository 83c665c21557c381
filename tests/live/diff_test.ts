/** Two recordings of a real program: no difference where there is none, and the right one where there is one. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { liveCommand, pyspy, python, temporaryFolder } from "./programs.ts";

/** Pairs of recordings; more of them take some 20 seconds each, since they are to show a smaller change. */
const TRIES = Number(Deno.env.get("PYSPY_DIFFS") ?? "1");
const ROUNDS = TRIES > 1 ? 3000 : 1200;

async function recordSteady(path: string, more: number): Promise<void> {
  const program = await liveCommand(python!, "steady.py", [String(more), String(ROUNDS)]);
  const { code, stderr } = await pyspy(["record", "-r", "1000", "-F", "-o", path, "--", ...program]);
  assert.equal(code, 0, stderr);
}

/** Names of the functions that are said to have changed. */
function changedIn(text: string): string[] {
  const certain = /^Changed, and not by chance[^]*?(?=\n\n|$(?![^]))/m.exec(text)?.[0] ?? "";
  return [...certain.matchAll(/ (\S+) \([^()]*\)$/gm)].map(([, name]) => name!).filter((name) =>
    name !== "function"
  );
}

/** The class of each frame of a picture that is wide enough to be seen, by the name of its function. */
function paintsOf(svg: string): Record<string, string> {
  const frames = svg.matchAll(/<g class="f (\w+)"><title>([^<\n]*) \(steady\.py\)\n/g);
  return Object.fromEntries([...frames].map(([, paint, name]) => [name!, paint!]));
}

/** The functions of steady.py that have the same work in each run. */
const UNCHANGED = ["parse", "sort", "join", "compute"];

Deno.test({
  name: "diff: the same program twice shows no change, and a function that does more is named",
  ignore: python === undefined,
  fn: async () => {
    await using folder = await temporaryFolder();
    const [a, b, slow] = ["a", "b", "slow"].map((name) => join(folder.path, `${name}.pyspy.json`)) as [
      string,
      string,
      string,
    ];
    const wrong: string[] = [];
    // 95 %: one of twenty pairs may differ; where a single one did, two more must not.
    for (let i = 0; i < TRIES || wrong.length > 0 && i < 3; i++) {
      await recordSteady(a, 1);
      await recordSteady(b, 1);
      // A fifth more on a quiet machine; on a busy one few moments are independent of each other.
      await recordSteady(slow, TRIES > 1 ? 1.2 : 3);
      const same = await pyspy(["diff", a, b]);
      assert.equal(same.code, 0, same.stderr);
      if (changedIn(same.stdout).length > 0) wrong.push(same.stdout);
      const svg = join(folder.path, "changes.svg");
      const other = await pyspy(["diff", a, slow, "--fail-if", "self:middle>+1%", "-o", svg]);
      assert.ok(changedIn(other.stdout).includes("middle"), other.stdout);
      assert.equal(other.code, 6, other.stderr);
      assert.match(other.stderr, /self:middle>\+1%: BROKEN; it changed by \+\d/);
      assert.match(other.stderr, /^Wrote flamegraph to .*changes\.svg$/m);
      const paints = paintsOf(await Deno.readTextFile(svg));
      assert.match(paints["middle"]!, /^m/, JSON.stringify(paints));
      // One of them may be slowed by whatever else the machine does.
      assert.ok(UNCHANGED.filter((name) => paints[name] === "e1").length >= 3, JSON.stringify(paints));
    }
    assert.ok(wrong.length <= 1, wrong.join("\n"));
  },
});

Deno.test("diff -o: stdout, files that are none, and recordings without samples", async () => {
  await using folder = await temporaryFolder();
  const place = (name: string) => join(folder.path, name);
  const [a, b, empty, svg] = ["a.txt", "b.txt", "empty.txt", "changes.svg"].map(place) as [
    string,
    string,
    string,
    string,
  ];
  await Deno.writeTextFile(a, "main;f 100\nmain;old 50\n");
  await Deno.writeTextFile(b, "main;f 100\nmain;new 50\n");
  await Deno.writeTextFile(empty, "");
  const piped = await pyspy(["diff", a, b, "-o", "-"]);
  assert.deepEqual([piped.code, piped.stderr], [0, ""]);
  assert.match(piped.stdout, /^<\?xml [^]*<\/svg>\n$/);
  assert.match(piped.stdout, /<title>old\nbefore [^<]*: vanished/);
  assert.match(piped.stdout, /<title>new\nbefore [^<]*: new/);
  const both = await pyspy(["diff", a, b, "-o", svg]);
  assert.equal(both.code, 0, both.stderr);
  assert.match(both.stdout, /Most functions took/);
  // What it wrote is no recording.
  for (const command of [["report", svg], ["diff", svg, b], ["diff", a, svg]]) {
    const refused = await pyspy(command);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /changes\.svg': it compares two recordings.*\nTry: give one of the two/);
    assert.equal(refused.stdout, "");
  }
  await Deno.remove(svg);
  const nothing = await pyspy(["diff", a, empty, "-o", svg]);
  assert.equal(nothing.code, 7, nothing.stderr);
  const nowhere = await pyspy(["diff", a, b, "-o", place("no/such/folder.svg")]);
  assert.deepEqual([nowhere.code, nowhere.stdout], [1, ""]);
  const wrong = await pyspy(["diff", a, b, "-o", place("changes.png")]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /an \.svg file\nTry: -o changes\.svg/);
  assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name).sort(), [
    "a.txt",
    "b.txt",
    "empty.txt",
  ]);
});
