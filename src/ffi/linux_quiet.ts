/**
 * Whether nothing but us runs on the whole machine: then no thread of a target needs to be asked whether it does.
 *
 * The kernel counts the tasks that run or wait for a processor. Those that a limit of their cgroup holds back are not
 * counted: so it says nothing of a process for which there may be such a limit. Source: proc_loadavg(5), cgroups(7), and
 * `cpu.max` and `cpu.cfs_quota_us` in the kernel's documentation of cgroups.
 */
import { libc, openForReading } from "./linux_libc.ts";
import { exists, textOf } from "./linux_proc.ts";

const LOAD = "/proc/loadavg";
const LOAD_SIZE = 64;
/** Averages that come before the number of running tasks. */
const AVERAGES = 3;
/** Limits may be set at any time. Units: ms. */
const CHECK_INTERVAL = 1000;
const SPACE = 0x20;
const SLASH = 0x2f;
const ONE = 0x31;

/** Watches the machine for one target. */
export class QuietMachine {
  readonly #procPid: string;
  readonly #buffer = new Uint8Array(LOAD_SIZE);
  #load: number | undefined;
  #hierarchies: Hierarchies | undefined;
  #nextCheck = -Infinity;
  #mayBeLimited = true;

  /** @param procPid folder of the target in /proc. */
  constructor(procPid: string) {
    this.#procPid = procPid;
  }

  /** Whether surely no thread of the target runs or waits for a processor. */
  isQuiet(): boolean {
    this.#load ??= openLoad();
    if (this.#load < 0) return false;
    const now = performance.now();
    if (now >= this.#nextCheck) {
      this.#hierarchies ??= hierarchiesIn(textOf("/proc/self/mountinfo") ?? "");
      this.#mayBeLimited = mayBeLimited(textOf(`${this.#procPid}/cgroup`) ?? "", this.#hierarchies);
      this.#nextCheck = now + CHECK_INTERVAL;
    }
    if (this.#mayBeLimited) return false;
    const length = libc().pread(this.#load, this.#buffer, LOAD_SIZE, 0);
    let at = 0;
    for (let spaces = 0; at < length && spaces < AVERAGES; at++) if (this.#buffer[at] === SPACE) spaces++;
    // We run.
    return at + 1 < length && this.#buffer[at] === ONE && this.#buffer[at + 1] === SLASH;
  }

  close(): void {
    if (this.#load !== undefined && this.#load >= 0) libc().close(this.#load);
    this.#load = -1;
  }
}

/** In some containers a file of another file system lies over it, which tells of the container. */
function openLoad(): number {
  try {
    if (Deno.statSync(LOAD).dev !== Deno.statSync("/proc/self/stat").dev) return -1;
  } catch {
    return -1;
  }
  return openForReading(LOAD);
}

/** Where the hierarchies of cgroups that may have limits of CPU time are mounted, as far as all of them is seen. */
interface Hierarchies {
  /** Version 1. */
  readonly cpu: string | undefined;
  readonly unified: string | undefined;
}

/** @param mounts the file `mountinfo`. */
export function hierarchiesIn(mounts: string): Hierarchies {
  let cpu: string | undefined;
  let unified: string | undefined;
  for (const line of mounts.split("\n")) {
    const [before, after] = line.split(" - ");
    const [, , , root, place] = before!.split(" ");
    const [type, , options] = after?.split(" ") ?? [];
    if (root !== "/" || place === undefined || !exists(`${place}/cgroup.procs`)) continue;
    // What a container sees as the root is not the machine's: only that one has the one file, and lacks the other.
    if (type === "cgroup" && options?.split(",").includes("cpu") && exists(`${place}/release_agent`)) {
      cpu ??= place;
    }
    if (type === "cgroup2" && !exists(`${place}/cgroup.type`)) unified ??= place;
  }
  return { cpu, unified };
}

/**
 * Whether a process may be held back by a limit of CPU time: that of its cgroup, or of one around it. True when unknown.
 *
 * @param cgroup the process's file of that name.
 */
export function mayBeLimited(cgroup: string, { cpu, unified }: Hierarchies): boolean {
  const groups = [...cgroup.matchAll(/^\d+:([^:\n]*):(\/[^\n]*)$/gm)];
  const old = groups.find(([, controllers]) => controllers!.split(",").includes("cpu"));
  const path = (old ?? groups.find(([, controllers]) => controllers === ""))?.[2];
  const root = old !== undefined ? cpu : unified;
  if (path === undefined || root === undefined || path.split("/").includes("..")) return true;
  const parts = path.split("/").filter((part) => part !== "");
  return parts.some((_, i) => {
    const folder = [root, ...parts.slice(0, i + 1)].join("/");
    // Without the file that level has no limit, if it is there at all.
    if (old !== undefined) return textOf(`${folder}/cpu.cfs_quota_us`)?.trim() !== "-1";
    return textOf(`${folder}/cpu.max`)?.startsWith("max ") === false || !exists(`${folder}/cgroup.procs`);
  });
}
