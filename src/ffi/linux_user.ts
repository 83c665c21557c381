/**
 * Acting as the user who called sudo: for the program that we start and the files that we write.
 *
 * Source: credentials(7), capabilities(7), execve(2).
 */
import { cString, libc } from "./linux_libc.ts";

const SYSCALLS = {
  x86_64: { setgroups: 116, setresuid: 117, setresgid: 119 },
  aarch64: { setgroups: 159, setresuid: 147, setresgid: 149 },
};
/** -1: leave this id as it is. */
const UNCHANGED = 0xffff_ffff;

/** The user on whose behalf we run under sudo. */
export interface InvokingUser {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

/** The user who called sudo, when we are root through it; else undefined. */
export function invokingUser(): InvokingUser | undefined {
  const uid = idIn(Deno.env.get("SUDO_UID"));
  const gid = idIn(Deno.env.get("SUDO_GID"));
  const name = Deno.env.get("SUDO_USER") ?? "";
  // Without a group of its own the user would get root's.
  if (Deno.uid() !== 0 || uid === undefined || uid === 0 || gid === undefined) return undefined;
  return { uid, gid, name };
}

function idIn(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) && Number(text) < UNCHANGED ? Number(text) : undefined;
}

/**
 * Runs `action` with this OS thread's real and effective ids being the user's.
 *
 * The saved ids stay 0, so that the thread can return to root; execve sets the saved ids of a child to its effective
 * ones and takes its capabilities. The raw system calls change this thread alone; the C library's would change all.
 *
 * @throws Error when the ids cannot be changed; `action` has not run then.
 */
export function asUser<T>(user: InvokingUser, action: () => T): T {
  const numbers = SYSCALLS[Deno.build.arch];
  const groups = groupsOf(user);
  const call = libc();
  try {
    const changed = call.syscall(numbers.setgroups, groups.length, new Uint8Array(groups.buffer), 0) === 0 &&
      call.syscall_ids(numbers.setresgid, user.gid, user.gid, UNCHANGED) === 0 &&
      call.syscall_ids(numbers.setresuid, user.uid, user.uid, UNCHANGED) === 0;
    if (!changed) throw new Error(`cannot act as user ${user.name}`);
    return action();
  } finally {
    call.syscall_ids(numbers.setresuid, 0, 0, UNCHANGED);
    call.syscall_ids(numbers.setresgid, 0, 0, UNCHANGED);
    call.syscall(numbers.setgroups, 0, null, 0);
  }
}

function groupsOf(user: InvokingUser): Uint32Array<ArrayBuffer> {
  const groups = new Uint32Array(1024);
  const count = new Int32Array([groups.length]);
  const status = libc().getgrouplist(
    cString(user.name),
    user.gid,
    new Uint8Array(groups.buffer),
    new Uint8Array(count.buffer),
  );
  return status < 0 ? new Uint32Array([user.gid]) : groups.slice(0, count[0]);
}
