/** A program that calls and returns at random, one write to memory a step, as the interpreter does it. */
import type { Layout } from "../../src/cpython/layout.ts";
import { FakeThread } from "./fake_thread.ts";

const BASE = 0x7e00_0000_0000;
const ROOM = 0x2_0000;
const FUNCTIONS = 4;
const SITES = 3;
const MAX_DEPTH = 8;
/** Frames from this level on are in another chunk of the data stack. */
const SECOND_CHUNK_LEVEL = 4;
const SECOND_CHUNK = BASE + 0x1_0000;

/** A number below `limit`. */
export type Random = (limit: number) => number;

/** A stack as text: code and, for callers, instruction of each frame, leaf first. */
export function pathOf(codes: readonly number[], instrs: readonly number[]): string {
  return codes.map((code, i) => i === 0 ? `${code}` : `${code}@${instrs[i]}`).join(" < ");
}

/** A running program. Every stack that it ever had is in `existed`. */
export class FakeProgram {
  readonly thread: FakeThread;
  readonly existed = new Set<string>();
  readonly #random: Random;
  readonly #live: { address: number; end: number; level: number }[] = [];
  readonly #steps: Generator<undefined, never>;

  constructor(layout: Layout, random: Random) {
    this.thread = new FakeThread(layout);
    this.thread.memory.write(BASE, new Uint8Array(ROOM));
    this.#random = random;
    this.#steps = this.#run();
    this.advance(1);
  }

  /** Carries out a number of writes. */
  advance(steps: number): void {
    for (let i = 0; i < steps; i++) {
      this.#steps.next();
      this.existed.add(this.path());
    }
  }

  /** The stack of this moment. */
  path(): string {
    const { layout } = this.thread;
    const leafFirst = this.#live.toReversed();
    const words = (offset: number) => leafFirst.map(({ address }) => this.thread.wordAt(address + offset));
    const isAddress = layout.traits.instruction === "address";
    return pathOf(
      words(layout.frame.code),
      words(layout.frame.instr).map((instr) => isAddress ? instr : instr | 0),
    );
  }

  *#run(): Generator<undefined, never> {
    const { thread } = this;
    const root = BASE + 0x400;
    thread.writeStack([root], [codeOf(0)]);
    this.#live.push({ address: root, end: root + 192, level: 0 });
    yield;
    for (;;) {
      const { address: caller, end, level } = this.#live.at(-1)!;
      const isCall = level === 0 || level < MAX_DEPTH && this.#random(2) === 0;
      if (!isCall) {
        this.#live.pop();
        thread.setHead(this.#live.at(-1)!.address);
        yield;
        continue;
      }
      const site = this.#random(SITES);
      thread.writeInstr(caller, instrOf(thread.layout, site));
      yield;
      // A call site calls one function always, so that a mixture of two calls is a stack that cannot be.
      const callee = (site * 7 + thread.wordAt(caller + thread.layout.frame.code) / 0x1000) % FUNCTIONS;
      const address = this.#addressFor(callee, { end, level: level + 1 });
      thread.writeFrame(address, {
        code: codeOf(callee),
        instr: instrOf(thread.layout, SITES),
        previous: caller,
      });
      yield;
      this.#live.push({ address, end: address + 128 + callee % 3 * 32, level: level + 1 });
      thread.setHead(address);
      yield;
    }
  }

  /** On the data stack right behind the caller; up to 3.10 an object somewhere on the heap. */
  #addressFor(callee: number, { end, level }: { end: number; level: number }): number {
    if (this.thread.layout.traits.frameLink === "frame_object") {
      return BASE + 0x1000 + (callee * 3 % FUNCTIONS) * 0x3000 + level * 0x200;
    }
    return level === SECOND_CHUNK_LEVEL ? SECOND_CHUNK : end;
  }
}

function codeOf(index: number): number {
  return 0x10_0000 + index * 0x1000;
}

function instrOf(layout: Layout, site: number): number {
  return layout.traits.instruction === "address" ? 0x20_0000 + site * 2 : site;
}

/** Random numbers that are the same on each run. */
export function randomFrom(seed: number): Random {
  let state = Math.imul(seed, 2654435761) | 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}
