/**
 * What differs between CPython versions, as data: offsets of C fields, and traits that offsets cannot say.
 *
 * Offsets are named after the C fields. -1 means that the version has no such field.
 */
import type { Offset } from "../types.ts";

/** Offsets of one CPython minor on one ABI. */
export interface Offsets {
  /**
   * `_PyRuntimeState`; `gil*` are `ceval.gil.last_holder` and `.locked` (3.7 to 3.11, else -1). To 3.6 there is no such struct:
   * then the runtime is the variable `interp_head`, which is all of it. `gc` is that of all interpreters (3.7, 3.8).
   */
  readonly runtime: {
    readonly interpretersHead: Offset;
    readonly gilLastHolder: Offset;
    readonly gilLocked: Offset;
    readonly gc: Offset;
  };
  /** `PyInterpreterState`; no `id` to 3.6; `modules` is `modules` or `imports.modules`; `cevalGil` a pointer (3.12+). */
  readonly interpreter: {
    readonly next: Offset;
    readonly id: Offset;
    readonly threadsHead: Offset;
    readonly modules: Offset;
    readonly cevalGil: Offset;
    /** From 3.9 on. */
    readonly gc: Offset;
  };
  /** `struct _gc_runtime_state`, an int. To 3.6 a variable: see `Runtime.oldCollecting`. */
  readonly gc: { readonly collecting: Offset };
  /** `struct _gil_runtime_state`, as `cevalGil` points to it (3.12+); `enabled` in builds that may run without one. */
  readonly gil: { readonly enabled: Offset; readonly lastHolder: Offset; readonly locked: Offset };
  /** `PyThreadState`; `frame` is `frame`, `cframe` or `current_frame`: see `Traits.frameLink`. */
  readonly thread: {
    readonly next: Offset;
    readonly interp: Offset;
    readonly frame: Offset;
    readonly threadId: Offset;
    readonly nativeThreadId: Offset;
    /** What the thread may do: see `ATTACHED` (3.13+). Where there is a GIL, it holds that. */
    readonly state: Offset;
    /** `py_recursion_limit` and `py_recursion_remaining`: their difference grows with each frame (3.12+). */
    readonly recursionLimit: Offset;
    readonly recursionRemaining: Offset;
    /** Frames of calls lie in chunks; from `datastackTop` to `datastackLimit` the newest one is free (3.11, 3.12). */
    readonly datastackTop: Offset;
    readonly datastackLimit: Offset;
    /** The innermost entry of the stack of exceptions that are being handled (3.7+), or the one that there is (to 3.6). */
    readonly excInfo: Offset;
    readonly excValue: Offset;
    /** `curexc_type` and `curexc_value` (to 3.11), which may be what an exception is to be made of; `current_exception`. */
    readonly raisedType: Offset;
    readonly raised: Offset;
  };
  /** `_PyErr_StackItem` (3.7+). */
  readonly excItem: { readonly value: Offset; readonly previous: Offset };
  /** `PyBaseExceptionObject`; `PyOSErrorObject`, `PyEnvironmentErrorObject` in 2.7. */
  readonly exception: { readonly args: Offset };
  readonly osError: {
    readonly errno: Offset;
    readonly strerror: Offset;
    readonly filename: Offset;
    readonly filename2: Offset;
  };
  /** `_PyCFrame` (3.11, 3.12). */
  readonly cframe: { readonly currentFrame: Offset; readonly previous: Offset };
  /** `PyFrameObject` (to 3.10) or `_PyInterpreterFrame`; `instr` is `f_lasti`, `prev_instr` or `instr_ptr`. */
  readonly frame: {
    readonly localsplus: Offset;
    /** `f_locals`: a dict, for code that is no function's. */
    readonly locals: Offset;
    /** `f_globals`: the same dict in a module's own code. */
    readonly globals: Offset;
    readonly previous: Offset;
    readonly code: Offset;
    readonly instr: Offset;
    readonly owner: Offset;
    /** `f_executing` (to 3.9) or `f_state` (3.10), a byte: see `Traits.executing`. */
    readonly executing: Offset;
    /** `is_entry` (3.11), a byte: 1 for a frame that was entered from C. Later such a frame is called by a shim. */
    readonly isEntry: Offset;
    /** `stacktop` (3.11 to 3.13), an int: see `EXECUTES`. */
    readonly stackTop: Offset;
  };
  /** `PyGenObject` (3.11): the frame inside of it, and `gi_frame_state`, a byte. */
  readonly generator: { readonly frame: Offset; readonly state: Offset };
  /** `PyCodeObject`; names of variables in three tuples (to 3.10), or in one with their kinds; `bytecode` is `co_code_adaptive` inside the object (3.11+); `tlbc` the copies of it, one for each thread (free-threaded builds, 3.14+). */
  readonly code: {
    readonly filename: Offset;
    readonly name: Offset;
    readonly qualname: Offset;
    readonly firstLineNo: Offset;
    readonly lineTable: Offset;
    readonly bytecode: Offset;
    readonly tlbc: Offset;
    readonly argcount: Offset;
    readonly kwonlyargcount: Offset;
    readonly flags: Offset;
    readonly varnames: Offset;
    readonly cellvars: Offset;
    readonly freevars: Offset;
    readonly localsplusnames: Offset;
    readonly localspluskinds: Offset;
    /** `co_framesize`, an int (3.12+): the words that a frame takes. */
    readonly frameSize: Offset;
  };
  /** `PyASCIIObject`, `PyCompactUnicodeObject`, `PyUnicodeObject.data`; in 2.7 `length` and `data`, which is `str`, alone. */
  readonly unicode: {
    readonly length: Offset;
    readonly state: Offset;
    readonly asciiData: Offset;
    readonly compactData: Offset;
    readonly data: Offset;
  };
  /** `PyBytesObject`; `PyStringObject` in 2.7. */
  readonly bytes: { readonly size: Offset; readonly data: Offset };
  readonly object: { readonly type: Offset };
  /** `PyTypeObject`; `cachedKeys` is `PyHeapTypeObject.ht_cached_keys`. */
  readonly type: {
    readonly name: Offset;
    readonly basicSize: Offset;
    readonly flags: Offset;
    readonly dictOffset: Offset;
    readonly cachedKeys: Offset;
    readonly mro: Offset;
    readonly str: Offset;
  };
  /** `PyDictObject`; in 2.7 `keys` is `ma_table`, there is no `values`, but a `mask`. */
  readonly dict: {
    readonly used: Offset;
    readonly keys: Offset;
    readonly values: Offset;
    readonly mask: Offset;
  };
  /** `PyLongObject`; `size` is `ob_size` (to 3.11) or `lv_tag`. */
  readonly long: { readonly size: Offset; readonly digits: Offset };
  /** `PyIntObject` (2.7). */
  readonly int: { readonly value: Offset };
  /** `PyFloatObject`; the two numbers of a `PyComplexObject` begin at the same place. */
  readonly float: { readonly value: Offset };
  /** `PyTupleObject`, `PyListObject`: `items` are in the tuple, and a pointer in the list. */
  readonly tuple: { readonly size: Offset; readonly items: Offset };
  readonly list: { readonly size: Offset; readonly items: Offset };
  readonly set: { readonly table: Offset; readonly mask: Offset };
  /** `PyFunctionObject`: `func_name` in 2.7. */
  readonly function: { readonly qualname: Offset };
  /** `PyCellObject`. */
  readonly cell: { readonly value: Offset };
}

/**
 * `frame.stackTop`, as an unsigned word, of a frame whose code runs, be it in C that it has called; it is the size of the stack
 * while the frame waits for another one of Python, and once it was left. Source: Include/internal/pycore_frame.h at v3.12.0.
 */
export const EXECUTES = 0xffff_ffff;

/** For `Traits.executing`: a pointer that is NULL while the frame's code runs. */
export const NULL_POINTER = -2;

/** `thread.state` of a thread that may run Python code. Source: Include/internal/pycore_pystate.h at v3.13.0. */
export const ATTACHED = 1;
/** `thread.state` of one that has to wait, until the thread that has stopped all others is done. */
export const SUSPENDED = 2;

/** What the offsets of a version mean. */
export interface Traits {
  /** From the thread to the innermost frame: frame objects (to 3.10), through `cframe` (3.11, 3.12), direct. */
  readonly frameLink: "frame_object" | "cframe" | "direct";
  /** `frame.instr`: byte index (to 3.9), index of 2-byte units (3.10), or address of an instruction. */
  readonly instruction: "byte_index" | "unit_index" | "address";
  /** Line table: `co_lnotab` (to 3.9; in 2.7 no line comes before the one before it), PEP 626 `co_linetable` (3.10), location table (3.11+). */
  readonly lineTable: "lnotab_ascending" | "lnotab" | "pep626" | "locations";
  /** Frames whose `owner` is at least this are entries from C and not shown; 256 when there are none. */
  readonly shimOwner: number;
  /**
   * Value of `frame.executing` while the frame's code runs or has called something; -1 where there is no such field; in 2.7
   * `NULL_POINTER`, since the field is `f_stacktop`.
   */
  readonly executing: number;
  /** Low bits that are not part of `frame.code`'s address (`Py_TAG_BITS`). */
  readonly pointerTag: number;
  /** `ma_table` (2.7). `PyDictKeysObject`: sizes as words (to 3.10), or as logarithms with a kind (3.11+). */
  readonly dictKeys: "table" | "words" | "logarithms";
  /** Where instances keep attributes: `tp_dictoffset`; pointer to values before the object (3.11); tagged
   * dict-or-values pointer (3.12); values at the end of the object (3.13+). */
  readonly attributes: "dict_offset" | "values_pointer" | "dict_or_values" | "inline_values";
  /** From an object of a class with `inline_values` to the pointer to its dict. Units: bytes. */
  readonly managedDict: number;
  /** Lowest bit of the kind in `unicode.state`; compact and ASCII are 3 and 4 bits above it. */
  readonly unicodeKindBit: number;
  /** Sign and digits of int: `ob_size` (to 3.11) or `lv_tag`. */
  readonly longSize: "ob_size" | "lv_tag";
  /**
   * Whose id a thread state has: of the thread that runs it, or of the one that made it (to 3.12), which in a sub-interpreter
   * may be another.
   */
  readonly threadId: "creator" | "runner";
  /** What names are: byte strings (2.7), or Unicode. */
  readonly names: "bytes" | "unicode";
  /** The attribute of `threading.Thread` that is its name. */
  readonly threadName: "_Thread__name" | "_name";
}

/** Everything the walker must know of the target's CPython. */
export interface Layout extends Offsets {
  readonly traits: Traits;
}

/** A CPython version. Shape: `release` is "", "a1", "b2", "rc1". */
export interface PythonVersion {
  readonly major: number;
  readonly minor: number;
  readonly micro: number;
  readonly release: string;
}
