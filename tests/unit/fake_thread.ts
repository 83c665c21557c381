/** A thread with frames that the tests lay out, in memory that may change between two ranges of one call. */
import { join } from "node:path";
import type { KnownCode } from "../../src/cpython/copied_at_once.ts";
import type { Layout } from "../../src/cpython/layout.ts";
import { layoutFor, layoutFromDebugOffsets } from "../../src/cpython/layouts.ts";
import { FrameFields } from "../../src/cpython/frame_fields.ts";
import { ThreadStack } from "../../src/cpython/thread_stack.ts";
import { RawStack } from "../../src/cpython/raw_stack.ts";
import type { Walk } from "../../src/cpython/thread_stack.ts";
import { RangeList } from "../../src/memory.ts";
import { PROJECT } from "../helpers.ts";
import { FakeMemory } from "./fake_memory.ts";

const C_STACK = 0x7d00_0000_0000;
const DEBUG_OFFSETS = join(PROJECT, "tests", "fixtures", "debug_offsets");

function oldLayout(minor: number): Layout {
  return layoutFor({ major: 3, minor, micro: 0, release: "" }).layout;
}

/** A layout for each way from the thread to its innermost frame. */
export const LAYOUT_OF_LINK: ReadonlyMap<string, Layout> = new Map([
  ["frame_object", oldLayout(10)],
  ["cframe without shims", oldLayout(11)],
  ["cframe", oldLayout(12)],
  ["direct", layoutFromDebugOffsets(Deno.readFileSync(join(DEBUG_OFFSETS, "3.14.10.bin"))).layout],
]);

/** Memory that its owner may change after each range of a call that has been read. */
export class MovingMemory extends FakeMemory {
  /** Called after range `index` of `count` was read. */
  between: (index: number, count: number) => void = () => {};
  /** Ranges of the last call, and where each begins. */
  count = 0;
  starts: number[] = [];
  readonly #single = new RangeList();

  override readv(ranges: RangeList, into: Uint8Array<ArrayBuffer>): number {
    this.count = ranges.count;
    this.starts = Array.from({ length: ranges.count }, (_, i) => ranges.addressAt(i));
    let filled = 0;
    for (let i = 0; i < ranges.count; i++) {
      this.#single.clear();
      this.#single.push(ranges.addressAt(i), ranges.lengthAt(i));
      const length = super.readv(this.#single, into.subarray(filled));
      filled += length;
      if (length < ranges.lengthAt(i)) return filled;
      this.between(i, ranges.count);
    }
    return filled;
  }
}

/** A frame to be written. */
export interface FakeFrame {
  readonly code: number;
  readonly instr: number;
  readonly previous: number;
  readonly owner?: number;
  /** Entered from C, where such frames are marked. */
  readonly isEntry?: boolean;
  /** By its own account, where frames have one. */
  readonly executes?: boolean;
}

/** What a walk gave. Shape: leaf first. */
export interface WalkResult {
  readonly walk: Walk;
  readonly codes: readonly number[];
  readonly instrs: readonly number[];
  readonly truncation: string | undefined;
  readonly misses: number;
}

/** A thread state, and the walker at work on it. */
export class FakeThread {
  readonly memory: MovingMemory;
  readonly layout: Layout;
  readonly stack: ThreadStack;
  readonly tstate: number;
  /** The outermost place for the innermost frame, and the one that the thread names. */
  readonly #rootCframe: number;
  #cframe: number;
  readonly #ranges = new RangeList();
  readonly #raw = new RawStack();
  #arena = new Uint8Array(1 << 17);

  constructor(layout: Layout, memory = new MovingMemory()) {
    this.memory = memory;
    this.layout = layout;
    const end = Math.max(...Object.values(layout.thread)) + 8;
    this.tstate = memory.room(end + 64);
    this.#rootCframe = this.tstate + end;
    this.#cframe = this.#rootCframe;
    if (layout.traits.frameLink === "cframe") {
      memory.write(C_STACK, new Uint8Array(64));
      this.enterPlace(C_STACK);
    }
    this.stack = new ThreadStack(this.tstate, new FrameFields(layout), memory);
  }

  /** Names the innermost frame; 0 for none. */
  setHead(frame: number): void {
    const { thread, cframe, traits } = this.layout;
    if (traits.frameLink !== "cframe") this.memory.word(this.tstate + thread.frame, frame);
    else if (frame === 0) this.memory.word(this.tstate + thread.frame, this.#rootCframe);
    else this.memory.word(this.#cframe + cframe.currentFrame, frame);
  }

  head(): number {
    const { thread, cframe, traits } = this.layout;
    return this.wordAt(
      traits.frameLink === "cframe" ? this.#cframe + cframe.currentFrame : this.tstate + thread.frame,
    );
  }

  /**
   * Writes a stack at the addresses given, root first, below it an entry from C where the version has them, and names its
   * end as the innermost frame. Shape: the code of frame i is `codes[i]`, its instruction `codes[i] + 8`.
   */
  writeStack(addresses: readonly number[], codes: readonly number[]): void {
    let previous = 0;
    if (this.layout.traits.shimOwner < 256) {
      previous = addresses[0]! - 256;
      this.writeFrame(previous, { code: 0, instr: 0, previous: 0, owner: this.layout.traits.shimOwner });
    }
    addresses.forEach((address, i) => {
      this.writeFrame(address, { code: codes[i]!, instr: codes[i]! + 8, previous, isEntry: i === 0 });
      previous = address;
    });
    this.setHead(previous);
  }

  /** Reads until the walker knows where the frames lie and which one is the root. */
  settle(): WalkResult {
    let result: WalkResult | undefined;
    // So often that the windows have been put in order.
    for (let i = 0; i < 70; i++) result = this.read();
    if (result === undefined) throw new Error("the fake thread cannot be read");
    return result;
  }

  /** Lets the thread name a place on the C stack inside of the present one; what it names is left as it is. */
  enterPlace(place: number): void {
    const { thread, cframe } = this.layout;
    this.memory.word(place + cframe.previous, this.#cframe);
    this.memory.word(this.tstate + thread.frame, place);
    this.#cframe = place;
  }

  /** Lets the thread name another place on the C stack, which says the same. */
  moveCframe(to: number): void {
    const { cframe } = this.layout;
    const [head, outside] = [this.head(), this.wordAt(this.#cframe + cframe.previous)];
    this.enterPlace(to);
    this.memory.word(to + cframe.previous, outside);
    this.setHead(head);
  }

  writeFrame(address: number, { code, instr, previous, owner, isEntry, executes }: FakeFrame): void {
    const { frame } = this.layout;
    this.memory.word(address + frame.previous, previous);
    this.memory.word(address + frame.code, code);
    this.writeInstr(address, instr);
    if (frame.owner >= 0) this.memory.write(address + frame.owner, [owner ?? 0]);
    if (frame.isEntry >= 0) this.memory.write(address + frame.isEntry, [isEntry ? 1 : 0]);
    if (frame.stackTop >= 0) this.memory.write(address + frame.stackTop, Array(4).fill(executes ? 0xff : 0));
    if (frame.executing >= 0) this.memory.write(address + frame.executing, [this.layout.traits.executing]);
  }

  writeInstr(address: number, instr: number): void {
    const at = address + this.layout.frame.instr;
    if (this.layout.traits.instruction === "address") this.memory.word(at, instr);
    else this.memory.write(at, [instr, instr >> 8, instr >> 16, instr >> 24]);
  }

  wordAt(address: number): number {
    const page = this.memory.pages.get(Math.floor(address / 4096));
    const view = new DataView(page!.buffer, address % 4096, 8);
    return view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  }

  /** Reads and walks once. @returns undefined when the call could not be read. */
  read(copies: 1 | 2 = 2, isResting = false): WalkResult | undefined {
    this.#ranges.clear();
    this.stack.plan(this.#ranges, copies);
    if (this.#ranges.byteLength > this.#arena.length) {
      this.#arena = new Uint8Array(this.#ranges.byteLength + 8);
    }
    if (this.memory.readv(this.#ranges, this.#arena) < this.#ranges.byteLength) return undefined;
    return this.walk(isResting, copies === 2);
  }

  /** Of the last walk. */
  depthAtOnce(sizeOf: KnownCode["sizeOf"]): number {
    const words = new Uint32Array(this.#arena.buffer, 0, this.#arena.length >> 2);
    return this.stack.depthAtOnce({ words, bytes: this.#arena, stack: this.#raw }, {
      sizeOf,
      startOf: (code) => code,
    });
  }

  /** Walks in what the last `read` has read. */
  walk(isResting = false, isForProof = false): WalkResult {
    const words = new Uint32Array(this.#arena.buffer, 0, this.#arena.length >> 2);
    const walk = this.stack.walk({ words, bytes: this.#arena, stack: this.#raw }, {
      isResting,
      isForProof,
    });
    return {
      walk,
      codes: [...this.#raw.codes.subarray(0, this.#raw.depth)],
      instrs: [...this.#raw.instrs.subarray(0, this.#raw.depth)],
      truncation: this.stack.truncation,
      misses: this.stack.misses,
    };
  }
}
