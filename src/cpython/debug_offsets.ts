/**
 * Reads `_Py_DebugOffsets`, the table in which CPython 3.13 and later tell debuggers their own layout.
 *
 * The table holds u64 values without names: their order belongs to the minor version, and is generated.
 */
import { ProfilerError } from "../errors.ts";
import type { Offset } from "../types.ts";
import type { Offsets, PythonVersion } from "./layout.ts";
import { ABSENT, type StructSizes } from "./validate_layout.ts";

/** The first bytes of the table, and so of `_PyRuntime`. Source: CPython pycore_debug_offsets.h, v3.14.0. */
export const DEBUG_COOKIE = "xdebugpy";

const HEADER_SIZE = 24;
const HIGH = 0x1_0000_0000;

/** The order of the values in the table of one minor version. */
export interface DebugOffsetOrder {
  /** Where the order was read. */
  readonly source: string;
  /** `section.field` of each u64 in turn, from the cookie on. */
  readonly fields: readonly string[];
  /** What the table does not say, by our names (`dict.used`, `sizes.gil`). */
  readonly extra: Readonly<Record<string, number>>;
  /** The same for builds that may run without a GIL. */
  readonly extraFreeThreaded: Readonly<Record<string, number>>;
}

/** What the start of the table says, in every version that has one. */
export interface DebugHeader {
  readonly version: PythonVersion;
  readonly freeThreaded: boolean;
}

/** Where the table holds each of our offsets, if it does: `section.field`. */
export const TABLE_FIELDS: {
  readonly [G in keyof Offsets]: { readonly [F in keyof Offsets[G]]: string | typeof ABSENT };
} = {
  runtime: {
    interpretersHead: "runtime_state.interpreters_head",
    gilLastHolder: ABSENT,
    gilLocked: ABSENT,
    gc: ABSENT,
  },
  interpreter: {
    next: "interpreter_state.next",
    id: "interpreter_state.id",
    threadsHead: "interpreter_state.threads_head",
    modules: "interpreter_state.imports_modules",
    cevalGil: "interpreter_state.ceval_gil",
    gc: "interpreter_state.gc",
  },
  gc: { collecting: "gc.collecting" },
  // The table says where these are in an interpreter that has a GIL of its own; see `decodeDebugOffsets`.
  gil: {
    enabled: "interpreter_state.gil_runtime_state_enabled",
    lastHolder: "interpreter_state.gil_runtime_state_holder",
    locked: "interpreter_state.gil_runtime_state_locked",
  },
  thread: {
    next: "thread_state.next",
    interp: "thread_state.interp",
    frame: "thread_state.current_frame",
    threadId: "thread_state.thread_id",
    nativeThreadId: "thread_state.native_thread_id",
    state: "thread_state.state",
    recursionLimit: "thread_state.py_recursion_limit",
    recursionRemaining: "thread_state.py_recursion_remaining",
    datastackTop: ABSENT,
    datastackLimit: ABSENT,
    excInfo: "thread_state.exc_info",
    excValue: ABSENT,
    raisedType: ABSENT,
    raised: "thread_state.current_exception",
  },
  excItem: { value: "err_stackitem.exc_value", previous: "err_stackitem.previous_item" },
  exception: { args: "base_exception.args" },
  osError: {
    errno: "os_error.myerrno",
    strerror: "os_error.strerror",
    filename: "os_error.filename",
    filename2: "os_error.filename2",
  },
  cframe: { currentFrame: ABSENT, previous: ABSENT },
  frame: {
    localsplus: "interpreter_frame.localsplus",
    locals: "interpreter_frame.f_locals",
    globals: "interpreter_frame.f_globals",
    previous: "interpreter_frame.previous",
    code: "interpreter_frame.executable",
    instr: "interpreter_frame.instr_ptr",
    owner: "interpreter_frame.owner",
    executing: ABSENT,
    isEntry: ABSENT,
    stackTop: "interpreter_frame.stacktop",
  },
  generator: { frame: ABSENT, state: ABSENT },
  code: {
    filename: "code_object.filename",
    name: "code_object.name",
    qualname: "code_object.qualname",
    firstLineNo: "code_object.firstlineno",
    lineTable: "code_object.linetable",
    bytecode: "code_object.co_code_adaptive",
    // See `decodeDebugOffsets`.
    tlbc: ABSENT,
    argcount: "code_object.argcount",
    kwonlyargcount: "code_object.kwonlyargcount",
    flags: "code_object.flags",
    varnames: ABSENT,
    cellvars: ABSENT,
    freevars: ABSENT,
    localsplusnames: "code_object.localsplusnames",
    localspluskinds: "code_object.localspluskinds",
    frameSize: "code_object.co_framesize",
  },
  unicode: {
    length: "unicode_object.length",
    state: "unicode_object.state",
    asciiData: "unicode_object.asciiobject_size",
    compactData: "unicode_object.compactunicodeobject_size",
    data: "unicode_object.data",
  },
  bytes: { size: "bytes_object.ob_size", data: "bytes_object.ob_sval" },
  object: { type: "pyobject.ob_type" },
  type: {
    name: "type_object.tp_name",
    basicSize: "type_object.tp_basicsize",
    flags: "type_object.tp_flags",
    dictOffset: "type_object.tp_dictoffset",
    cachedKeys: "heap_type_object.ht_cached_keys",
    mro: "type_object.tp_mro",
    str: "type_object.tp_str",
  },
  dict: {
    used: "dict_object.ma_used",
    keys: "dict_object.ma_keys",
    values: "dict_object.ma_values",
    mask: ABSENT,
  },
  long: { size: "long_object.lv_tag", digits: "long_object.ob_digit" },
  int: { value: ABSENT },
  float: { value: "float_object.ob_fval" },
  tuple: { size: "tuple_object.ob_size", items: "tuple_object.ob_item" },
  list: { size: "list_object.ob_size", items: "list_object.ob_item" },
  set: { table: "set_object.table", mask: "set_object.mask" },
  function: { qualname: "function_object.func_qualname" },
  cell: { value: "cell_object.ob_ref" },
};

/** Where the table holds the size of each struct, if it does. */
export const TABLE_SIZES: Readonly<Record<keyof Offsets, string | typeof ABSENT>> = {
  runtime: "runtime_state.size",
  interpreter: "interpreter_state.size",
  gc: "gc.size",
  gil: "gil_runtime_state.size",
  thread: "thread_state.size",
  excItem: "err_stackitem.size",
  exception: "base_exception.size",
  osError: "os_error.size",
  cframe: ABSENT,
  frame: "interpreter_frame.size",
  generator: ABSENT,
  code: "code_object.size",
  unicode: "unicode_object.size",
  bytes: "bytes_object.size",
  object: "pyobject.size",
  type: "heap_type_object.size",
  dict: "dict_object.size",
  long: "long_object.size",
  int: ABSENT,
  float: "float_object.size",
  tuple: "tuple_object.size",
  list: "list_object.size",
  set: "set_object.size",
  function: "function_object.size",
  cell: "cell_object.size",
};

/**
 * Splits a `PY_VERSION_HEX`.
 *
 * @throws ProfilerError "unsupported" when no release of CPython can have the number.
 */
export function parseVersionHex(hex: number): PythonVersion {
  const level = { 10: "a", 11: "b", 12: "rc", 15: "" }[(hex >>> 4) & 0xf];
  if (level === undefined || !Number.isInteger(hex) || hex < 0 || hex >= HIGH) {
    throw new ProfilerError("unsupported", `0x${hex.toString(16)} is not the number of a CPython version`);
  }
  return {
    major: hex >>> 24,
    minor: (hex >>> 16) & 0xff,
    micro: (hex >>> 8) & 0xff,
    release: level === "" ? "" : `${level}${hex & 0xf}`,
  };
}

/**
 * Reads the version from the bytes at `_PyRuntime`.
 *
 * @returns undefined when there is no table: CPython 3.12 and earlier, or not a `_PyRuntime` at all.
 * @throws ProfilerError "unsupported" when there is a table of no known kind.
 */
export function readDebugHeader(bytes: Uint8Array): DebugHeader | undefined {
  if (bytes.length < HEADER_SIZE) return undefined;
  for (let index = 0; index < DEBUG_COOKIE.length; index++) {
    if (bytes[index] !== DEBUG_COOKIE.charCodeAt(index)) return undefined;
  }
  const version = parseVersionHex(u64(bytes, 1));
  const freeThreaded = u64(bytes, 2);
  if (freeThreaded > 1) {
    throw new ProfilerError(
      "unsupported",
      `free_threaded of _Py_DebugOffsets is ${freeThreaded}, not 0 or 1`,
    );
  }
  return { version, freeThreaded: freeThreaded === 1 };
}

/**
 * Gives names to the values of a table. They are not checked: see `validateOffsets`.
 *
 * What neither the table nor the order's extra has becomes NaN, which `validateOffsets` refuses.
 * @throws ProfilerError "unsupported" when there are fewer bytes than `order` has fields.
 */
export function decodeDebugOffsets(
  bytes: Uint8Array,
  { order, freeThreaded }: { order: DebugOffsetOrder; freeThreaded: boolean },
): { offsets: Offsets; sizes: StructSizes } {
  const needed = order.fields.length * 8;
  if (bytes.length < needed) {
    throw new ProfilerError("unsupported", `_Py_DebugOffsets is cut: ${bytes.length} of ${needed} bytes`);
  }
  const extra = freeThreaded ? order.extraFreeThreaded : order.extra;
  const table = new Map(order.fields.map((field, index) => [field, u64(bytes, index)]));
  const valueOf = (where: string | typeof ABSENT, ours: string): number =>
    where === ABSENT ? ABSENT : table.get(where) ?? extra[ours] ?? NaN;

  const decoded = {} as { [G in keyof Offsets]: Record<keyof Offsets[G], Offset> };
  const sizes = {} as Record<keyof Offsets, number>;
  for (const group of Object.keys(TABLE_FIELDS) as (keyof Offsets)[]) {
    const fields: Record<string, Offset> = {};
    for (const [field, where] of Object.entries(TABLE_FIELDS[group])) {
      fields[field] = valueOf(where, `${group}.${field}`);
    }
    Object.assign(decoded, { [group]: fields });
    sizes[group] = valueOf(TABLE_SIZES[group], `sizes.${group}`);
  }

  const { gil, code } = decoded;
  code.tlbc = freeThreaded ? table.get("code_object.co_tlbc") ?? ABSENT : ABSENT;
  // `interp->ceval.gil` points to a struct that is embedded in the interpreter that owns it. The pointer is
  // followed, as interpreters can share one, so what counts is the place inside that struct.
  const embedded = table.get("interpreter_state.gil_runtime_state") ?? NaN;
  // This one the table gives from the struct's start on.
  if (!freeThreaded) gil.enabled = ABSENT;
  gil.lastHolder = distance(embedded, gil.lastHolder);
  gil.locked = distance(embedded, gil.locked);
  return { offsets: decoded, sizes };
}

/** NaN when `to` is first, so that no difference can be taken for `ABSENT`. */
function distance(from: number, to: number): number {
  return to >= from ? to - from : NaN;
}

/** Values above 2^53 lose their low bits; no offset is that large. */
function u64(bytes: Uint8Array, index: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getUint32(index * 8, true) + view.getUint32(index * 8 + 4, true) * HIGH;
}
