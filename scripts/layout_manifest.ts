/** Where CPython's headers have the fields of `Offsets`. */
import type { Offsets } from "../src/cpython/layout.ts";
import { ABSENT } from "../src/cpython/validate_layout.ts";

/** C, or ABSENT; or what it is from each minor on that changed it. */
export type InC = string | typeof ABSENT | Readonly<Record<number, string | typeof ABSENT>>;

type Manifest = { readonly [G in keyof Offsets]: Readonly<Record<keyof Offsets[G] | "struct", InC>> };

/** Each field of `Offsets` in C: the struct of its group, and its member or a `sizeof`. */
export const MANIFEST: Manifest = {
  runtime: {
    struct: "_PyRuntimeState",
    interpretersHead: "interpreters.head",
    mainThread: "main_thread",
    gilLastHolder: { 8: "ceval.gil.last_holder", 12: ABSENT },
    gilLocked: { 8: "ceval.gil.locked", 12: ABSENT },
  },
  interpreter: {
    struct: "PyInterpreterState",
    next: "next",
    id: "id",
    threadsHead: { 8: "tstate_head", 11: "threads.head" },
    modules: { 8: "modules", 12: "imports.modules" },
    cevalGil: { 8: ABSENT, 12: "ceval.gil" },
  },
  gil: {
    struct: { 8: ABSENT, 12: "struct _gil_runtime_state" },
    lastHolder: { 8: ABSENT, 12: "last_holder" },
    locked: { 8: ABSENT, 12: "locked" },
  },
  thread: {
    struct: "PyThreadState",
    next: "next",
    interp: "interp",
    frame: { 8: "frame", 11: "cframe", 13: "current_frame" },
    threadId: "thread_id",
    nativeThreadId: { 8: ABSENT, 11: "native_thread_id" },
    datastackTop: { 8: ABSENT, 11: "datastack_top", 13: ABSENT },
    datastackLimit: { 8: ABSENT, 11: "datastack_limit", 13: ABSENT },
  },
  cframe: {
    struct: { 8: ABSENT, 11: "_PyCFrame", 13: ABSENT },
    currentFrame: { 8: ABSENT, 11: "current_frame", 13: ABSENT },
    previous: { 8: ABSENT, 11: "previous", 13: ABSENT },
  },
  frame: {
    struct: { 8: "PyFrameObject", 11: "_PyInterpreterFrame" },
    previous: { 8: "f_back", 11: "previous" },
    code: { 8: "f_code", 13: "f_executable" },
    instr: { 8: "f_lasti", 11: "prev_instr", 13: "instr_ptr" },
    owner: { 8: ABSENT, 11: "owner" },
    executing: { 8: "f_executing", 10: "f_state", 11: ABSENT },
    isEntry: { 8: ABSENT, 11: "is_entry", 12: ABSENT },
  },
  generator: {
    struct: { 8: ABSENT, 11: "PyGenObject", 12: ABSENT },
    frame: { 8: ABSENT, 11: "gi_iframe", 12: ABSENT },
    state: { 8: ABSENT, 11: "gi_frame_state", 12: ABSENT },
  },
  code: {
    struct: "PyCodeObject",
    filename: "co_filename",
    name: "co_name",
    qualname: { 8: ABSENT, 11: "co_qualname" },
    firstLineNo: "co_firstlineno",
    lineTable: { 8: "co_lnotab", 10: "co_linetable" },
    bytecode: { 8: ABSENT, 11: "co_code_adaptive" },
  },
  unicode: {
    struct: "PyUnicodeObject",
    length: "_base._base.length",
    state: "_base._base.state",
    asciiData: "sizeof(PyASCIIObject)",
    compactData: "sizeof(PyCompactUnicodeObject)",
    data: "data",
  },
  bytes: { struct: "PyBytesObject", size: "ob_base.ob_size", data: "ob_sval" },
  object: { struct: "PyObject", type: "ob_type" },
  type: {
    struct: "PyHeapTypeObject",
    name: "ht_type.tp_name",
    basicSize: "ht_type.tp_basicsize",
    flags: "ht_type.tp_flags",
    dictOffset: "ht_type.tp_dictoffset",
    cachedKeys: "ht_cached_keys",
  },
  dict: { struct: "PyDictObject", used: "ma_used", keys: "ma_keys", values: "ma_values" },
  long: {
    struct: "PyLongObject",
    size: { 8: "ob_base.ob_size", 12: "long_value.lv_tag" },
    digits: { 8: "ob_digit", 12: "long_value.ob_digit" },
  },
};

/** What holds at a minor: that of the last change up to it. */
export function at(manifested: InC, minor: number): string | typeof ABSENT {
  if (typeof manifested !== "object") return manifested;
  const since = Object.keys(manifested).map(Number).filter((from) => from <= minor);
  return manifested[Math.max(...since)] ?? ABSENT;
}
