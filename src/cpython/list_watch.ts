/** Whether the lists of interpreters and threads are still as they were when they were last followed link by link. */
import type { Layout } from "./layout.ts";
import type { ListedInterpreter, ListedThread } from "./thread_list.ts";
import { pointerAt } from "../memory.ts";
import type { RangeList } from "../memory.ts";
import type { Address } from "../types.ts";

/** The lists are followed at most this often. Units: ms. */
const LIST_INTERVAL = 1;
const LIST_INTERVAL_PER_THREAD = 0.5;

/** Reads all links of the lists in a call, to compare them. */
export class ListWatch {
  readonly #layout: Layout;
  readonly #runtime: Address;
  #interpreters: readonly ListedInterpreter[] = [];
  #threads: readonly { readonly listed: ListedThread }[] = [];
  /** Which links were read, and where they begin in what was read. */
  #links: "all" | "heads" = "all";
  /** When they were read last. Units: ms of any steady clock. */
  #headsMs = -Infinity;
  #allMs = -Infinity;
  #offset = 0;

  constructor(layout: Layout, runtime: Address) {
    this.#layout = layout;
    this.#runtime = runtime;
  }

  /** The lists as they are known. Shape: as `listThreads` gives them. */
  set(
    interpreters: readonly ListedInterpreter[],
    threads: readonly { readonly listed: ListedThread }[],
  ): void {
    this.#interpreters = interpreters;
    this.#threads = threads;
  }

  /** Which links are to be read at a time; all of many threads cost as much as the stacks. Units: ms of any steady clock. */
  linksDue(nowMs: number): "all" | "heads" | "none" {
    if (nowMs - this.#headsMs < LIST_INTERVAL) return "none";
    return nowMs - this.#allMs < LIST_INTERVAL_PER_THREAD * this.#threads.length ? "heads" : "all";
  }

  /**
   * Appends links of both lists to a call: all of them, or those alone at which new threads are put in.
   *
   * A thread that has ended shows only in the link of its neighbour.
   */
  plan(ranges: RangeList, links: "all" | "heads"): void {
    this.#links = links;
    const { runtime, interpreter, thread } = this.#layout;
    this.#offset = ranges.push(this.#runtime + runtime.interpretersHead, 8);
    for (const { address } of this.#interpreters) {
      ranges.push(address + interpreter.next, 8);
      ranges.push(address + interpreter.threadsHead, 8);
    }
    if (links === "heads") return;
    for (const { listed } of this.#threads) ranges.push(listed.tstate + thread.next, 8);
  }

  /** Whether the links that the call read form the same lists. `words` is all that was read, as 4-byte words. */
  isUnchanged(words: Uint32Array, nowMs: number): boolean {
    this.#headsMs = nowMs;
    if (this.#links === "all") this.#allMs = nowMs;
    const interpreters = this.#interpreters;
    const linkAt = (index: number) => pointerAt(words, this.#offset + 8 * index);
    if (linkAt(0) !== (interpreters[0]?.address ?? 0)) return false;
    let thread = 0;
    for (let i = 0; i < interpreters.length; i++) {
      if (linkAt(1 + 2 * i) !== (interpreters[i + 1]?.address ?? 0)) return false;
      // Threads are listed interpreter by interpreter.
      let link = linkAt(2 + 2 * i);
      if (this.#links === "heads") {
        const first = this.#threads.find(({ listed }) => listed.interpreter === interpreters[i]!.address);
        if (link !== (first?.listed.tstate ?? 0)) return false;
        continue;
      }
      while (this.#threads[thread]?.listed.interpreter === interpreters[i]!.address) {
        if (link !== this.#threads[thread]!.listed.tstate) return false;
        link = linkAt(1 + 2 * interpreters.length + thread);
        thread++;
      }
      if (link !== 0) return false;
    }
    return this.#links === "heads" || thread === this.#threads.length;
  }
}
