/** Knowing that a thread has not run since a moment: then all that was read of it belongs together. */
import type { RawStack } from "./cpython/raw_stack.ts";
import { EnteredFrame } from "./entered_frame.ts";
import { ownOsThreadId } from "./thread_table.ts";
import type { ReadThread } from "./thread_table.ts";
import type { TargetThreads } from "./types.ts";

/** Watches one thread at a time. */
export class ThreadRest {
  readonly #os: TargetThreads;
  readonly #entered = new WeakMap<ReadThread, EnteredFrame>();
  #thread: ReadThread | undefined;
  /** How often it was put to work before the moment; NaN when it may have been at work then. */
  #runCount = NaN;

  constructor(os: TargetThreads) {
    this.#os = os;
  }

  /** The moment is now. */
  begin(thread: ReadThread): void {
    const id = ownOsThreadId(thread);
    this.#thread = thread;
    this.#runCount = id === 0 ? NaN : this.#os.restingCount(id);
  }

  /** Whether the innermost frame of a thread that rests was at its first instruction at the looks before as well. */
  staysEntered(thread: ReadThread, stack: RawStack): boolean {
    let entered = this.#entered.get(thread);
    if (entered === undefined) this.#entered.set(thread, entered = new EnteredFrame());
    return entered.stays(stack, this.#runCount);
  }

  end(): void {
    this.#thread = undefined;
  }

  /** Whether a thread did not run at the moment. */
  hasBegun(thread: ReadThread): boolean {
    return this.#thread === thread && !Number.isNaN(this.#runCount);
  }

  /** Whether a thread has not run since the moment. */
  lasts(thread: ReadThread): boolean {
    return this.hasBegun(thread) && this.#runCount === this.#os.runCount(thread.info.osThreadId);
  }
}
