/** The page of a real recording has the times of the lines that the program has measured itself. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { liveCommand, pyspy, python, temporaryFolder } from "./programs.ts";

const ignore = python === undefined;

/** Percent of all of a line, with what it calls; 0 if it has no samples. */
function totalOf(html: string, id: string): number {
  const line = new RegExp(`^<div class="l h[^>]* id="${id}">.*$`, "m").exec(html)?.[0] ?? "";
  return Number(/<b class="t">([\d.]+) %<\/b>/.exec(line)?.[1] ?? 0);
}

Deno.test({
  name: "heatmap: two lines have the times that the program measured, and link to what they called",
  ignore,
  fn: async () => {
    await using folder = await temporaryFolder();
    const [json, page, raw] = ["a.pyspy.json", "a.html", "a.txt"].map((name) => join(folder.path, name)) as [
      string,
      string,
      string,
    ];
    const program = await liveCommand(python!, "hot_lines.py", ["100"]);
    const recorded = await pyspy(["record", "-r", "200", "-o", json, "--", ...program]);
    assert.equal(recorded.code, 0, recorded.stderr);
    const spent: Record<string, number> = JSON.parse(recorded.stdout.trim().split("\n").at(-1)!);
    const reported = await pyspy(["report", json, "--heatmap", page, "-o", raw]);
    assert.equal(reported.code, 0, reported.stderr);
    assert.equal(reported.stdout, "");
    assert.match(reported.stderr, /^Wrote heatmap to .*a\.html/m);
    assert.match(reported.stderr, /^Wrote raw to .*a\.txt$/m);

    const html = Deno.readTextFileSync(page).replaceAll("<wbr>", "");
    const path = program.at(-2)!;
    const number = new RegExp(`<a href="#f(\\d+)">${path}</a>`).exec(html)?.[1];
    assert.ok(number !== undefined, `${path} is not in the index`);
    const source = Deno.readTextFileSync(path).split("\n");
    const lineOf = (text: string) => source.findIndex((line) => line.startsWith(text)) + 1;
    // All that the module does after it has been loaded, which some per cent of the time may be before.
    const whole = totalOf(html, `f${number}-L${lineOf("main(int(")}`);
    assert.ok(whole > 50, `${whole} %`);
    const sum = Object.values(spent).reduce((a, b) => a + b, 0);
    assert.equal(Object.keys(spent).length, 2);
    for (const [line, seconds] of Object.entries(spent)) {
      const share = 100 * totalOf(html, `f${number}-L${line}`) / whole;
      assert.ok(
        Math.abs(share - 100 * seconds / sum) < 8,
        `line ${line}: ${share} % for ${seconds} of ${sum} s`,
      );
      assert.ok(html.includes(`<code>${source[Number(line) - 1]}</code>`), `line ${line} has no text`);
    }
    // What the lines called, and who called those.
    const direct = Object.keys(spent)[0]!;
    const row = new RegExp(`^.* id="f${number}-L${direct}">.*$`, "m").exec(html)![0];
    const inSpin = `(?:${lineOf("    end =")}|${lineOf("    while ")})`;
    assert.match(row, new RegExp(`calls</span><b>[^<]*</b><a href="#f${number}-L${inSpin}">spin \\(`));
    const loop = new RegExp(`^.* id="f${number}-L${lineOf("    while ")}">.*$`, "m").exec(html)![0];
    assert.match(loop, new RegExp(`called by</span><b>[^<]*</b><a href="#f${number}-L${direct}">main \\(`));
    assert.match(loop, new RegExp(`<a href="#f${number}-L${lineOf("    spin(")}">through \\(`));
  },
});

Deno.test("heatmap: to stdout, over an earlier file, and where it cannot be written", async () => {
  await using folder = await temporaryFolder();
  const [profile, page] = [join(folder.path, "a.txt"), join(folder.path, "a.html")];
  Deno.writeTextFileSync(profile, "main (app.py:3);f (/etc/passwd:1) 5\n");
  Deno.writeTextFileSync(page, "what was there before");
  const written = await pyspy(["report", profile, "--heatmap", page]);
  assert.equal(written.code, 0, written.stderr);
  const html = Deno.readTextFileSync(page);
  assert.match(html, /^<!DOCTYPE html>/);
  assert.doesNotMatch(html, /root:/);
  assert.match(written.stderr, /; 2 of 2 files are shown without their text$/m);
  const piped = await pyspy(["report", profile, "--heatmap", "-"]);
  assert.equal(piped.stdout, html);
  const missing = await pyspy(["report", profile, "--heatmap", join(folder.path, "none", "a.html")]);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /^Error: Cannot write '.*a\.html': the folder .* does not exist\nTry: /);
  // None of two is written where one cannot be.
  const half = await pyspy([
    "report",
    profile,
    "--heatmap",
    join(folder.path, "b.html"),
    "-o",
    "/nonexistent/b.svg",
  ]);
  assert.equal(half.code, 1);
  for (const others of [["-o", page], ["-o", `${folder.path}/./a.html`]]) {
    const twice = await pyspy(["report", profile, "--heatmap", page, ...others]);
    assert.equal(twice.code, 2);
    assert.match(twice.stderr, /is given twice/);
  }
  assert.equal((await pyspy(["report", profile, "--heatmap", "-", "-f", "raw"])).code, 2);
  assert.equal(Deno.readTextFileSync(page), html);
  assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name).sort(), ["a.html", "a.txt"]);
});
