/** Where CPython's headers have the fields of `Offsets`. */
import type { Offsets } from "../src/cpython/layout.ts";
import { ABSENT } from "../src/cpython/validate_layout.ts";

/** C, or ABSENT; or what it is from each minor of Python 3 on that changed it, and absent before; 0 stands for 2.7. */
export type InC = string | typeof ABSENT | Readonly<Record<number, string | typeof ABSENT>>;

type Manifest = { readonly [G in keyof Offsets]: Readonly<Record<keyof Offsets[G] | "struct", InC>> };

/** Each field of `Offsets` in C: the struct of its group, and its member, or a number or a `sizeof`. */
export const MANIFEST: Manifest = {
  runtime: {
    struct: { 0: "PyInterpreterState*", 7: "_PyRuntimeState" },
    interpretersHead: { 0: "0", 7: "interpreters.head" },
    gilLastHolder: { 7: "ceval.gil.last_holder", 12: ABSENT },
    gilLocked: { 7: "ceval.gil.locked", 12: ABSENT },
    gc: { 7: "gc", 9: ABSENT },
  },
  interpreter: {
    struct: "PyInterpreterState",
    next: "next",
    id: { 7: "id" },
    threadsHead: { 0: "tstate_head", 11: "threads.head" },
    modules: { 0: "modules", 12: "imports.modules" },
    cevalGil: { 12: "ceval.gil" },
    gc: { 9: "gc" },
  },
  gc: { struct: { 7: "struct _gc_runtime_state" }, collecting: { 7: "collecting" } },
  gil: {
    struct: { 12: "struct _gil_runtime_state" },
    enabled: ABSENT,
    lastHolder: { 12: "last_holder" },
    locked: { 12: "locked" },
  },
  thread: {
    struct: "PyThreadState",
    next: "next",
    interp: "interp",
    frame: { 0: "frame", 11: "cframe", 13: "current_frame" },
    threadId: "thread_id",
    nativeThreadId: { 11: "native_thread_id" },
    state: { 13: "state" },
    recursionLimit: { 12: "py_recursion_limit" },
    recursionRemaining: { 12: "py_recursion_remaining" },
    datastackTop: { 11: "datastack_top", 13: ABSENT },
    datastackLimit: { 11: "datastack_limit", 13: ABSENT },
    excInfo: { 7: "exc_info" },
    excValue: { 0: "exc_value", 7: ABSENT },
    raisedType: { 0: "curexc_type", 12: ABSENT },
    raised: { 0: "curexc_value", 12: "current_exception" },
  },
  excItem: {
    struct: { 7: "_PyErr_StackItem" },
    value: { 7: "exc_value" },
    previous: { 7: "previous_item" },
  },
  exception: { struct: "PyBaseExceptionObject", args: "args" },
  osError: {
    struct: { 0: "PyEnvironmentErrorObject", 6: "PyOSErrorObject" },
    errno: "myerrno",
    strerror: "strerror",
    filename: "filename",
    filename2: { 6: "filename2" },
  },
  cframe: {
    struct: { 11: "_PyCFrame", 13: ABSENT },
    currentFrame: { 11: "current_frame", 13: ABSENT },
    previous: { 11: "previous", 13: ABSENT },
  },
  frame: {
    struct: { 0: "PyFrameObject", 11: "_PyInterpreterFrame" },
    localsplus: { 0: "f_localsplus", 11: "localsplus" },
    locals: "f_locals",
    globals: "f_globals",
    previous: { 0: "f_back", 11: "previous" },
    code: { 0: "f_code", 13: "f_executable" },
    instr: { 0: "f_lasti", 11: "prev_instr", 13: "instr_ptr" },
    owner: { 11: "owner" },
    executing: { 0: "f_stacktop", 6: "f_executing", 10: "f_state", 11: ABSENT },
    isEntry: { 11: "is_entry", 12: ABSENT },
    stackTop: { 11: "stacktop", 14: ABSENT },
  },
  generator: {
    struct: { 11: "PyGenObject", 12: ABSENT },
    frame: { 11: "gi_iframe", 12: ABSENT },
    state: { 11: "gi_frame_state", 12: ABSENT },
  },
  code: {
    struct: "PyCodeObject",
    filename: "co_filename",
    name: "co_name",
    qualname: { 11: "co_qualname" },
    firstLineNo: "co_firstlineno",
    lineTable: { 0: "co_lnotab", 10: "co_linetable" },
    bytecode: { 11: "co_code_adaptive" },
    tlbc: ABSENT,
    argcount: "co_argcount",
    kwonlyargcount: { 6: "co_kwonlyargcount" },
    flags: "co_flags",
    varnames: { 0: "co_varnames", 11: ABSENT },
    cellvars: { 0: "co_cellvars", 11: ABSENT },
    freevars: { 0: "co_freevars", 11: ABSENT },
    localsplusnames: { 11: "co_localsplusnames" },
    localspluskinds: { 11: "co_localspluskinds" },
    frameSize: { 12: "co_framesize" },
  },
  unicode: {
    struct: "PyUnicodeObject",
    length: { 0: "length", 6: "_base._base.length" },
    state: { 6: "_base._base.state" },
    asciiData: { 6: "sizeof(PyASCIIObject)" },
    compactData: { 6: "sizeof(PyCompactUnicodeObject)" },
    data: { 0: "str", 6: "data" },
  },
  bytes: {
    struct: { 0: "PyStringObject", 6: "PyBytesObject" },
    size: { 0: "ob_size", 6: "ob_base.ob_size" },
    data: "ob_sval",
  },
  object: { struct: "PyObject", type: "ob_type" },
  type: {
    struct: "PyHeapTypeObject",
    name: "ht_type.tp_name",
    basicSize: "ht_type.tp_basicsize",
    flags: "ht_type.tp_flags",
    dictOffset: "ht_type.tp_dictoffset",
    cachedKeys: { 6: "ht_cached_keys" },
    mro: "ht_type.tp_mro",
    str: "ht_type.tp_str",
  },
  dict: {
    struct: "PyDictObject",
    used: "ma_used",
    keys: { 0: "ma_table", 6: "ma_keys" },
    values: { 6: "ma_values" },
    mask: { 0: "ma_mask", 6: ABSENT },
  },
  long: {
    struct: "PyLongObject",
    size: { 0: "ob_size", 6: "ob_base.ob_size", 12: "long_value.lv_tag" },
    digits: { 0: "ob_digit", 12: "long_value.ob_digit" },
  },
  float: { struct: "PyFloatObject", value: "ob_fval" },
  tuple: {
    struct: "PyTupleObject",
    size: { 0: "ob_size", 6: "ob_base.ob_size" },
    items: "ob_item",
  },
  list: { struct: "PyListObject", size: { 0: "ob_size", 6: "ob_base.ob_size" }, items: "ob_item" },
  set: { struct: "PySetObject", table: "table", mask: "mask" },
  function: { struct: "PyFunctionObject", qualname: { 0: "func_name", 6: "func_qualname" } },
  cell: { struct: "PyCellObject", value: "ob_ref" },
  int: { struct: { 0: "PyIntObject", 6: ABSENT }, value: { 0: "ob_ival", 6: ABSENT } },
};

/** What holds at a minor: that of the last change up to it. */
export function at(manifested: InC, minor: number): string | typeof ABSENT {
  if (typeof manifested !== "object") return manifested;
  const since = Object.keys(manifested).map(Number).filter((from) => from <= minor);
  return manifested[Math.max(...since)] ?? ABSENT;
}
