/**
 * Reads the stacks of a target's threads: one vectored call for all of them once it is warm.
 *
 * What the call reads is predicted from the last one. A wrong prediction costs a further call and never changes what is
 * seen: every byte that a walk uses was read in this very tick.
 */
import { FrameFields, RawStack, ThreadStack, Walk } from "./cpython/thread_stack.ts";
import { listThreads, nativeThreadIdOf } from "./cpython/thread_list.ts";
import type { ListedInterpreter, ListedThread } from "./cpython/thread_list.ts";
import { readThreadNames } from "./cpython/thread_names.ts";
import type { Runtime } from "./cpython/locate.ts";
import { GilWords } from "./cpython/gil.ts";
import { MemoryReader, RangeList } from "./memory.ts";
import type { TargetMemory } from "./memory.ts";
import type { TargetThreads, ThreadInfo, ThreadState } from "./types.ts";

const HIGH = 0x1_0000_0000;
/** The lists of interpreters and threads are followed at most this often. Units: ms. */
const LIST_INTERVAL = 1;
/** Times that one read is tried anew because memory in the plan has gone. */
const MAX_RETRIES = 64;

/** Which threads a read is about: those that run, all, or the holder of the GIL. */
export type Selection = "active" | "all" | "gil";

/** How reading went; `--stats` will show more of it. */
export interface ReadCounters {
  /** Vectored calls, without those of single frames. */
  calls: number;
  /** Frames that had to be read on their own. */
  misses: number;
  /** Calls made again because planned memory had gone. */
  stale: number;
  /** Times the lists of threads were read anew. */
  relists: number;
}

/** A thread of the target, as the reader follows it. */
export interface ReadThread {
  readonly listed: ListedThread;
  readonly stack: ThreadStack;
  info: ThreadInfo;
  ownsGil: boolean;
}

/** The target's threads and their stacks. */
export class StackReader {
  /** Newest first, as CPython lists them. */
  threads: ReadThread[] = [];
  /** Threads of the last `read`, whose stacks `walk` can now follow. */
  selected: ReadThread[] = [];
  /** The stack that the last walk found, leaf first. */
  readonly stack = new RawStack();
  /** True when the thread of the last `walk` surely did not run from before the call to the walk's end. */
  isStill = false;
  readonly counters: ReadCounters = { calls: 0, misses: 0, stale: 0, relists: 0 };
  readonly #memory: TargetMemory;
  readonly #os: TargetThreads;
  readonly #pid: number;
  readonly #runtime: Runtime;
  readonly #reader: MemoryReader;
  readonly #fields: FrameFields;
  readonly #gil: GilWords;
  readonly #ranges = new RangeList();
  #interpreters: readonly ListedInterpreter[] = [];
  #arena = new Uint8Array(1 << 16);
  #words = new Uint32Array(this.#arena.buffer);
  /** The thread that did not run before the last call, and its run count then. */
  #resting: { readonly thread: ReadThread; readonly runCount: number } | undefined;
  #listOffset = -1;
  #lastListing = -Infinity;
  #listingComplete = false;

  constructor(process: TargetMemory & TargetThreads & { readonly pid: number }, runtime: Runtime) {
    this.#memory = process;
    this.#os = process;
    this.#pid = process.pid;
    this.#runtime = runtime;
    this.#reader = new MemoryReader(process);
    this.#fields = new FrameFields(runtime.layout);
    this.#gil = new GilWords(this.#reader, runtime);
  }

  /**
   * Makes the call for one tick. Units: `nowMs` of any steady clock.
   *
   * @returns false when the target could not be read: it has ended, or its interpreter is gone.
   */
  read(selection: Selection, nowMs: number): boolean {
    this.#resting = undefined;
    return this.#readSelected(selection, nowMs);
  }

  #readSelected(selection: Selection, nowMs: number): boolean {
    const isListDue = nowMs - this.#lastListing >= LIST_INTERVAL;
    if (isListDue && !this.#listingComplete) this.relist();
    if (selection === "gil") return this.#readHolder();
    this.#select(selection);
    if (!this.#call(isListDue)) return false;
    if (!isListDue) return true;
    this.#lastListing = nowMs;
    if (this.#listsUnchanged()) return true;
    // A thread that has come since the last tick belongs to this one.
    this.relist();
    this.#select(selection);
    return this.threads.length > 0 && this.#call(false);
  }

  /** Walks a selected thread's stack in what the last call read. */
  walk(thread: ReadThread): Walk {
    this.isStill = false;
    if (!this.#isSameThread(thread)) {
      this.#listingComplete = false;
      return Walk.Empty;
    }
    thread.ownsGil = this.#gil.isHolder(thread.listed, this.#words);
    const result = thread.stack.walk(this.#words, this.#arena, { stack: this.stack, copy: 1 });
    this.counters.misses += thread.stack.misses;
    // Asked after the walk: frames that it had to read on their own must be of the same moment.
    this.isStill = this.#resting?.thread === thread &&
      this.#resting.runCount === this.#os.runCount(thread.info.osThreadId);
    return result;
  }

  /**
   * Walks the second copy of the frames, which the same call read a little later.
   *
   * Where the first copy was torn, this one may show a path that is known.
   */
  walkSecondCopy(thread: ReadThread): Walk {
    return thread.stack.walk(this.#words, this.#arena, { stack: this.stack, copy: 2 });
  }

  /** Reads one thread anew and walks its stack. */
  reread(thread: ReadThread): Walk {
    this.#resting = undefined;
    return this.#rereadOne(thread);
  }

  #rereadOne(thread: ReadThread): Walk {
    this.isStill = false;
    this.selected = [thread];
    const isRead = this.#call(false);
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
    if (running !== undefined && this.joinProcessor(running)) this.#noteRest(running);
    return this.#readSelected(selection, nowMs);
  }

  /** Reads one thread anew, and finds out whether it ran meanwhile: see `isStill`. */
  rereadStill(thread: ReadThread): Walk {
    this.#noteRest(thread);
    return this.#rereadOne(thread);
  }

  #noteRest(thread: ReadThread): void {
    const { osThreadId } = thread.info;
    this.#resting = osThreadId === 0 ? undefined : { thread, runCount: this.#os.restingCount(osThreadId) };
  }

  /** Moves us to the processor of a thread: what is read there is seldom torn. @returns false where it cannot be. */
  joinProcessor(thread: ReadThread): boolean {
    const { osThreadId } = thread.info;
    return osThreadId !== 0 && this.#os.joinProcessor(osThreadId);
  }

  leaveProcessor(): void {
    this.#os.leaveProcessor();
  }

  /** Reads the lists of interpreters and threads link by link; known threads keep what is known of them. */
  relist(): void {
    this.counters.relists++;
    const known = new Map(this.threads.map((thread) => [thread.listed.tstate, thread]));
    const listing = listThreads(this.#reader, this.#runtime.layout, this.#runtime.address);
    const threads = listing.threads.map((listed) => {
      const old = known.get(listed.tstate);
      known.delete(listed.tstate);
      return old !== undefined && isSame(old.listed, listed) ? old : this.#newThread(listed);
    });
    // A broken list says nothing about threads that lie behind the break.
    if (!listing.complete) threads.push(...known.values());
    this.threads = threads;
    this.#interpreters = listing.interpreters;
    this.#listingComplete = listing.complete;
  }

  /** Reads thread names again: threads get theirs only after they have started, and may be renamed. */
  refreshNames(): void {
    for (const { address } of this.#interpreters) {
      const names = readThreadNames(this.#reader, this.#runtime.layout, address);
      for (const thread of this.threads) {
        if (thread.listed.interpreter !== address) continue;
        const name = names.get(thread.listed.threadId);
        if (name !== undefined && name !== thread.info.name) thread.info = { ...thread.info, name };
      }
    }
  }

  /** Drops from the plan what was not used lately. */
  shrink(): void {
    for (const thread of this.threads) thread.stack.shrink();
  }

  /** Asks the operating system what a thread is doing; one whose kernel id is unknown counts as running. */
  stateOf(thread: ReadThread): ThreadState {
    const { osThreadId } = thread.info;
    if (osThreadId === 0) return "running";
    return this.#os.threadState(osThreadId) ?? "idle";
  }

  #newThread(listed: ListedThread): ReadThread {
    return {
      listed,
      stack: new ThreadStack(listed.tstate, this.#fields, this.#memory),
      info: {
        pid: this.#pid,
        threadId: listed.threadId,
        osThreadId: this.#os.hostThreadId(nativeThreadIdOf(this.#reader, listed)),
        name: undefined,
        interpreterId: listed.interpreterId,
      },
      ownsGil: false,
    };
  }

  #select(selection: "active" | "all"): void {
    this.selected = [];
    for (const thread of this.threads) {
      const { osThreadId } = thread.info;
      // A thread whose kernel id is unknown counts as running.
      if (selection === "all" || osThreadId === 0 || this.#os.isRunning(osThreadId)) {
        this.selected.push(thread);
      }
    }
  }

  /** The GIL's holder is predicted to be the one of the last time; when it is another, that one is read at once. */
  #readHolder(): boolean {
    for (let attempt = 0; attempt < 4; attempt++) {
      this.selected = this.threads.filter((thread) => thread.ownsGil);
      if (!this.#call(true)) return false;
      if (!this.#listsUnchanged()) this.relist();
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
  #call(withLists: boolean): boolean {
    const ranges = this.#ranges;
    for (let attempt = 0; attempt < MAX_RETRIES; attempt++) {
      ranges.clear();
      this.#listOffset = withLists ? this.#planLists() : -1;
      this.#gil.plan(ranges, this.#interpreters);
      for (const thread of this.selected) thread.stack.plan(ranges);
      this.#reserve(ranges.byteLength);
      this.counters.calls++;
      const length = this.#memory.readv(ranges, this.#arena);
      if (length === ranges.byteLength) return true;
      this.counters.stale++;
      if (!this.#forget(failedRange(ranges, length))) {
        // A thread or an interpreter has gone: read the lists, and this tick without it.
        const before = this.threads;
        this.relist();
        this.selected = this.selected.filter((thread) => this.threads.includes(thread));
        if (this.threads.length === 0) return false;
        if (before.length === this.threads.length && attempt > MAX_RETRIES / 2) return false;
      }
    }
    return false;
  }

  #forget(range: number): boolean {
    return this.selected.some((thread) => thread.stack.forgetRange(range));
  }

  /** Appends the links of both lists. @returns where they begin in what is read. */
  #planLists(): number {
    const { runtime, interpreter } = this.#runtime.layout;
    const ranges = this.#ranges;
    const offset = ranges.push(this.#runtime.address + runtime.interpretersHead, 8);
    for (const { address } of this.#interpreters) {
      ranges.push(address + interpreter.next, 8);
      ranges.push(address + interpreter.threadsHead, 8);
    }
    for (const { listed } of this.threads) ranges.push(listed.tstate + this.#runtime.layout.thread.next, 8);
    return offset;
  }

  /** Whether the links that the last call read form the same lists as before. */
  #listsUnchanged(): boolean {
    let at = this.#listOffset;
    const interpreters = this.#interpreters;
    const links = interpreters.map(() => 0);
    if (this.#pointerAt(at) !== (interpreters[0]?.address ?? 0)) return false;
    at += 8;
    for (let i = 0; i < interpreters.length; i++, at += 16) {
      if (this.#pointerAt(at) !== (interpreters[i + 1]?.address ?? 0)) return false;
      links[i] = this.#pointerAt(at + 8);
    }
    let current = 0;
    for (const { listed } of this.threads) {
      while (current < interpreters.length && interpreters[current]!.address !== listed.interpreter) {
        if (links[current++] !== 0) return false;
      }
      if (links[current] !== listed.tstate) return false;
      links[current] = this.#pointerAt(at);
      at += 8;
    }
    return links.every((link) => link === 0);
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

  #pointerAt(offset: number): number {
    return this.#words[offset >> 2]! + this.#words[(offset >> 2) + 1]! * HIGH;
  }

  #reserve(size: number): void {
    if (size <= this.#arena.length) return;
    this.#arena = new Uint8Array(Math.ceil(size * 1.5 / 8) * 8);
    this.#words = new Uint32Array(this.#arena.buffer);
  }
}

function isSame(a: ListedThread, b: ListedThread): boolean {
  return a.threadId === b.threadId && a.nativeThreadId === b.nativeThreadId &&
    a.interpreter === b.interpreter;
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
