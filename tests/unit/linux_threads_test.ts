import assert from "node:assert/strict";
import { endKeeping, mayKeep } from "../../src/ffi/linux_kept_files.ts";
import { ThreadStates } from "../../src/ffi/linux_threads.ts";

const IS_LINUX = Deno.build.os === "linux";

/** The thread that runs this: it is seen in the very system call that asks for it, which is no wait for a futex. */
function ownThread(): { tasks: string; id: number } {
  const [pid, , id] = Deno.readLinkSync("/proc/thread-self").split("/");
  return { tasks: `/proc/${pid}/task`, id: Number(id) };
}

/** Files that this process has open under a folder. */
function filesUnder(folder: string): string[] {
  return [...Deno.readDirSync("/proc/self/fd")].flatMap(({ name }) => {
    try {
      const path = Deno.readLinkSync(`/proc/self/fd/${name}`);
      return path.startsWith(`${folder}/`) ? [path.slice(folder.length + 1)] : [];
    } catch {
      // The folder's own.
      return [];
    }
  });
}

Deno.test({ name: "files of a thread are kept until it has ended", ignore: !IS_LINUX }, () => {
  const { tasks, id } = ownThread();
  const states = new ThreadStates(tasks);
  assert.deepEqual(filesUnder(tasks), []);
  for (let i = 0; i < 3; i++) assert.equal(states.waitsFor(id), 0);
  assert.deepEqual(filesUnder(tasks).sort(), [`${id}/schedstat`, `${id}/syscall`]);
  states.forget(id);
  assert.deepEqual(filesUnder(tasks), []);
  states.waitsFor(id);
  states.close();
  assert.deepEqual(filesUnder(tasks), []);
});

Deno.test(
  { name: "where no more files may be kept, threads are asked all the same", ignore: !IS_LINUX },
  () => {
    let taken = 0;
    for (let size = 1 << 16; size >= 1; size >>= 1) if (mayKeep(size)) taken += size;
    try {
      assert.ok(taken > 100);
      const { tasks, id } = ownThread();
      const states = new ThreadStates(tasks);
      for (let i = 0; i < 3; i++) assert.equal(states.waitsFor(id), 0);
      assert.deepEqual(filesUnder(tasks), []);
      states.close();
    } finally {
      endKeeping(taken);
    }
    assert.ok(mayKeep(2));
    endKeeping(2);
  },
);
