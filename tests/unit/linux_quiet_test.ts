import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { hierarchiesIn, mayBeLimited } from "../../src/ffi/linux_quiet.ts";

/** A folder with these files, which is removed in the end. */
async function cgroups(files: Record<string, string>) {
  const root = await Deno.makeTempDir();
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(join(root, dirname(path)), { recursive: true });
    await Deno.writeTextFile(join(root, path), text);
  }
  return { root, [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }) };
}

Deno.test("cgroups: a process may be limited by its own and by each around it", async () => {
  await using made = await cgroups({
    "cgroup.procs": "",
    "free/cgroup.procs": "",
    "free/cpu.max": "max 100000\n",
    "free/inner/cgroup.procs": "",
    "tight/cgroup.procs": "",
    "tight/cpu.max": "50000 100000\n",
    "tight/inner/cgroup.procs": "",
    "tight/inner/cpu.max": "max 100000\n",
  });
  const mounts = `30 23 0:28 / ${made.root} rw,relatime shared:9 - cgroup2 cgroup2 rw\n`;
  const hierarchies = hierarchiesIn(mounts);
  assert.deepEqual(hierarchies, { cpu: undefined, unified: made.root });
  const isLimited = (path: string) => mayBeLimited(`0::${path}\n`, hierarchies);
  assert.deepEqual(["/", "/free", "/free/inner"].map(isLimited), [false, false, false]);
  assert.deepEqual(["/tight", "/tight/inner"].map(isLimited), [true, true]);
  assert.deepEqual(["/gone", "/../elsewhere"].map(isLimited), [true, true], "nothing is known of these");
  assert.equal(mayBeLimited("", hierarchies), true);
  assert.equal(mayBeLimited("0::/\n", hierarchiesIn("")), true);
});

Deno.test("cgroups of version 1: the hierarchy with the processor's limits counts", async () => {
  await using made = await cgroups({
    "cpu/cgroup.procs": "",
    "cpu/release_agent": "",
    "cpu/free/cpu.cfs_quota_us": "-1\n",
    "cpu/tight/cpu.cfs_quota_us": "20000\n",
    "unified/cgroup.procs": "",
  });
  const hierarchies = hierarchiesIn([
    `32 31 0:29 / ${made.root}/cpu rw - cgroup cgroup rw,cpu,cpuacct`,
    `41 31 0:38 / ${made.root}/unified rw - cgroup2 cgroup2 rw`,
  ].join("\n"));
  const isLimited = (path: string) =>
    mayBeLimited(`4:memory:/tight\n2:cpu,cpuacct:${path}\n0::/\n`, hierarchies);
  assert.deepEqual(["/", "/free", "/tight", "/gone"].map(isLimited), [false, false, true, true]);
});

Deno.test("cgroups: in a container nothing is known of limits outside of it", async () => {
  await using made = await cgroups({ "cgroup.procs": "", "cgroup.type": "domain\n", "cpu/cgroup.procs": "" });
  const mounts = [
    `30 23 0:28 / ${made.root} rw - cgroup2 cgroup2 rw`,
    `32 31 0:29 / ${made.root}/cpu rw - cgroup cgroup rw,cpu`,
    `33 31 0:29 /docker/1 ${made.root} rw - cgroup2 cgroup2 rw`,
  ].join("\n");
  assert.deepEqual(hierarchiesIn(mounts), { cpu: undefined, unified: undefined });
  assert.equal(mayBeLimited("0::/\n", hierarchiesIn(mounts)), true);
});
