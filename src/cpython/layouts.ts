/**
 * Chooses the layout of a CPython version.
 *
 * With layouts.gen.ts the only place that knows versions apart: all others ask for offsets and traits.
 */
import { ProfilerError } from "../errors.ts";
import { type DebugOffsetOrder, decodeDebugOffsets, readDebugHeader } from "./debug_offsets.ts";
import { NULL_POINTER } from "./layout.ts";
import type { Layout, PythonVersion, Traits } from "./layout.ts";
import { DEBUG_OFFSET_ORDERS, OFFSET_ROWS } from "./layouts.gen.ts";
import { validateOffsets } from "./validate_layout.ts";

/** The layout that was chosen for a target. */
export interface ChosenLayout {
  readonly version: PythonVersion;
  readonly layout: Layout;
  /** True for a build that may run without a GIL. */
  readonly freeThreaded: boolean;
  /** True when nobody has checked this version: a pre-release, or newer than the newest known. Warn then. */
  readonly guessed: boolean;
  /** Where the integers, or the order of the target's own, come from. */
  readonly source: string;
}

/** The oldest minor of Python 3; of Python 2 only 2.7 is known. */
const OLDEST_MINOR = 6;
/** The first minor that has `_PyRuntime`. */
const FIRST_RUNTIME_MINOR = 7;
/** The first minor that describes its layout itself. */
const FIRST_TABLE_MINOR = 13;
const NEWEST_MINOR = 15;

/** Bytes at `_PyRuntime` that hold the table of every version known. Units: bytes. */
export const DEBUG_OFFSETS_SIZE: number = 8 *
  Math.max(...Object.values(DEBUG_OFFSET_ORDERS).map(({ fields }) => fields.length));

const TRAITS_2_7: Traits = {
  frameLink: "frame_object",
  instruction: "byte_index",
  lineTable: "lnotab_ascending",
  shimOwner: 256,
  executing: NULL_POINTER,
  pointerTag: 0,
  dictKeys: "table",
  attributes: "dict_offset",
  longSize: "ob_size",
  managedDict: -24,
  unicodeKindBit: 2,
  threadId: "creator",
  names: "bytes",
  threadName: "_Thread__name",
};
const TRAITS_3_6: Traits = {
  ...TRAITS_2_7,
  lineTable: "lnotab",
  executing: 1,
  dictKeys: "words",
  names: "unicode",
  threadName: "_name",
};
const TRAITS_3_10: Traits = { ...TRAITS_3_6, instruction: "unit_index", lineTable: "pep626", executing: 0 };
const TRAITS_3_11: Traits = {
  ...TRAITS_3_10,
  frameLink: "cframe",
  executing: -1,
  instruction: "address",
  lineTable: "locations",
  dictKeys: "logarithms",
  attributes: "values_pointer",
};
const TRAITS_3_12: Traits = {
  ...TRAITS_3_11,
  shimOwner: 3,
  attributes: "dict_or_values",
  longSize: "lv_tag",
};
const TRAITS_3_13: Traits = {
  ...TRAITS_3_12,
  frameLink: "direct",
  attributes: "inline_values",
  threadId: "runner",
};
const TRAITS_3_14: Traits = { ...TRAITS_3_13, pointerTag: 3 };

/** Traits of each minor of Python 3, from `OLDEST_MINOR` on. */
const TRAITS: readonly Traits[] = [
  TRAITS_3_6,
  TRAITS_3_6,
  TRAITS_3_6,
  TRAITS_3_6,
  TRAITS_3_10,
  TRAITS_3_11,
  TRAITS_3_12,
  TRAITS_3_13,
  TRAITS_3_14,
  TRAITS_3_14,
];

/** What is different in a build that may run without a GIL, and what in addition from 3.14 on. */
const TRAITS_FREE_THREADED = { managedDict: -8 } satisfies Partial<Traits>;
const TRAITS_FREE_THREADED_3_14 = { unicodeKindBit: 8 } satisfies Partial<Traits>;

/** Version as CPython writes it: "3.13.0", "3.15.0b4"; as in its program's name, "3.14.0t" for a free-threaded build. */
export function formatVersion(
  { major, minor, micro, release }: PythonVersion,
  freeThreaded = false,
): string {
  return `${major}.${minor}.${micro}${release}${freeThreaded ? "t" : ""}`;
}

/** True for versions whose layout stands in the target: see `layoutFromDebugOffsets`. */
export function hasDebugOffsets({ major, minor }: PythonVersion): boolean {
  return major > 3 || (major === 3 && minor >= FIRST_TABLE_MINOR);
}

/** True for versions that keep their global state in `_PyRuntime`. */
export function hasRuntimeStruct({ major, minor }: PythonVersion): boolean {
  return major > 3 || major === 3 && minor >= FIRST_RUNTIME_MINOR;
}

/**
 * Chooses the layout of a version that does not describe itself: 2.7, and 3.6 to 3.12.
 *
 * @throws ProfilerError "unsupported" for all others.
 */
export function layoutFor(version: PythonVersion): ChosenLayout {
  refuseOld(version);
  if (hasDebugOffsets(version)) {
    throw new ProfilerError(
      "unsupported",
      `Python ${formatVersion(version)} should describe its layout in _Py_DebugOffsets, which was not found`,
    );
  }
  const row = OFFSET_ROWS[`${version.major}.${version.minor}`]!;
  return {
    version,
    layout: { ...row.offsets, traits: traitsOf(version) },
    freeThreaded: false,
    guessed: version.release !== "",
    source: row.source,
  };
}

/**
 * Reads the layout that a target of 3.13 or later has at the start of its `_PyRuntime`.
 *
 * The bytes are not trusted: offsets that cannot be are refused.
 * @param bytes the first `DEBUG_OFFSETS_SIZE` bytes of `_PyRuntime`.
 * @throws ProfilerError "unsupported" when they cannot be used.
 */
export function layoutFromDebugOffsets(bytes: Uint8Array): ChosenLayout {
  const header = readDebugHeader(bytes);
  if (header === undefined) {
    throw new ProfilerError("unsupported", "The target has no _Py_DebugOffsets at its _PyRuntime");
  }
  const { version, freeThreaded } = header;
  refuseOld(version);
  const name = `Python ${formatVersion(version, freeThreaded)}`;
  if (!hasDebugOffsets(version)) {
    throw new ProfilerError("unsupported", `The target says it is ${name}, which has no _Py_DebugOffsets`);
  }
  const { order, isKnown } = orderOf(version);
  const { offsets, sizes } = decodeDebugOffsets(bytes, { order, freeThreaded });
  const tableSize = order.fields.length * 8;
  const reason = offsets.runtime.interpretersHead < tableSize
    ? `runtime.interpretersHead is ${offsets.runtime.interpretersHead}, inside the table itself`
    : validateOffsets(offsets, sizes);
  if (reason !== undefined) {
    throw new ProfilerError(
      "unsupported",
      `The layout that ${name} gives for itself cannot be right: ${reason}`,
      isKnown ? undefined : `a newer pyspy: this one knows the releases up to 3.${NEWEST_MINOR}`,
    );
  }
  return {
    version,
    layout: { ...offsets, traits: freeThreaded ? freeThreadedTraits(version) : traitsOf(version) },
    freeThreaded,
    guessed: !isKnown,
    source: order.source,
  };
}

/** The order of the minor, or the newest one known; patch releases of a minor do not change it. */
function orderOf({ major, minor, release }: PythonVersion): { order: DebugOffsetOrder; isKnown: boolean } {
  const own = major === 3 ? DEBUG_OFFSET_ORDERS[`3.${minor}`] : undefined;
  const order = own ?? DEBUG_OFFSET_ORDERS[`3.${NEWEST_MINOR}`]!;
  return { order, isKnown: own !== undefined && release === "" };
}

function traitsOf({ major, minor }: PythonVersion): Traits {
  if (major === 2) return TRAITS_2_7;
  const own = major === 3 ? TRAITS[minor - OLDEST_MINOR] : undefined;
  return own ?? TRAITS.at(-1)!;
}

function freeThreadedTraits(version: PythonVersion): Traits {
  const later = version.minor > FIRST_TABLE_MINOR ? TRAITS_FREE_THREADED_3_14 : {};
  return { ...traitsOf(version), ...TRAITS_FREE_THREADED, ...later };
}

function refuseOld(version: PythonVersion): void {
  const { major, minor } = version;
  if (major > 3 || major === 3 && minor >= OLDEST_MINOR || major === 2 && minor === 7) return;
  throw new ProfilerError(
    "unsupported",
    `Python ${formatVersion(version)} is not supported by this version of pyspy: ` +
      `it reads 2.7 and 3.${OLDEST_MINOR} to 3.${NEWEST_MINOR}`,
  );
}
