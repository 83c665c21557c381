/**
 * Stopping one thread of another process for a moment.
 *
 * By PTRACE_SEIZE, never by SIGSTOP or PTRACE_ATTACH: neither the program nor its parent is told of it, and the kernel lets
 * the thread go on when we end, however we end.
 *
 * Source: ptrace(2). All calls of a process must come from one OS thread: that of the main isolate, synchronously.
 */
import { libc } from "./linux_libc.ts";
import { sleepNs } from "./linux_clock.ts";
import { readStat } from "./linux_stat.ts";
import { peekChange, reap, statusOfChange } from "./linux_wait.ts";

const PF_EXITING = 4;
const PTRACE_DETACH = 17;
const PTRACE_SEIZE = 0x4206;
const PTRACE_INTERRUPT = 0x4207;

/** How long a stop, and the end of a thread that is being killed, are waited for. Units: ms. */
const PATIENCE = 2;
/** Looks without a sleep between them: a thread on another processor stops within some 20 microseconds. */
const QUICK_LOOKS = 30;
/** Also lets a thread run that waits for our processor; it must, in order to stop. Units: ns. */
const NAP = 10_000;

/** What a traced thread does; `lost` when there is no such thread. */
type Found = "stopped" | "busy" | "gone" | "lost";

/**
 * - `stopped`: it stands still until `release`.
 * - `not_permitted`: the system refused it, or another tracer is attached (gdb, strace).
 * - `gone`: it has ended.
 * - `busy`: it did not stop in time, or one asked before it still has not stopped.
 */
export type StopResult = "stopped" | "not_permitted" | "gone" | "busy";

/**
 * Stops a thread at a time of one process. There must be only one of these for a process.
 *
 * Only stop threads that run, as found out just before: one that sleeps is woken by it, and its system call is started
 * again. That does no harm to the rare thread that falls asleep just then: almost all calls go on as if nothing had been,
 * with the time that is left. A few end with EINTR (epoll_wait, sigtimedwait, sockets with SO_RCVTIMEO: see signal(7)),
 * which Python itself deals with and C code may not.
 *
 * Invariant: whenever `stop` or `release` returns, every thread but the one that stands still runs freely, unless
 * `settle` returns false. Nothing is late while a thread stands still.
 */
export class ThreadStop {
  readonly #pid: number;
  /** The thread that stands still; 0 for none. */
  #held = 0;
  /** The signal that it was about to receive when it stopped; 0 for none. */
  #signal = 0;
  #askedAt = 0;
  #stoppedMs = 0;
  /** A thread that is traced although we want to be rid of it, as it could not stop, or end, in time; 0 for none. */
  #late = 0;

  constructor(pid: number) {
    this.#pid = pid;
  }

  /** How long the thread released last stood still, at most: from asking for it to letting it go. Units: ms. */
  get stoppedMs(): number {
    return this.#stoppedMs;
  }

  /** Stops a thread. It takes some 2 ms at most, unless the process is just executing another program. */
  stop(tid: number): StopResult {
    this.release();
    // Tracing a thread waits for an exec that is under way, and that waits until each traced thread that it has killed
    // is reaped: with another thread traced, both would wait forever.
    if (!this.settle()) return "busy";
    // The second attempt is for an id that has just been taken over, by a thread that executes another program.
    if (!this.#seize(tid) && (this.#hasEnded(tid) || !this.#seize(tid))) {
      return this.#hasEnded(tid) ? "gone" : "not_permitted";
    }
    this.#askedAt = performance.now();
    this.#interrupt(tid);
    const found = this.#await(tid);
    if (found === "stopped") this.#held = tid;
    else if (found !== "gone") this.#settleLater(tid);
    return found === "lost" ? "gone" : found;
  }

  /** Lets the thread go on that stands still. A thread that the user has stopped (SIGSTOP, Ctrl-Z) stays stopped. */
  release(): void {
    const tid = this.#held;
    if (tid === 0) return;
    this.#held = 0;
    // Taken before it goes on: where it shares our processor, it may do so before we do.
    this.#stoppedMs = performance.now() - this.#askedAt;
    // Nothing but SIGKILL wakes a thread that stands still. Its process can only end once we have reaped it.
    if (!this.#detach(tid) && this.#await(tid) !== "gone") this.#settleLater(tid);
  }

  /**
   * Lets a thread go on, without waiting, that has stopped too late.
   *
   * @returns false while it still has not: call it again soon, as the thread will stop and then need it.
   */
  settle(): boolean {
    const tid = this.#late;
    if (tid === 0) return true;
    let found = this.#look(tid);
    // The id may stand for another thread by now, which is not traced.
    if (found === "busy" && !this.#interrupt(tid)) found = "lost";
    // A thread that executes another program takes over the id of the process, still traced.
    if (found === "lost" && tid !== this.#pid && this.#interrupt(this.#pid)) this.#late = this.#pid;
    else if (found === "stopped" ? this.#detach(tid) : found !== "busy") this.#late = 0;
    return this.#late === 0;
  }

  /** Lets everything go on, as far as it can be done at once. @returns as `settle`. */
  close(): boolean {
    this.release();
    const until = performance.now() + PATIENCE;
    while (!this.settle()) {
      if (performance.now() > until) return false;
      sleepNs(NAP);
    }
    return true;
  }

  #settleLater(tid: number): void {
    this.#late = tid;
    this.settle();
  }

  #seize(tid: number): boolean {
    return libc().ptrace(PTRACE_SEIZE, tid, null, null) === 0;
  }

  /** Asks a traced thread to stop. @returns false when it is not one that we trace. */
  #interrupt(tid: number): boolean {
    return libc().ptrace(PTRACE_INTERRUPT, tid, null, null) === 0;
  }

  #await(tid: number): Found {
    const until = performance.now() + PATIENCE;
    for (let looks = 1;; looks++) {
      const found = this.#look(tid);
      if (found !== "busy" || performance.now() > until) return found;
      if (looks > QUICK_LOOKS) sleepNs(NAP);
    }
  }

  /** One that is found to have ended is no longer traced after that. */
  #look(tid: number): Found {
    switch (peekChange(tid)) {
      case "none":
        return "busy";
      case "trapped": {
        // A stop that we asked for, or that of a stopped process, has an event above the signal's number. Without one,
        // a signal is on its way to the thread, and only what we pass on at the end will be delivered.
        const status = statusOfChange();
        this.#signal = status < 0x100 ? status : 0;
        return "stopped";
      }
      case "unknown_id":
        return "lost";
      default:
        // The exit status of our own child is for whoever started it.
        if (tid !== this.#pid || readStat(`/proc/${tid}/stat`)?.parent !== Deno.pid) reap(tid);
        return "gone";
    }
  }

  /** @returns false when the thread does not stand still any more. */
  #detach(tid: number): boolean {
    const signal = this.#signal === 0 ? null : Deno.UnsafePointer.create(BigInt(this.#signal));
    this.#signal = 0;
    return libc().ptrace(PTRACE_DETACH, tid, null, signal) === 0;
  }

  /** Also true of a thread that is about to have ended: the system refuses to trace it. */
  #hasEnded(tid: number): boolean {
    const stat = readStat(`/proc/${this.#pid}/task/${tid}/stat`);
    // For a moment the folder of a thread that executes another program shows the thread with its new id.
    return stat === undefined || stat.id !== tid || /[ZX]/.test(stat.state) ||
      (stat.flags & PF_EXITING) !== 0;
  }
}
