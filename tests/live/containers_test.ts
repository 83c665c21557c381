/** Targets in namespaces of their own, as containers have them, and pyspy itself in such. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { placeFolder } from "../../scripts/pythons.ts";
import type { Python } from "../../scripts/pythons.ts";
import type { DumpJson } from "../../src/render/dump_json.ts";
import { covering, lacksAllBut } from "../covers.ts";
import { canRun, PROGRAMS, runCommand, warnSkipped } from "../helpers.ts";
import { differences } from "../truth.ts";
import type { Report } from "../truth.ts";
import {
  allPythons,
  denoCacheFor,
  parseFolded,
  pyspy,
  python,
  startProgram,
  startReady,
} from "./programs.ts";
import { temporaryFolder } from "./programs.ts";

/** As `podman` and `docker` start a program: all ids, mounts and users are its own. */
const CONTAINER = [
  "unshare",
  "--mount",
  "--pid",
  "--user",
  "--map-root-user",
  "--fork",
  "--mount-proc",
  "--kill-child",
];
const MOUNTS = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"];

async function works(command: readonly string[]): Promise<boolean> {
  return (await runCommand(command).catch(() => undefined))?.code === 0;
}

const mayContain = await works([...CONTAINER, "true"]);
const mayMount = await works([...MOUNTS, "sh", "-c", "mount -t tmpfs tmpfs /mnt"]);
if (!mayContain) warnSkipped("targets in containers: unshare is not permitted");
if (!mayMount) warnSkipped("targets with mounts of their own: mounting is not permitted");

/** The one process that a wrapper has started. */
async function childOf(pid: number): Promise<number> {
  const children = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`);
  assert.match(children, /^\d+ $/);
  return Number(children);
}

/** Ids in a process's own namespace to ours, as the kernel tells them. */
async function idsOf(pid: number): Promise<Map<number, number>> {
  const ids = new Map<number, number>();
  for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
    const status = await Deno.readTextFile(`/proc/${pid}/task/${name}/status`);
    ids.set(Number(/^NSpid:.*\s(\d+)$/m.exec(status)![1]), Number(name));
  }
  return ids;
}

/** The report of a program in a container, with the ids that it has outside. */
function asSeenFromHere(report: Report, pid: number, ids: ReadonlyMap<number, number>): Report {
  const threads = report.threads.map((thread) => ({
    ...thread,
    native_id: thread.native_id === null ? null : ids.get(thread.native_id)!,
  }));
  return { ...report, pid, threads };
}

/** One of each way in which the kernel's id of a thread is found, and one under chroot. */
function representatives(): Python[] {
  const newest = allPythons.findLast(({ root }) => root === undefined);
  const old = allPythons.findLast(({ minor, root }) => root === undefined && /^3\.([89]|10)$/.test(minor));
  const inRoot = allPythons.findLast(({ root }) => root !== undefined);
  return [old, newest, inRoot].filter((one) => one !== undefined);
}

lacksAllBut("container", mayContain ? representatives().map(({ minor }) => minor) : []);
for (const one of representatives()) {
  const cells = { version: one.minor, build: "container" };
  for (const program of ["thread_names.py", "generators.py"].filter((name) => canRun(one.minor, name))) {
    covering({ ...cells, modes: ["dump", "locals"] })({
      name: `containers: ids are ours and stacks true, ${program}, Python ${one.label}`,
      ignore: !mayContain,
      fn: async () => {
        const folder = await placeFolder(one, PROGRAMS);
        await using outer = await startReady([...CONTAINER, ...one.command, join(folder, program)]);
        const report: Report = JSON.parse(outer.firstLine);
        const pid = await childOf(outer.pid);
        const ids = await idsOf(pid);
        assert.equal(ids.get(report.pid), pid);
        assert.notEqual(report.pid, pid);

        const { code, stdout, stderr } = await pyspy(["dump", "-lll", "--json", "-p", `${pid}`]);
        assert.equal(code, 0, stderr);
        const dump: DumpJson = JSON.parse(stdout);
        assert.deepEqual(differences(asSeenFromHere(report, pid, ids), dump), []);
        assert.equal(dump.process.inner_pid, report.pid);
        const text = (await pyspy(["dump", "-p", `${pid}`])).stdout;
        assert.ok(text.startsWith(`Process ${pid} (pid ${report.pid} in its namespace): `), text);
      },
    });
  }

  covering({ ...cells, modes: ["record"] })({
    name: `containers: record knows who computes and who sleeps, Python ${one.label}`,
    ignore: !mayContain,
    fn: async () => {
      const folder = await placeFolder(one, join(PROGRAMS, "live"));
      await using outer = await startReady([...CONTAINER, ...one.command, join(folder, "two_threads.py")]);
      const pid = await childOf(outer.pid);
      const args = ["record", "-p", `${pid}`, "-d", "1", "-F", "-t", "-f", "raw", "-o", "-"];
      const { code, stdout, stderr } = await pyspy(args);
      assert.equal(code, 0, stderr);
      assert.match(
        stderr,
        new RegExp(`^Sampling process ${pid} \\(pid 1 in its namespace\\) 100 times`, "m"),
      );
      const stacks = parseFolded(stdout);
      assert.ok(stacks.length > 0);
      for (const { frames } of stacks) {
        assert.ok(frames.some((frame) => /\bwork\b/.test(frame)), `not the one that computes: ${frames}`);
        assert.ok(frames[0]!.includes("worker one"), `without its name: ${frames}`);
      }
    },
  });
}

Deno.test({
  name: "containers: the interpreter and the sources are files that only the target sees",
  ignore: !mayMount || python === undefined,
  fn: async () => {
    const source = "import sys\\ndef wait():\\n  print('ready', flush=True)\\n  sys.stdin.read()\\n";
    // A package, in a file system that nobody else has mounted, run by a copy of the interpreter that lies there too:
    // layers, as container engines have them, where the kernel allows it.
    const script = `
      prefix=$("$1" -c 'import sys; print(sys.base_prefix)')
      program=$("$1" -c 'import os, sys; print(os.path.realpath(sys.executable))')
      mount -t tmpfs tmpfs /mnt
      mkdir -p /mnt/lower/hidden/deep /mnt/other /mnt/top
      touch /mnt/lower/hidden/__init__.py /mnt/lower/hidden/deep/__init__.py
      printf "${source}" > /mnt/lower/hidden/deep/module.py
      cp "$program" /mnt/lower/interpreter
      mount -t tmpfs tmpfs /mnt/other
      mkdir /mnt/other/upper /mnt/other/work
      mount -t overlay -o lowerdir=/mnt/lower,upperdir=/mnt/other/upper,workdir=/mnt/other/work overlay /mnt/top ||
        mount --bind /mnt/lower /mnt/top
      cd /mnt/top
      PYTHONHOME=$prefix LD_LIBRARY_PATH=$prefix/lib exec /mnt/top/interpreter -c 'import hidden.deep.module as m; m.wait()'`;
    await using outer = await startReady([...MOUNTS, "sh", "-euc", script, "sh", python!.command[0]!]);
    const pid = await childOf(outer.pid);
    await assert.rejects(Deno.stat("/mnt/top/interpreter"), "it must not be there for us");
    const { code, stdout, stderr } = await pyspy(["dump", "-p", `${pid}`]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^ {4}wait \(hidden\/deep\/module\.py:4\)\n {4}<module> \(<string>:1\)$/m);
    const recorded = await pyspy(["record", "-p", `${pid}`, "-i", "-d", "0.5", "-f", "raw", "-o", "-"]);
    assert.match(recorded.stdout, /^<module> \(<string>:1\);wait \(hidden\/deep\/module\.py:4\) \d+$/m);
  },
});

const BUSY = "import time\nwhile time.process_time() < 0.5: pass";

Deno.test({
  name: "containers: root of a user namespace may not read what is outside, and is told so",
  ignore: !mayContain || python === undefined,
  fn: async () => {
    await using target = await startProgram(python!, "idle.py");
    const inside = ["unshare", "--user", "--map-root-user"];
    for (const command of [["dump"], ["record", "-d", "1", "-o", "-"]]) {
      const { code, stdout, stderr } = await pyspy([...command, "-p", `${target.pid}`], { prefix: inside });
      assert.deepEqual([code, stdout], [3, ""], stderr);
      assert.match(stderr, /: it is outside of our user namespace .*\nTry: run pyspy as root on the host\n$/);
    }
    // What is in the same namespace may be read.
    const { code, stdout, stderr } = await pyspy(
      ["record", "-f", "raw", "-o", "-", "--", python!.command[0]!, "-c", BUSY],
      { prefix: inside },
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^<module> \(<string>:2\)/m);
  },
});

for (const [option, expected] of [["1", 3], ["2", 4]] as const) {
  Deno.test({
    name: `containers: a /proc with hidepid=${option} is named as the cause`,
    ignore: !mayMount || python === undefined,
    fn: async () => {
      await using target = await startProgram(python!, "idle.py");
      await using folder = await temporaryFolder();
      const env = await denoCacheFor(folder.path);
      const script = `mount -t proc -o hidepid=${option} proc /proc
        exec setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps +dac_read_search \
          --ambient-caps +dac_read_search "$@"`;
      const prefix = ["unshare", "--mount", "sh", "-euc", script, "sh"];
      const { code, stdout, stderr } = await pyspy(["dump", "-p", `${target.pid}`], { prefix, env });
      assert.deepEqual([code, stdout], [expected, ""], stderr);
      assert.match(stderr, /^Error: Cannot read .*process \d+: .*\/proc is mounted with hidepid/);
      assert.match(stderr, /\nTry: sudo \/.* dump -p \d+\n$/);
    },
  });
}

Deno.test({
  name: "containers: a /proc of another namespace is refused, since its pids are those of others",
  ignore: !mayContain || python === undefined,
  fn: async () => {
    const inside = ["unshare", "--pid", "--user", "--map-root-user", "--fork"];
    const program = [python!.command[0]!, "-c", "sum(i for i in range(3000000))"];
    for (
      const command of [["ps"], ["dump", "-p", "1"], ["record", "-o", "-", "-f", "raw", "--", ...program]]
    ) {
      const { code, stdout, stderr } = await pyspy(command, { prefix: inside });
      assert.deepEqual([code, stdout], [1, ""], stderr);
      assert.match(
        stderr,
        /\/proc is that of another PID namespace than ours\nTry: .*mount -t proc proc \/proc/,
      );
    }
  },
});
