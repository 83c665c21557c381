/**
 * How many files may be kept open between ticks, of all targets together, so that others can still be opened.
 *
 * Source: getrlimit(2): a process may raise its own limit up to a harder one. Programs that are started from then on have
 * it as well, so it is raised when the first file is kept: the target runs by then.
 */
import { libc } from "./linux_libc.ts";

const RLIMIT_NOFILE = 7;
const MOST = 65_536;
/** For all else. */
const RESERVED = 128;
/** Where it cannot be asked for: the usual one. */
const USUAL_LIMIT = 1024;

let left: number | undefined;

/** Whether so many more files may be kept; they count from now on. */
export function mayKeep(files: number): boolean {
  left ??= raiseLimit() - RESERVED;
  if (left < files) return false;
  left -= files;
  return true;
}

/** Files that were kept are closed. */
export function endKeeping(files: number): void {
  if (left !== undefined) left += files;
}

/** @returns the limit as it is now. */
function raiseLimit(): number {
  // A `struct rlimit`: the limit and the harder one, each of 8 bytes.
  const limits = new BigUint64Array(2);
  const bytes = new Uint8Array(limits.buffer);
  if (libc().getrlimit(RLIMIT_NOFILE, bytes) !== 0) return USUAL_LIMIT;
  const before = Number(limits[0]);
  const wanted = Math.min(Number(limits[1]), MOST);
  if (wanted <= before) return Math.min(before, MOST);
  limits[0] = BigInt(wanted);
  return libc().setrlimit(RLIMIT_NOFILE, bytes) === 0 ? wanted : before;
}
