/**
 * Reads the stacks of a target's threads: one vectored call for all of them once it is warm.
 *
 * What the call reads is predicted from the last one. A wrong prediction costs a further call and never changes what is
 * seen: every byte that a walk uses was read in this very tick.
 */
import { Walk } from "./cpython/thread_stack.ts";
import { RawStack } from "./cpython/raw_stack.ts";
import type { Runtime } from "./cpython/runtime.ts";
import { GilWords } from "./cpython/gil.ts";
import { MemoryReader, RangeList } from "./memory.ts";
import type { TargetMemory } from "./memory.ts";
import { Activity, RUNS } from "./types.ts";
import { ThreadTable } from "./thread_table.ts";
import type { ReadThread } from "./thread_table.ts";
import type { TargetThreads, ThreadState } from "./types.ts";

const HIGH = 0x1_0000_0000;
/** The lists of interpreters and threads are followed at most this often. Units: ms. */
const LIST_INTERVAL = 1;
const LIST_INTERVAL_PER_THREAD = 0.2;
/** The system is asked at most this often what threads are doing, and the GIL read. Units: ms. */
const STATE_INTERVAL = 0.1;
/** Times that one read is tried anew because memory in the plan has gone. */
const MAX_RETRIES = 64;
/** Holders of the GIL that are tried one after the other while it goes from hand to hand. */
const MAX_HOLDERS = 4;

/** Which threads a read is about: those that run, all, or the holder of the GIL. */
export type Selection = "active" | "all" | "gil";

/** How reading went. */
export interface ReadCounters {
  /** Vectored calls, without those of single frames. */
  calls: number;
  /** Frames that had to be read on their own. */
  misses: number;
  /** Calls made again because planned memory had gone. */
  stale: number;
  /** Times the lists of threads were read anew. */
  relists: number;
  /** Times a thread was stopped, and times that it should have been and could not. */
  stops: number;
  unstopped: number;
}

/** The target's threads and their stacks. */
export class StackReader {
  /** Threads of the last `read`, whose stacks `walk` can now follow. */
  selected: ReadThread[] = [];
  /** The stack that the last walk found, leaf first. */
  readonly stack = new RawStack();
  /** True when the thread of the last `walk` surely did not run while what the walk used was read. */
  isStill = false;
  readonly counters: ReadCounters = {
    calls: 0,
    misses: 0,
    stale: 0,
    relists: 0,
    stops: 0,
    unstopped: 0,
  };
  readonly #memory: TargetMemory;
  readonly #os: TargetThreads;
  readonly #runtime: Runtime;
  readonly #gil: GilWords;
  readonly #ranges = new RangeList();
  #arena = new Uint8Array(1 << 16);
  #words = new Uint32Array(this.#arena.buffer);
  /** The thread that did not run before the last call, and its run count then. */
  #resting: { readonly thread: ReadThread; readonly runCount: number } | undefined;
  readonly #table: ThreadTable;
  #isOnProcessor = false;
  /** The thread to be stopped for the call, and the one that was stopped for the last call. */
  #toStop: ReadThread | undefined;
  #stopped: ReadThread | undefined;
  /** For how long threads stood still for the last `readStopped`. Units: ms. */
  pauseMs = 0;
  #lastListing = -Infinity;
  #lastFullListing = -Infinity;
  #lastStates = -Infinity;
  /** Threads chosen when their states were asked for last. */
  #chosen: ReadThread[] = [];
  #isGilRead = false;

  constructor(process: TargetMemory & TargetThreads & { readonly pid: number }, runtime: Runtime) {
    this.#memory = process;
    this.#os = process;
    this.#runtime = runtime;
    this.#gil = new GilWords(new MemoryReader(process), runtime);
    this.#table = new ThreadTable(process, runtime);
  }

  /** All threads, newest first, as CPython lists them. */
  get threads(): readonly ReadThread[] {
    return this.#table.threads;
  }

  /** Reads the lists of threads anew; known threads keep what is known of them. */
  relist(): void {
    this.counters.relists++;
    this.#lastStates = -Infinity;
    this.#table.relist();
  }

  /** Reads thread names again: threads get theirs only after they have started, and may be renamed. */
  refreshNames(): void {
    this.#table.refreshNames();
  }

  /**
   * Makes the call for one tick. Units: `nowMs` of any steady clock.
   *
   * @returns false when the target could not be read: it has ended, or its interpreter is gone.
   */
  read(selection: Selection, nowMs: number): boolean {
    this.#resting = undefined;
    this.#stopped = undefined;
    return this.#readSelected(selection, nowMs);
  }

  #readSelected(selection: Selection, nowMs: number): boolean {
    const isListDue = nowMs - this.#lastListing >= LIST_INTERVAL;
    if (isListDue && !this.#table.isComplete) this.relist();
    if (selection === "gil") return this.#readHolder();
    const isStateDue = isListDue || nowMs - this.#lastStates >= STATE_INTERVAL;
    if (isStateDue) this.#select(selection);
    else this.selected = this.#chosen;
    this.#lastStates = isStateDue ? nowMs : this.#lastStates;
    // All links of many threads cost as much as the stacks.
    const areAllDue = nowMs - this.#lastFullListing >= LIST_INTERVAL_PER_THREAD * this.threads.length;
    const lists = !isListDue ? "none" : areAllDue ? "all" : "heads";
    if (!this.#call({ lists, gil: isStateDue })) return false;
    if (!isListDue) return true;
    this.#lastListing = nowMs;
    if (areAllDue) this.#lastFullListing = nowMs;
    if (this.#table.watch.isUnchanged(this.#words)) return true;
    // A thread that has come since the last tick belongs to this one.
    this.relist();
    this.#select(selection);
    return this.threads.length > 0 && this.#call({ lists: "none", gil: true });
  }

  /** Walks a selected thread's stack in what the last call read. */
  walk(thread: ReadThread): Walk {
    this.isStill = false;
    if (!this.#isSameThread(thread)) {
      this.#table.isComplete = false;
      return Walk.Empty;
    }
    if (this.#isGilRead) thread.ownsGil = this.#gil.isHolder(thread.listed, this.#words);
    if (thread.ownsGil) thread.activity = Activity.Gil;
    const isStopped = this.#stopped === thread;
    const isResting = this.#isResting() && this.#resting!.thread === thread;
    const read = { words: this.#words, bytes: this.#arena, stack: this.stack };
    const result = thread.stack.walk(read, isStopped || isResting);
    this.counters.misses += thread.stack.misses;
    const isProof = isStopped || isResting || result === Walk.Agreed;
    const isLinked = !isProof || this.stack.hasBegun(this.#runtime.layout.code.bytecode) ||
      this.#waits(thread);
    // Asked after the walk: frames that it had to read on their own must be of the same moment.
    this.isStill = isStopped && thread.stack.misses === 0 ||
      isResting && this.#resting!.runCount === this.#os.runCount(thread.info.osThreadId);
    if (thread.stack.isOutside && !this.isStill) return this.#unreadable(thread);
    if (isLinked) return result;
    this.isStill = false;
    return result === Walk.Agreed ? Walk.Reached : result;
  }

  /** Whether a thread is in a system call. */
  #waits({ hasOwnId, info: { osThreadId } }: ReadThread): boolean {
    return hasOwnId && osThreadId !== 0 && this.#os.waitsFor(osThreadId) !== RUNS;
  }

  /** Reads one thread anew and walks its stack. */
  reread(thread: ReadThread): Walk {
    this.#resting = undefined;
    return this.#rereadOne(thread, 1);
  }

  #rereadOne(thread: ReadThread, copies: 1 | 2): Walk {
    this.isStill = false;
    this.#stopped = undefined;
    this.selected = [thread];
    const isRead = this.#call({ lists: "none", gil: true, copies });
    // A thread that has ended was left out of the call: what was read of it earlier must not be taken for new.
    if (!this.threads.includes(thread)) return Walk.Empty;
    return isRead ? this.walk(thread) : this.#unreadable(thread);
  }

  /**
   * Makes the call for one tick as `read` does, on the processor of a thread that was running at the last one: it waits
   * for us, at an arbitrary place of its code, so that what is read of it is of one moment.
   */
  readJoined(selection: Selection, nowMs: number): boolean {
    const running = this.selected.find((thread) => thread.ownsGil) ?? this.selected[0];
    this.#resting = undefined;
    if (running !== undefined) {
      // Mostly it is where it was at the last tick, and so are we.
      this.#noteRest(running);
      if (!this.#isResting() && this.joinProcessor(running)) this.#noteRest(running);
    }
    return this.#readSelected(selection, nowMs);
  }

  #isResting(): boolean {
    return this.#resting !== undefined && !Number.isNaN(this.#resting.runCount);
  }

  /**
   * Makes the call for one tick as `read` does, while the thread that holds the GIL stands still: no other can change the
   * stacks of Python. It stands still for the call only. A thread that waits or sleeps is left alone.
   */
  readStopped(selection: Selection, nowMs: number): boolean {
    this.#resting = undefined;
    this.pauseMs = 0;
    let holder = this.threads.find((thread) => thread.ownsGil) ?? this.threads.at(-1);
    for (let attempt = 0; attempt < MAX_HOLDERS; attempt++) {
      this.#toStop = holder;
      this.#lastStates = -Infinity;
      const isRead = this.#readSelected(selection, nowMs);
      this.#toStop = undefined;
      if (!isRead) return false;
      const actual = this.threads.find((thread) => this.#gil.isHolder(thread.listed, this.#words));
      // Without a holder nothing moves; one that could not be stopped is read as it is.
      if (actual === undefined || actual === holder) return true;
      holder = actual;
    }
    return true;
  }

  /** Reads what is planned, while one thread stands still. */
  #readvStopped(ranges: RangeList, thread: ReadThread): number {
    const { osThreadId } = thread.info;
    this.#stopped = undefined;
    // To stop a thread that sleeps would wake it.
    const isRunning = thread.hasOwnId && osThreadId !== 0 && this.#os.waitsFor(osThreadId) === RUNS;
    if (!isRunning) return this.#memory.readv(ranges, this.#arena);
    try {
      const isStopped = this.#os.stopThread(osThreadId);
      if (isStopped) this.counters.stops++;
      else this.counters.unstopped++;
      const length = this.#memory.readv(ranges, this.#arena);
      if (isStopped) this.#stopped = thread;
      return length;
    } finally {
      this.pauseMs += this.#os.releaseThread();
    }
  }

  /** Whether the last call was made on the processor of a thread that was running. */
  get isJoined(): boolean {
    return this.#isOnProcessor;
  }

  /** CPU time that a thread has used. Units: ns. */
  cpuTimeOf({ info: { osThreadId } }: ReadThread): number {
    return osThreadId === 0 ? 0 : this.#os.cpuTime(osThreadId);
  }

  /** Reads one thread anew, twice in one call, and finds out whether it ran meanwhile: see `isStill`. */
  rereadStill(thread: ReadThread): Walk {
    this.#noteRest(thread);
    return this.#rereadOne(thread, 2);
  }

  /** Whether a thread has not run since before the last `rereadStill`. */
  stillRests(thread: ReadThread): boolean {
    return this.#isResting() && this.#resting!.thread === thread &&
      this.#resting!.runCount === this.#os.runCount(thread.info.osThreadId);
  }

  #noteRest(thread: ReadThread): void {
    const { osThreadId } = thread.info;
    const isKnown = thread.hasOwnId && osThreadId !== 0;
    this.#resting = !isKnown ? undefined : { thread, runCount: this.#os.restingCount(osThreadId) };
  }

  /** Moves us to the processor of a thread: what is read there is seldom torn. @returns false where it cannot be. */
  joinProcessor(thread: ReadThread): boolean {
    const { osThreadId } = thread.info;
    this.#isOnProcessor = thread.hasOwnId && osThreadId !== 0 && this.#os.joinProcessor(osThreadId);
    return this.#isOnProcessor;
  }

  leaveProcessor(): void {
    this.#isOnProcessor = false;
    this.#os.leaveProcessor();
  }

  /** Asks the operating system what a thread is doing; one whose kernel id is unknown counts as running. */
  stateOf(thread: ReadThread): ThreadState {
    const { osThreadId } = thread.info;
    if (osThreadId === 0) return "running";
    return this.#os.threadState(osThreadId) ?? "idle";
  }

  /** Asks the system what each thread is doing, and chooses those to be read. */
  #select(selection: "active" | "all"): void {
    this.selected = [];
    for (const thread of this.threads) {
      const { osThreadId } = thread.info;
      // A thread whose kernel id is unknown counts as running.
      const waitsFor = osThreadId === 0 ? RUNS : this.#os.waitsFor(osThreadId);
      if (waitsFor === RUNS) thread.activity = Activity.Native;
      else {thread.activity = this.#gil.isWaitedFor(thread.listed, waitsFor)
          ? Activity.Waiting
          : Activity.Idle;}
      if (selection === "all" || waitsFor === RUNS) this.selected.push(thread);
    }
    this.#chosen = this.selected;
  }

  /** The GIL's holder is predicted to be the one of the last time; when it is another, that one is read at once. */
  #readHolder(): boolean {
    for (let attempt = 0; attempt < MAX_HOLDERS; attempt++) {
      this.selected = this.threads.filter((thread) => thread.ownsGil);
      if (!this.#call({ lists: "all", gil: true })) return false;
      if (!this.#table.watch.isUnchanged(this.#words)) this.relist();
      const holders = this.threads.filter((thread) => this.#gil.isHolder(thread.listed, this.#words));
      const arePredicted = holders.every((thread) => thread.ownsGil && this.selected.includes(thread));
      for (const thread of this.threads) thread.ownsGil = holders.includes(thread);
      this.selected = holders;
      if (arePredicted) return true;
    }
    // The GIL went from hand to hand faster than it could be followed.
    this.selected = [];
    return true;
  }

  /** Plans and makes the call for the selected threads, again where planned memory has gone. */
  #call(
    { lists, gil, copies = 1 }: { lists: "all" | "heads" | "none"; gil: boolean; copies?: 1 | 2 },
  ): boolean {
    const ranges = this.#ranges;
    this.#isGilRead = gil;
    for (let attempt = 0; attempt < MAX_RETRIES; attempt++) {
      ranges.clear();
      if (gil) this.#gil.plan(ranges, this.#table.interpreters);
      for (const thread of this.selected) thread.stack.plan(ranges, copies);
      if (lists !== "none") this.#table.watch.plan(ranges, lists);
      this.#reserve(ranges.byteLength);
      this.counters.calls++;
      const length = this.#toStop === undefined
        ? this.#memory.readv(ranges, this.#arena)
        : this.#readvStopped(ranges, this.#toStop);
      if (length === ranges.byteLength) return true;
      this.counters.stale++;
      if (!this.#forget(failedRange(ranges, length))) {
        // A thread or an interpreter has gone: read the lists, and this tick without it.
        const before = this.threads;
        this.relist();
        this.selected = this.selected.filter((thread) => this.threads.includes(thread));
        this.#lastStates = -Infinity;
        if (this.threads.length === 0) return false;
        if (before.length === this.threads.length && attempt > MAX_RETRIES / 2) return false;
      }
    }
    return false;
  }

  #forget(range: number): boolean {
    return this.selected.some((thread) => thread.stack.forgetRange(range));
  }

  /** A thread that is listed and cannot be read has a stack, of which nothing is known. */
  #unreadable(thread: ReadThread): Walk {
    this.stack.depth = 0;
    thread.stack.truncation = "unreadable";
    return Walk.Broken;
  }

  #isSameThread(thread: ReadThread): boolean {
    const { interp, threadId, nativeThreadId } = this.#runtime.layout.thread;
    const { stack, listed } = thread;
    return stack.threadField(this.#words, interp) === listed.interpreter &&
      stack.threadField(this.#words, threadId) === listed.threadId &&
      (nativeThreadId < 0 || stack.threadField(this.#words, nativeThreadId) % HIGH === listed.nativeThreadId);
  }

  #reserve(size: number): void {
    if (size <= this.#arena.length) return;
    this.#arena = new Uint8Array(Math.ceil(size * 1.5 / 8) * 8);
    this.#words = new Uint32Array(this.#arena.buffer);
  }
}

/** Index of the first range that a read of `length` bytes did not fill. */
function failedRange(ranges: RangeList, length: number): number {
  let end = 0;
  for (let i = 0; i < ranges.count; i++) {
    end += ranges.lengthAt(i);
    if (end > length) return i;
  }
  return ranges.count;
}
