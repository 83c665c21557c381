import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { lineDecoder, lnotab, lnotabAscending, locations, pep626 } from "../../src/cpython/line_table.ts";
import type { Traits } from "../../src/cpython/layout.ts";

/** What scripts/record_line_tables.py writes. Shape: `lines` are runs: [first byte offset, line or null]. */
interface Recording {
  readonly version: string;
  readonly format: Traits["lineTable"];
  readonly codes: readonly {
    readonly name: string;
    readonly file: string;
    readonly firstLine: number;
    readonly size: number;
    readonly table: string;
    readonly lines: readonly (readonly [number, number | null])[];
  }[];
}

const DIRECTORY = new URL("../fixtures/line_tables/", import.meta.url);
const FORMATS = ["lnotab_ascending", "lnotab", "pep626", "locations"] as const;

const recordings = readdirSync(DIRECTORY).filter((name) => name.endsWith(".json"));

Deno.test("every version from 3.8 to 3.15 is recorded", () => {
  const expected = [8, 9, 10, 11, 12, 13, 14, 15].map((minor) => `3.${minor}.json`);
  assert.deepEqual([...recordings].sort(), expected.sort());
});

for (const name of recordings) {
  Deno.test(`line tables of ${name} give CPython's own lines`, () => {
    const recording: Recording = JSON.parse(readFileSync(new URL(name, DIRECTORY), "utf8"));
    const decode = lineDecoder(recording.format);
    for (const code of recording.codes) {
      const table = Uint8Array.from(atob(code.table), (character) => character.charCodeAt(0));
      assert.equal(decode(table, code.firstLine, -1), code.firstLine);
      code.lines.forEach(([start, line], i) => {
        const end = code.lines[i + 1]?.[0] ?? code.size;
        for (let instr = start; instr < end; instr++) {
          assert.equal(
            decode(table, code.firstLine, instr),
            line ?? 0,
            `${code.file} ${code.name} at ${instr}`,
          );
        }
      });
    }
  });
}

Deno.test("lnotab: the last line has no end", () => {
  assert.equal(lnotab(Uint8Array.of(4, 2), 10, 1_000_000), 12);
  assert.equal(lnotab(Uint8Array.of(), 10, 5), 10);
  assert.equal(lnotab(Uint8Array.of(0, 3, 2, 253), 10, 0), 13);
  assert.equal(lnotab(Uint8Array.of(0, 3, 2, 253), 10, 2), 10);
});

Deno.test("lnotab of 2.7: no line comes before the one before it", () => {
  assert.equal(lnotabAscending(Uint8Array.of(2, 253), 10, 2), 263);
  assert.equal(lnotabAscending(Uint8Array.of(0, 255, 0, 45, 4, 1), 1, 3), 301);
});

Deno.test("pep626: -128 is a range without a line, and the table has an end", () => {
  const table = Uint8Array.of(2, 1, 2, 128, 2, 1, 0, 5, 2, 255);
  assert.deepEqual([0, 2, 4, 6, 8].map((instr) => pep626(table, 10, instr)), [11, 0, 12, 16, 0]);
});

Deno.test("locations: every kind of entry", () => {
  const entry = (kind: number, units: number, ...rest: number[]) => [0x80 | kind << 3 | units - 1, ...rest];
  const table = Uint8Array.from([
    ...entry(0, 1, 5), // short
    ...entry(12, 2, 1, 2), // two lines down
    ...entry(13, 1, 0b000111), // no columns: three lines up
    ...entry(15, 1), // no line
    ...entry(14, 1, 0x40 | 0, 0b010000, 0, 1, 1), // long: two varint groups, 512 lines down
  ]);
  const lines = [0, 2, 5, 6, 8, 10, 12].map((instr) => locations(table, 100, instr));
  assert.deepEqual(lines, [100, 102, 102, 99, 0, 611, 0]);
});

Deno.test("no table makes a decoder throw, take long, or give what is no line", () => {
  const instr = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(-1, -2, 0, 1, 2 ** 40, NaN));
  const firstLine = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 2 ** 31 - 1, -(2 ** 31)));
  const table = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(fc.constantFrom(...FORMATS), table, firstLine, instr, (format, bytes, first, at) => {
      const line = lineDecoder(format)(bytes, first, at);
      assert.ok(Number.isInteger(line) && line >= 0 && line <= 2 ** 31 - 1);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("a table of 16 MiB is read once, not once for each byte", () => {
  for (const format of FORMATS) {
    for (const byte of [0, 0x40, 0x7f, 0x80, 0xe8, 0xf0, 0xff]) {
      const started = performance.now();
      lineDecoder(format)(new Uint8Array(0x100_0000).fill(byte), 1, 2 ** 31 - 1);
      assert.ok(performance.now() - started < 2000, `${format} with ${byte}`);
    }
  }
});
