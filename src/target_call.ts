/** One call that reads the threads of a target: what it is to read, and what it has read. */
import type { GilWords } from "./cpython/gil.ts";
import { LinkedFrames } from "./cpython/linked_frames.ts";
import { Arena, RangeList } from "./memory.ts";
import type { Interrupts, MomentRequest, TargetMemory } from "./memory.ts";
import type { ReadThread, ThreadTable } from "./thread_table.ts";
import type { TargetThreads } from "./types.ts";

/** What is needed of a process to read its threads; a snapshot has no moments. */
export type ReadableProcess = TargetMemory & TargetThreads & Partial<Interrupts> & { readonly pid: number };

/** What a call reads, besides threads. */
export interface CallParts {
  readonly lists: "all" | "heads" | "none";
  readonly gil: boolean;
  readonly copies: 1 | 2;
}

/** Plans calls, and keeps what the last one has read. */
export class TargetCall {
  readonly ranges = new RangeList();
  /** Whether it has read the words of the GIL. */
  isGilRead = false;
  readonly #memory: TargetMemory;
  readonly #gil: GilWords;
  readonly #table: ThreadTable;
  readonly #arena = new Arena();

  constructor(memory: TargetMemory, gil: GilWords, table: ThreadTable) {
    this.#memory = memory;
    this.#gil = gil;
    this.#table = table;
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#arena.bytes;
  }

  /** The same memory. */
  get words(): Uint32Array {
    return this.#arena.words;
  }

  plan(threads: readonly ReadThread[], { lists, gil, copies }: CallParts): void {
    this.#begin({ gil });
    for (const { stack } of threads) stack.plan(this.ranges, copies);
    if (lists !== "none") this.#table.watch.plan(this.ranges, lists);
    this.#arena.reserve(this.ranges.byteLength);
  }

  /** Plans what is to be read of a thread while it is interrupted. */
  planMoment({ stack }: ReadThread, { gil }: { gil: boolean }): MomentRequest {
    this.#begin({ gil });
    const lists = stack.planMoment(this.ranges);
    this.#arena.reserve(this.ranges.byteLength + LinkedFrames.room);
    return { ranges: this.ranges, lists, into: this.bytes };
  }

  #begin({ gil }: { gil: boolean }): void {
    this.isGilRead = gil;
    this.ranges.clear();
    if (gil) this.#gil.plan(this.ranges, this.#table.interpreters);
  }

  /** Reads what was planned. @returns the number of bytes. */
  readonly read = (): number => this.#memory.readv(this.ranges, this.#arena.bytes);

  /** Whether a thread held its interpreter's GIL. */
  isHolder({ listed }: ReadThread): boolean {
    return this.#gil.isHolder(listed, this.words);
  }

  /** Whether the lists of interpreters and threads were as they are known. Units: ms of any steady clock. */
  areListsUnchanged(nowMs: number): boolean {
    return this.#table.watch.isUnchanged(this.words, nowMs);
  }
}
