/**
 * Stopping one thread of another process for a moment.
 *
 * By PTRACE_SEIZE, never by SIGSTOP or PTRACE_ATTACH: neither the program nor its parent can see it, and the kernel lets
 * the thread go on when we end, however we end.
 *
 * Source: ptrace(2). All calls of a process must come from one OS thread: that of the main isolate, synchronously.
 */
import { libc } from "./linux_libc.ts";
import { sleepNs } from "./linux_clock.ts";
import { peekChange, reap, statusOfChange } from "./linux_wait.ts";

const PTRACE_DETACH = 17;
const PTRACE_SEIZE = 0x4206;
const PTRACE_INTERRUPT = 0x4207;

/** How long a stop, and the end of a thread that is being killed, are waited for. Units: ms. */
const PATIENCE = 2;
/** Looks without a sleep between them: a thread on another processor stops within some 20 microseconds. */
const QUICK_LOOKS = 30;
/** Also lets a thread run that waits for our processor; it must, in order to stop. Units: ns. */
const NAP = 10_000;

/** Fields of a stat file, counted from the state. */
const STATE = 0;
const PARENT = 1;
const FLAGS = 6;
const PF_EXITING = 4;

/**
 * - `stopped`: it stands still until `release`.
 * - `not_permitted`: the system refused it, or another tracer is attached (gdb, strace).
 * - `gone`: it has ended.
 * - `busy`: it did not stop in time, or one asked before it still has not stopped.
 */
export type StopResult = "stopped" | "not_permitted" | "gone" | "busy";

/**
 * Stops a thread of one process at a time.
 *
 * Only stop threads that run, as found out just before: one that sleeps is woken by it, and its system call is started
 * again. That does no harm to the rare thread that falls asleep just then: almost all calls go on as if nothing had been,
 * with the time that is left. A few end with EINTR (epoll_wait, sigtimedwait, sockets with SO_RCVTIMEO: see signal(7)),
 * which Python itself deals with and C code may not.
 *
 * Invariant: whenever `stop` or `release` returns, every thread but the one that stands still runs freely, unless
 * `settle` returns false.
 */
export class ThreadStop {
  readonly #pid: number;
  /** The thread that stands still; 0 for none. */
  #held = 0;
  /** The signal that it was about to receive when it stopped; 0 for none. */
  #signal = 0;
  #askedAt = 0;
  #stoppedMs = 0;
  /** Threads that are traced although we wanted to be rid of them. They could not stop, or end, in time. */
  readonly #late: number[] = [];

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
    const result = this.#await(tid);
    if (result === "stopped") this.#held = tid;
    if (result === "busy") this.#late.push(tid);
    return result;
  }

  /** Lets the thread go on that stands still. A thread that the user has stopped (SIGSTOP, Ctrl-Z) stays stopped. */
  release(): void {
    const tid = this.#held;
    if (tid === 0) return;
    this.#held = 0;
    // Taken before it goes on: where it shares our processor, it may do so before we do.
    this.#stoppedMs = performance.now() - this.#askedAt;
    // Nothing but SIGKILL wakes a thread that stands still. Its process can only end once we have reaped it.
    if (!this.#detach(tid) && this.#await(tid) !== "gone") this.#late.push(tid);
  }

  /**
   * Lets those threads go on, without waiting, that have stopped too late.
   *
   * @returns false while there are still such: call it again soon, as they will stop and then need it.
   */
  settle(): boolean {
    for (let i = this.#late.length - 1; i >= 0; i--) {
      const tid = this.#late[i]!;
      const found = this.#look(tid);
      // The main thread of our child may be another by now, which has taken over its id.
      const isOver = found === "stopped" ? this.#detach(tid) : found === "gone" || !this.#interrupt(tid);
      if (isOver) this.#late.splice(i, 1);
    }
    return this.#late.length === 0;
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

  #seize(tid: number): boolean {
    return libc().ptrace(PTRACE_SEIZE, tid, null, null) === 0;
  }

  /** Asks a traced thread to stop. @returns false when it is not one that we trace. */
  #interrupt(tid: number): boolean {
    return libc().ptrace(PTRACE_INTERRUPT, tid, null, null) === 0;
  }

  #await(tid: number): "stopped" | "gone" | "busy" {
    const until = performance.now() + PATIENCE;
    for (let looks = 1;; looks++) {
      const found = this.#look(tid);
      if (found !== "busy" || performance.now() > until) return found;
      if (looks > QUICK_LOOKS) sleepNs(NAP);
    }
  }

  /** What a traced thread does. One that has ended is no longer traced after that. */
  #look(tid: number): "stopped" | "gone" | "busy" {
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
        // A thread that executes another program takes over the id of the process, still traced.
        if (tid !== this.#pid && this.#interrupt(this.#pid)) this.#late.push(this.#pid);
        return "gone";
      default:
        // The exit status of our own child is for whoever started it.
        if (tid !== this.#pid || parentOf(tid) !== Deno.pid) reap(tid);
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
    const fields = statOf(`/proc/${this.#pid}/task/${tid}/stat`);
    return fields === undefined || /[ZX]/.test(fields[STATE]!) || (Number(fields[FLAGS]) & PF_EXITING) !== 0;
  }
}

function parentOf(pid: number): number {
  return Number(statOf(`/proc/${pid}/stat`)?.[PARENT]);
}

/** The fields after the name. Source: proc_pid_stat(5), where the state is field 3. */
function statOf(path: string): string[] | undefined {
  try {
    const text = Deno.readTextFileSync(path);
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}
