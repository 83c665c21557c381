/** Whether the lists of interpreters and threads are still as they were when they were last followed link by link. */
import type { Layout } from "./layout.ts";
import type { ListedInterpreter, ListedThread } from "./thread_list.ts";
import type { RangeList } from "../memory.ts";
import type { Address } from "../types.ts";

const HIGH = 0x1_0000_0000;

/** Reads all links of the lists in a call, to compare them. */
export class ListWatch {
  readonly #layout: Layout;
  readonly #runtime: Address;
  #interpreters: readonly ListedInterpreter[] = [];
  #threads: readonly { readonly listed: ListedThread }[] = [];
  /** Where the links begin in what was read. */
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

  /** Appends the links of both lists to a call. */
  plan(ranges: RangeList): void {
    const { runtime, interpreter, thread } = this.#layout;
    this.#offset = ranges.push(this.#runtime + runtime.interpretersHead, 8);
    for (const { address } of this.#interpreters) {
      ranges.push(address + interpreter.next, 8);
      ranges.push(address + interpreter.threadsHead, 8);
    }
    for (const { listed } of this.#threads) ranges.push(listed.tstate + thread.next, 8);
  }

  /** Whether the links that the call read form the same lists. `words` is all that was read, as 4-byte words. */
  isUnchanged(words: Uint32Array): boolean {
    const interpreters = this.#interpreters;
    const linkAt = (index: number) =>
      words[(this.#offset >> 2) + 2 * index]! +
      words[(this.#offset >> 2) + 2 * index + 1]! * HIGH;
    if (linkAt(0) !== (interpreters[0]?.address ?? 0)) return false;
    let thread = 0;
    for (let i = 0; i < interpreters.length; i++) {
      if (linkAt(1 + 2 * i) !== (interpreters[i + 1]?.address ?? 0)) return false;
      // Threads are listed interpreter by interpreter.
      let link = linkAt(2 + 2 * i);
      while (this.#threads[thread]?.listed.interpreter === interpreters[i]!.address) {
        if (link !== this.#threads[thread]!.listed.tstate) return false;
        link = linkAt(1 + 2 * interpreters.length + thread);
        thread++;
      }
      if (link !== 0) return false;
    }
    return thread === this.#threads.length;
  }
}
