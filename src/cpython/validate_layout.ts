/** Refuses offsets that cannot be those of a CPython: what a target says about itself is not trusted. */
import type { Offset } from "../types.ts";
import type { Offsets } from "./layout.ts";

/** An offset with this value says that the version has no such field. */
export const ABSENT = -1;

/**
 * `sizeof` of the struct that each group of offsets points into; `type` is `PyHeapTypeObject`.
 *
 * Units: bytes; `ABSENT` for structs that the version does not have.
 */
export type StructSizes = Readonly<Record<keyof Offsets, number>>;

/** Offsets of one minor as its headers give them. */
export interface OffsetRow {
  /** Where the integers were read. */
  readonly source: string;
  readonly sizes: StructSizes;
  readonly offsets: Offsets;
}

interface Rules {
  /** Largest size believed. */
  readonly cap: number;
  /** First offset that a field can have: objects start with a reference count and a type. */
  readonly first: Offset;
  /** Width of each field, which is also its alignment. `data` of variable length counts as one element. */
  readonly widths: Readonly<Record<string, number>>;
  /** Fields that not every version has. */
  readonly optional?: readonly string[];
  /** Fields that may stand where another one does: they are alternatives of a union. */
  readonly shared?: readonly string[];
}

const KIB = 1024;
const MIB = 1024 * KIB;
const OBJECT_HEADER = 16;

const RULES: { readonly [G in keyof Offsets]: Rules & { widths: Record<keyof Offsets[G], number> } } = {
  runtime: {
    cap: 16 * MIB,
    first: 0,
    widths: { interpretersHead: 8, gilLastHolder: 8, gilLocked: 4, gc: 8 },
    optional: ["gilLastHolder", "gilLocked", "gc"],
  },
  interpreter: {
    cap: 16 * MIB,
    first: 0,
    widths: { next: 8, id: 8, threadsHead: 8, modules: 8, cevalGil: 8, gc: 8 },
    optional: ["id", "cevalGil", "gc"],
  },
  gc: { cap: 64 * KIB, first: 0, widths: { collecting: 4 }, optional: ["collecting"] },
  gil: {
    cap: 4 * KIB,
    first: 0,
    widths: { enabled: 4, lastHolder: 8, locked: 4 },
    optional: ["enabled", "lastHolder", "locked"],
  },
  thread: {
    cap: 64 * KIB,
    first: 0,
    widths: {
      next: 8,
      interp: 8,
      frame: 8,
      threadId: 8,
      nativeThreadId: 8,
      state: 4,
      recursionLimit: 4,
      recursionRemaining: 4,
      datastackTop: 8,
      datastackLimit: 8,
      excInfo: 8,
      excValue: 8,
      raisedType: 8,
      raised: 8,
    },
    optional: [
      "nativeThreadId",
      "state",
      "recursionLimit",
      "recursionRemaining",
      "datastackTop",
      "datastackLimit",
      "excInfo",
      "excValue",
      "raisedType",
    ],
  },
  excItem: { cap: 256, first: 0, widths: { value: 8, previous: 8 }, optional: ["value", "previous"] },
  exception: { cap: 512, first: OBJECT_HEADER, widths: { args: 8 } },
  osError: {
    cap: 512,
    first: OBJECT_HEADER,
    widths: { errno: 8, strerror: 8, filename: 8, filename2: 8 },
    optional: ["filename2"],
  },
  cframe: {
    cap: 256,
    first: 0,
    widths: { currentFrame: 8, previous: 8 },
    optional: ["currentFrame", "previous"],
  },
  frame: {
    cap: 4 * KIB,
    first: 0,
    widths: {
      localsplus: 8,
      locals: 8,
      globals: 8,
      previous: 8,
      code: 8,
      instr: 4,
      owner: 1,
      executing: 1,
      isEntry: 1,
      stackTop: 4,
    },
    optional: ["owner", "executing", "isEntry", "stackTop"],
  },
  generator: {
    cap: 4 * KIB,
    first: OBJECT_HEADER,
    widths: { frame: 8, state: 1 },
    optional: ["frame", "state"],
  },
  code: {
    cap: 4 * KIB,
    first: OBJECT_HEADER,
    widths: {
      filename: 8,
      name: 8,
      qualname: 8,
      firstLineNo: 4,
      lineTable: 8,
      bytecode: 2,
      tlbc: 8,
      argcount: 4,
      kwonlyargcount: 4,
      flags: 4,
      varnames: 8,
      cellvars: 8,
      freevars: 8,
      localsplusnames: 8,
      localspluskinds: 8,
      frameSize: 4,
    },
    optional: [
      "qualname",
      "bytecode",
      "tlbc",
      "kwonlyargcount",
      "varnames",
      "cellvars",
      "freevars",
      "localsplusnames",
      "localspluskinds",
      "frameSize",
    ],
  },
  unicode: {
    cap: 256,
    first: OBJECT_HEADER,
    widths: { length: 8, state: 4, asciiData: 1, compactData: 4, data: 8 },
    optional: ["state", "asciiData", "compactData"],
    shared: ["compactData"],
  },
  bytes: { cap: 256, first: OBJECT_HEADER, widths: { size: 8, data: 1 } },
  object: { cap: 64, first: 8, widths: { type: 8 } },
  type: {
    cap: 4 * KIB,
    first: OBJECT_HEADER,
    widths: { name: 8, basicSize: 8, flags: 8, dictOffset: 8, cachedKeys: 8, mro: 8, str: 8 },
    optional: ["cachedKeys"],
  },
  dict: {
    cap: 256,
    first: OBJECT_HEADER,
    widths: { used: 8, keys: 8, values: 8, mask: 8 },
    optional: ["values", "mask"],
  },
  long: { cap: 256, first: OBJECT_HEADER, widths: { size: 8, digits: 4 } },
  int: { cap: 256, first: OBJECT_HEADER, widths: { value: 8 }, optional: ["value"] },
  float: { cap: 256, first: OBJECT_HEADER, widths: { value: 8 } },
  tuple: { cap: 256, first: OBJECT_HEADER, widths: { size: 8, items: 8 } },
  list: { cap: 256, first: OBJECT_HEADER, widths: { size: 8, items: 8 } },
  set: { cap: 512, first: OBJECT_HEADER, widths: { table: 8, mask: 8 } },
  function: { cap: 512, first: OBJECT_HEADER, widths: { qualname: 8 } },
  cell: { cap: 256, first: OBJECT_HEADER, widths: { value: 8 } },
};

/**
 * Checks that each offset is aligned, inside its struct, and not on top of another field.
 *
 * @param sizes sizes of the structs; without them only the caps are known.
 * @returns undefined when the offsets can be used, else what is wrong with them.
 */
export function validateOffsets(offsets: Offsets, sizes?: StructSizes): string | undefined {
  for (const group of Object.keys(RULES) as (keyof Offsets)[]) {
    const rules: Rules = RULES[group];
    const fields = Object.entries<Offset>({ ...offsets[group] });
    const isAbsent = fields.every(([name, offset]) => offset === ABSENT && rules.optional?.includes(name));
    if (isAbsent) continue;
    const size = sizes === undefined ? rules.cap : sizes[group];
    if (!Number.isInteger(size) || size <= 0) return `the size of ${group} is ${size}`;
    if (size > rules.cap) return `the size of ${group} is ${size}, more than ${rules.cap}`;
    const reason = fieldsReason({ group, rules: withInstructionWidth(rules, group, offsets), size, fields });
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** `frame.instr` is an int where frames are objects and a pointer where they have an owner. */
function withInstructionWidth(rules: Rules, group: string, offsets: Offsets): Rules {
  if (group !== "frame" || offsets.frame.owner === ABSENT) return rules;
  return { ...rules, widths: { ...rules.widths, instr: 8 } };
}

interface Group {
  readonly group: string;
  readonly rules: Rules;
  readonly size: number;
  readonly fields: readonly (readonly [name: string, offset: Offset])[];
}

function fieldsReason({ group, rules, size, fields }: Group): string | undefined {
  const present: { name: string; start: number; end: number }[] = [];
  for (const [field, width] of Object.entries(rules.widths)) {
    const name = `${group}.${field}`;
    const offset = fields.find(([known]) => known === field)?.[1];
    if (offset === ABSENT && rules.optional?.includes(field)) continue;
    if (offset === undefined || !Number.isInteger(offset) || offset < 0) {
      return `${name} is ${offset}, not an offset`;
    }
    if (offset % width !== 0) return `${name} is ${offset}, not a multiple of ${width}`;
    if (offset < rules.first) return `${name} is ${offset}, inside the header of the object`;
    if (offset + width > size) return `${name} is ${offset}, outside of its struct of ${size} bytes`;
    if (!rules.shared?.includes(field)) present.push({ name, start: offset, end: offset + width });
  }
  present.sort((a, b) => a.start - b.start);
  for (let index = 1; index < present.length; index++) {
    const [before, after] = [present[index - 1]!, present[index]!];
    if (after.start < before.end) return `${before.name} and ${after.name} overlap at ${after.start}`;
  }
  return undefined;
}
