/**
 * The standard streams of a program that we start: ours, or kept away from our terminal.
 *
 * Source: posix_spawn_file_actions_addopen(3), pipe(2), fcntl(2).
 */
import { cString, libc } from "./linux_libc.ts";
import { asUser } from "./linux_user.ts";
import type { InvokingUser } from "./linux_user.ts";
import type { ChildStreams } from "./process.ts";
import { ProfilerError } from "../errors.ts";

/** `sizeof(posix_spawn_file_actions_t)` is 80 in glibc. */
const ACTIONS_SIZE = 256;
const O_CLOEXEC = 0o2000000;
const O_WRITE_NEW = 0o1 | 0o100 | 0o1000 | 0o2000;
const MODE = 0o666;
const F_SETPIPE_SZ = 1031;
/** A program that prints much must not wait for us. Units: bytes. */
const PIPE_SIZE = 1 << 20;

/** File actions for `posix_spawn`, and what is to be done after it. */
export interface SpawnFiles {
  readonly actions: Uint8Array<ArrayBuffer> | null;
  /** The reading end of what the program prints, if we keep it. Closes our copy of the other end. */
  opened(): Deno.FsFile | undefined;
}

/** @throws ProfilerError `failure` when the file for the program's output cannot be written. */
export function spawnFiles(streams: ChildStreams, user: InvokingUser | undefined): SpawnFiles {
  if (streams === "inherit") return { actions: null, opened: () => undefined };
  const actions = new Uint8Array(ACTIONS_SIZE);
  const call = libc();
  call.posix_spawn_file_actions_init(actions);
  call.posix_spawn_file_actions_addopen(actions, 0, cString("/dev/null"), 0, 0);
  if (streams === "keep") return { actions, opened: pipeFor(actions) };
  tryToOpen(streams.path, user);
  call.posix_spawn_file_actions_addopen(actions, 1, cString(streams.path), O_WRITE_NEW, MODE);
  call.posix_spawn_file_actions_adddup2(actions, 1, 2);
  return { actions, opened: () => undefined };
}

function pipeFor(actions: Uint8Array<ArrayBuffer>): () => Deno.FsFile {
  const ends = new Int32Array(2);
  const call = libc();
  if (call.pipe2(new Uint8Array(ends.buffer), O_CLOEXEC) !== 0) {
    throw new ProfilerError("failure", "Cannot keep the program's output: the system refused a pipe");
  }
  const [readEnd, writeEnd] = [ends[0]!, ends[1]!];
  call.fcntl(writeEnd, F_SETPIPE_SZ, PIPE_SIZE);
  call.posix_spawn_file_actions_adddup2(actions, writeEnd, 1);
  call.posix_spawn_file_actions_adddup2(actions, writeEnd, 2);
  return () => {
    // The same pipe as a file of Deno's, which can be read without blocking us.
    const file = Deno.openSync(`/proc/self/fd/${readEnd}`, { read: true });
    call.close(readEnd);
    call.close(writeEnd);
    return file;
  };
}

/** The child opens the file; what stands in its way is told here, where there are words for it. */
function tryToOpen(path: string, user: InvokingUser | undefined): void {
  const open = () => Deno.openSync(path, { write: true, create: true }).close();
  try {
    if (user === undefined) open();
    else asUser(user, open);
  } catch (error) {
    const reason = error instanceof Error
      ? error.message.replace(/ \(os error \d+\).*$/s, "")
      : String(error);
    throw new ProfilerError(
      "failure",
      `Cannot write the program's output to '${path}': ${reason}`,
      "give a path in a folder that you may write to",
    );
  }
}
