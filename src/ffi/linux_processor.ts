/**
 * Whether a thread of the target runs, and what makes it stand still where it does: an interrupt of its processor, or that we
 * run there.
 *
 * While we run on the processor where the thread would, it waits, as for any other process: what we read then is of one
 * moment. It is neither stopped nor traced.
 */
import { interruptReader } from "./linux_interrupt.ts";
import { libc, openForReading } from "./linux_libc.ts";
import { monotonicMs } from "./linux_clock.ts";
import { runCountIn } from "./linux_schedstat.ts";
import type { Interruption, Interrupts, MomentRequest } from "../memory.ts";

/** Bits for 1024 processors, the kernel's usual `cpu_set_t`. Units: bytes. */
const MASK_SIZE = 128;
/** Field 39 of /proc/PID/task/TID/stat, counted from the state, which comes right after the name. */
const PROCESSOR_FIELD = 36;
const SPACE = 0x20;
const ZERO = 0x30;
const CLOSE_PARENTHESIS = 0x29;
const LETTER_R = 0x52;
/** Of what an interrupt takes at least, without what is done in it, the thread waits for so much: the rest is the way there. */
const INTERRUPT_SHARE = 0.4;

/** The processor that we have joined, and what the scheduler says of one thread at a time. */
export class ProcessorChoice implements Interrupts {
  readonly #taskFolder: string;
  readonly #buffer = new Uint8Array(1024);
  readonly #mask = new Uint8Array(MASK_SIZE);
  #allowed: Uint8Array<ArrayBuffer> | undefined;
  #joined = -1;
  /** Where the thread was that was interrupted last. */
  #interrupted = 0;
  /** What an interrupt takes at least. Units: ms. */
  #interruptMs = Infinity;
  /** When we went there. Units: ms of the monotonic clock. */
  #joinedMs = 0;
  /** The thread whose files are open. */
  #tid = 0;
  #stat = -1;
  #schedstat = -1;

  constructor(taskFolder: string) {
    this.#taskFolder = taskFolder;
  }

  /** Moves this thread of ours to a target thread's processor. @returns false where that is not possible. */
  join(tid: number): boolean {
    this.#open(tid);
    const stateAt = this.#readState();
    const processor = stateAt < 0 ? -1 : this.#numberAt(stateAt, PROCESSOR_FIELD);
    if (processor < 0 || processor >= MASK_SIZE * 8) return false;
    if (processor === this.#joined) return true;
    if (this.#allowed === undefined) {
      const allowed = new Uint8Array(MASK_SIZE);
      if (libc().sched_getaffinity(0, MASK_SIZE, allowed) < 0) return false;
      this.#allowed = allowed;
    }
    this.#mask.fill(0);
    this.#mask[processor >> 3] = 1 << (processor & 7);
    if (libc().sched_setaffinity(0, MASK_SIZE, this.#mask) !== 0) return false;
    this.#joinedMs = monotonicMs();
    this.#joined = processor;
    return true;
  }

  /**
   * Joins, for a short time. The count is read first: if it stays, the thread was put on no processor but the one that it was
   * said to be on then, and that one is ours.
   *
   * @returns the thread's run count; NaN where we cannot be there.
   */
  visit(tid: number): number {
    const count = this.runCount(tid);
    return !Number.isNaN(count) && this.join(tid) ? count : NaN;
  }

  get canInterrupt(): boolean {
    return interruptReader() !== undefined;
  }

  /** Mostly the thread is where it was the last time. */
  interrupt(tid: number, request: MomentRequest): Interruption {
    const reader = interruptReader();
    if (reader === undefined) return { isRead: false, found: [], runCount: NaN, pauseMs: 0 };
    let start = monotonicMs();
    let result = reader.read(this.#interrupted, tid, request);
    let runCount = NaN;
    if (result === "absent" || result === "unable") {
      runCount = this.runCount(tid);
      const stateAt = this.#readState();
      this.#interrupted = stateAt < 0 ? 0 : Math.max(0, this.#numberAt(stateAt, PROCESSOR_FIELD));
      start = monotonicMs();
      result = reader.read(this.#interrupted, tid, request);
    }
    const isRead = result === "read";
    const readMs = reader.durationNs / 1e6;
    if (isRead) this.#interruptMs = Math.min(this.#interruptMs, monotonicMs() - start - readMs);
    return {
      isRead,
      found: request.lists.map((_, i) => isRead ? reader.found(i) : 0),
      runCount: result === "absent" ? runCount : NaN,
      pauseMs: isRead ? this.#interruptMs * INTERRUPT_SHARE + readMs : 0,
    };
  }

  /**
   * Moves us to any other processor, so that our waking up does not cost the target anything.
   *
   * @returns for how long we were there. Units: ms.
   */
  leave(): number {
    if (this.#joined < 0 || this.#allowed === undefined) return 0;
    const stayMs = monotonicMs() - this.#joinedMs;
    this.#mask.set(this.#allowed);
    this.#mask[this.#joined >> 3]! &= ~(1 << (this.#joined & 7));
    // There may be no other.
    if (libc().sched_setaffinity(0, MASK_SIZE, this.#mask) !== 0) this.#restore();
    this.#joined = -1;
    return stayMs;
  }

  /** Lets us run wherever we could at first. */
  #restore(): void {
    if (this.#allowed !== undefined) libc().sched_setaffinity(0, MASK_SIZE, this.#allowed);
  }

  /**
   * The run count of a thread that does not run; NaN for one that may.
   *
   * The count is read first: if it is the same later, the thread did not run from the moment when its state was read on.
   */
  restingCount(tid: number): number {
    const count = this.runCount(tid);
    const stateAt = this.#readState();
    if (stateAt < 0) return NaN;
    const isWaiting = this.#buffer[stateAt] !== LETTER_R;
    const isOnOurs = this.#joined >= 0 && this.#numberAt(stateAt, PROCESSOR_FIELD) === this.#joined;
    return isWaiting || isOnOurs ? count : NaN;
  }

  /** Times that the thread was put on a processor; NaN where the kernel does not count. */
  runCount(tid: number): number {
    this.#open(tid);
    return runCountIn(this.#buffer, this.#read(this.#schedstat));
  }

  close(): void {
    this.#restore();
    this.#closeFiles();
  }

  #closeFiles(): void {
    if (this.#stat >= 0) libc().close(this.#stat);
    if (this.#schedstat >= 0) libc().close(this.#schedstat);
    this.#tid = 0;
    this.#stat = -1;
    this.#schedstat = -1;
  }

  #open(tid: number): void {
    if (tid === this.#tid) return;
    this.#closeFiles();
    this.#tid = tid;
    this.#stat = openForReading(`${this.#taskFolder}/${tid}/stat`);
    this.#schedstat = openForReading(`${this.#taskFolder}/${tid}/schedstat`);
  }

  /** Reads the stat file. @returns where the state stands in the buffer, or -1. */
  #readState(): number {
    if (this.#read(this.#stat) === 0) return -1;
    // The name, in parentheses, is at most 64 bytes and may itself hold parentheses.
    return this.#buffer.subarray(0, 100).lastIndexOf(CLOSE_PARENTHESIS) + 2;
  }

  /** The number in a field, counted from position `at`; -1 when there is no such field. */
  #numberAt(at: number, field: number): number {
    const buffer = this.#buffer;
    let from = at;
    for (let i = 0; i < field; i++) {
      from = buffer.indexOf(SPACE, from) + 1;
      if (from === 0) return -1;
    }
    let number = -1;
    for (; buffer[from]! >= ZERO && buffer[from]! < ZERO + 10; from++) {
      number = Math.max(number, 0) * 10 + buffer[from]! - ZERO;
    }
    return number;
  }

  /** @returns the length of the text. */
  #read(file: number): number {
    const length = file < 0 ? -1 : libc().pread(file, this.#buffer, this.#buffer.length - 1, 0);
    if (length > 0) {
      this.#buffer[length] = 0;
      return length;
    }
    // The thread has ended; its id may come back with another one.
    this.#closeFiles();
    return 0;
  }
}
