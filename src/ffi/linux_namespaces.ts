/** Ids of a target's threads in its own PID namespace, as in a container, and in ours. Source: pid_namespaces(7). */
import { linkOf, textOf } from "./linux_proc.ts";
import { isAlive } from "./linux_stat.ts";

/** Translates the ids that a target uses to ours. */
export class NamespaceIds {
  readonly #procPid: string;
  readonly #isShared: boolean;
  #hostIds = new Map<number, number>();

  /** @param procPid the target's folder in /proc. */
  constructor(procPid: string) {
    this.#procPid = procPid;
    this.#isShared = linkOf(`${procPid}/ns/pid`) === linkOf("/proc/self/ns/pid");
  }

  /** The target's pid in its own namespace; undefined when that is ours. */
  innerPid(): number | undefined {
    return this.#isShared ? undefined : innerIdIn(`${this.#procPid}/status`);
  }

  /** Our id of a thread, given the target's; 0 when it has no such thread. */
  hostThreadId(innerId: number): number {
    if (innerId <= 0) return 0;
    if (this.#isShared) return isAlive(`${this.#procPid}/task/${innerId}`) ? innerId : 0;
    const known = this.#hostIds.get(innerId);
    // The id may have been given to a new thread since.
    if (known !== undefined && innerIdIn(this.#statusOf(known)) === innerId) return known;
    this.#readIds();
    return this.#hostIds.get(innerId) ?? 0;
  }

  #readIds(): void {
    const ids = new Map<number, number>();
    try {
      for (const { name } of Deno.readDirSync(`${this.#procPid}/task`)) {
        const inner = innerIdIn(this.#statusOf(Number(name)));
        if (inner !== undefined) ids.set(inner, Number(name));
      }
      this.#hostIds = ids;
    } catch {
      // The process has ended: what was read before still holds.
    }
  }

  #statusOf(id: number): string {
    return `${this.#procPid}/task/${id}/status`;
  }
}

/** The last of the ids of a process or thread, which is that of its own namespace. Source: proc_pid_status(5), NSpid. */
function innerIdIn(statusPath: string): number | undefined {
  const match = /^NSpid:.*?(\d+)$/m.exec(textOf(statusPath) ?? "");
  return match === null ? undefined : Number(match[1]);
}
