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
import { MemoryReader } from "./memory.ts";
import { newReadCounters } from "./read_counters.ts";
import type { ReadCounters } from "./read_counters.ts";
import { TargetCall } from "./target_call.ts";
import type { CallParts, ReadableProcess } from "./target_call.ts";
import { ThreadActivities } from "./thread_activities.ts";
import { ThreadChoice } from "./thread_choice.ts";
import type { Selection } from "./thread_choice.ts";
import { ThreadHold } from "./thread_hold.ts";
import { ThreadRest } from "./thread_rest.ts";
import { isAsListed, ThreadTable } from "./thread_table.ts";
import type { ReadThread } from "./thread_table.ts";
import { Activity } from "./types.ts";
import { Visit } from "./visit.ts";

/** Times that one read is tried anew because memory in the plan has gone. */
const MAX_RETRIES = 64;
/** Holders of the GIL that are tried in turn while it goes from hand to hand. */
const MAX_HOLDERS = 4;
/** With so many one is visited on its processor if it cannot be interrupted for a read, as where its stack is very deep. */
export const FEW_THREADS = 4;
const NO_CAPTURE = () => {};

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
  /** Of the thread that was seen not to run before the last call, or is visited. */
  readonly rest: ThreadRest;
  readonly activities: ThreadActivities;
  readonly counters: ReadCounters = newReadCounters();
  readonly #runtime: Runtime;
  /** Undefined for versions whose frames do not have the address of an instruction. */
  readonly #copies: BytecodeCopies | undefined;
  /** Of the last call; what was read before is gone. */
  readonly #last: TargetCall;
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
  /** The last call was made to prove a path: a part of it is of no use. */
  #isForProof = false;

  constructor(process: ReadableProcess, runtime: Runtime) {
    this.rest = new ThreadRest(process);
    this.#hold = new ThreadHold(process, this.counters);
    this.#runtime = runtime;
    const reader = new MemoryReader(process);
    const gil = new GilWords(reader, runtime);
    this.#copies = runtime.layout.code.bytecode < 0 ? undefined : new BytecodeCopies(reader, runtime.layout);
    this.activities = new ThreadActivities(process, gil, runtime);
    this.#table = new ThreadTable(process, runtime);
    this.#choice = new ThreadChoice(this.activities, this.#table);
    this.#last = new TargetCall(process, gil, this.#table);
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
    return this.#readSelected(selection, nowMs, copies);
  }

  #beginTick(): void {
    this.rest.beginTick();
    this.#hold.beginTick();
    this.#stopsEach = false;
    this.#isForProof = false;
    this.#visit.beginTick();
  }

  #readSelected(selection: Selection, nowMs: number, copies: 1 | 2 = 1): boolean {
    const lists = this.#table.watch.linksDue(nowMs);
    const isListDue = lists !== "none";
    if (isListDue && !this.#table.isComplete) this.relist();
    if (selection === "gil") {
      return this.activities.areIndependent
        ? this.#readAttached(nowMs, copies)
        : this.#readHolder(nowMs, copies);
    }
    const isStateDue = isListDue || this.#choice.isDue(nowMs);
    const holder = isStateDue && !isListDue ? this.#choice.holder : undefined;
    const isAsked = isStateDue && holder === undefined;
    this.selected = isAsked ? this.#choice.ask(selection, nowMs) : this.#choice.threads;
    if (!this.#call({ lists, gil: isStateDue && this.#needsGil, copies })) return false;
    if (holder !== undefined) {
      holder.ownsGil = this.activities.isHolder(holder, this.#last.words);
      if (holder.ownsGil) this.#choice.keep(nowMs);
      else this.selected = this.#choice.ask(selection, nowMs);
    }
    if (!isListDue || this.#last.areListsUnchanged(nowMs)) return true;
    // A thread that has come since the last tick belongs to this one.
    this.relist();
    this.selected = this.#choice.ask(selection, nowMs);
    return this.threads.length > 0 &&
      this.#call({ lists: "none", gil: this.#needsGil, copies });
  }

  /** Walks a selected thread's stack in what the last call read. */
  walk(thread: ReadThread): Walk {
    const visited = this.#visit.take(thread);
    this.isOfVisit = visited !== undefined;
    if (visited !== undefined) return visited;
    this.isStill = this.areFramesEqual = false;
    this.#entered = undefined;
    if (this.#stopsEach && !this.#callStopped(thread)) return thread.stack.unreadable(this.stack);
    if (!isAsListed(thread, this.#last.words, this.#runtime.layout)) {
      this.#table.isComplete = false;
      return Walk.Empty;
    }
    this.activities.note(thread, this.#last.words, this.#last.isGilRead);
    const isMoment = this.#hold.stopped === thread || this.rest.isMomentOf(thread);
    const isResting = this.rest.hasBegun(thread);
    const options = { isResting: isMoment || isResting, isForProof: this.#isForProof };
    const result = thread.stack.walk(this.#read, options);
    this.counters.misses += thread.stack.misses;
    const isProof = isMoment || isResting || result === Walk.Agreed || thread.stack.areFramesEqual;
    // Asked after the walk: frames that it had to read on their own must be of the same moment.
    this.isStill = isMoment && thread.stack.misses === 0 || this.rest.lasts(thread);
    const isLinked = !isProof || this.stack.hasBegun(this.#copies) ||
      this.isStill && thread.stack.isEntered ||
      this.activities.waits(thread) || isResting && this.rest.staysEntered(thread, this.stack);
    // Outside of the outermost place nothing can be: it was set, and its frames could not be followed.
    if (thread.stack.isOutside && (!this.isStill || result === Walk.Empty)) {
      return thread.stack.unreadable(this.stack);
    }
    this.areFramesEqual = isLinked && thread.stack.areFramesEqual;
    if (isLinked) return result;
    if (this.isStill && (isMoment || this.rest.isVisiting)) this.#entered = thread;
    this.isStill = false;
    return result === Walk.Agreed ? Walk.Reached : result;
  }

  /** Of the last walk, if its copies have the same frames: see `depthAtOnce`. */
  depthAtOnce(thread: ReadThread, sizeOf: KnownCode["sizeOf"]): number {
    const startOf = this.#copies?.startOf;
    return this.areFramesEqual && startOf ? thread.stack.depthAtOnce(this.#read, { sizeOf, startOf }) : 0;
  }

  get #read() {
    const { words, bytes } = this.#last;
    return { words, bytes, stack: this.stack };
  }

  /** Reads one thread anew and walks its stack. */
  reread(thread: ReadThread): Walk {
    this.rest.end();
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
    return isRead ? this.walk(thread) : thread.stack.unreadable(this.stack);
  }

  /**
   * Makes the call for one tick as `read` does, while a thread that was running at the last one does not run, at an arbitrary
   * place of its code: it is interrupted, or waits for us on its processor. So what is read of it is of one moment. It is
   * walked right then, and is the first one selected; where we were there for a search, we stay.
   *
   * @param capture reads, right after the walk, what else belongs to the moment.
   */
  readVisiting(selection: Selection, nowMs: number, { capture }: { capture: () => void }): boolean {
    this.#beginTick();
    if (this.threads.length === 0) this.relist();
    // At first it is known only where there is no other.
    const single = this.threads.length === 1 ? this.threads[0] : undefined;
    const running = this.selected.find((thread) => thread.isAttached) ?? this.selected[0] ?? single;
    // Before, so that no thread waits for that.
    this.#readLists(nowMs);
    const { canInterrupt } = this.rest;
    const isKnown = running !== undefined && canInterrupt && (running.activity === Activity.Idle ||
      this.#interrupt(running, capture) || this.rest.hasBegun(running));
    if (!isKnown && (!canInterrupt || this.threads.length <= FEW_THREADS)) {
      // It shows where its frames lie by now, and warms our caches: there both would take long.
      if (running !== undefined && !this.rest.isJoined) this.reread(running);
      this.#visit.begin(running, capture);
    }
    return this.#readOthers(selection, nowMs);
  }

  /** The thread that was visited comes first: it was walked. */
  #readOthers(selection: Selection, nowMs: number): boolean {
    const isRead = this.#readSelected(selection, nowMs);
    this.selected = this.#visit.end(this.selected);
    return isRead;
  }

  /** Interrupts a thread for one read, and walks it. @returns false if it does not run, or cannot be read so. */
  #interrupt(thread: ReadThread, capture: () => void): boolean {
    this.#stopsEach = false;
    const request = this.#last.planMoment(thread, { gil: this.#needsGil });
    this.counters.calls++;
    const found = this.rest.interrupt(thread, request);
    if (found === undefined) return false;
    thread.stack.takeMoment(request.ranges.byteLength, found);
    this.#visit.keep(thread, this.walk(thread), capture);
    // What is read of it from now on is of later.
    this.rest.end();
    this.#settleEntered();
    return true;
  }

  #readLists(nowMs: number): void {
    const lists = this.#table.watch.linksDue(nowMs);
    if (lists === "none") return;
    this.selected = [];
    const isRead = this.#call({ lists, gil: false, copies: 1 });
    const isUnchanged = isRead && this.#last.areListsUnchanged(nowMs);
    if (!isUnchanged || !this.#table.isComplete) this.relist();
  }

  /**
   * Makes the call for one tick as `read` does, while the thread that holds the GIL stands still: no other can change the
   * stacks of Python. It is interrupted, or stopped for the call only. A thread that waits or sleeps is left alone. Where there
   * is no GIL, each thread that may run is stopped while it is read by `walk`.
   */
  readStopped(selection: Selection, nowMs: number): boolean {
    this.#beginTick();
    if (this.activities.areIndependent) return this.#stopsEach = this.#readSelected(selection, nowMs);
    let holder = this.threads.find((thread) => thread.ownsGil) ?? this.threads.at(-1);
    for (let attempt = 0; attempt < MAX_HOLDERS; attempt++) {
      this.#toStop = holder;
      this.#choice.forget();
      const isMoment = holder !== undefined && this.rest.canInterrupt && this.#interrupt(holder, NO_CAPTURE);
      const isRead = isMoment || this.#readSelected(selection, nowMs);
      this.#toStop = undefined;
      if (!isRead) return false;
      const actual = this.threads.find((thread) => this.#last.isHolder(thread));
      // Without a holder nothing moves; one that could not be stopped is read as it is.
      if (actual === undefined || actual === holder) return !isMoment || this.#readOthers(selection, nowMs);
      holder = actual;
    }
    return this.#readOthers(selection, nowMs);
  }

  /** For how long threads stood still for the last read of a tick. Units: ms. */
  get pauseMs(): number {
    return this.rest.visitMs + this.#hold.pauseMs;
  }

  /** Reads one thread anew, twice in one call, and finds out whether it ran meanwhile, if it may not: see `isStill`. */
  rereadStill(thread: ReadThread, { runs = false } = {}): Walk {
    if (runs) this.rest.end();
    else this.rest.begin(thread);
    return this.#rereadOne(thread, 2);
  }

  /** Interrupts a thread, and walks it; reads it as it is if it does not run. */
  rereadAtOnce(thread: ReadThread): Walk {
    this.#interrupt(thread, NO_CAPTURE);
    return this.#visit.take(thread) ?? this.#rereadOne(thread, 1);
  }

  /** Ends what `rest.join` began. */
  leaveProcessor(): void {
    this.rest.leave();
    this.#settleEntered();
  }

  /** The thread runs again: its innermost frame is linked by now. */
  #settleEntered(): void {
    const entered = this.#entered;
    if (entered === undefined) return;
    this.#entered = undefined;
    this.isStill = entered.stack.head.isLinkedAsBefore(this.stack, {
      hasRun: this.rest.hasRunSince(entered),
    });
  }

  /** The GIL's holder is predicted to be the one of the last time; when it is another, that one is read at once. */
  #readHolder(nowMs: number, copies: 1 | 2): boolean {
    for (let attempt = 0; attempt < MAX_HOLDERS; attempt++) {
      this.selected = this.threads.filter((thread) => thread.ownsGil);
      if (!this.#call({ lists: "all", gil: true, copies })) return false;
      if (!this.#last.areListsUnchanged(nowMs)) this.relist();
      const holders = this.threads.filter((thread) => this.#last.isHolder(thread));
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
  #readAttached(nowMs: number, copies: 1 | 2): boolean {
    if (!this.#readSelected("active", nowMs, copies)) return false;
    for (const thread of this.selected) this.activities.note(thread, this.#last.words, this.#last.isGilRead);
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

  /** Plans and makes the call for the selected threads, again where planned memory has gone. */
  #call(parts: CallParts): boolean {
    const { ranges, read } = this.#last;
    for (let attempt = 0; attempt < MAX_RETRIES; attempt++) {
      this.#last.plan(this.selected, parts);
      this.counters.calls++;
      if (this.#visit.host !== undefined) this.rest.visit(this.#visit.host);
      // One that does not run need not be stopped.
      const isFree = this.#toStop === undefined || this.rest.hasBegun(this.#toStop);
      const length = isFree ? read() : this.#hold.read(this.#toStop!, read);
      const isRead = length === ranges.byteLength;
      if (this.rest.isVisiting) {
        // The thread waits for us: all that need not be of this moment comes later.
        if (isRead) this.#visit.walk(this.selected, (thread) => this.walk(thread));
        this.leaveProcessor();
      }
      if (isRead) return true;
      this.counters.stale++;
      const range = ranges.firstUnfilled(length);
      if (!this.selected.some((thread) => thread.stack.forgetRange(range))) {
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
}
