/**
 * Reading memory of a thread at one moment, while it runs: in an interrupt of its processor.
 *
 * A program for the kernel copies ranges of the memory of the thread that was interrupted, if it is the one that was asked
 * for. The thread cannot go on before all is copied. It is neither stopped nor traced, and nothing is changed in it; other
 * processes cannot tell the interrupt from those that come anyway. Only root may do that (CAP_BPF and CAP_PERFMON), from
 * Linux 5.10 on.
 */
import * as bpf from "./linux_bpf.ts";
import type { Instruction, SharedMemory } from "./linux_bpf.ts";
import { linkOf } from "./linux_proc.ts";
import { LINKED_RECORD, LINKED_SIZE, linkedOffset, MOST_LINKED } from "../memory.ts";
import type { LinkedList, MomentRequest, RangeList } from "../memory.ts";

/** Of one read. Units: ranges; bytes. */
const MAX_RANGES = 64;
const MAX_BYTES = 1 << 17;
/**
 * The shared memory: how many ranges, and when the program began and ended; lists (`head` and, as 64 bits, `through` and `low`;
 * `size`, `link`, and how many structs were read); ranges (address, size, offset); the bytes of the ranges; those of the lists.
 */
const BEGUN_AT = 8;
const ENDED_AT = 16;
const LISTS_AT = 24;
const LIST_SIZE = 48;
const [HEAD, THROUGH, LOW, SIZE, LINK, FOUND] = [0, 8, 16, 24, 28, 32];
const RANGES_AT = 256;
const RANGE_SIZE = 16;
const BYTES_AT = 4096;
const LINKED_AT = BYTES_AT + 2 * MAX_BYTES;
const MEMORY_SIZE = LINKED_AT + (MOST_LINKED[0] + MOST_LINKED[1]) * LINKED_RECORD;

/** Functions of the kernel. Source: linux/bpf.h. */
const GET_CURRENT_PID_TGID = 14;
const KTIME_GET_NS = 5;
const PROBE_READ_USER = 112;

/** What the program returns: the thread is not there; all was read; a range could not be. */
const ABSENT = 0;
const READ = 1;
const FAILED = 2;

/** The first PID namespace: ids are those that the kernel's own functions give. Source: `PROC_PID_INIT_INO`. */
const FIRST_NAMESPACE = "pid:[4026531836]";

/** Registers: results, arguments, what calls leave alone, and the end of the stack. */
const [RESULT, A1, A2, A3, A4, THREAD, MEMORY, INDEX, RANGE, STACK] = [0, 1, 2, 3, 4, 6, 7, 8, 9, 10];
const NODE = RANGE;

const HIGH = 0x1_0000_0000;

type Source = readonly (Instruction | string)[];

function program(memory: SharedMemory): Source {
  return [
    bpf.load(8, THREAD, A1, 0),
    bpf.call(GET_CURRENT_PID_TGID),
    bpf.moveLow(RESULT, RESULT),
    bpf.jumpUnlessEqual(RESULT, THREAD, "absent"),
    bpf.addressIn(memory, MEMORY, 0),
    bpf.call(KTIME_GET_NS),
    bpf.store(8, MEMORY, BEGUN_AT, RESULT),
    ...readRanges(memory),
    ...followList(memory, 0),
    ...followList(memory, 1),
    bpf.call(KTIME_GET_NS),
    bpf.store(8, MEMORY, ENDED_AT, RESULT),
    bpf.setTo(RESULT, READ),
    bpf.exit(),
    "absent",
    bpf.setTo(RESULT, ABSENT),
    bpf.exit(),
    "failed",
    bpf.setTo(RESULT, FAILED),
    bpf.exit(),
  ];
}

function readRanges(memory: SharedMemory): Source {
  return [
    bpf.setTo(INDEX, 0),
    "next range",
    bpf.load(4, A1, MEMORY, 0),
    bpf.jumpIfAtLeast(INDEX, A1, "ranges done"),
    bpf.jumpIfAtLeastValue(INDEX, MAX_RANGES, "ranges done"),
    bpf.move(RANGE, INDEX),
    bpf.multiply(RANGE, RANGE_SIZE),
    bpf.add(RANGE, MEMORY),
    bpf.load(8, A3, RANGE, RANGES_AT),
    bpf.load(4, A2, RANGE, RANGES_AT + 8),
    bpf.load(4, A4, RANGE, RANGES_AT + 12),
    bpf.jumpIfAbove(A2, MAX_BYTES, "failed"),
    bpf.jumpIfAbove(A4, MAX_BYTES, "failed"),
    bpf.addressIn(memory, A1, BYTES_AT),
    bpf.add(A1, A4),
    bpf.call(PROBE_READ_USER),
    bpf.jumpIfNot(RESULT, 0, "failed"),
    bpf.addValue(INDEX, 1),
    bpf.jump("next range"),
    "ranges done",
  ];
}

/** A list without a head has no structs. */
function followList(memory: SharedMemory, list: 0 | 1): Source {
  const at = LISTS_AT + list * LIST_SIZE;
  const [next, first, end] = [`next of ${list}`, `first of ${list}`, `end of ${list}`];
  const record = [
    bpf.move(A4, INDEX),
    bpf.multiply(A4, LINKED_RECORD),
    bpf.addressIn(memory, A1, recordsAt(list)),
    bpf.add(A1, A4),
  ];
  const readPointer = [
    bpf.move(A1, STACK),
    bpf.addValue(A1, -8),
    bpf.setTo(A2, 8),
    bpf.call(PROBE_READ_USER),
    bpf.jumpIfNot(RESULT, 0, end),
    bpf.load(8, NODE, STACK, -8),
  ];
  return [
    bpf.setTo(INDEX, 0),
    bpf.load(8, A3, MEMORY, at + HEAD),
    bpf.jumpIf(A3, 0, end),
    ...readPointer,
    bpf.load(8, A3, MEMORY, at + THROUGH),
    bpf.jumpIf(A3, -1, first),
    bpf.add(A3, NODE),
    ...readPointer,
    first,
    next,
    bpf.jumpIf(NODE, 0, end),
    bpf.jumpIfAtLeastValue(INDEX, MOST_LINKED[list], end),
    ...record,
    bpf.store(8, A1, 0, NODE),
    bpf.addValue(A1, 8),
    bpf.load(4, A2, MEMORY, at + SIZE),
    bpf.jumpIfAbove(A2, LINKED_SIZE, end),
    bpf.load(8, A3, MEMORY, at + LOW),
    bpf.add(A3, NODE),
    bpf.call(PROBE_READ_USER),
    bpf.jumpIfNot(RESULT, 0, end),
    ...record,
    bpf.load(4, A2, MEMORY, at + LINK),
    bpf.jumpIfAbove(A2, LINKED_SIZE - 8, end),
    bpf.add(A1, A2),
    bpf.load(8, NODE, A1, 8),
    bpf.addValue(INDEX, 1),
    bpf.jump(next),
    end,
    bpf.store(4, MEMORY, at + FOUND, INDEX),
  ];
}

function recordsAt(list: number): number {
  return LINKED_AT + list * MOST_LINKED[0] * LINKED_RECORD;
}

/** What came of it. `unable`: there is no such processor any more. */
export type InterruptResult = "read" | "absent" | "failed" | "unable";

/** The program and its memory, for all targets. */
export class InterruptReader {
  readonly #program: bpf.InterruptProgram;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #words: Uint32Array<ArrayBuffer>;

  private constructor(program: bpf.InterruptProgram, bytes: Uint8Array<ArrayBuffer>) {
    this.#program = program;
    this.#bytes = bytes;
    this.#words = new Uint32Array(bytes.buffer);
  }

  /** @returns undefined where the system does not let us. */
  static open(): InterruptReader | undefined {
    if (linkOf("/proc/self/ns/pid") !== FIRST_NAMESPACE) return undefined;
    const memory = bpf.createMemory(MEMORY_SIZE);
    const loaded = memory === undefined ? undefined : bpf.InterruptProgram.load(program(memory));
    return loaded === undefined ? undefined : new InterruptReader(loaded, memory!.bytes);
  }

  /** Interrupts a processor, and reads if the thread is on it. Memory that is not in RAM cannot be read. */
  read(processor: number, tid: number, { ranges, lists, into }: MomentRequest): InterruptResult {
    if (ranges.count > MAX_RANGES || ranges.byteLength > MAX_BYTES) return "failed";
    this.#writeRanges(ranges);
    for (const list of [0, 1]) this.#writeList(list, lists[list]);
    const result = this.#program.run(processor, tid);
    if (result < 0) return "unable";
    if (result === ABSENT) return "absent";
    if (result !== READ) return "failed";
    into.set(this.#bytes.subarray(BYTES_AT, BYTES_AT + ranges.byteLength));
    let at = linkedOffset(ranges.byteLength);
    for (const list of lists.keys()) {
      const start = recordsAt(list);
      const length = this.found(list) * LINKED_RECORD;
      into.set(this.#bytes.subarray(start, start + length), at);
      at += length;
    }
    return "read";
  }

  /** For how long the last read took, of the time that the thread was interrupted. Units: ns. */
  get durationNs(): number {
    return this.#words[ENDED_AT >> 2]! - this.#words[BEGUN_AT >> 2]! >>> 0;
  }

  /** How many structs of a list were read. */
  found(list: number): number {
    return this.#words[(LISTS_AT + list * LIST_SIZE + FOUND) >> 2]!;
  }

  #writeRanges({ count, words }: RangeList): void {
    this.#words[0] = count;
    for (let i = 0, at = RANGES_AT / 4, offset = 0; i < count; i++, at += RANGE_SIZE / 4) {
      const length = words[i * 4 + 2]!;
      this.#words[at] = words[i * 4]!;
      this.#words[at + 1] = words[i * 4 + 1]!;
      this.#words[at + 2] = length;
      this.#words[at + 3] = offset;
      offset += length;
    }
  }

  #writeList(index: number, list: LinkedList | undefined): void {
    const at = LISTS_AT + index * LIST_SIZE;
    this.#writeLong(at + HEAD, list?.head ?? 0);
    if (list === undefined) return;
    this.#writeLong(at + THROUGH, list.through ?? -1);
    this.#writeLong(at + LOW, list.low);
    this.#words[(at + SIZE) >> 2] = list.size;
    this.#words[(at + LINK) >> 2] = list.link - list.low;
  }

  /** Writes 64 bits, with a sign. */
  #writeLong(at: number, value: number): void {
    const high = Math.floor(value / HIGH);
    this.#words[at >> 2] = value - high * HIGH;
    this.#words[(at >> 2) + 1] = high;
  }
}

let opened: InterruptReader | false | undefined;

/** The one of this program, opened at the first call; undefined where the system does not let us. */
export function interruptReader(): InterruptReader | undefined {
  opened ??= InterruptReader.open() ?? false;
  return opened === false ? undefined : opened;
}
