/** What threads are doing, by what the system and their own interpreter say. */
import { ATTACHED, SUSPENDED } from "./cpython/layout.ts";
import type { GilWords } from "./cpython/gil.ts";
import type { ListedInterpreter } from "./cpython/thread_list.ts";
import { ownOsThreadId } from "./thread_table.ts";
import type { ReadThread } from "./thread_table.ts";
import { Activity, RUNS } from "./types.ts";
import type { Runtime } from "./cpython/runtime.ts";
import type { Offset, TargetThreads, ThreadState } from "./types.ts";

/** To ask so many threads one by one takes longer than to ask whether any runs at all. */
const MANY = 8;

/** Finds out, and notes in each thread, what it does. */
export class ThreadActivities {
  readonly #os: TargetThreads;
  readonly #gil: GilWords;
  /** Where a thread keeps whether it may run; negative where only the GIL says so. */
  readonly #state: Offset;
  /** Whether several threads of an interpreter may run Python code at the same time. */
  readonly areIndependent: boolean;

  constructor(os: TargetThreads, gil: GilWords, { layout, freeThreaded }: Runtime) {
    this.#os = os;
    this.#gil = gil;
    this.#state = layout.thread.state;
    this.areIndependent = freeThreaded;
  }

  /** Whether each thread itself says that it holds the GIL (3.13+), so that this need not be read as well. */
  get sayWhoHolds(): boolean {
    return this.#state >= 0 && !this.areIndependent;
  }

  /** Whether a thread held the GIL when it was read; the GIL must have been read, too, where threads do not say so. */
  isHolder({ stack, listed }: ReadThread, words: Uint32Array): boolean {
    return this.sayWhoHolds
      ? stack.threadInt(words, this.#state) === ATTACHED
      : this.#gil.isHolder(listed, words);
  }

  /**
   * Asks the system what each thread is doing; one whose kernel id is unknown counts as running.
   *
   * While nothing runs on the whole machine, threads that were blocked still are, or are again: they need not be asked one
   * by one. Some may have come to wait for the GIL, but not for one that nobody holds.
   *
   * @returns those that run.
   */
  ask(threads: readonly ReadThread[], interpreters: readonly ListedInterpreter[]): ReadThread[] {
    const isIdleStill = threads.length >= MANY && this.#os.isQuiet() && this.#gil.areFree(interpreters);
    const running: ReadThread[] = [];
    for (const thread of threads) {
      if (isIdleStill && thread.activity === Activity.Idle) continue;
      if (this.#askOf(thread)) running.push(thread);
    }
    return running;
  }

  #askOf(thread: ReadThread): boolean {
    const { osThreadId } = thread.info;
    const waitsFor = osThreadId === 0 ? RUNS : this.#os.waitsFor(osThreadId);
    // It may have been read already on a visit; else it is read next.
    if (waitsFor === RUNS) thread.activity = thread.isAttached ? Activity.Gil : Activity.Native;
    else if (waitsFor !== 0 && this.#gil.isWaitedFor(thread.listed, waitsFor)) {
      thread.activity = Activity.Waiting;
    } else thread.activity = Activity.Idle;
    return waitsFor === RUNS;
  }

  /** Takes over what was read of the thread, and of the GIL if that was read: whether it holds the GIL, and may run. */
  note(thread: ReadThread, words: Uint32Array, isGilRead: boolean): void {
    if (isGilRead || this.sayWhoHolds) thread.ownsGil = this.isHolder(thread, words);
    thread.isAttached = thread.ownsGil;
    if (this.areIndependent) {
      const state = thread.stack.threadInt(words, this.#state);
      thread.isAttached = state === ATTACHED;
      thread.ownsGil &&= thread.isAttached;
      if (state === SUSPENDED) thread.activity = Activity.Waiting;
    }
    if (thread.isAttached) thread.activity = Activity.Gil;
    else if (thread.activity === Activity.Gil) thread.activity = Activity.Native;
  }

  /** Whether a thread is in a system call. */
  waits(thread: ReadThread): boolean {
    const id = ownOsThreadId(thread);
    return id !== 0 && this.#os.waitsFor(id) !== RUNS;
  }

  /** CPU time that a thread has used. Units: ns. */
  cpuTimeOf({ info: { osThreadId } }: ReadThread): number {
    return osThreadId === 0 ? 0 : this.#os.cpuTime(osThreadId);
  }

  /** Asks the system what a thread is doing; one whose kernel id is unknown counts as running. */
  stateOf({ info: { osThreadId } }: ReadThread): ThreadState {
    return osThreadId === 0 ? "running" : this.#os.threadState(osThreadId) ?? "idle";
  }
}
