/** The target's interpreters and threads, as far as they are known: read link by link, then watched for changes. */
import type { Layout } from "./cpython/layout.ts";
import { ListWatch } from "./cpython/list_watch.ts";
import type { Runtime } from "./cpython/runtime.ts";
import { listThreads, nativeThreadIds } from "./cpython/thread_list.ts";
import type { ListedInterpreter, ListedThread } from "./cpython/thread_list.ts";
import { readThreadNames } from "./cpython/thread_names.ts";
import { FrameFields } from "./cpython/frame_fields.ts";
import { ThreadStack } from "./cpython/thread_stack.ts";
import type { Cursor } from "./recording.ts";
import { MemoryReader } from "./memory.ts";
import type { TargetMemory } from "./memory.ts";
import { Activity } from "./types.ts";
import type { TargetThreads, ThreadInfo } from "./types.ts";

/** A thread of the target, as the reader follows it. */
export interface ReadThread {
  readonly listed: ListedThread;
  readonly stack: ThreadStack;
  info: ThreadInfo;
  /** False when its kernel id may be that of another thread: what the system says of that one proves nothing here. */
  hasOwnId: boolean;
  ownsGil: boolean;
  /** It may run Python code: it holds the GIL, or there is none. */
  isAttached: boolean;
  /** As of the last tick. */
  activity: Activity;
}

/** The kernel's id of a thread, if what the system says of that one is said of this thread, else 0. */
export function ownOsThreadId({ hasOwnId, info }: ReadThread): number {
  return hasOwnId ? info.osThreadId : 0;
}

/** Whether what was read at a thread's address is still that thread. */
export function isAsListed({ stack, listed }: ReadThread, words: Uint32Array, layout: Layout): boolean {
  const { interp, threadId, nativeThreadId } = layout.thread;
  return stack.threadField(words, interp) === listed.interpreter &&
    stack.threadField(words, threadId) === listed.threadId &&
    (nativeThreadId < 0 || stack.threadInt(words, nativeThreadId) === listed.nativeThreadId);
}

/** A thread with its place in the recording. */
export interface ThreadEntry {
  readonly thread: ReadThread;
  readonly cursor: Cursor;
  readonly index: number;
}

/** Keeps what is known of a thread as long as it is listed. */
export class ThreadTable {
  /** Newest first, as CPython lists them. */
  threads: ReadThread[] = [];
  interpreters: readonly ListedInterpreter[] = [];
  /** False when a list broke off: then it should be read again soon. */
  isComplete = false;
  readonly watch: ListWatch;
  readonly #memory: TargetMemory;
  readonly #os: TargetThreads;
  readonly #pid: number;
  readonly #runtime: Runtime;
  readonly #reader: MemoryReader;
  readonly #fields: FrameFields;

  constructor(process: TargetMemory & TargetThreads & { readonly pid: number }, runtime: Runtime) {
    this.#memory = process;
    this.#os = process;
    this.#pid = process.pid;
    this.#runtime = runtime;
    this.#reader = new MemoryReader(process);
    this.#fields = new FrameFields(runtime.layout);
    this.watch = new ListWatch(runtime.layout, runtime.address);
  }

  /** Reads the lists of interpreters and threads link by link; known threads keep what is known of them. */
  relist(): void {
    const known = new Map(this.threads.map((thread) => [thread.listed.tstate, thread]));
    const listing = listThreads(this.#reader, this.#runtime.layout, this.#runtime.address);
    const threads = listing.threads.map((listed) => {
      const old = known.get(listed.tstate);
      known.delete(listed.tstate);
      if (old !== undefined && isSame(old.listed, listed)) return old;
      if (old !== undefined) this.#os.forgetThread(old.info.osThreadId);
      return this.#newThread(listed);
    });
    // A broken list says nothing about threads that lie behind the break.
    if (!listing.complete) threads.push(...known.values());
    else for (const { info } of known.values()) this.#os.forgetThread(info.osThreadId);
    this.threads = threads;
    this.#noteForeignIds();
    this.interpreters = listing.interpreters;
    this.isComplete = listing.complete;
    this.watch.set(listing.interpreters, threads);
  }

  #noteForeignIds(): void {
    if (this.#runtime.layout.traits.threadId === "runner") return;
    const users = new Map<number, number>();
    for (const { info } of this.threads) users.set(info.osThreadId, (users.get(info.osThreadId) ?? 0) + 1);
    for (const thread of this.threads) {
      const { interpreterId, osThreadId } = thread.info;
      thread.hasOwnId = interpreterId === 0 || users.get(osThreadId) === 1;
    }
  }

  /** Reads thread names again: threads get theirs only after they have started, and may be renamed. */
  refreshNames(): void {
    for (const { address } of this.interpreters) {
      const names = readThreadNames(this.#reader, this.#runtime.layout, address);
      for (const thread of this.threads) {
        if (thread.listed.interpreter !== address) continue;
        const name = names.get(thread.listed.threadId);
        if (name !== undefined && name !== thread.info.name) thread.info = { ...thread.info, name };
        if (name === undefined) this.#nameByOs(thread);
      }
    }
  }

  /** A thread that `threading` does not know may have a name all the same: one that C has started. */
  #nameByOs(thread: ReadThread): void {
    const { osThreadId } = thread.info;
    const osName = osThreadId === 0 ? undefined : this.#os.threadOsName?.(osThreadId);
    if (osName !== thread.info.osName) thread.info = { ...thread.info, osName };
  }

  /** The first of the ids that is one of a thread of this process; 0 when none is. */
  #osThreadIdOf(listed: ListedThread): number {
    for (const id of nativeThreadIds(this.#reader, listed)) {
      const osThreadId = this.#os.hostThreadId(id);
      if (osThreadId !== 0) return osThreadId;
    }
    return 0;
  }

  #newThread(listed: ListedThread): ReadThread {
    return {
      listed,
      stack: new ThreadStack(listed.tstate, this.#fields, this.#memory),
      info: {
        pid: this.#pid,
        threadId: listed.threadId,
        osThreadId: this.#osThreadIdOf(listed),
        name: undefined,
        interpreterId: listed.interpreterId,
      },
      hasOwnId: true,
      ownsGil: false,
      isAttached: false,
      // To be asked.
      activity: Activity.Native,
    };
  }
}

function isSame(a: ListedThread, b: ListedThread): boolean {
  return a.threadId === b.threadId && a.nativeThreadId === b.nativeThreadId &&
    a.interpreter === b.interpreter;
}
