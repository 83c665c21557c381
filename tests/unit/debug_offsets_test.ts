import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeDebugOffsets, readDebugHeader } from "../../src/cpython/debug_offsets.ts";
import { DEBUG_OFFSET_ORDERS } from "../../src/cpython/layouts.gen.ts";
import {
  type ChosenLayout,
  DEBUG_OFFSETS_SIZE,
  formatVersion,
  layoutFromDebugOffsets,
} from "../../src/cpython/layouts.ts";
import { validateOffsets } from "../../src/cpython/validate_layout.ts";
import { ProfilerError } from "../../src/errors.ts";

const NAMES = ["3.13.0", "3.13.18", "3.14.10", "3.15.2"];
const FREE_THREADED = ["3.13.5t", "3.14.10t", "3.15.2t"];

function fixture(name: string): Uint8Array {
  return Deno.readFileSync(new URL(`../fixtures/debug_offsets/${name}.bin`, import.meta.url));
}

/** A copy of a table with u64 values replaced, by their index. */
function patched(name: string, values: Readonly<Record<number, number>>): Uint8Array {
  const bytes = fixture(name);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of Object.entries(values)) {
    view.setUint32(Number(index) * 8, value % 2 ** 32, true);
    view.setUint32(Number(index) * 8 + 4, Math.floor(value / 2 ** 32), true);
  }
  return bytes;
}

/** A copy of a table with `field` set. */
function withField(name: string, field: string, value: number): Uint8Array {
  const { fields } = DEBUG_OFFSET_ORDERS[name.split(".", 2).join(".")]!;
  const index = fields.indexOf(field);
  assert.notEqual(index, -1, field);
  return patched(name, { [index]: value });
}

function refusal(bytes: Uint8Array): ProfilerError {
  try {
    layoutFromDebugOffsets(bytes);
  } catch (error) {
    assert.ok(error instanceof ProfilerError, String(error));
    assert.equal(error.kind, "unsupported");
    return error;
  }
  assert.fail("the table was accepted");
}

Deno.test("tables of real interpreters give the offsets that their headers have", () => {
  const known: Record<string, readonly number[]> = {
    // interpretersHead, threadsHead, modules, threadId, nativeThreadId, owner, bytecode, keys
    "3.13.0": [632, 7344, 7656, 152, 160, 70, 200, 880],
    "3.13.18": [632, 7344, 7656, 152, 160, 70, 200, 880],
    "3.14.10": [808, 7344, 7688, 152, 160, 74, 208, 880],
    "3.15.2": [936, 7336, 7592, 176, 184, 74, 208, 888],
  };
  for (const name of NAMES) {
    const { version, layout, guessed } = layoutFromDebugOffsets(fixture(name));
    assert.equal(formatVersion(version), name);
    assert.equal(guessed, false);
    const { runtime, interpreter, thread, frame, code, type } = layout;
    const actual = [
      runtime.interpretersHead,
      interpreter.threadsHead,
      interpreter.modules,
    ];
    actual.push(thread.threadId, thread.nativeThreadId, frame.owner, code.bytecode, type.cachedKeys);
    assert.deepEqual(actual, known[name], name);
  }
});

Deno.test("what did not change from 3.13 to 3.15 is the same in all tables", () => {
  for (const name of NAMES) {
    const { layout } = layoutFromDebugOffsets(fixture(name));
    assert.equal(layout.interpreter.cevalGil, 16);
    assert.deepEqual(layout.gil, { enabled: -1, lastHolder: 8, locked: 16 });
    assert.equal(layout.thread.frame, 72);
    assert.deepEqual(layout.cframe, { currentFrame: -1, previous: -1 });
    assert.deepEqual([layout.runtime.gilLastHolder, layout.runtime.gilLocked], [-1, -1]);
    assert.deepEqual([layout.frame.code, layout.frame.previous, layout.frame.instr], [0, 8, 56]);
    assert.deepEqual(layout.unicode, { length: 16, state: 32, asciiData: 40, compactData: 56, data: 56 });
    assert.deepEqual(layout.bytes, { size: 16, data: 32 });
    assert.deepEqual(layout.dict, { used: 16, keys: 32, values: 40, mask: -1 });
    assert.deepEqual(layout.long, { size: 16, digits: 24 });
    assert.deepEqual([layout.type.basicSize, layout.type.dictOffset], [32, 288]);
  }
});

Deno.test("traits of self-describing versions", () => {
  const traits = NAMES.map((name) => layoutFromDebugOffsets(fixture(name)).layout.traits);
  assert.deepEqual(traits.map(({ pointerTag }) => pointerTag), [0, 0, 3, 3]);
  for (const { frameLink, shimOwner, attributes } of traits) {
    assert.deepEqual([frameLink, shimOwner, attributes], ["direct", 3, "inline_values"]);
  }
});

Deno.test("every order has what the others lack, and fits into what is read", () => {
  for (const [minor, order] of Object.entries(DEBUG_OFFSET_ORDERS)) {
    const name = NAMES.findLast((candidate) => candidate.startsWith(`${minor}.`))!;
    const { offsets, sizes } = decodeDebugOffsets(fixture(name), { order, freeThreaded: false });
    assert.equal(validateOffsets(offsets, sizes), undefined, minor);
    assert.ok(order.fields.length * 8 <= DEBUG_OFFSETS_SIZE, minor);
  }
  assert.equal(DEBUG_OFFSETS_SIZE, 888);
});

Deno.test("newer minors and pre-releases are read in the newest known order, as a guess", () => {
  const newer = layoutFromDebugOffsets(patched("3.15.2", { 1: 0x031000f0 }));
  assert.equal(formatVersion(newer.version), "3.16.0");
  assert.equal(newer.guessed, true);
  assert.deepEqual(newer.layout, layoutFromDebugOffsets(fixture("3.15.2")).layout);
  assert.equal(layoutFromDebugOffsets(patched("3.15.2", { 1: 0x030f00b4 })).guessed, true);
});

Deno.test("a table in another order than the guessed one is refused", () => {
  for (const name of ["3.13.0", "3.14.10"]) {
    const error = refusal(patched(name, { 1: 0x031000f0 }));
    assert.match(error.message, /^The layout that Python 3\.16\.0 gives for itself cannot be right: /);
    assert.match(error.remedy!, /a newer pyspy/);
  }
  assert.match(refusal(patched("3.15.2", { 1: 0x030d00f0 })).message, /cannot be right/);
});

Deno.test("free-threaded builds: objects have longer heads, threads a state, the GIL a switch", () => {
  for (const name of FREE_THREADED) {
    const { version, layout, freeThreaded, guessed } = layoutFromDebugOffsets(fixture(name));
    assert.deepEqual([formatVersion(version, freeThreaded), guessed], [name, false]);
    assert.deepEqual(layout.gil, { enabled: 0, lastHolder: 16, locked: 24 });
    assert.deepEqual([layout.object.type, layout.tuple.size, layout.list.items], [24, 32, 40], name);
    assert.deepEqual(layout.unicode, { length: 32, state: 48, asciiData: 56, compactData: 72, data: 72 });
    assert.deepEqual(layout.dict, { used: 32, keys: 48, values: 56, mask: -1 });
    assert.equal(layout.traits.managedDict, -8);
  }
  const layouts = FREE_THREADED.map((name) => layoutFromDebugOffsets(fixture(name)).layout);
  // Copies of the bytecode for each thread came with 3.14, and so did a whole byte for `interned`.
  assert.deepEqual(layouts.map(({ code }) => [code.tlbc, code.bytecode]), [[-1, 216], [224, 232], [
    224,
    232,
  ]]);
  assert.deepEqual(layouts.map(({ traits }) => traits.unicodeKindBit), [2, 8, 8]);
  assert.deepEqual(layouts.map(({ thread }) => thread.state), [40, 44, 48]);
  assert.deepEqual(layouts.map(({ frame }) => frame.owner), [70, 78, 78]);
});

Deno.test("a table that says it is of another build is refused", () => {
  assert.match(refusal(patched("3.14.10", { 2: 1 })).message, /Python 3\.14\.10t gives .* cannot be right/);
  assert.match(refusal(patched("3.14.10t", { 2: 0 })).message, /Python 3\.14\.10 gives .* cannot be right/);
});

Deno.test("what is not a table is refused", () => {
  assert.match(refusal(new Uint8Array(0)).message, /no _Py_DebugOffsets/);
  assert.match(refusal(new Uint8Array(1024)).message, /no _Py_DebugOffsets/);
  assert.match(refusal(fixture("3.15.2").slice(0, 880)).message, /is cut: 880 of 888 bytes/);
  assert.match(refusal(patched("3.15.2", { 1: 0x030c01f0 })).message, /Python 3\.12\.1, which has no/);
  assert.match(refusal(patched("3.15.2", { 1: 0x020612f0 })).message, /Python 2\.6\.18 is not supported/);
  assert.match(
    refusal(patched("3.15.2", { 1: 0x1_030f02f0 })).message,
    /not the number of a CPython version/,
  );
  assert.match(refusal(patched("3.15.2", { 2: 7 })).message, /free_threaded .* is 7/);
  assert.equal(readDebugHeader(new Uint8Array(1024)), undefined);
});

Deno.test("tables with impossible values are refused with a reason", () => {
  const cases: [field: string, value: number, reason: RegExp][] = [
    ["runtime_state.interpreters_head", 80, /runtime\.interpretersHead is 80, inside the table itself/],
    ["interpreter_state.size", 2 ** 40, /the size of interpreter is 1099511627776, more than/],
    ["interpreter_state.threads_head", 2 ** 40, /interpreter\.threadsHead is \d+, outside of its struct/],
    ["interpreter_state.gil_runtime_state_holder", 7735, /gil\.lastHolder is NaN/],
    ["interpreter_state.gil_runtime_state_locked", 0, /gil\.locked is NaN/],
    ["thread_state.current_frame", 73, /thread\.frame is 73, not a multiple of 8/],
    ["thread_state.size", 0, /the size of thread is 0/],
    ["interpreter_frame.previous", 0, /frame\.\w+ and frame\.\w+ overlap at 0/],
    ["code_object.filename", 0, /code\.filename is 0, inside the header/],
    ["code_object.size", 1024 * 1024, /the size of code is 1048576, more than 4096/],
    ["pyobject.ob_type", 0xffff_ffff, /object\.type is 4294967295/],
    ["unicode_object.length", 2 ** 63, /unicode\.length is \d+, outside of its struct/],
  ];
  for (const [field, value, reason] of cases) {
    assert.match(refusal(withField("3.15.2", field, value)).message, reason, field);
  }
});

/** Reads a table that may be anything. @returns undefined when it was refused as it should be. */
function tryRead(bytes: Uint8Array): ChosenLayout | undefined {
  try {
    return layoutFromDebugOffsets(bytes);
  } catch (error) {
    assert.ok(error instanceof ProfilerError, String(error));
    assert.notEqual(error.message, "");
    return undefined;
  }
}

Deno.test("no corruption does anything but refuse or give offsets inside the caps", () => {
  const u64 = fc.oneof(
    fc.nat(1024),
    fc.nat(),
    fc.maxSafeNat(),
    fc.constantFrom(0, 1, 8, 16, 2 ** 32, 2 ** 63),
  );
  const changes = fc.dictionary(fc.nat(111).map(String), u64, { minKeys: 1, maxKeys: 6 });
  let accepted = 0;
  fc.assert(
    fc.property(fc.constantFrom(...NAMES, ...FREE_THREADED), changes, (name, values) => {
      const chosen = tryRead(patched(name, values));
      if (chosen === undefined) return;
      accepted++;
      assert.equal(validateOffsets(chosen.layout), undefined);
      const all = Object.values(chosen.layout).filter((group) => !("shimOwner" in group));
      for (const offset of all.flatMap((group) => Object.values(group) as number[])) {
        assert.ok(Number.isInteger(offset) && offset >= -1 && offset < 16 * 1024 * 1024, String(offset));
      }
    }),
    { numRuns: 2000 },
  );
  assert.ok(accepted > 0, "values that are not used must not matter");
});

Deno.test("random bytes behind a cookie are refused", () => {
  const cookie = fixture("3.15.2").slice(0, 8);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 1024 }), (rest) => {
    tryRead(new Uint8Array([...cookie, ...rest]));
    tryRead(new Uint8Array([...fixture("3.14.10").slice(0, 24), ...rest]));
    return true;
  }));
});
