/**
 * Reads the stacks of a target's threads: one vectored call for all of them once it is warm.
 *
 * What the call reads is predicted from the last one. A wrong prediction costs a further call and never changes what is
 * seen: every byte that a walk uses was read in this very tick.
 */
import { BytecodeCopies } from "./cpython/bytecode_copies.ts";
import { Walk } from "./cpython/thread_stack.ts";
import { RawStack } from "./cpython/raw_stack.ts";
import type { Runtime } from "./cpython/runtime.ts";
import { GilWords } from "./cpython/gil.ts";
import { MemoryReader, RangeList } from "./memory.ts";
import type { TargetMemory } from "./memory.ts";
import { RUNS } from "./types.ts";
import { ThreadActivities } from "./thread_activities.ts";
import { ThreadChoice } from "./thread_choice.ts";
import type { Selection } from "./thread_choice.ts";
import { ThreadRest } from "./thread_rest.ts";
import { ownOsThreadId, ThreadTable } from "./thread_table.ts";
import type { ReadThread } from "./thread_table.ts";
import type { TargetThreads } from "./types.ts";

/** The lists of interpreters and threads are followed at most this often. Units: ms. */
const LIST_INTERVAL = 1;
const LIST_INTERVAL_PER_THREAD = 0.5;
/** Times that one read is tried anew because memory in the plan has gone. */
const MAX_RETRIES = 64;
/** Holders of the GIL that are tried one after the other while it goes from hand to hand. */
const MAX_HOLDERS = 4;
/** Time for stopping threads one after the other at one tick; the others are read as they run. Units: ms. */
const MAX_STOPPING = 2;

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
  selected: readonly ReadThread[] = [];
  /** The stack that the last walk found, leaf first. */
  readonly stack = new RawStack();
  /** True when the thread of the last `walk` surely did not run while what the walk used was read. */
  isStill = false;
  readonly activities: ThreadActivities;
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
  /** Undefined for versions whose frames do not have the address of an instruction. */
  readonly #copies: BytecodeCopies | undefined;
  readonly #ranges = new RangeList();
  #arena = new Uint8Array(1 << 16);
  #words = new Uint32Array(this.#arena.buffer);
  /** Of the thread that was seen not to run before the last call. */
  readonly #rest: ThreadRest;
  readonly #table: ThreadTable;
  readonly #choice: ThreadChoice;
  #isOnProcessor = false;
  /** The thread to be stopped for the call, and the one that was stopped for the last call. */
  #toStop: ReadThread | undefined;
  #stopped: ReadThread | undefined;
  /** Each walk reads its thread anew, while that one stands still: without a GIL no thread holds up another. */
  #stopsEach = false;
  #stoppingMs = 0;
  /** For how long threads stood still for the last `readStopped`. Units: ms. */
  pauseMs = 0;
  #lastListing = -Infinity;
  #lastFullListing = -Infinity;
  #isGilRead = false;

  constructor(process: TargetMemory & TargetThreads & { readonly pid: number }, runtime: Runtime) {
    this.#memory = process;
    this.#os = process;
    this.#rest = new ThreadRest(process);
    this.#runtime = runtime;
    const reader = new MemoryReader(process);
    this.#gil = new GilWords(reader, runtime);
    this.#copies = runtime.layout.code.bytecode < 0 ? undefined : new BytecodeCopies(reader, runtime.layout);
    this.activities = new ThreadActivities(process, this.#gil, runtime.layout.thread.state);
    this.#table = new ThreadTable(process, runtime);
    this.#choice = new ThreadChoice(this.activities, this.#table);
  }

  /** All threads, newest first, as CPython lists them. */
  get threads(): readonly ReadThread[] {
    return this.#table.threads;
  }

  /** Reads the lists of threads anew; known threads keep what is known of them. */
  relist(): void {
    this.counters.relists++;
    this.#choice.forget();
    this.#table.relist();
  }

  /** Reads thread names again: threads get theirs only after they have started, and may be renamed. */
  refreshNames(): void {
    this.#copies?.forgetAll();
    this.#table.refreshNames();
  }

  /**
   * Makes the call for one tick. Units: `nowMs` of any steady clock.
   *
   * @returns false when the target could not be read: it has ended, or its interpreter is gone.
   */
  read(selection: Selection, nowMs: number): boolean {
    this.#rest.end();
    this.#stopped = undefined;
    this.#stopsEach = false;
    return this.#readSelected(selection, nowMs);
  }

  #readSelected(selection: Selection, nowMs: number): boolean {
    const isListDue = nowMs - this.#lastListing >= LIST_INTERVAL;
    if (isListDue && !this.#table.isComplete) this.relist();
    if (selection === "gil") {
      return this.activities.areIndependent ? this.#readAttached(nowMs) : this.#readHolder();
    }
    const isStateDue = isListDue || this.#choice.isDue(nowMs);
    const holder = isStateDue && !isListDue ? this.#choice.holder : undefined;
    const isAsked = isStateDue && holder === undefined;
    this.selected = isAsked ? this.#choice.ask(selection, nowMs) : this.#choice.threads;
    // All links of many threads cost as much as the stacks.
    const areAllDue = nowMs - this.#lastFullListing >= LIST_INTERVAL_PER_THREAD * this.threads.length;
    const lists = !isListDue ? "none" : areAllDue ? "all" : "heads";
    if (!this.#call({ lists, gil: isStateDue })) return false;
    if (holder !== undefined) {
      if (this.#gil.isHolder(holder.listed, this.#words)) this.#choice.keep(nowMs);
      else this.selected = this.#choice.ask(selection, nowMs);
    }
    if (!isListDue) return true;
    this.#lastListing = nowMs;
    if (areAllDue) this.#lastFullListing = nowMs;
    if (this.#table.watch.isUnchanged(this.#words)) return true;
    // A thread that has come since the last tick belongs to this one.
    this.relist();
    this.selected = this.#choice.ask(selection, nowMs);
    return this.threads.length > 0 && this.#call({ lists: "none", gil: true });
  }

  /** Walks a selected thread's stack in what the last call read. */
  walk(thread: ReadThread): Walk {
    this.isStill = false;
    if (this.#stopsEach && !this.#callStopped(thread)) return this.#unreadable(thread);
    if (!this.#isSameThread(thread)) {
      this.#table.isComplete = false;
      return Walk.Empty;
    }
    this.activities.note(thread, this.#words, this.#isGilRead);
    const isStopped = this.#stopped === thread;
    const isResting = this.#rest.hasBegun(thread);
    const read = { words: this.#words, bytes: this.#arena, stack: this.stack };
    const result = thread.stack.walk(read, isStopped || isResting);
    this.counters.misses += thread.stack.misses;
    const isProof = isStopped || isResting || result === Walk.Agreed;
    const isLinked = !isProof || this.stack.hasBegun(this.#copies) || this.activities.waits(thread) ||
      isResting && this.#rest.staysEntered(thread, this.stack);
    // Asked after the walk: frames that it had to read on their own must be of the same moment.
    this.isStill = isStopped && thread.stack.misses === 0 || this.#rest.lasts(thread);
    if (thread.stack.isOutside && !this.isStill) return this.#unreadable(thread);
    if (isLinked) return result;
    this.isStill = false;
    return result === Walk.Agreed ? Walk.Reached : result;
  }

  /** Reads one thread anew and walks its stack. */
  reread(thread: ReadThread): Walk {
    this.#rest.end();
    return this.#rereadOne(thread, 1);
  }

  #rereadOne(thread: ReadThread, copies: 1 | 2): Walk {
    this.isStill = false;
    this.#stopped = undefined;
    this.#stopsEach = false;
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
    this.#stopsEach = false;
    if (this.threads.length === 0) this.relist();
    // At first it is known only where there is no other.
    const single = this.threads.length === 1 ? this.threads[0] : undefined;
    const running = this.selected.find((thread) => thread.isAttached) ?? this.selected[0] ?? single;
    this.#rest.end();
    if (running !== undefined) {
      // Mostly it is where it was at the last tick, and so are we.
      this.#rest.begin(running);
      if (!this.#rest.hasBegun(running) && this.joinProcessor(running)) this.#rest.begin(running);
    }
    return this.#readSelected(selection, nowMs);
  }

  /**
   * Makes the call for one tick as `read` does, while the thread that holds the GIL stands still: no other can change the
   * stacks of Python. It stands still for the call only. A thread that waits or sleeps is left alone. Where there is no GIL,
   * each thread that may run stands still while it is read by `walk`.
   */
  readStopped(selection: Selection, nowMs: number): boolean {
    this.#rest.end();
    this.pauseMs = 0;
    this.#stoppingMs = 0;
    this.#stopsEach = false;
    if (this.activities.areIndependent) {
      this.#stopped = undefined;
      return this.#stopsEach = this.#readSelected(selection, nowMs);
    }
    let holder = this.threads.find((thread) => thread.ownsGil) ?? this.threads.at(-1);
    for (let attempt = 0; attempt < MAX_HOLDERS; attempt++) {
      this.#toStop = holder;
      this.#choice.forget();
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
    const id = ownOsThreadId(thread);
    this.#stopped = undefined;
    // To stop a thread that sleeps would wake it.
    if (id === 0 || this.#os.waitsFor(id) !== RUNS) return this.#memory.readv(ranges, this.#arena);
    const start = performance.now();
    let isStopped = false;
    try {
      isStopped = this.#stoppingMs < MAX_STOPPING && this.#os.stopThread(id);
      if (isStopped) this.counters.stops++;
      else this.counters.unstopped++;
      const length = this.#memory.readv(ranges, this.#arena);
      if (isStopped) this.#stopped = thread;
      return length;
    } finally {
      const stoppedMs = this.#os.releaseThread();
      if (isStopped) this.pauseMs += stoppedMs;
      this.#stoppingMs += performance.now() - start;
    }
  }

  /** Whether the last call was made on the processor of a thread that was running. */
  get isJoined(): boolean {
    return this.#isOnProcessor;
  }

  /** Reads one thread anew, twice in one call, and finds out whether it ran meanwhile: see `isStill`. */
  rereadStill(thread: ReadThread): Walk {
    this.#rest.begin(thread);
    return this.#rereadOne(thread, 2);
  }

  /** Whether a thread has not run since before the last `rereadStill`. */
  stillRests(thread: ReadThread): boolean {
    return this.#rest.lasts(thread);
  }

  /** Moves us to the processor of a thread: what is read there is seldom torn. @returns false where it cannot be. */
  joinProcessor(thread: ReadThread): boolean {
    const id = ownOsThreadId(thread);
    this.#isOnProcessor = id !== 0 && this.#os.joinProcessor(id);
    return this.#isOnProcessor;
  }

  leaveProcessor(): void {
    this.#isOnProcessor = false;
    this.#os.leaveProcessor();
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

  /** Without a GIL several threads may run Python code. */
  #readAttached(nowMs: number): boolean {
    if (!this.#readSelected("active", nowMs)) return false;
    for (const thread of this.selected) this.activities.note(thread, this.#words, this.#isGilRead);
    this.selected = this.selected.filter((thread) => thread.isAttached);
    return true;
  }

  /** Reads one thread, which stands still meanwhile if it runs. The selection stays. */
  #callStopped(thread: ReadThread): boolean {
    const { selected } = this;
    this.selected = [thread];
    this.#toStop = thread;
    const isRead = this.#call({ lists: "none", gil: true });
    this.#toStop = undefined;
    this.selected = selected;
    return isRead && this.threads.includes(thread);
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
      if (!this.#forget(ranges.firstUnfilled(length))) {
        // A thread or an interpreter has gone: read the lists, and this tick without it.
        const before = this.threads;
        this.relist();
        this.selected = this.selected.filter((thread) => this.threads.includes(thread));
        this.#choice.forget();
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
      (nativeThreadId < 0 || stack.threadInt(this.#words, nativeThreadId) === listed.nativeThreadId);
  }

  #reserve(size: number): void {
    if (size <= this.#arena.length) return;
    this.#arena = new Uint8Array(Math.ceil(size * 1.5 / 8) * 8);
    this.#words = new Uint32Array(this.#arena.buffer);
  }
}
