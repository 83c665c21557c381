/** What the threads and processes of a live view were doing. */
import type { LiveProcess, LiveThread } from "./live_profile.ts";
import { Trend } from "./live_trend.ts";
import type { ReadThread } from "./thread_table.ts";
import { Activity } from "./types.ts";

/** Threads and processes that have ended are kept up to this number each; time of threads stays in that of the process. */
const MAX_ENDED = 200;
const ACTIVITIES = 4;

/** A process that is watched. */
export interface WatchedProcess {
  readonly pid: number;
  readonly command: readonly string[];
}

interface Account {
  readonly id: number;
  readonly now: number[];
  readonly sum: number[];
  readonly trend: Trend;
}

interface ThreadAccount extends Account {
  readonly thread: ReadThread;
  hasEnded: boolean;
}

interface ProcessAccount extends Account {
  /** As what it was known last: it may have executed another program. */
  process: WatchedProcess;
  readonly threads: Map<ReadThread, ThreadAccount>;
  hasEnded: boolean;
}

/** Counts ticks of threads and processes. */
export class ThreadAccounts {
  readonly #processes = new Map<number, ProcessAccount>();
  #ended: ThreadAccount[] = [];
  #ids = 0;

  /** Begins to watch a process; one that executes another program is the same. */
  add(process: WatchedProcess): void {
    const known = this.#processes.get(process.pid);
    if (known !== undefined) {
      known.process = process;
      known.hasEnded = false;
      return;
    }
    this.#processes.set(process.pid, {
      ...this.#newAccount(),
      process,
      threads: new Map(),
      hasEnded: false,
    });
  }

  /** Counts a tick of a thread. */
  count(pid: number, thread: ReadThread, activity: Activity): void {
    const process = this.#processes.get(pid)!;
    let account = process.threads.get(thread);
    if (account === undefined) {
      account = { ...this.#newAccount(), thread, hasEnded: false };
      process.threads.set(thread, account);
    }
    account.now[activity]!++;
    process.now[activity]!++;
  }

  /** Takes out threads that are not listed any more; a process without any has ended. */
  retain(pid: number, listed: readonly ReadThread[]): void {
    const process = this.#processes.get(pid);
    if (process === undefined) return;
    const hasEnded = listed.length === 0;
    process.hasEnded = hasEnded;
    const alive = new Set(listed);
    for (const [thread, account] of process.threads) {
      if (alive.has(thread)) continue;
      account.hasEnded = true;
      process.threads.delete(thread);
      this.#ended.push(account);
    }
    if (this.#ended.length > MAX_ENDED) this.#ended = this.#ended.slice(-MAX_ENDED);
    if (hasEnded) this.#forgetOldest();
  }

  #forgetOldest(): void {
    const ended = [...this.#processes.values()].filter((one) => one.hasEnded);
    for (const { process } of ended.slice(0, -MAX_ENDED)) this.#processes.delete(process.pid);
  }

  /** Ends an interval, which has this number. */
  endInterval(interval: number, ticks: number): { threads: LiveThread[]; processes: LiveProcess[] } {
    const threads: LiveThread[] = [];
    const processes: LiveProcess[] = [];
    for (const account of this.#processes.values()) {
      processes.push({
        ...closed(account, interval, ticks),
        pid: account.process.pid,
        command: account.process.command,
        hasEnded: account.hasEnded,
        threads: account.threads.size,
      });
      for (const one of account.threads.values()) threads.push(threadOf(one, interval, ticks));
    }
    for (const one of this.#ended) threads.push(threadOf(one, interval, ticks));
    return { threads, processes };
  }

  /** Forgets all counts. */
  reset(): void {
    this.#ended = [];
    for (const [pid, process] of this.#processes) {
      if (process.hasEnded) this.#processes.delete(pid);
      for (const account of [process, ...process.threads.values()]) {
        account.now.fill(0);
        account.sum.fill(0);
      }
    }
  }

  #newAccount(): Account {
    const counts = () => new Array<number>(ACTIVITIES).fill(0);
    return { id: this.#ids++, now: counts(), sum: counts(), trend: new Trend() };
  }
}

function threadOf(account: ThreadAccount, interval: number, ticks: number): LiveThread {
  const { thread, hasEnded } = account;
  return {
    ...closed(account, interval, ticks),
    info: thread.info,
    activity: hasEnded ? undefined : thread.activity,
  };
}

function closed(
  { id, now, sum, trend }: Account,
  interval: number,
  ticks: number,
): { id: number; now: number[]; sum: number[]; trend: readonly number[] } {
  const last = [...now];
  trend.set(interval, ticks > 0 ? (last[Activity.Gil]! + last[Activity.Native]!) / ticks : 0);
  now.forEach((count, activity) => {
    sum[activity]! += count;
  });
  now.fill(0);
  return { id, now: last, sum: [...sum], trend: trend.upTo(interval) };
}
