/** Programs that people profile: a test run, and servers under load. Their packages come from the Python package index. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { ensureVenv } from "../../scripts/pythons.ts";
import { PROGRAMS, warnSkipped } from "../helpers.ts";
import { parseCounts, parseFolded, pyspy, python, startReady, temporaryFolder } from "./programs.ts";

const PACKAGES = ["pytest", "networkx", "tornado", "django"];
const interpreter = python === undefined ? undefined : await ensureVenv(python, PACKAGES);
if (interpreter === undefined) {
  warnSkipped("real programs: there is no Python on the host, or pip cannot install packages");
}
const ignore = interpreter === undefined;

interface Stack {
  /** Shape: names root first. */
  readonly names: string[];
  readonly count: number;
}

function stacksIn(folded: string): Stack[] {
  return parseFolded(folded).map(({ frames, count }) => ({
    names: frames.map((frame) => frame.replace(/ \(.*$/, "")),
    count,
  }));
}

/** Share of the samples whose stack holds these names in this order. */
function shareOf(stacks: readonly Stack[], ...wanted: string[]): number {
  let all = 0;
  let matching = 0;
  for (const { names, count } of stacks) {
    all += count;
    let found = 0;
    for (const name of names) if (name === wanted[found]) found++;
    if (found === wanted.length) matching += count;
  }
  return matching / all;
}

/** Loads a page over and over, two at a time, while `work` goes on. */
async function underLoad<T>(url: string, work: () => Promise<T>): Promise<{ result: T; pages: number }> {
  let isOver = false;
  let pages = 0;
  const load = async () => {
    while (!isOver) {
      const response = await fetch(url);
      assert.match(await response.text(), /<td>/);
      pages++;
    }
  };
  const loads = [load(), load()];
  try {
    return { result: await work(), pages };
  } finally {
    isOver = true;
    await Promise.all(loads);
  }
}

Deno.test({
  name: "real programs: pytest runs a package's tests",
  ignore,
  fn: async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, "a.txt");
    const tests = [
      "-m",
      "pytest",
      "-q",
      "-p",
      "no:cacheprovider",
      "--pyargs",
      "networkx.algorithms.tests.test_dag",
    ];
    const { code, stdout, stderr } = await pyspy([
      "record",
      "-r",
      "200",
      "-o",
      file,
      "--",
      interpreter!,
      ...tests,
    ], {
      cwd: folder.path,
      env: { PYTHONDONTWRITEBYTECODE: "" },
    });
    assert.equal(code, 0, stderr + stdout);
    assert.match(stdout, /\d+ passed/);
    assert.equal(parseCounts(stderr).errors, 0, stderr);
    const stacks = stacksIn(await Deno.readTextFile(file));
    assert.ok(shareOf(stacks, "_run_module_as_main") > 0.9, stderr);
    const running = shareOf(stacks, "_run_module_as_main", "pytest_runtestloop", "runtestprotocol");
    assert.ok(running > 0.05 && running < 1, `${running}`);
    assert.ok(
      stacks.some(({ names }) => names.some((name) => name.includes("test_"))),
      "no test function is in the profile",
    );
  },
});

/** How the servers are recorded: folded functions on stdout. */
const RECORD_SERVER = ["-d", "2", "-r", "200", "-F", "-o", "-", "-f", "raw"];

Deno.test({
  name: "real programs: a Tornado server under load",
  ignore,
  fn: async () => {
    await using server = await startReady([interpreter!, join(PROGRAMS, "live", "tornado_server.py")]);
    const { result, pages } = await underLoad(server.firstLine, async () => {
      return await pyspy(["record", "-p", `${server.pid}`, ...RECORD_SERVER]);
    });
    assert.equal(result.code, 0, result.stderr);
    assert.ok(pages > 0);
    assert.equal(parseCounts(result.stderr).errors, 0);
    const stacks = stacksIn(result.stdout);
    const rendering = shareOf(stacks, "Runner.run", "BaseEventLoop.run_forever", "Page.get", "render_page");
    assert.ok(rendering > 0.5, `${rendering}: ${result.stderr}`);
    const inLoop = shareOf(stacks, "BaseEventLoop.run_forever", "BaseEventLoop._run_once");
    assert.ok(inLoop > 0.9, `${inLoop}: ${result.stderr}`);
  },
});

Deno.test({
  name: "real programs: Django's runserver under load, thread by thread",
  ignore,
  fn: async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    await using server = await startReady([
      interpreter!,
      join(PROGRAMS, "live", "django_server.py"),
      `${port}`,
    ]);
    const url = `http://127.0.0.1:${port}/`;
    while (!await fetch(url).then((response) => response.text().then(() => response.ok), () => false)) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { result } = await underLoad(url, async () => {
      return await pyspy(["record", "-p", `${server.pid}`, "-t", ...RECORD_SERVER]);
    });
    assert.equal(result.code, 0, result.stderr);
    assert.equal(parseCounts(result.stderr).errors, 0);
    const stacks = stacksIn(result.stdout);
    const rendering = shareOf(stacks, "list_rows", "Template.render", "ForNode.render");
    assert.ok(rendering > 0.4, `${rendering}: ${result.stderr}`);
    // Each request has a thread of its own, most of them too short-lived to be asked for its name.
    const listing = parseFolded(result.stdout).filter(({ frames }) =>
      frames.some((one) => one.startsWith("list_rows "))
    );
    const threads = new Set(listing.map(({ frames }) => frames[0]));
    assert.ok(threads.size > 1, `${[...threads]}`);
    assert.ok(!stacks.some(({ names }) => names.includes("list_rows") && names.includes("end_with_stdin")));
  },
});
