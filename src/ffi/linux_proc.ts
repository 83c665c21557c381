/** Small files and links of /proc and /sys, which may be gone at any time. */
import { ProfilerError } from "../errors.ts";

/** Content of a file as text; undefined when it cannot be read. */
export function textOf(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}

/** Whether there is something at a path, whoever may read it, be it a link to nowhere. */
export function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Where a link leads to; undefined when it cannot be read. */
export function linkOf(path: string): string | undefined {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return undefined;
  }
}

/**
 * Makes sure that /proc names processes as the kernel's calls do: that of another PID namespace would show us wrong ones.
 *
 * @throws ProfilerError
 */
export function requireOwnProc(): void {
  const self = linkOf("/proc/self");
  if (self === String(Deno.pid)) return;
  throw new ProfilerError(
    "failure",
    self === undefined
      ? "Cannot look at processes: /proc is not mounted"
      : "Cannot look at processes: /proc is that of another PID namespace than ours",
    "mount our own: mount -t proc proc /proc (unshare does it with --mount-proc)",
  );
}
