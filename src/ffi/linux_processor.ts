/**
 * Whether a thread of the target runs, and running on its processor so that it does not.
 *
 * While we run on the processor where the thread would, it waits, as for any other process: what we read then is of one
 * moment. It is neither stopped nor traced.
 */
import { cString, libc } from "./linux_libc.ts";

/** Bits for 1024 processors, the kernel's usual `cpu_set_t`. Units: bytes. */
const MASK_SIZE = 128;
/** Fields of /proc/PID/task/TID/stat, counted from the one after the name: state (3) and processor (39). */
const STATE_FIELD = 0;
const PROCESSOR_FIELD = 36;
const O_RDONLY_CLOEXEC = 0x80000;

/** The processor that we have joined, and what the scheduler says of one thread at a time. */
export class ProcessorChoice {
  readonly #taskFolder: string;
  readonly #buffer = new Uint8Array(1024);
  readonly #mask = new Uint8Array(MASK_SIZE);
  readonly #decoder = new TextDecoder();
  #allowed: Uint8Array<ArrayBuffer> | undefined;
  #joined = -1;
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
    const processor = Number(this.#statFields()?.[PROCESSOR_FIELD] ?? NaN);
    if (!(processor >= 0 && processor < MASK_SIZE * 8)) return false;
    if (this.#allowed === undefined) {
      const allowed = new Uint8Array(MASK_SIZE);
      if (libc().sched_getaffinity(0, MASK_SIZE, allowed) < 0) return false;
      this.#allowed = allowed;
    }
    this.#mask.fill(0);
    this.#mask[processor >> 3] = 1 << (processor & 7);
    if (libc().sched_setaffinity(0, MASK_SIZE, this.#mask) !== 0) return false;
    this.#joined = processor;
    return true;
  }

  /** Lets this thread of ours run wherever it could before. */
  leave(): void {
    if (this.#allowed !== undefined) libc().sched_setaffinity(0, MASK_SIZE, this.#allowed);
    this.#joined = -1;
  }

  /**
   * The run count of a thread that does not run; NaN for one that may.
   *
   * The count is read first: if it is the same later, the thread did not run from the moment when its state was read on.
   */
  restingCount(tid: number): number {
    const count = this.runCount(tid);
    const fields = this.#statFields();
    if (fields === undefined) return NaN;
    const isWaiting = fields[STATE_FIELD] !== "R";
    return isWaiting || this.#joined >= 0 && Number(fields[PROCESSOR_FIELD]) === this.#joined ? count : NaN;
  }

  /** Times that the thread was put on a processor; NaN where the kernel does not count. Source: proc_pid_schedstat(5). */
  runCount(tid: number): number {
    this.#open(tid);
    const count = Number(this.#read(this.#schedstat)?.split(" ")[2] ?? NaN);
    return count > 0 ? count : NaN;
  }

  close(): void {
    if (this.#stat >= 0) libc().close(this.#stat);
    if (this.#schedstat >= 0) libc().close(this.#schedstat);
    this.#tid = 0;
    this.#stat = -1;
    this.#schedstat = -1;
  }

  #open(tid: number): void {
    if (tid === this.#tid) return;
    this.close();
    this.#tid = tid;
    this.#stat = libc().open(cString(`${this.#taskFolder}/${tid}/stat`), O_RDONLY_CLOEXEC);
    this.#schedstat = libc().open(cString(`${this.#taskFolder}/${tid}/schedstat`), O_RDONLY_CLOEXEC);
  }

  /** Fields from the state on. */
  #statFields(): string[] | undefined {
    const text = this.#read(this.#stat);
    return text?.slice(text.lastIndexOf(")") + 2).split(" ");
  }

  #read(file: number): string | undefined {
    const length = file < 0 ? -1 : libc().pread(file, this.#buffer, this.#buffer.length, 0);
    if (length > 0) return this.#decoder.decode(this.#buffer.subarray(0, length));
    // The thread has ended; its id may come back with another one.
    this.close();
    return undefined;
  }
}
