/** What the threads of a target are doing, from files under /proc/PID/task that are kept open between ticks. */
import { libc, openForReading } from "./linux_libc.ts";
import { endKeeping, mayKeep } from "./linux_kept_files.ts";
import { runCountIn, SCHEDSTAT_SIZE } from "./linux_schedstat.ts";
import { RUNS } from "../types.ts";
import type { ThreadState } from "../types.ts";

/** Files of one thread. Those of threads for which there are none left are opened and closed each time. */
const FILES_EACH = 2;
const CLOSE_PARENTHESIS = 0x29;
const LETTER_R = 0x72;
const LETTER_A = 0x61;
const ZERO = 0x30;
const SPACE = 0x20;
/** Number of the system call, as the kernel writes it. */
const FUTEX = { x86_64: "202 ", aarch64: "98 " };

/** A thread whose files are open. */
interface OpenThread {
  /** -1 where there is no such file. */
  readonly schedstat: number;
  readonly syscall: number;
  /** How often it had been put on a processor before it was asked what it waits for; NaN when unknown. */
  runs: number;
  /** The answer. */
  waitsFor: number;
}

/** Reads the scheduler's state of threads. */
export class ThreadStates {
  readonly #taskFolder: string;
  readonly #open = new Map<number, OpenThread>();
  readonly #buffer = new Uint8Array(512);
  /** Some kernels and sandboxes have no such file, or do not let us read it. */
  #hasSyscallFile = true;

  constructor(taskFolder: string) {
    this.#taskFolder = taskFolder;
  }

  /**
   * What a thread waits for: see `TargetThreads.waitsFor`.
   *
   * The file `syscall` says "running", or names the system call that the thread is blocked in, with its arguments. It costs
   * a third of `stat`, which counts much that is not asked for. A thread that was blocked, and was not put on a processor
   * since, is still where it was: `schedstat` says so for half of that. One that ran is asked at once.
   *
   * Source: proc_pid_syscall(5), futex(2).
   */
  waitsFor(tid: number): number {
    if (!this.#hasSyscallFile) return this.stateOf(tid) === "running" ? RUNS : 0;
    const known = this.#open.get(tid);
    const isKept = known !== undefined || mayKeep(FILES_EACH);
    const thread = known ?? this.#openThread(tid, isKept);
    if (thread.waitsFor !== RUNS && this.#isAsBefore(thread)) return thread.waitsFor;
    let length = this.#readSyscall(thread);
    if (thread.waitsFor === RUNS && length > 0 && this.#buffer[0] !== LETTER_R) {
      // Counted before it is asked: if the thread runs in between, the count is another the next time.
      this.#isAsBefore(thread);
      length = this.#readSyscall(thread);
    }
    if (length <= 0) {
      if (known !== undefined) {
        this.forget(tid);
        // The id may belong to a new thread by now, or the file may be what cannot be read.
        return this.waitsFor(tid);
      }
      closeThread(thread);
      if (isKept) endKeeping(FILES_EACH);
      const state = this.stateOf(tid);
      if (state !== undefined) this.#hasSyscallFile = false;
      return state === "running" ? RUNS : 0;
    }
    if (!isKept) closeThread(thread);
    else if (known === undefined) this.#open.set(tid, thread);
    return thread.waitsFor = this.#buffer[0] === LETTER_R ? RUNS : futexIn(this.#buffer, length);
  }

  #readSyscall({ syscall }: OpenThread): number {
    return syscall < 0 ? -1 : libc().pread(syscall, this.#buffer, this.#buffer.length, 0);
  }

  #openThread(tid: number, isKept: boolean): OpenThread {
    return {
      // How often it ran is of use only if it is asked for again.
      schedstat: isKept ? this.#openFile(tid, "schedstat") : -1,
      syscall: this.#openFile(tid, "syscall"),
      runs: NaN,
      waitsFor: RUNS,
    };
  }

  /** Whether the thread was not put on a processor since it was asked last; what is read now is kept. */
  #isAsBefore(thread: OpenThread): boolean {
    if (thread.schedstat < 0) return false;
    const length = libc().pread(thread.schedstat, this.#buffer, SCHEDSTAT_SIZE, 0);
    const runs = runCountIn(this.#buffer, length);
    if (runs === thread.runs) return true;
    thread.runs = runs;
    return false;
  }

  /** CPU time of a thread in ns; 0 when unknown. Source: proc_pid_schedstat(5), first field. */
  cpuTime(tid: number): number {
    const file = this.#openFile(tid, "schedstat");
    if (file < 0) return 0;
    const length = libc().pread(file, this.#buffer, this.#buffer.length, 0);
    libc().close(file);
    let time = 0;
    for (let at = 0; at < length && this.#buffer[at] !== SPACE; at++) {
      time = time * 10 + this.#buffer[at]! - ZERO;
    }
    return time;
  }

  /** @returns undefined when the thread has ended. Source: proc_pid_stat(5), field 3. */
  stateOf(tid: number): ThreadState | undefined {
    const file = this.#openFile(tid, "stat");
    if (file < 0) return undefined;
    const length = libc().pread(file, this.#buffer, this.#buffer.length, 0);
    libc().close(file);
    return length <= 0 ? undefined : stateIn(this.#buffer, length);
  }

  /** Closes the files of a thread. */
  forget(tid: number): void {
    const thread = this.#open.get(tid);
    if (thread === undefined) return;
    this.#open.delete(tid);
    closeThread(thread);
    endKeeping(FILES_EACH);
  }

  close(): void {
    for (const tid of [...this.#open.keys()]) this.forget(tid);
  }

  #openFile(tid: number, name: "stat" | "syscall" | "schedstat"): number {
    return openForReading(`${this.#taskFolder}/${tid}/${name}`);
  }
}

function closeThread({ schedstat, syscall }: OpenThread): void {
  if (schedstat >= 0) libc().close(schedstat);
  if (syscall >= 0) libc().close(syscall);
}

/** The address in "202 0x7f0012345678 ..."; 0 when the call is not a futex's. */
function futexIn(text: Uint8Array, length: number): number {
  const number = FUTEX[Deno.build.arch];
  for (let i = 0; i < number.length; i++) if (text[i] !== number.charCodeAt(i)) return 0;
  // "0x" comes next.
  let address = 0;
  for (let at = number.length + 2; at < length && text[at] !== SPACE; at++) {
    const letter = text[at]!;
    address = address * 16 + (letter >= LETTER_A ? letter - LETTER_A + 10 : letter - ZERO);
  }
  return address;
}

/** The state in the text of a stat file: the letter after the last parenthesis. */
function stateIn(text: Uint8Array, length: number): ThreadState | undefined {
  // The name, in parentheses, is at most 64 bytes and may itself hold parentheses.
  let at = Math.min(length, 100) - 1;
  while (at > 0 && text[at] !== CLOSE_PARENTHESIS) at--;
  switch (String.fromCharCode(text[at + 2] ?? 0)) {
    case "R":
      return "running";
    case "T":
    case "t":
      return "stopped";
    case "Z":
    case "X":
      return undefined;
    default:
      return "idle";
  }
}
