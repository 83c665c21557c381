/** One recording in every format, each read by the tool that it is for: processes and threads stay apart, totals agree. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { runCommand, warnSkipped } from "../helpers.ts";
import { allPythons, parseFolded, pyspy, python, startProgram, temporaryFolder } from "./programs.ts";

const ignore = python === undefined;
const goVersion = await runCommand(["go", "version"]).catch(() => undefined);
if (goVersion === undefined) warnSkipped("formats: no Go, so pprof's own reader is not asked");

const NAMES = [
  "a.txt",
  "a.json",
  "a.pyspy.json",
  "a.trace.json",
  "a.firefox.json",
  "a.pb.gz",
  "a.pstats",
  "a.md",
  "a.svg",
];

/** Who the target says it is. Shape: function to "pid tid". */
function placesOf(firstLine: string): Map<string, string> {
  const reports: [number, number, Record<string, number>][] = JSON.parse(firstLine);
  return new Map(
    reports.flatMap(([process, pid, ids]) =>
      Object.entries(ids).map(([name, tid]) => [`p${process}_${name}`, `${pid} ${tid}`] as const)
    ),
  );
}

async function recordTree(folder: string) {
  await using target = await startProgram(python!, "tree_of_threads.py");
  const outputs = NAMES.flatMap((name) => ["-o", join(folder, name)]);
  const record = ["record", "-s", "-i", "-F", "-r", "200", "-d", "2", "-p", `${target.pid}`, ...outputs];
  const { code, stderr } = await pyspy(record);
  assert.equal(code, 0, stderr);
  for (const name of NAMES) assert.match(stderr, new RegExp(`Wrote \\w+ to .*${name}`));
  return placesOf(target.firstLine);
}

/** Seconds or samples of each of the functions that belong to one thread, by where they were seen. */
class Seen {
  readonly amounts = new Map<string, number>();

  add(functions: readonly string[], place: string, amount: number): void {
    for (const name of new Set(functions)) {
      const key = `${name} ${place}`;
      if (/^p\d_/.test(name)) this.amounts.set(key, (this.amounts.get(key) ?? 0) + amount);
    }
  }

  check(expected: ReadonlyMap<string, string>, format: string): void {
    const places = new Map([...this.amounts.keys()].map((key) => {
      const [name, ...place] = key.split(" ");
      return [name!, place.join(" ")];
    }));
    assert.deepEqual(new Map([...places].sort()), new Map([...expected].sort()), format);
    assert.equal(this.amounts.size, 12, `${format}: a function was seen in two places`);
  }
}

Deno.test({
  name:
    "formats: four processes of three threads, each function in its own process and thread, in every format",
  ignore,
  fn: async () => {
    await using folder = await temporaryFolder();
    const places = await recordTree(folder.path);
    const text = (name: string) => Deno.readTextFile(join(folder.path, name));

    const json = new Seen();
    const own = JSON.parse(await text("a.pyspy.json"));
    for (const { thread, frames, count } of own.stacks) {
      const { pid, os_thread_id: tid } = own.threads[thread];
      json.add(frames.map((index: number) => own.frames[index].name), `${pid} ${tid}`, count);
    }
    json.check(places, "json");

    const chrome = new Seen();
    const open = new Map<string, { name: string; ts: number }[]>();
    for (const { ph, pid, tid, ts, name } of JSON.parse(await text("a.trace.json")).traceEvents) {
      const stack = open.get(`${pid} ${tid}`) ?? [];
      open.set(`${pid} ${tid}`, stack);
      if (ph === "B") stack.push({ name, ts });
      if (ph !== "E") continue;
      const bar = stack.pop()!;
      chrome.add([bar.name], `${pid} ${tid}`, (ts - bar.ts) / 5000);
    }
    chrome.check(places, "chrometrace");

    const firefox = new Seen();
    const { shared, threads } = JSON.parse(await text("a.firefox.json"));
    for (const { pid, tid, samples } of threads) {
      samples.stack.forEach((stack: number | null, i: number) => {
        const names: string[] = [];
        for (let at = stack; at !== null; at = shared.stackTable.prefix[at]) {
          const func = shared.frameTable.func[shared.stackTable.frame[at]];
          names.push(shared.stringArray[shared.funcTable.name[func]]);
        }
        firefox.add(names, `${pid} ${tid}`, samples.weight[i]);
      });
    }
    firefox.check(places, "firefox");

    const speedscope = new Seen();
    const file = JSON.parse(await text("a.json"));
    for (const { name, samples, weights } of file.profiles) {
      const [, pid, tid] = /^Process (\d+) Thread (\d+)/.exec(name)!;
      samples.forEach((frames: number[], i: number) => {
        const names = frames.map((index) => file.shared.frames[index].name);
        speedscope.add(names, `${pid} ${tid}`, Math.round(weights[i] * 200));
      });
    }
    speedscope.check(places, "speedscope");

    const amounts = (seen: Seen) =>
      new Map([...seen.amounts].map(([key, amount]) => [key, Math.round(amount)]).sort() as never);
    assert.deepEqual(amounts(firefox), amounts(json));
    assert.deepEqual(amounts(speedscope), amounts(json));
    assert.deepEqual(amounts(chrome), amounts(json));

    await checkGo(folder.path, json.amounts);
    await checkPstats(folder.path, json.amounts);
  },
});

/** What the amounts are by function alone. */
function byFunction(amounts: ReadonlyMap<string, number>): Map<string, number> {
  return new Map([...amounts].map(([key, amount]) => [key.split(" ")[0]!, amount] as const).sort());
}

/** The table of `go tool pprof -top` has the same samples for each function, and its labels for each process. */
async function checkGo(folder: string, amounts: ReadonlyMap<string, number>): Promise<void> {
  if (goVersion === undefined) return;
  const path = join(folder, "a.pb.gz");
  const home = { HOME: folder, PPROF_TMPDIR: folder };
  const options = ["-sample_index=samples", "-nodefraction=0", "-edgefraction=0", "-nodecount=1000"];
  const top = await runCommand(["go", "tool", "pprof", "-top", ...options, path], home);
  assert.equal(top.code, 0, top.stderr);
  const cumulative = new Map(
    [...top.stdout.matchAll(/^ *\S+ +\S+ +\S+ +(\d+) +\S+ +(p\d_\w+)$/gm)]
      .map(([, count, name]) => [name!, Number(count)] as const).sort(),
  );
  assert.deepEqual(cumulative, byFunction(amounts), top.stdout);
  const folded = parseFolded(await Deno.readTextFile(join(folder, "a.txt")));
  const total = folded.reduce((sum, { count }) => sum + count, 0);
  assert.match(top.stdout, new RegExp(`of ${total} total`));
  const tags = await runCommand(["go", "tool", "pprof", "-tags", ...options, path], home);
  const byPid = new Map<string, number>();
  for (const { frames, count } of folded) {
    const pid = /^process (\d+):/.exec(frames[0]!)![1]!;
    byPid.set(pid, (byPid.get(pid) ?? 0) + count);
  }
  for (const [pid, count] of byPid) {
    assert.match(tags.stdout, new RegExp(`^ *${count}(?:\\.0)? .*: ${pid}$`, "m"));
  }
}

const READ_PSTATS = `
import json, pstats, sys
stats = pstats.Stats(sys.argv[1])
print(json.dumps([stats.total_tt, [[name, nc, tt, ct] for (_, _, name), (cc, nc, tt, ct, _) in stats.stats.items()]]))
`;

/** Each Python's own pstats reads the file: calls are samples, and times are those of the samples. */
async function checkPstats(folder: string, amounts: ReadonlyMap<string, number>): Promise<void> {
  const path = join(folder, "a.pstats");
  const readers = allPythons.filter((one) => one.root === undefined);
  for (const one of readers) {
    const { code, stdout, stderr } = await runCommand([...one.command, "-c", READ_PSTATS, path]);
    assert.equal(code, 0, `${one.label}: ${stderr}`);
    const [total, functions]: [number, [string, number, number, number][]] = JSON.parse(stdout);
    const calls = new Map(
      functions.filter(([name]) => /^p\d_/.test(name)).map(([name, calls]) => [name, calls] as const).sort(),
    );
    assert.deepEqual(calls, byFunction(amounts), one.label);
    const own = functions.reduce((sum, [, , tt]) => sum + tt, 0);
    assert.ok(Math.abs(own - total) < 1e-6 * total);
    // Twelve threads, and three that watch, for two seconds each.
    assert.ok(total > 15 && total < 40, `${total} s`);
  }
  const shown = await runCommand([
    "sh",
    "-c",
    `printf 'sort tottime\\nstats 3\\ncallers p1_one\\n' | "$@"`,
    "-",
    ...readers.at(-1)!.command,
    "-m",
    "pstats",
    path,
  ]);
  assert.match(shown.stdout, /function calls[^]*p1_one/, shown.stderr);
}
