/** What the threads of a target are doing, from /proc/PID/task/TID/stat, with the files kept open between ticks. */
import { cString, libc } from "./linux_libc.ts";
import type { ThreadState } from "../types.ts";

/** Files kept open at most; further threads are opened and closed each time. */
const MAX_OPEN = 400;
const CLOSE_PARENTHESIS = 0x29;
const O_RDONLY_CLOEXEC = 0x80000;

/** Reads the scheduler's state of threads. */
export class ThreadStates {
  readonly #taskFolder: string;
  readonly #open = new Map<number, number>();
  readonly #buffer = new Uint8Array(512);

  constructor(taskFolder: string) {
    this.#taskFolder = taskFolder;
  }

  /** @returns undefined when the thread has ended. Source: proc_pid_stat(5), field 3. */
  stateOf(tid: number): ThreadState | undefined {
    let file = this.#open.get(tid);
    const known = file !== undefined;
    if (file === undefined) {
      file = libc().open(cString(`${this.#taskFolder}/${tid}/stat`), O_RDONLY_CLOEXEC);
      if (file < 0) return undefined;
    }
    const length = libc().pread(file, this.#buffer, this.#buffer.length, 0);
    if (length <= 0) {
      libc().close(file);
      this.#open.delete(tid);
      // The id may belong to a new thread by now.
      return known ? this.stateOf(tid) : undefined;
    }
    if (!known && this.#open.size < MAX_OPEN) this.#open.set(tid, file);
    else if (!known) libc().close(file);
    return stateIn(this.#buffer, length);
  }

  close(): void {
    for (const file of this.#open.values()) libc().close(file);
    this.#open.clear();
  }
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
