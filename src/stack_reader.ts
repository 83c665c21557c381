/**
 * Reads the stacks of a target's threads: one vectored call for all of them once it is warm.
 *
 * What the call reads is predicted from the last one. A wrong prediction costs a further call and never changes what is
 * seen: every byte that a walk uses was read in this very tick.
 */
import { BytecodeCopies } from "./cpython/bytecode_copies.ts";
import type { KnownCode } from "./cpython/copied_at_once.ts";
import { Walk } from "./cpython/thread_stack.ts";
import { RawStack } from "./cpython/raw_stack.ts";
import type { Runtime } from "./cpython/runtime.ts";
import { GilWords } from "./cpython/gil.ts";
import { Arena, MemoryReader, RangeList } from "./memory.ts";
import type { TargetMemory } from "./memory.ts";
import { newReadCounters } from "./read_counters.ts";
import type { ReadCounters } from "./read_counters.ts";
import { ThreadActivities } from "./thread_activities.ts";
import { ThreadChoice } from "./thread_choice.ts";
import type { Selection } from "./thread_choice.ts";
import { ThreadHold } from "./thread_hold.ts";
import { ThreadRest } from "./thread_rest.ts";
import { isAsListed, ThreadTable } from "./thread_table.ts";
import type { ReadThread } from "./thread_table.ts";
import type { TargetThreads } from "./types.ts";
import { Visit } from "./visit.ts";

/** Times that one read is tried anew because memory in the plan has gone. */
const MAX_RETRIES = 64;
/** Holders of the GIL that are tried in turn while it goes from hand to hand. */
const MAX_HOLDERS = 4;

/** The target's threads and their stacks. */
export class StackReader {
  /** Threads of the last `read`, whose stacks `walk` can now follow. */
  selected: readonly ReadThread[] = [];
  /** The stack that the last walk found, leaf first. */
  readonly stack = new RawStack();
  /** True when the thread of the last `walk` surely did not run while what the walk used was read. */
  isStill = false;
  /** True when it was read twice, and both copies have the same frames. */
  areFramesEqual = false;
  /** True when it was walked on a visit. */
  isOfVisit = false;
  readonly activities: ThreadActivities;
  readonly counters: ReadCounters = newReadCounters();
  readonly #memory: TargetMemory;
  readonly #runtime: Runtime;
  readonly #gil: GilWords;
  /** Undefined for versions whose frames do not have the address of an instruction. */
  readonly #copies: BytecodeCopies | undefined;
  readonly #ranges = new RangeList();
  readonly #arena = new Arena();
  /** Of the thread that was seen not to run before the last call. */
  readonly #rest: ThreadRest;
  readonly #table: ThreadTable;
  readonly #choice: ThreadChoice;
  readonly #visit = new Visit();
  /** The thread to be stopped for the call. */
  #toStop: ReadThread | undefined;
  readonly #hold: ThreadHold;
  /** The thread that was walked on a visit while its innermost frame was perhaps not linked yet. */
  #entered: ReadThread | undefined;
  /** Each walk reads its thread anew, while that one stands still: without a GIL no thread holds up another. */
  #stopsEach = false;
  #isGilRead = false;
  /** Of what the call of a tick reads. */
  #tickCopies: 1 | 2 = 1;
  /** The last call was made to prove a path: a part of it is of no use. */
  #isForProof = false;

  constructor(process: TargetMemory & TargetThreads & { readonly pid: number }, runtime: Runtime) {
    this.#memory = process;
    this.#rest = new ThreadRest(process);
    this.#hold = new ThreadHold(process, this.counters);
    this.#runtime = runtime;
    const reader = new MemoryReader(process);
    this.#gil = new GilWords(reader, runtime);
    this.#copies = runtime.layout.code.bytecode < 0 ? undefined : new BytecodeCopies(reader, runtime.layout);
    this.activities = new ThreadActivities(process, this.#gil, runtime);
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
   * @param copies 2 where paths are to be proven.
   * @returns false when the target could not be read: it has ended, or its interpreter is gone.
   */
  read(selection: Selection, nowMs: number, { copies = 1 }: { copies?: 1 | 2 } = {}): boolean {
    this.#beginTick();
    this.#tickCopies = copies;
    return this.#readSelected(selection, nowMs);
  }

  #beginTick(): void {
    this.#rest.beginTick();
    this.#hold.beginTick();
    this.#stopsEach = false;
    this.#tickCopies = 1;
    this.#isForProof = false;
    this.#visit.beginTick();
  }

  #readSelected(selection: Selection, nowMs: number): boolean {
    const lists = this.#table.watch.linksDue(nowMs);
    const isListDue = lists !== "none";
    if (isListDue && !this.#table.isComplete) this.relist();
    if (selection === "gil") {
      return this.activities.areIndependent ? this.#readAttached(nowMs) : this.#readHolder(nowMs);
    }
    const isStateDue = isListDue || this.#choice.isDue(nowMs);
    const holder = isStateDue && !isListDue ? this.#choice.holder : undefined;
    const isAsked = isStateDue && holder === undefined;
    this.selected = isAsked ? this.#choice.ask(selection, nowMs) : this.#choice.threads;
    if (!this.#callForTick(lists, isStateDue && this.#needsGil)) return false;
    if (holder !== undefined) {
      holder.ownsGil = this.activities.isHolder(holder, this.#arena.words);
      if (holder.ownsGil) this.#choice.keep(nowMs);
      else this.selected = this.#choice.ask(selection, nowMs);
    }
    if (!isListDue || this.#table.watch.isUnchanged(this.#arena.words, nowMs)) return true;
    // A thread that has come since the last tick belongs to this one.
    this.relist();
    this.selected = this.#choice.ask(selection, nowMs);
    return this.threads.length > 0 && this.#callForTick("none", this.#needsGil);
  }

  /** Walks a selected thread's stack in what the last call read. */
  walk(thread: ReadThread): Walk {
    const visited = this.#visit.take(thread);
    this.isOfVisit = visited !== undefined;
    if (visited !== undefined) return visited;
    this.isStill = this.areFramesEqual = false;
    this.#entered = undefined;
    if (this.#stopsEach && !this.#callStopped(thread)) return this.#unreadable(thread);
    if (!isAsListed(thread, this.#arena.words, this.#runtime.layout)) {
      this.#table.isComplete = false;
      return Walk.Empty;
    }
    this.activities.note(thread, this.#arena.words, this.#isGilRead);
    const isStopped = this.#hold.stopped === thread;
    const isResting = this.#rest.hasBegun(thread);
    const options = { isResting: isStopped || isResting, isForProof: this.#isForProof };
    const result = thread.stack.walk(this.#read, options);
    this.counters.misses += thread.stack.misses;
    const isProof = isStopped || isResting || result === Walk.Agreed || thread.stack.areFramesEqual;
    // Asked after the walk: frames that it had to read on their own must be of the same moment.
    this.isStill = isStopped && thread.stack.misses === 0 || this.#rest.lasts(thread);
    const isLinked = !isProof || this.stack.hasBegun(this.#copies) ||
      this.isStill && thread.stack.isCounted ||
      this.activities.waits(thread) || isResting && this.#rest.staysEntered(thread, this.stack);
    // Outside of the outermost place nothing can be: it was set, and its frames could not be followed.
    if (thread.stack.isOutside && (!this.isStill || result === Walk.Empty)) return this.#unreadable(thread);
    this.areFramesEqual = isLinked && thread.stack.areFramesEqual;
    if (isLinked) return result;
    if (this.isStill && this.#rest.isVisiting) this.#entered = thread;
    this.isStill = false;
    return result === Walk.Agreed ? Walk.Reached : result;
  }

  /** Of the last walk, if its copies have the same frames: see `depthAtOnce`. */
  depthAtOnce(thread: ReadThread, sizeOf: KnownCode["sizeOf"]): number {
    const startOf = this.#copies?.startOf;
    return this.areFramesEqual && startOf ? thread.stack.depthAtOnce(this.#read, { sizeOf, startOf }) : 0;
  }

  get #read() {
    const { words, bytes } = this.#arena;
    return { words, bytes, stack: this.stack };
  }

  /** Reads one thread anew and walks its stack. */
  reread(thread: ReadThread): Walk {
    this.#rest.end();
    return this.#rereadOne(thread, 1);
  }

  #rereadOne(thread: ReadThread, copies: 1 | 2): Walk {
    this.isStill = false;
    this.#hold.stopped = undefined;
    this.#stopsEach = false;
    this.#isForProof = copies === 2;
    this.selected = [thread];
    const isRead = this.#call({ lists: "none", gil: this.#needsGil, copies });
    // A thread that has ended was left out of the call: what was read of it earlier must not be taken for new.
    if (!this.threads.includes(thread)) return Walk.Empty;
    return isRead ? this.walk(thread) : this.#unreadable(thread);
  }

  /**
   * Makes the call for one tick as `read` does, on the processor of a thread that was running at the last one: it waits
   * for us, at an arbitrary place of its code, so that what is read of it is of one moment. It is walked there as well, and
   * is the first one selected; where we were there for a search, we stay.
   *
   * @param capture reads, still there, what else belongs to the moment.
   */
  readJoined(selection: Selection, nowMs: number, { capture }: { capture: () => void }): boolean {
    this.#beginTick();
    if (this.threads.length === 0) this.relist();
    // At first it is known only where there is no other.
    const single = this.threads.length === 1 ? this.threads[0] : undefined;
    const running = this.selected.find((thread) => thread.isAttached) ?? this.selected[0] ?? single;
    // Before, so that no thread waits for that.
    this.#readLists(nowMs);
    // It shows where its frames lie by now, and warms our caches: there both would take long.
    if (running !== undefined && !this.#rest.isJoined) this.reread(running);
    this.#visit.begin(running, capture);
    const isRead = this.#readSelected(selection, nowMs);
    this.selected = this.#visit.end(this.selected);
    return isRead;
  }

  #readLists(nowMs: number): void {
    const lists = this.#table.watch.linksDue(nowMs);
    if (lists === "none") return;
    this.selected = [];
    const isRead = this.#call({ lists, gil: false, copies: 1 });
    const isUnchanged = isRead && this.#table.watch.isUnchanged(this.#arena.words, nowMs);
    if (!isUnchanged || !this.#table.isComplete) this.relist();
  }

  /**
   * Makes the call for one tick as `read` does, while the thread that holds the GIL stands still: no other can change the
   * stacks of Python. It stands still for the call only. A thread that waits or sleeps is left alone. Where there is no GIL,
   * each thread that may run stands still while it is read by `walk`.
   */
  readStopped(selection: Selection, nowMs: number): boolean {
    this.#beginTick();
    if (this.activities.areIndependent) {
      return this.#stopsEach = this.#readSelected(selection, nowMs);
    }
    let holder = this.threads.find((thread) => thread.ownsGil) ?? this.threads.at(-1);
    for (let attempt = 0; attempt < MAX_HOLDERS; attempt++) {
      this.#toStop = holder;
      this.#choice.forget();
      const isRead = this.#readSelected(selection, nowMs);
      this.#toStop = undefined;
      if (!isRead) return false;
      const actual = this.threads.find((thread) => this.#gil.isHolder(thread.listed, this.#arena.words));
      // Without a holder nothing moves; one that could not be stopped is read as it is.
      if (actual === undefined || actual === holder) return true;
      holder = actual;
    }
    return true;
  }

  /** For how long threads stood still for the last read of a tick. Units: ms. */
  get pauseMs(): number {
    return this.#rest.visitMs + this.#hold.pauseMs;
  }

  /** Whether we are on the processor of a thread. */
  get isJoined(): boolean {
    return this.#rest.isJoined;
  }

  /** Whether a thread was visited for the read of this tick. */
  get hasVisited(): boolean {
    return this.#rest.hasVisited;
  }

  /** Reads one thread anew, twice in one call, and finds out whether it ran meanwhile, if it may not: see `isStill`. */
  rereadStill(thread: ReadThread, { runs = false } = {}): Walk {
    if (runs) this.#rest.end();
    else this.#rest.begin(thread);
    return this.#rereadOne(thread, 2);
  }

  /** Whether a thread has not run since before the last `rereadStill`. */
  stillRests(thread: ReadThread): boolean {
    return this.#rest.lasts(thread);
  }

  /** Moves us to the processor of a thread: what is read there is seldom torn. @returns false where it cannot be. */
  joinProcessor(thread: ReadThread): boolean {
    return this.#rest.join(thread);
  }

  leaveProcessor(): void {
    this.#rest.leave();
    const entered = this.#entered;
    if (entered === undefined) return;
    this.#entered = undefined;
    // Its link is written by now.
    this.isStill = this.#rest.hasRunSince(entered) && entered.stack.isLinkedAsBefore(this.stack);
  }

  /** The GIL's holder is predicted to be the one of the last time; when it is another, that one is read at once. */
  #readHolder(nowMs: number): boolean {
    for (let attempt = 0; attempt < MAX_HOLDERS; attempt++) {
      this.selected = this.threads.filter((thread) => thread.ownsGil);
      if (!this.#callForTick("all", true)) return false;
      if (!this.#table.watch.isUnchanged(this.#arena.words, nowMs)) this.relist();
      const holders = this.threads.filter((thread) => this.#gil.isHolder(thread.listed, this.#arena.words));
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
    for (const thread of this.selected) this.activities.note(thread, this.#arena.words, this.#isGilRead);
    this.selected = this.selected.filter((thread) => thread.isAttached);
    return true;
  }

  /** Reads one thread, which stands still meanwhile if it runs. The selection stays. */
  #callStopped(thread: ReadThread): boolean {
    const { selected } = this;
    this.selected = [thread];
    this.#toStop = thread;
    const isRead = this.#call({ lists: "none", gil: true, copies: 1 });
    this.#toStop = undefined;
    this.selected = selected;
    return isRead && this.threads.includes(thread);
  }

  /** Whether the GIL must be read, too: which thread is to be stopped is for the GIL itself to say. */
  get #needsGil(): boolean {
    return !this.activities.sayWhoHolds || this.#toStop !== undefined;
  }

  #callForTick(lists: "all" | "heads" | "none", gil: boolean): boolean {
    return this.#call({ lists, gil, copies: this.#tickCopies });
  }

  /** Plans and makes the call for the selected threads, again where planned memory has gone. */
  #call(
    { lists, gil, copies }: { lists: "all" | "heads" | "none"; gil: boolean; copies: 1 | 2 },
  ): boolean {
    const ranges = this.#ranges;
    this.#isGilRead = gil;
    for (let attempt = 0; attempt < MAX_RETRIES; attempt++) {
      ranges.clear();
      if (gil) this.#gil.plan(ranges, this.#table.interpreters);
      for (const thread of this.selected) thread.stack.plan(ranges, copies);
      if (lists !== "none") this.#table.watch.plan(ranges, lists);
      this.#arena.reserve(ranges.byteLength);
      this.counters.calls++;
      if (this.#visit.host !== undefined) this.#rest.visit(this.#visit.host);
      const length = this.#toStop === undefined
        ? this.#memory.readv(ranges, this.#arena.bytes)
        : this.#hold.read(this.#toStop, () => this.#memory.readv(ranges, this.#arena.bytes));
      const isRead = length === ranges.byteLength;
      if (this.#rest.isVisiting) {
        // The thread waits for us: all that need not be of this moment comes later.
        if (isRead) this.#visit.walk(this.selected, (thread) => this.walk(thread));
        this.leaveProcessor();
      }
      if (isRead) return true;
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
}
