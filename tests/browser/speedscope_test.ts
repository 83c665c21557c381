/** Our speedscope files in speedscope's own web page. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import type { SpeedscopeFile } from "../../src/render/speedscope.ts";
import { runPyspy, warnSkipped } from "../helpers.ts";
import { python, temporaryFolder } from "../live/programs.ts";
import { launchBrowser } from "./page.ts";

const TYPES: Record<string, string> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

/** Two threads that are each seen in functions of their own. */
const PROGRAM = `
import threading, time
def until(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end: pass
def first(): until(1)
def second(): until(2)
thread = threading.Thread(target=second, name="other"); thread.start()
first(); thread.join()
`;

/** Serves the page and one file. @returns its address. */
function serve(file: Uint8Array<ArrayBuffer>) {
  const page = join(
    dirname(createRequire(import.meta.url).resolve("speedscope/package.json")),
    "dist",
    "release",
  );
  return Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async ({ url }) => {
    const path = new URL(url).pathname;
    if (path === "/profile.json") return new Response(file);
    try {
      const type = TYPES[extname(path)] ?? "application/octet-stream";
      return new Response(await Deno.readFile(join(page, path)), { headers: { "content-type": type } });
    } catch {
      return new Response(null, { status: 404 });
    }
  });
}

/** Milliseconds of each function of a profile, as the page shows them: total and self. */
function timesOf({ shared, profiles }: SpeedscopeFile, index: number): Map<string, [number, number]> {
  const times = new Map<string, [number, number]>();
  const { samples, weights } = profiles[index]!;
  samples.forEach((frames, i) => {
    const names = frames.map((frame) => shared.frames[frame]!.name);
    for (const name of new Set(names)) {
      const [total, self] = times.get(name) ?? [0, 0];
      const own = name === names.at(-1) ? weights[i]! : 0;
      times.set(name, [total + 1000 * weights[i]!, self + 1000 * own]);
    }
  });
  return times;
}

/** The rows of the page's table. Shape: "300.00ms (86%)", the same of the function alone, its name. */
function rowsIn(text: string): Map<string, [string, string]> {
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  const rows = new Map<string, [string, string]>();
  for (let i = lines.findIndex((line) => line.startsWith("Total")) + 1; i + 2 < lines.length; i += 3) {
    rows.set(lines[i + 2]!, [lines[i]!, lines[i + 1]!]);
  }
  return rows;
}

function milliseconds(text: string): number {
  const [, amount, unit] = /^([\d.]+)(s|ms|µs|ns) /.exec(text) ?? [];
  return Number(amount) * { s: 1000, ms: 1, µs: 1e-3, ns: 1e-6 }[unit as "s"];
}

Deno.test({
  name: "speedscope's own page shows the times of each thread",
  ignore: launchBrowser === undefined || python === undefined,
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "profile.json");
    const outcome = await runPyspy(
      ["record", "-f", "speedscope", "-o", path, "--", ...python!.command, "-c", PROGRAM],
    );
    assert.equal(outcome.code, 0, outcome.stderr);
    const bytes = await Deno.readFile(path);
    const file: SpeedscopeFile = JSON.parse(new TextDecoder().decode(bytes));
    const server = serve(bytes);
    const browser = await launchBrowser!();
    try {
      const at = `http://127.0.0.1:${server.addr.port}`;
      const page = await browser.newPage();
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(error.message));
      await page.goto(`${at}/index.html#profileURL=${encodeURIComponent(`${at}/profile.json`)}`);
      const { profiles, activeProfileIndex } = file;
      assert.equal(profiles.length, 2);
      const seen = [];
      for (const index of [activeProfileIndex, 1 - activeProfileIndex]) {
        await page.getByText(`${profiles[index]!.name} (${index + 1}/2)`, { exact: true }).waitFor();
        await page.getByText("Sandwich").click();
        await page.getByText("Symbol Name").waitFor();
        const rows = rowsIn(await page.evaluate("document.body.innerText"));
        const known = timesOf(file, index);
        const shown = [...known].filter(([name]) => ["first", "second", "until"].includes(name));
        for (const [name, [total, self]] of shown) {
          seen.push(name);
          const row = rows.get(name) ?? ["", ""];
          assert.ok(Math.abs(milliseconds(row[0]) - total) <= total / 100, `${name}: ${row} for ${total}`);
          assert.ok(Math.abs(milliseconds(row[1]) - self) <= self / 100, `${name}: ${row} for ${self}`);
        }
        // To the other thread.
        await page.keyboard.press(index === 0 ? "n" : "p");
      }
      assert.deepEqual(seen.toSorted(), ["first", "second", "until", "until"]);
      assert.deepEqual(errors, []);
    } finally {
      await browser.close();
      await server.shutdown();
    }
  },
});

if (python === undefined) warnSkipped("no Python: speedscope's page was NOT tested");
