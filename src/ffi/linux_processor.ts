/**
 * Running on the processor where a thread of the target runs.
 *
 * While we run there it cannot: what we read then is of one moment. It loses the few microseconds that we need, as to any
 * other process, and is neither stopped nor traced.
 */
import { cString, libc } from "./linux_libc.ts";

/** Bits for 1024 processors, the kernel's usual `cpu_set_t`. Units: bytes. */
const MASK_SIZE = 128;
/** Field 39 of /proc/PID/task/TID/stat, counted from the one after the name. */
const PROCESSOR_FIELD = 36;
const O_RDONLY_CLOEXEC = 0x80000;

/** The processors that we may use, and the one that we have joined. */
export class ProcessorChoice {
  readonly #taskFolder: string;
  readonly #buffer = new Uint8Array(1024);
  readonly #mask = new Uint8Array(MASK_SIZE);
  #allowed: Uint8Array<ArrayBuffer> | undefined;

  constructor(taskFolder: string) {
    this.#taskFolder = taskFolder;
  }

  /** Moves this thread of ours to a target thread's processor. @returns false where that is not possible. */
  join(tid: number): boolean {
    const processor = this.#processorOf(tid);
    if (processor === undefined || processor >= MASK_SIZE * 8) return false;
    if (this.#allowed === undefined) {
      const allowed = new Uint8Array(MASK_SIZE);
      if (libc().sched_getaffinity(0, MASK_SIZE, allowed) < 0) return false;
      this.#allowed = allowed;
    }
    this.#mask.fill(0);
    this.#mask[processor >> 3] = 1 << (processor & 7);
    return libc().sched_setaffinity(0, MASK_SIZE, this.#mask) === 0;
  }

  /** Lets this thread of ours run wherever it could before. */
  leave(): void {
    if (this.#allowed !== undefined) libc().sched_setaffinity(0, MASK_SIZE, this.#allowed);
  }

  #processorOf(tid: number): number | undefined {
    const file = libc().open(cString(`${this.#taskFolder}/${tid}/stat`), O_RDONLY_CLOEXEC);
    if (file < 0) return undefined;
    const length = libc().pread(file, this.#buffer, this.#buffer.length, 0);
    libc().close(file);
    if (length <= 0) return undefined;
    const text = new TextDecoder().decode(this.#buffer.subarray(0, length));
    const processor = Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[PROCESSOR_FIELD]);
    return Number.isInteger(processor) && processor >= 0 ? processor : undefined;
  }
}
