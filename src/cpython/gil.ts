/** Who holds the GIL: two words that every version keeps, in the runtime (to 3.11) or behind the interpreter (3.12+). */
import type { Runtime } from "./locate.ts";
import type { ListedInterpreter, ListedThread } from "./thread_list.ts";
import type { MemoryReader, RangeList } from "../memory.ts";
import type { Address } from "../types.ts";

const HIGH = 0x1_0000_0000;

/** Reads `last_holder` and `locked` of each GIL together with the stacks. */
export class GilWords {
  readonly #reader: MemoryReader;
  readonly #runtime: Runtime;
  /** Address of `last_holder`, by interpreter. */
  readonly #addresses = new Map<Address, Address>();
  /** Offset of `last_holder` in what was read, by interpreter. */
  readonly #offsets = new Map<Address, number>();
  /** From `last_holder` to `locked`. */
  readonly #lockedDistance: number;

  constructor(reader: MemoryReader, runtime: Runtime) {
    this.#reader = reader;
    this.#runtime = runtime;
    const { runtime: global, gil } = runtime.layout;
    this.#lockedDistance = global.gilLastHolder >= 0
      ? global.gilLocked - global.gilLastHolder
      : gil.locked - gil.lastHolder;
  }

  /** Appends the words of each interpreter's GIL to a call. */
  plan(ranges: RangeList, interpreters: readonly ListedInterpreter[]): void {
    this.#offsets.clear();
    for (const { address } of interpreters) {
      const words = this.#addressFor(address);
      if (words !== undefined) this.#offsets.set(address, ranges.push(words, this.#lockedDistance + 8));
    }
  }

  /** Whether a thread held its interpreter's GIL. `words` is all that was read, as 4-byte words. */
  isHolder(thread: ListedThread, words: Uint32Array): boolean {
    const offset = this.#offsets.get(thread.interpreter);
    if (offset === undefined) return false;
    const holder = words[offset >> 2]! + words[(offset >> 2) + 1]! * HIGH;
    return holder === thread.tstate && words[(offset + this.#lockedDistance) >> 2] === 1;
  }

  #addressFor(interpreter: Address): Address | undefined {
    const { runtime, interpreter: fields, gil } = this.#runtime.layout;
    if (runtime.gilLastHolder >= 0) return this.#runtime.address + runtime.gilLastHolder;
    const known = this.#addresses.get(interpreter);
    if (known !== undefined) return known;
    const pointer = this.#reader.pointer(interpreter + fields.cevalGil);
    if (pointer === undefined || pointer === 0) return undefined;
    this.#addresses.set(interpreter, pointer + gil.lastHolder);
    return pointer + gil.lastHolder;
  }
}
