/** Processes and those that they start: none is missed, none ends the recording, each is shown apart. */
import assert from "node:assert/strict";
import { ensureVenv } from "../../scripts/pythons.ts";
import { warnSkipped } from "../helpers.ts";
import {
  liveCommand,
  parseCounts,
  parseFolded,
  pyspy,
  python,
  startProgram,
  startReady,
  temporaryFolder,
} from "./programs.ts";

const ignore = python === undefined;

/** Samples by process. Shape: the text of the process's frame. */
function processesIn(folded: string): Map<string, { functions: Set<string>; count: number }> {
  const found = new Map<string, { functions: Set<string>; count: number }>();
  for (const { frames, count } of parseFolded(folded)) {
    assert.match(frames[0]!, /^process \d+: "/);
    const one = found.get(frames[0]!) ?? { functions: new Set(), count: 0 };
    for (const frame of frames.slice(1)) one.functions.add(frame.replace(/ \(.*$/, ""));
    one.count += count;
    found.set(frames[0]!, one);
  }
  return found;
}

const RECORD = ["record", "-s", "-F", "-f", "raw", "-o", "-", "-r", "200"];

for (const method of ["fork", "spawn", "forkserver"]) {
  Deno.test({
    name: `tree: a pool of processes, started by ${method}, each apart; what is no Python is skipped`,
    ignore,
    fn: async () => {
      await using target = await startProgram(python!, "pool.py", [method]);
      const { code, stdout, stderr } = await pyspy([...RECORD, "-d", "3", "-p", `${target.pid}`]);
      assert.equal(code, 0, stderr);
      assert.equal(parseCounts(stderr).errors, 0, stderr);
      const processes = processesIn(stdout);
      const workers = [...processes.values()].filter(({ functions }) => functions.has("in_worker"));
      assert.equal(workers.length, 3, stdout);
      assert.ok([...processes.keys()].every((label) => !label.includes("sleep")), stdout);
    },
  });
}

Deno.test({
  name: "tree: programs that a shell becomes, each found at once",
  ignore,
  fn: async () => {
    await using folder = await temporaryFolder();
    const file = `${folder.path}/a.txt`;
    const program = await liveCommand(python!, "launcher.py");
    const record = ["record", "-s", "-F", "-f", "raw", "-o", file, "-r", "200", "--", ...program];
    const recording = pyspy(record);
    const { code, stderr } = await recording;
    assert.equal(code, 0, stderr);
    const counts = parseCounts(stderr);
    assert.equal(counts.errors, 0, stderr);
    const processes = processesIn(await Deno.readTextFile(file));
    const started = [...processes].filter(([label]) => label.includes("time.time"));
    // Each lives for half a second and a little; what is lost of it is the time until it is found.
    assert.equal(started.length, 5, [...processes.keys()].join("\n"));
    const longest = Math.max(...started.map(([, { count }]) => count));
    assert.ok(longest >= 80, `${longest} samples of one that lives for 100`);
  },
});

Deno.test("tree: a program without any Python ends as it would alone, and the picture is empty", async () => {
  await using folder = await temporaryFolder();
  for (const [program, code] of [["true", 0], ["sh -c 'sleep 0.2; exit 3'", 3]] as const) {
    const args = ["record", "-s", "-o", `${folder.path}/a.svg`, "--", "sh", "-c", `exec ${program}`];
    const outcome = await pyspy(args);
    assert.equal(outcome.code, code, outcome.stderr);
    assert.match(outcome.stderr, /No process of the tree ran Python/);
  }
});

Deno.test({
  name: "tree: equal stacks of all processes as one, and all stacks of all processes in a dump",
  ignore,
  fn: async () => {
    await using target = await startProgram(python!, "pool.py", ["fork"]);
    const merged = await pyspy([...RECORD, "--merge-processes", "-d", "1", "-p", `${target.pid}`]);
    assert.equal(merged.code, 0, merged.stderr);
    const stacks = parseFolded(merged.stdout);
    assert.ok(stacks.every(({ frames }) => !frames[0]!.startsWith("process ")), merged.stdout);
    assert.ok(stacks.some(({ frames }) => frames.some((frame) => frame.startsWith("in_worker"))));

    const dump = await pyspy(["dump", "-s", "--json", "-p", `${target.pid}`]);
    assert.equal(dump.code, 0, dump.stderr);
    const { schema, processes } = JSON.parse(dump.stdout);
    assert.equal(schema, "pyspy-dump-tree");
    assert.equal(processes[0].process.pid, target.pid);
    const working = processes.filter((one: { threads: { frames: { name: string }[] }[] }) =>
      one.threads.some(({ frames }) => frames.some(({ name }) => name === "in_worker"))
    );
    assert.ok(working.length >= 2 && processes.length === 4, dump.stdout);
    const text = await pyspy(["dump", "-s", "-p", `${target.pid}`]);
    assert.equal(text.stdout.match(/^Process \d+: /gm)?.length, 4, text.stdout);
  },
});

Deno.test({
  name: "ps lists the processes that run Python, and -p finds one by its name",
  ignore,
  fn: async () => {
    await using target = await startProgram(python!, "idle.py", ["--name=so-called"]);
    const { code, stdout, stderr } = await pyspy(["ps", "--json"]);
    assert.equal(code, 0, stderr);
    const { processes } = JSON.parse(stdout);
    const found = processes.find(({ pid }: { pid: number }) => pid === target.pid);
    assert.equal(found?.python_version, python!.version);
    assert.equal(found.command.at(-1), "--name=so-called");
    assert.match((await pyspy(["ps"])).stdout, new RegExp(`^ *${target.pid} +${python!.version} `, "m"));
    const dump = await pyspy(["dump", "-p", "SO-CALLED"]);
    assert.match(dump.stdout, new RegExp(`^Process ${target.pid}: `), dump.stderr);

    await using other = await startProgram(python!, "idle.py", ["--name=so-called"]);
    const several = await pyspy(["dump", "-p", "so-called"]);
    assert.equal(several.code, 2);
    assert.match(several.stderr, new RegExp(`2 processes .*${other.pid}`));
    const none = await pyspy(["dump", "-p", "no such name"]);
    assert.equal(none.code, 4);
    assert.match(none.stderr, /no Python process with 'no such name'.*\nTry: .*pyspy ps/);
  },
});

const server = python === undefined ? undefined : await ensureVenv(python, ["gunicorn"]);
if (server === undefined) warnSkipped("tree: gunicorn cannot be installed");

Deno.test({
  name: "tree: a server whose workers are killed and started again: each living one is sampled, no errors",
  ignore: server === undefined,
  fn: async () => {
    await using folder = await temporaryFolder();
    await Deno.writeTextFile(
      `${folder.path}/application.py`,
      "def application(environ, start_response):\n    start_response('200 OK', [])\n    return [b'']\n",
    );
    await Deno.writeTextFile(
      `${folder.path}/gunicorn.conf.py`,
      "import threading\n" +
        "def burn():\n    while True: sum(range(1000))\n" +
        "def post_fork(server, worker):\n    threading.Thread(target=burn, daemon=True).start()\n" +
        "def when_ready(server):\n    print('ready', flush=True)\n",
    );
    const options = [
      "-c",
      `${folder.path}/gunicorn.conf.py`,
      "--chdir",
      folder.path,
      "--preload",
      "-w",
      "4",
      "-b",
      `unix:${folder.path}/socket`,
      "--log-level",
      "critical",
    ];
    await using target = await startReady([server!, "-m", "gunicorn", ...options, "application"]);
    const children = async () => {
      const task = `/proc/${target.pid}/task/${target.pid}/children`;
      return (await Deno.readTextFile(task)).trim().split(" ").filter((pid) => pid !== "").map(Number);
    };
    const seen = new Set<number>();
    let isOver = false;
    const disturbing = (async () => {
      while (!isOver) {
        const workers = await children();
        for (const pid of workers) seen.add(pid);
        // The eldest has had its time.
        if (workers.length === 4) Deno.kill(workers[0]!, "SIGKILL");
        await new Promise((resolve) => setTimeout(resolve, 700));
      }
    })();
    const { code, stdout, stderr } = await pyspy([...RECORD, "-d", "4", "-p", `${target.pid}`]);
    isOver = true;
    await disturbing;
    target.kill("SIGTERM");
    await target.status;
    assert.equal(code, 0, stderr);
    assert.equal(parseCounts(stderr).errors, 0, stderr);
    const processes = processesIn(stdout);
    const sampled = new Set([...processes.keys()].map((label) => Number(/\d+/.exec(label)![0])));
    const missing = [...seen].filter((pid) => !sampled.has(pid));
    assert.ok(seen.size >= 7, `${seen.size} workers`);
    // The first to be killed may have ended before the recording began, the last have begun after its end.
    assert.ok(missing.length <= 2, `${missing} of ${[...seen]} are missing`);
  },
});
