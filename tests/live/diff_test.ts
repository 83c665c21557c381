/** Two recordings of a real program: no difference where there is none, and the right one where there is one. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { liveCommand, pyspy, python, temporaryFolder } from "./programs.ts";

/** Pairs of recordings; more of them take some 20 seconds each. */
const TRIES = Number(Deno.env.get("PYSPY_DIFFS") ?? "1");

async function recordSteady(path: string, more: number): Promise<void> {
  const program = await liveCommand(python!, "steady.py", [String(more), "1200"]);
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
    for (let i = 0; i < TRIES; i++) {
      await recordSteady(a, 1);
      await recordSteady(b, 1);
      // A fifth more on a quiet machine; on a busy one few moments are independent of each other.
      await recordSteady(slow, TRIES > 1 ? 1.2 : 3);
      const same = await pyspy(["diff", a, b]);
      assert.equal(same.code, 0, same.stderr);
      if (changedIn(same.stdout).length > 0) wrong.push(same.stdout);
      const other = await pyspy(["diff", a, slow, "--fail-if", "self:middle>+1%"]);
      assert.ok(changedIn(other.stdout).includes("middle"), other.stdout);
      assert.equal(other.code, 6, other.stderr);
      assert.match(other.stderr, /self:middle>\+1%: BROKEN; it changed by \+\d/);
    }
    // 95 %: of twenty pairs, one may.
    assert.ok(wrong.length <= TRIES / 20 + 1, wrong.join("\n"));
  },
});
