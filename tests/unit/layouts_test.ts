import assert from "node:assert/strict";
import { parseVersionHex } from "../../src/cpython/debug_offsets.ts";
import type { Offsets, PythonVersion } from "../../src/cpython/layout.ts";
import { formatVersion, hasDebugOffsets, layoutFor } from "../../src/cpython/layouts.ts";
import { OFFSET_ROWS } from "../../src/cpython/layouts.gen.ts";
import { type StructSizes, validateOffsets } from "../../src/cpython/validate_layout.ts";
import { ProfilerError } from "../../src/errors.ts";

function version(text: string): PythonVersion {
  const [, major, minor, micro, release] = /^(\d+)\.(\d+)\.(\d+)(.*)$/.exec(text)!;
  return { major: Number(major), minor: Number(minor), micro: Number(micro), release: release! };
}

function assertUnsupported(action: () => unknown, message: RegExp): void {
  assert.throws(action, (error) => {
    assert.ok(error instanceof ProfilerError);
    assert.equal(error.kind, "unsupported");
    assert.match(error.message, message);
    return true;
  });
}

/** The row of 3.12 with one value replaced. */
function changed(group: keyof Offsets, field: string, offset: number): Offsets {
  const { offsets } = OFFSET_ROWS["3.12"]!;
  return { ...offsets, [group]: { ...offsets[group], [field]: offset } };
}

Deno.test("2.7, and every minor from 3.6 to 3.12, has a row that validates", () => {
  assert.deepEqual(Object.keys(OFFSET_ROWS), ["2.7", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12"]);
  for (const [minor, { offsets, sizes }] of Object.entries(OFFSET_ROWS)) {
    assert.equal(validateOffsets(offsets, sizes), undefined, minor);
    assert.equal(validateOffsets(offsets), undefined, minor);
  }
});

Deno.test("rows hold the offsets of the interpreters they are named after", () => {
  const known = [
    // minor, interpretersHead, gilLastHolder, threadsHead, thread.frame, frame.code, frame.instr, firstLineNo
    ["2.7.18", 0, -1, 8, 16, 32, 120, 96],
    ["3.6.15", 0, -1, 8, 24, 32, 120, 36],
    ["3.7.16", 24, 1272, 8, 24, 32, 104, 36],
    ["3.8.18", 32, 1160, 8, 24, 32, 104, 40],
    ["3.9.18", 32, 360, 8, 24, 32, 104, 40],
    ["3.10.13", 32, 360, 8, 24, 32, 96, 40],
    ["3.11.7", 40, 368, 16, 56, 32, 56, 72],
    ["3.12.1", 40, -1, 72, 56, 0, 56, 68],
  ] as const;
  for (const [name, ...expected] of known) {
    const { layout, guessed } = layoutFor(version(name));
    const { runtime, interpreter, thread, frame, code } = layout;
    const actual = [runtime.interpretersHead, runtime.gilLastHolder, interpreter.threadsHead, thread.frame];
    assert.deepEqual(actual.concat(frame.code, frame.instr, code.firstLineNo), expected, name);
    assert.equal(guessed, false);
  }
});

Deno.test("the GIL is found in the runtime from 3.7 to 3.11 and through the interpreter in 3.12", () => {
  for (const [minor, { offsets }] of Object.entries(OFFSET_ROWS)) {
    const isPointer = minor === "3.12";
    const isOld = minor === "2.7" || minor === "3.6";
    assert.equal(offsets.runtime.gilLastHolder >= 0, !isPointer && !isOld, minor);
    assert.equal(offsets.runtime.gilLocked >= 0, !isPointer && !isOld, minor);
    assert.equal(offsets.interpreter.cevalGil >= 0, isPointer, minor);
    assert.deepEqual(offsets.gil, {
      enabled: -1,
      ...isPointer ? { lastHolder: 8, locked: 16 } : { lastHolder: -1, locked: -1 },
    });
  }
});

Deno.test("traits follow the minor", () => {
  const traits = (text: string) => layoutFor(version(text)).layout.traits;
  assert.deepEqual(traits("3.6.0"), traits("3.9.0"));
  assert.deepEqual([traits("2.7.0").names, traits("3.6.0").names], ["bytes", "unicode"]);
  assert.deepEqual(["3.9.0", "3.10.0", "3.11.0"].map((text) => traits(text).instruction), [
    "byte_index",
    "unit_index",
    "address",
  ]);
  assert.deepEqual(["3.9.0", "3.10.0", "3.11.0"].map((text) => traits(text).lineTable), [
    "lnotab",
    "pep626",
    "locations",
  ]);
  assert.deepEqual(["3.10.0", "3.11.0", "3.12.0"].map((text) => traits(text).frameLink), [
    "frame_object",
    "cframe",
    "cframe",
  ]);
  assert.deepEqual(["3.10.0", "3.11.0", "3.12.0"].map((text) => traits(text).attributes), [
    "dict_offset",
    "values_pointer",
    "dict_or_values",
  ]);
  assert.deepEqual(["3.11.0", "3.12.0"].map((text) => traits(text).shimOwner), [256, 3]);
  assert.deepEqual(["3.11.0", "3.12.0"].map((text) => traits(text).longSize), ["ob_size", "lv_tag"]);
  assert.deepEqual(["3.10.0", "3.11.0"].map((text) => traits(text).dictKeys), ["words", "logarithms"]);
});

Deno.test("a pre-release is marked as a guess", () => {
  assert.equal(layoutFor(version("3.12.0b1")).guessed, true);
});

Deno.test("versions without a row are refused by name", () => {
  const old = /^Python 2\.6\.9 is not supported by this version of pyspy: it reads 2\.7 and 3\.6 to 3\.15$/;
  assertUnsupported(() => layoutFor(version("2.6.9")), old);
  assertUnsupported(() => layoutFor(version("3.5.10")), /^Python 3\.5\.10 is not supported/);
  assertUnsupported(() => layoutFor(version("3.13.0")), /^Python 3\.13\.0 .*_Py_DebugOffsets/);
});

Deno.test("only 3.13 and later describe themselves", () => {
  const described = ["2.7.18", "3.12.1", "3.13.0", "3.16.0", "4.0.0"].map((text) =>
    hasDebugOffsets(version(text))
  );
  assert.deepEqual(described, [false, false, true, true, true]);
});

Deno.test("version numbers are read from PY_VERSION_HEX and written as CPython writes them", () => {
  const names = [0x030d00f0, 0x030e0af0, 0x030f00b4, 0x031000a1, 0x030f00c2, 0x020712f0].map((hex) =>
    formatVersion(parseVersionHex(hex))
  );
  assert.deepEqual(names, ["3.13.0", "3.14.10", "3.15.0b4", "3.16.0a1", "3.15.0rc2", "2.7.18"]);
  for (const hex of [0, 0x030d0000, 0x030d00e0, -1, 0x1_0000_0000, 0.5, NaN]) {
    assertUnsupported(() => parseVersionHex(hex), /is not the number of a CPython version/);
  }
});

Deno.test("offsets that cannot be are refused with the field and the reason", () => {
  const { sizes } = OFFSET_ROWS["3.12"]!;
  const reasons: [Offsets, StructSizes, RegExp][] = [
    [changed("frame", "previous", 12), sizes, /^frame\.previous is 12, not a multiple of 8$/],
    [changed("frame", "instr", 60), sizes, /^frame\.instr is 60, not a multiple of 8$/],
    [changed("frame", "previous", 80), sizes, /^frame\.previous is 80, outside of its struct of 80 bytes$/],
    [changed("frame", "previous", 0), sizes, /^frame\.\w+ and frame\.\w+ overlap at 0$/],
    [changed("frame", "previous", -1), sizes, /^frame\.previous is -1, not an offset$/],
    [changed("frame", "owner", 1.5), sizes, /^frame\.owner is 1\.5, not an offset$/],
    [changed("dict", "keys", NaN), sizes, /^dict\.keys is NaN, not an offset$/],
    [changed("code", "name", 8), sizes, /^code\.name is 8, inside the header of the object$/],
    [changed("thread", "next", 2 ** 53), sizes, /^thread\.next is \d+, outside of its struct/],
    [changed("thread", "next", 16), sizes, /^thread\.\w+ and thread\.\w+ overlap at 16$/],
    [changed("gil", "locked", 12), sizes, /^gil\.lastHolder and gil\.locked overlap at 12$/],
    [changed("code", "name", 112), { ...sizes, code: 5000 }, /^the size of code is 5000, more than 4096$/],
    [changed("code", "name", 112), { ...sizes, code: -1 }, /^the size of code is -1$/],
  ];
  for (const [offsets, sizesOf, reason] of reasons) assert.match(validateOffsets(offsets, sizesOf)!, reason);
});

Deno.test("a version need not have every field", () => {
  const { sizes } = OFFSET_ROWS["3.12"]!;
  assert.equal(validateOffsets(changed("code", "qualname", -1), sizes), undefined);
  assert.equal(validateOffsets(changed("thread", "nativeThreadId", -1), sizes), undefined);
});
