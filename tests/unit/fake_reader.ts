/** A reader that gives what a test says, in place of a target. */
import type { Walk } from "../../src/cpython/thread_stack.ts";
import type { RawStack } from "../../src/cpython/raw_stack.ts";
import type { Selection } from "../../src/thread_choice.ts";
import type { ReadThread } from "../../src/thread_table.ts";
import { Activity } from "../../src/types.ts";
import { FakeCodes, rawStack } from "./fake_codes.ts";

/** What a walk gives: "a:0 b:2" is root first, with instructions. */
export interface Step {
  readonly walk: Walk;
  readonly stack?: string;
  readonly misses?: number;
  /** The thread surely did not run during this read. */
  readonly still?: boolean;
}

/** A reader that gives what the test says, first at each tick and then at each read that follows. */
export class FakeReader {
  readonly threads: ReadThread[] = [];
  selected: ReadThread[] = [];
  stack: RawStack = rawStack([]);
  rereads = 0;
  refreshes = 0;
  pauses = 0;
  /** Whether it is possible to go to a thread's processor, and what was done of it. */
  isJoinable = false;
  readonly joined: ("join" | "leave")[] = [];
  isReadable = true;
  readonly codes = new FakeCodes();
  readonly #addresses = new Map(["a", "b", "c"].map((name) => [name, this.codes.add({ name })]));
  readonly #steps = new Map<ReadThread, Step[]>();
  #current: Step | undefined;
  /** Threads that the last call has read. */
  #isRead = new Set<ReadThread>();

  addThread(steps: Step[]): ReadThread {
    const info = { pid: 1, threadId: this.threads.length, osThreadId: 0, name: undefined, interpreterId: 0 };
    const thread = { info, stack: { misses: 0 }, activity: Activity.Gil } as unknown as ReadThread;
    this.threads.push(thread);
    this.#steps.set(thread, steps);
    return thread;
  }

  /** Whether samples can be read while the first thread does not run. */
  canBeStill = false;

  /** Visits last so long, where they are possible; then the thread is still. */
  visitMs: number | undefined;
  visits = 0;
  hasVisited = false;
  isOfVisit = false;
  pauseMs = 0;

  readVisiting(selection: Selection): boolean {
    const isRead = this.read(selection);
    if (this.visitMs === undefined) return isRead;
    this.visits++;
    this.hasVisited = true;
    this.pauseMs = this.visitMs;
    return isRead;
  }

  read(_selection: Selection): boolean {
    this.pauseMs = 0;
    this.hasVisited = false;
    this.selected = this.threads;
    this.#isRead = new Set(this.threads);
    return this.isReadable;
  }

  walk(thread: ReadThread): Walk {
    if (!this.#isRead.has(thread)) throw new Error("what was read of this thread is gone");
    const steps = this.#steps.get(thread)!;
    const step = steps.length > 1 ? steps.shift()! : steps[0]!;
    this.#current = step;
    Object.assign(thread.stack, { misses: step.misses ?? 0 });
    this.stack = this.#parse(step.stack ?? "");
    this.isStill = this.canBeStill || this.hasVisited;
    return step.walk;
  }

  isStill = false;

  reread(thread: ReadThread): Walk {
    this.rereads++;
    this.#isRead = new Set([thread]);
    return this.walk(thread);
  }

  /** Frames that were copied at once. */
  inner = 0;

  depthAtOnce(): number {
    return this.inner;
  }

  rereadStill(thread: ReadThread): Walk {
    const walk = this.reread(thread);
    this.isStill = this.#current!.still === true;
    return walk;
  }

  /** As far as tests need it, a reader knows the same of itself. */
  get rest(): this {
    return this;
  }

  canInterrupt = false;
  /** Reads for which a thread was interrupted. */
  interrupts = 0;

  rereadAtOnce(thread: ReadThread): Walk {
    const walk = this.reread(thread);
    this.interrupts++;
    this.pauseMs += 0.01;
    this.isStill = true;
    return walk;
  }

  join(): boolean {
    if (this.isJoinable) this.joined.push("join");
    this.isJoined = this.isJoinable;
    return this.isJoinable;
  }

  leaveProcessor(): void {
    this.joined.push("leave");
    this.isJoined = false;
  }

  isJoined = false;
  /** Ticks for which a thread was stopped. */
  stops = 0;

  readStopped(selection: Selection): boolean {
    this.stops++;
    return this.read(selection);
  }

  /** CPU time of the threads, as the test sets it. Units: ns. */
  cpuTime = 0;

  readonly activities = { cpuTimeOf: (): number => this.cpuTime };

  refreshNames(): void {
    this.refreshes++;
    this.threads.forEach((thread, i) => thread.info = { ...thread.info, name: `thread ${i}` });
  }

  #parse(text: string): RawStack {
    return rawStack(
      text.split(" ").filter((part) => part !== "").map((part) => {
        const [name, instr] = part.split(":");
        return [this.#addresses.get(name!)!, Number(instr)];
      }),
    );
  }
}
