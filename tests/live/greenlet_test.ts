/** Threads whose C stack is exchanged while they run, where the way to the innermost frame leads over that stack. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { ensureVenv } from "../../scripts/pythons.ts";
import { PROGRAMS } from "../helpers.ts";
import { parseCounts, parseFolded, pyspy, pythons, startReady } from "./programs.ts";

const HUB = "<module>";
const DEEP = ["<lambda>", ...Array<string>(4).fill("deep"), "inside_of_sort"];
/** The stacks that the program spends its time on, root first, as functions. */
const STACKS = [
  ["plain", "work"],
  ["by_way_of_c", "by_way_of_c.<locals>.<lambda>", "work"],
  [...DEEP, "work"],
].map((names) => names.join(";"));
/** Others that it may be met on, for a moment. */
const BRIEF = [HUB, "plain", "by_way_of_c", "by_way_of_c;by_way_of_c.<locals>.<lambda>", DEEP.join(";")]
  .concat(
    DEEP.slice(0, -1).map((_, i) => DEEP.slice(0, i + 1).join(";")),
  );

for (const minor of ["3.11", "3.12"]) {
  const host = pythons.find((one) => one.minor === minor && one.root === undefined);
  const interpreter = host === undefined ? undefined : await ensureVenv(host, ["greenlet"]);
  for (const mode of [[], ["--blocking"]]) {
    Deno.test({
      name: `greenlets on Python ${minor} are shown on their own stacks, ${mode[0] ?? "as by default"}`,
      ignore: interpreter === undefined,
      fn: async () => {
        await using target = await startReady([interpreter!, join(PROGRAMS, "live", "greenlets.py")]);
        const record = [
          "record",
          "-p",
          `${target.pid}`,
          "-d",
          "2",
          "-r",
          "500",
          "-F",
          "-f",
          "raw",
          "-o",
          "-",
        ];
        const { code, stdout, stderr } = await pyspy([...record, ...mode]);
        assert.equal(code, 0, stderr);
        const { samples } = parseCounts(stderr);
        const shares = new Map<string, number>();
        for (const { frames, count } of parseFolded(stdout)) {
          const path = frames.map((frame) => frame.replace(/ \(.*$/, "")).join(";");
          shares.set(path, count / samples);
        }
        for (const stack of STACKS) assert.ok((shares.get(stack) ?? 0) > 0.2, `${stack}: ${stdout}`);
        const others = [...shares].filter(([path]) => !STACKS.includes(path) && !BRIEF.includes(path));
        const cut = others.reduce((sum, [, share]) => sum + share, 0);
        assert.ok(others.every(([path]) => path.endsWith("[cut]")), stdout);
        assert.ok(cut < 0.05, stdout);
      },
    });
  }
}
