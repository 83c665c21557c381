/**
 * Knowing that a thread has not run since a moment: then all that was read of it belongs together. It does not while we are
 * on its processor; and what is read while it is interrupted is of one moment, too.
 */
import type { Interrupts, MomentRequest } from "./memory.ts";
import type { RawStack } from "./cpython/raw_stack.ts";
import { EnteredFrame } from "./entered_frame.ts";
import { ownOsThreadId } from "./thread_table.ts";
import type { ReadThread } from "./thread_table.ts";
import type { TargetThreads } from "./types.ts";

/** Watches one thread at a time. */
export class ThreadRest {
  readonly #os: TargetThreads & Partial<Interrupts>;
  readonly #entered = new WeakMap<ReadThread, EnteredFrame>();
  #thread: ReadThread | undefined;
  /** How often it was put to work before the moment; NaN when it may have been at work then. */
  #runCount = NaN;
  /** Whether we are on the processor of a thread, only for one read, and whether we were for one of this tick. */
  isJoined = false;
  isVisiting = false;
  hasVisited = false;
  /** For how long we were there for the read of this tick. Units: ms. */
  visitMs = 0;
  /** Whether the last read was of one moment of the thread, which has run on since. */
  #isMoment = false;

  constructor(os: TargetThreads & Partial<Interrupts>) {
    this.#os = os;
  }

  /** Whether threads can be interrupted: then nobody need go to their processors. */
  get canInterrupt(): boolean {
    return this.#os.canInterrupt === true;
  }

  /**
   * Interrupts a thread for one read. The moment is that of the read; if the thread does not run, it is now.
   *
   * @returns how many structs were read of each list; undefined when nothing was read.
   */
  interrupt(thread: ReadThread, request: MomentRequest): readonly number[] | undefined {
    const id = ownOsThreadId(thread);
    this.end();
    if (id === 0) return undefined;
    const { isRead, found, runCount, pauseMs } = this.#os.interrupt!(id, request);
    this.#thread = thread;
    this.#runCount = runCount;
    this.visitMs += pauseMs;
    this.hasVisited ||= isRead;
    this.#isMoment = isRead;
    return isRead ? found : undefined;
  }

  /** The moment is now. */
  begin(thread: ReadThread): void {
    const id = ownOsThreadId(thread);
    this.#isMoment = false;
    this.#thread = thread;
    this.#runCount = id === 0 ? NaN : this.#os.restingCount(id);
  }

  /** Goes to the processor of a thread. @returns false where that is not possible. */
  join(thread: ReadThread): boolean {
    const id = ownOsThreadId(thread);
    return this.isJoined = id !== 0 && this.#os.joinProcessor(id);
  }

  /** Goes there for one read. The moment is when we come, or now where we are there already. */
  visit(thread: ReadThread): void {
    if (this.isVisiting) return;
    if (this.isJoined) this.begin(thread);
    if (this.hasBegun(thread)) return;
    const id = ownOsThreadId(thread);
    this.#thread = thread;
    this.#isMoment = false;
    this.#runCount = id === 0 ? NaN : this.#os.visitProcessor(id);
    this.isJoined = this.isVisiting = this.hasBegun(thread);
    this.hasVisited ||= this.isVisiting;
  }

  /** Leaves the processor. */
  leave(): void {
    const stayMs = this.#os.leaveProcessor();
    if (this.isVisiting) this.visitMs += stayMs;
    this.isJoined = this.isVisiting = false;
  }

  /** No moment is watched, and nobody was visited yet. */
  beginTick(): void {
    this.end();
    this.visitMs = 0;
    this.hasVisited = false;
  }

  /** Whether the innermost frame of a thread that rests was at its first instruction at the looks before as well. */
  staysEntered(thread: ReadThread, stack: RawStack): boolean {
    let entered = this.#entered.get(thread);
    if (entered === undefined) this.#entered.set(thread, entered = new EnteredFrame());
    return entered.stays(stack, this.#runCount);
  }

  end(): void {
    this.#thread = undefined;
    this.#isMoment = false;
  }

  /** Whether the last read was of one moment of a thread, which has run on since. */
  isMomentOf(thread: ReadThread): boolean {
    return this.#isMoment && this.#thread === thread;
  }

  /** Whether a thread did not run at the moment. */
  hasBegun(thread: ReadThread): boolean {
    return this.#thread === thread && !Number.isNaN(this.#runCount);
  }

  /** Whether a thread was put to work since the moment. */
  hasRunSince(thread: ReadThread): boolean {
    return this.hasBegun(thread) && this.#runCount !== this.#os.runCount(thread.info.osThreadId);
  }

  /** Whether a thread has not run since the moment. */
  lasts(thread: ReadThread): boolean {
    return this.hasBegun(thread) && this.#runCount === this.#os.runCount(thread.info.osThreadId);
  }
}
