/** Small programs that the kernel runs (BPF): assembling, loading and running them. Source: bpf(2), linux/bpf.h. */
import { cString, libc, setAddressOf } from "./linux_libc.ts";

const BPF = { x86_64: 321, aarch64: 280 };
const MAP_CREATE = 0;
const PROG_LOAD = 5;
const PROG_TEST_RUN = 10;
/** Fields of the kernel's `union bpf_attr` that are used are in its first bytes. */
const ATTRIBUTES_SIZE = 80;
const MAP_TYPE_ARRAY = 2;
const MAP_MMAPABLE = 1 << 10;
const PROG_TYPE_RAW_TRACEPOINT = 17;
const RUN_ON_CPU = 1;
/** The kernel's functions for reading memory are only for programs that say so. */
const LICENSE = "Dual MIT/GPL";

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const INSTRUCTION_SIZE = 8;

/** One instruction; a jump goes to a label. */
export interface Instruction {
  readonly opcode: number;
  readonly to?: number;
  readonly from?: number;
  readonly offset?: number;
  readonly value?: number;
  readonly jump?: string;
  /** Of an instruction that takes two places. */
  readonly valueHigh?: number;
}

/** A word of 4 or 8 bytes: `to = *(from + offset)`. */
export function load(bytes: 4 | 8, to: number, from: number, offset: number): Instruction {
  return { opcode: bytes === 8 ? 0x79 : 0x61, to, from, offset };
}

/** The same in the other direction: `*(to + offset) = from`. */
export function store(bytes: 4 | 8, to: number, offset: number, from: number): Instruction {
  return { opcode: bytes === 8 ? 0x7b : 0x63, to, from, offset };
}

/** `to = from`, and of 32 bits with the upper half 0. */
export function move(to: number, from: number): Instruction {
  return { opcode: 0xbf, to, from };
}

export function moveLow(to: number, from: number): Instruction {
  return { opcode: 0xbc, to, from };
}

export function setTo(to: number, value: number): Instruction {
  return { opcode: 0xb7, to, value };
}

export function add(to: number, from: number): Instruction {
  return { opcode: 0x0f, to, from };
}

export function addValue(to: number, value: number): Instruction {
  return { opcode: 0x07, to, value };
}

export function multiply(to: number, value: number): Instruction {
  return { opcode: 0x27, to, value };
}

/** Calls one of the kernel's functions with registers 1 to 5; the result is in 0. */
export function call(helper: number): Instruction {
  return { opcode: 0x85, value: helper };
}

export function jump(label: string): Instruction {
  return { opcode: 0x05, jump: label };
}

export function jumpUnlessEqual(to: number, from: number, label: string): Instruction {
  return { opcode: 0x5d, to, from, jump: label };
}

export function jumpIf(to: number, value: number, label: string): Instruction {
  return { opcode: 0x15, to, value, jump: label };
}

export function jumpIfNot(to: number, value: number, label: string): Instruction {
  return { opcode: 0x55, to, value, jump: label };
}

export function jumpIfAtLeast(to: number, from: number, label: string): Instruction {
  return { opcode: 0x3d, to, from, jump: label };
}

export function jumpIfAtLeastValue(to: number, value: number, label: string): Instruction {
  return { opcode: 0x35, to, value, jump: label };
}

export function jumpIfAbove(to: number, value: number, label: string): Instruction {
  return { opcode: 0x25, to, value, jump: label };
}

/** The address of a byte of the program's memory. */
export function addressIn(memory: SharedMemory, to: number, offset: number): Instruction {
  return { opcode: 0x18, to, from: 2, value: memory.file, valueHigh: offset };
}

export function exit(): Instruction {
  return { opcode: 0x95 };
}

/** Memory that a program and we have in common. */
export interface SharedMemory {
  readonly file: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** @returns undefined where the system does not let us. */
export function createMemory(size: number): SharedMemory | undefined {
  const attributes = new DataView(new ArrayBuffer(ATTRIBUTES_SIZE));
  [MAP_TYPE_ARRAY, 4, size, 1, MAP_MMAPABLE].forEach((value, i) => attributes.setUint32(i * 4, value, true));
  const file = bpf(MAP_CREATE, attributes);
  if (file < 0) return undefined;
  const pointer = libc().mmap(null, size, PROT_READ_WRITE, MAP_SHARED, file, 0);
  if (pointer === null || Deno.UnsafePointer.value(pointer) === 0xffff_ffff_ffff_ffffn) {
    libc().close(file);
    return undefined;
  }
  return { file, bytes: new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(pointer, size)) };
}

/** A program that is run on a processor of choice, in an interrupt. */
export class InterruptProgram {
  readonly #attributes = new DataView(new ArrayBuffer(ATTRIBUTES_SIZE));
  readonly #attributeBytes = new Uint8Array(this.#attributes.buffer);
  readonly #argument = new DataView(new ArrayBuffer(8));
  readonly #argumentBytes = new Uint8Array(this.#argument.buffer);

  private constructor(file: number) {
    this.#attributes.setUint32(0, file, true);
    this.#attributes.setUint32(40, this.#argument.byteLength, true);
    setAddressOf(this.#attributes, 48, this.#argumentBytes);
    this.#attributes.setUint32(64, RUN_ON_CPU, true);
  }

  /**
   * Loads a program; its labels are strings between the instructions.
   *
   * @returns undefined where the system does not let us.
   */
  static load(source: readonly (Instruction | string)[]): InterruptProgram | undefined {
    const code = assemble(source);
    const license = cString(LICENSE);
    const attributes = new DataView(new ArrayBuffer(ATTRIBUTES_SIZE));
    attributes.setUint32(0, PROG_TYPE_RAW_TRACEPOINT, true);
    attributes.setUint32(4, code.length / INSTRUCTION_SIZE, true);
    setAddressOf(attributes, 8, code);
    setAddressOf(attributes, 16, license);
    const file = bpf(PROG_LOAD, attributes);
    return file < 0 ? undefined : new InterruptProgram(file);
  }

  /** @returns what the program returns; -1 where it could not be run. */
  run(processor: number, argument: number): number {
    this.#argument.setUint32(0, argument, true);
    this.#attributes.setUint32(68, processor, true);
    if (bpfCall(PROG_TEST_RUN, this.#attributeBytes) < 0) return -1;
    return this.#attributes.getInt32(4, true);
  }
}

/** Shape: 8 bytes an instruction. */
export function assemble(source: readonly (Instruction | string)[]): Uint8Array<ArrayBuffer> {
  const labels = new Map<string, number>();
  let count = 0;
  for (const one of source) {
    if (typeof one === "string") labels.set(one, count);
    else count += one.valueHigh === undefined ? 1 : 2;
  }
  const code = new DataView(new ArrayBuffer(count * INSTRUCTION_SIZE));
  let at = 0;
  for (const one of source) {
    if (typeof one === "string") continue;
    const target = one.jump === undefined ? 0 : labels.get(one.jump)! - at / INSTRUCTION_SIZE - 1;
    code.setUint8(at, one.opcode);
    code.setUint8(at + 1, (one.to ?? 0) | (one.from ?? 0) << 4);
    code.setInt16(at + 2, one.jump === undefined ? one.offset ?? 0 : target, true);
    code.setInt32(at + 4, one.value ?? 0, true);
    at += INSTRUCTION_SIZE;
    if (one.valueHigh === undefined) continue;
    code.setInt32(at + 4, one.valueHigh, true);
    at += INSTRUCTION_SIZE;
  }
  return new Uint8Array(code.buffer);
}

function bpf(command: number, attributes: DataView<ArrayBuffer>): number {
  return bpfCall(command, new Uint8Array(attributes.buffer));
}

function bpfCall(command: number, attributes: Uint8Array<ArrayBuffer>): number {
  return libc().syscall(BPF[Deno.build.arch], command, attributes, ATTRIBUTES_SIZE);
}
