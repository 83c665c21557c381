/** A target whose threads and memory a test changes, read by a real reader. */
import assert from "node:assert/strict";
import type { Layout } from "../../src/cpython/layout.ts";
import { Walk } from "../../src/cpython/thread_stack.ts";
import type { Interruption, MomentRequest, RangeList } from "../../src/memory.ts";
import { StackReader } from "../../src/stack_reader.ts";
import { RUNS } from "../../src/types.ts";
import { readMoment } from "./fake_interrupts.ts";
import { FakeMemory } from "./fake_memory.ts";
import { LAYOUT_OF_LINK } from "./fake_thread.ts";

export const PAGE = 4096;
export const LAYOUT: Layout = LAYOUT_OF_LINK.get("frame_object")!;
/** The lists begin before the border of a page, the words of the GIL lie behind it. */
export const RUNTIME = 0x7f00_0010_0000 - LAYOUT.runtime.interpretersHead - 8;
export const INTERPRETER = 0x7f00_0020_0000;

/** A target with one interpreter, whose threads each have a stack of two frames and a page of their own. */
export class FakeTarget {
  readonly memory = new FakeMemory();
  readonly running = new Set<number>();
  /** What threads wait for that do not run. */
  readonly futexes = new Map<number, number>();
  readonly stopped = new Set<number>();
  readonly stops: number[] = [];
  isQuiet = false;
  /** Threads of which it was asked what they wait for. */
  readonly asked: number[] = [];
  readonly forgotten: number[] = [];
  /** How often the scheduler has put each thread to work; whoever is visited does not run until it is left. */
  readonly runs = new Map<number, number>();
  /** What was done on a visit, and how much had been read before. */
  readonly visits: { readonly id: number; readonly reads: number }[] = [];
  canVisit = false;
  canInterrupt = false;
  /** Threads that were to be interrupted; what comes of it, unless the thread runs. */
  readonly interrupted: number[] = [];
  onInterrupt: (request: MomentRequest) => Interruption = (request) => readMoment(this.memory, request);
  onLeave = () => {};
  onRead = () => {};
  readonly reader: StackReader;
  readonly #layout: Layout;
  #threads: number[] = [];

  constructor(layout = LAYOUT, { freeThreaded = layout.thread.state >= 0 } = {}) {
    this.#layout = layout;
    const { runtime, interpreter } = layout;
    this.memory.write(RUNTIME, new Uint8Array(runtime.gilLocked + 8));
    this.memory.write(INTERPRETER, new Uint8Array(interpreter.modules + 8));
    this.memory.word(RUNTIME + runtime.interpretersHead, INTERPRETER);
    const process = {
      pid: 1,
      canInterrupt: false,
      interrupt: (id: number, request: MomentRequest) => {
        this.interrupted.push(id);
        return this.onInterrupt(request);
      },
      readv: (ranges: RangeList, into: Uint8Array<ArrayBuffer>) => {
        const length = this.memory.readv(ranges, into);
        this.onRead();
        return length;
      },
      hostThreadId: (id: number) => id,
      threadState: () => "idle" as const,
      waitsFor: (id: number) => {
        this.asked.push(id);
        return this.running.has(id) && !this.stopped.has(id) ? RUNS : this.futexes.get(id) ?? 0;
      },
      forgetThread: (id: number) => this.forgotten.push(id),
      isQuiet: () => this.isQuiet,
      cpuTime: () => 0,
      stopThread: (id: number) => (this.stopped.add(id), this.stops.push(id), true),
      releaseThread: () => (this.stopped.clear(), 0.02),
      joinProcessor: () => false,
      visitProcessor: (id: number) => {
        this.visits.push({ id, reads: this.memory.reads });
        return this.canVisit ? this.#runsOf(id) : NaN;
      },
      leaveProcessor: () => {
        const { id } = this.visits.at(-1)!;
        this.runs.set(id, this.#runsOf(id) + 1);
        this.onLeave();
        return 0.03;
      },
      restingCount: () => NaN,
      runCount: (id: number) => this.#runsOf(id),
    };
    Object.defineProperty(process, "canInterrupt", { get: () => this.canInterrupt });
    const version = { major: 3, minor: 10, micro: 0, release: "" };
    this.reader = new StackReader(process, {
      address: RUNTIME,
      imagePath: "",
      version,
      layout,
      freeThreaded,
      guessed: false,
      source: "",
    });
  }

  #runsOf(id: number): number {
    return this.runs.get(id) ?? 0;
  }

  static tstate(index: number): number {
    return 0x7f00_1000_0000 + index * 4 * PAGE;
  }

  /** Starts thread `index`, with the kernel's id 100 + index, in functions 0x1000 and 0x1000 * (index + 2). */
  start(index: number): void {
    const { thread, frame, cframe } = this.#layout;
    const tstate = FakeTarget.tstate(index);
    const pthread = tstate + 2048;
    this.memory.write(tstate, new Uint8Array(PAGE));
    this.memory.word(tstate + thread.interp, INTERPRETER);
    this.memory.word(tstate + thread.threadId, pthread);
    if (thread.nativeThreadId < 0) this.memory.write(pthread + 720, [100 + index]);
    else this.memory.word(tstate + thread.nativeThreadId, 100 + index);
    const [outer, inner] = [tstate + 3072, tstate + 3072 + 256];
    this.memory.word(outer + frame.code, 0x1000);
    this.memory.word(inner + frame.code, 0x1000 * (index + 2));
    this.memory.word(inner + frame.previous, outer);
    if (this.#layout.traits.frameLink === "cframe") {
      const [place, outermost] = [tstate + 2560, tstate + 512];
      this.memory.word(place + cframe.currentFrame, inner);
      this.memory.word(place + cframe.previous, outermost);
      this.memory.word(tstate + thread.frame, place);
      this.memory.write(outer + frame.isEntry, [1]);
    } else this.memory.word(tstate + thread.frame, inner);
    this.running.add(100 + index);
    this.#link([index, ...this.#threads]);
  }

  /** Ends a thread; its memory goes away, as that of a thread that was unmapped. */
  end(index: number): void {
    this.memory.pages.delete(FakeTarget.tstate(index) / PAGE);
    this.#link(this.#threads.filter((one) => one !== index));
  }

  giveGil(index: number): void {
    this.memory.word(RUNTIME + this.#layout.runtime.gilLastHolder, FakeTarget.tstate(index));
    this.memory.write(RUNTIME + this.#layout.runtime.gilLocked, [1, 0, 0, 0]);
  }

  /** What a thread of a build without a GIL may do: see `ATTACHED`. */
  setState(index: number, state: number): void {
    this.memory.write(FakeTarget.tstate(index) + this.#layout.thread.state, [state]);
  }

  /** The code of each selected thread's leaf; whether its root is known yet is another question. */
  leaves(): number[] {
    return this.reader.selected.flatMap((thread) => {
      const walk = this.reader.walk(thread);
      return walk === Walk.Empty ? [] : [this.reader.stack.codes[0]!];
    });
  }

  settle(selection: "active" | "all" | "gil" = "all"): number {
    let now = 0;
    for (; now < 20; now += 2) {
      assert.equal(this.reader.read(selection, now), true);
      this.leaves();
    }
    return now;
  }

  #link(threads: number[]): void {
    this.#threads = threads;
    let at = INTERPRETER + this.#layout.interpreter.threadsHead;
    for (const index of threads) {
      this.memory.word(at, FakeTarget.tstate(index));
      at = FakeTarget.tstate(index) + this.#layout.thread.next;
    }
    this.memory.word(at, 0);
  }
}

export function started(count: number, layout = LAYOUT): FakeTarget {
  const target = new FakeTarget(layout);
  for (let i = 0; i < count; i++) target.start(i);
  return target;
}
