import assert from "node:assert/strict";
import fc from "fast-check";
import { findSymbols, readElf } from "../../src/ffi/elf.ts";
import type { ReadAt } from "../../src/ffi/elf.ts";
import { buildElf, CODE_ADDRESS, DATA_ADDRESS } from "./fake_elf.ts";

/** What a table of symbols or its names may have; headers are far below. */
const LARGEST_READ = 64 << 20;

function readerOf(image: Uint8Array<ArrayBuffer>, onRead: (length: number) => void = () => {}): ReadAt {
  return (offset, length) => {
    onRead(length);
    return offset >= 0 && offset + length <= image.length ? image.slice(offset, offset + length) : undefined;
  };
}

function symbolsOf(image: Uint8Array<ArrayBuffer>, names: readonly string[], bias = 0) {
  const read = readerOf(image);
  const elf = readElf(read);
  assert.ok(elf !== undefined);
  return Object.fromEntries(findSymbols(read, elf, { names, bias }));
}

const RUNTIME = { name: "_PyRuntime", address: DATA_ADDRESS + 0x200 };
const VERSION = { name: "Py_Version", address: CODE_ADDRESS + 0x80 };

Deno.test("segments and sections are read as the file has them", () => {
  const elf = readElf(readerOf(buildElf({ runtimeSection: DATA_ADDRESS + 0x200 })))!;
  assert.equal(elf.machine, 62);
  assert.deepEqual(elf.segments, [
    { address: CODE_ADDRESS, memorySize: 0x4000, fileOffset: 0, fileSize: 0x4000, writable: false },
    { address: DATA_ADDRESS, memorySize: 0x2000, fileOffset: 0x4000, fileSize: 0x1000, writable: true },
  ]);
  assert.deepEqual(elf.dynamic, { fileOffset: 0x4000, size: 0x100 });
  assert.deepEqual(elf.sections.map(({ name }) => name), [
    "",
    ".dynsym",
    ".dynstr",
    ".symtab",
    ".strtab",
    ".PyRuntime",
    ".shstrtab",
  ]);
  const { address, size } = elf.sections[5]!;
  assert.deepEqual({ address, size }, { address: DATA_ADDRESS + 0x200, size: 0x800 });
});

for (const table of ["dynsym", "symtab"] as const) {
  Deno.test(`symbols are found in .${table}`, () => {
    const image = buildElf({ [table]: [{ name: "_PyRuntimeX", address: 1 }, RUNTIME, VERSION] });
    assert.deepEqual(symbolsOf(image, ["_PyRuntime", "Py_Version", "missing"]), {
      _PyRuntime: RUNTIME.address,
      Py_Version: VERSION.address,
    });
  });
}

Deno.test("further names are looked for only while one that is needed is missing", () => {
  const image = buildElf({ dynsym: [RUNTIME], symtab: [VERSION] });
  const read = readerOf(image);
  const found = (
    names: string[],
    others: string[],
  ) => [...findSymbols(read, readElf(read)!, { names, others }).keys()];
  assert.deepEqual(found(["_PyRuntime"], ["Py_Version"]), ["_PyRuntime"]);
  assert.deepEqual(found(["missing"], ["Py_Version", "_PyRuntime"]), ["_PyRuntime", "Py_Version"]);
});

Deno.test("a symbol that another file defines is not found, one of .dynsym goes before one of .symtab", () => {
  assert.deepEqual(symbolsOf(buildElf({ dynsym: [{ ...RUNTIME, section: 0 }] }), ["_PyRuntime"]), {});
  const both = buildElf({ dynsym: [RUNTIME], symtab: [{ ...RUNTIME, address: 77 }, VERSION] });
  assert.deepEqual(symbolsOf(both, ["_PyRuntime", "Py_Version"]), {
    _PyRuntime: RUNTIME.address,
    Py_Version: VERSION.address,
  });
});

for (const bias of [0, 0x7f12_3456_7000]) {
  Deno.test(`without section headers the dynamic table leads to the symbols, loaded at 0x${bias.toString(16)}`, () => {
    const image = buildElf({ dynsym: [VERSION, RUNTIME], sections: false, bias });
    assert.deepEqual(symbolsOf(image, ["_PyRuntime"], bias), { _PyRuntime: RUNTIME.address });
  });
}

Deno.test("what is no 64-bit little-endian ELF file is refused", () => {
  const valid = buildElf();
  assert.ok(readElf(readerOf(valid)) !== undefined);
  for (const [at, value] of [[0, 0], [1, 0], [2, 0], [3, 0], [4, 1], [5, 2]] as const) {
    const image = valid.slice();
    image[at] = value;
    assert.equal(readElf(readerOf(image)), undefined, `byte ${at}`);
  }
  assert.equal(readElf(readerOf(valid.slice(0, 63))), undefined);
});

Deno.test("a corrupt file never throws, loops or reads without bound", () => {
  const word = fc.constantFrom(0, 1, 0x7f, 0xff, 0x80);
  const change = fc.record({
    // Most of the structure lies in the headers and at the start of the data.
    at: fc.oneof(
      fc.nat(0x400),
      fc.integer({ min: 0x4000, max: 0x4040 }),
      fc.integer({ min: 0x6000, max: 0x61c0 }),
    ),
    bytes: fc.array(fc.oneof(word, fc.nat(255)), { minLength: 1, maxLength: 8 }),
  });
  const options = fc.record({ sections: fc.boolean(), bias: fc.constantFrom(0, 0x7f00_0000_0000) });
  let found = 0;
  fc.assert(
    fc.property(
      options,
      fc.array(change, { maxLength: 6 }),
      fc.nat(0x8000),
      ({ sections, bias }, changes, cut) => {
        const image = buildElf({
          dynsym: [RUNTIME],
          symtab: [VERSION],
          sections,
          bias,
          runtimeSection: DATA_ADDRESS,
        });
        for (const { at, bytes } of changes) image.set(bytes, at);
        let reads = 0;
        const read = readerOf(cut % 3 === 0 ? image.slice(0, cut) : image, (length) => {
          reads++;
          assert.ok(
            length >= 0 && length <= LARGEST_READ && Number.isInteger(length),
            `a read of ${length} bytes`,
          );
        });
        const elf = readElf(read);
        if (elf === undefined) return;
        for (
          const address of findSymbols(read, elf, { names: ["_PyRuntime", "Py_Version"], bias }).values()
        ) {
          assert.equal(typeof address, "number");
          found++;
        }
        assert.ok(reads <= 16, `${reads} reads`);
      },
    ),
    { numRuns: 3000 },
  );
  assert.ok(found > 100, "hardly any image was still readable: the test looks at refusals only");
});

Deno.test("a table that claims to be endless is read up to the limit only", () => {
  const image = buildElf({ dynsym: [RUNTIME] });
  new DataView(image.buffer).setBigUint64(0x6000 + 64 + 32, 1n << 60n, true); // sh_size of .dynsym
  const lengths: number[] = [];
  const read = readerOf(image, (length) => lengths.push(length));
  assert.equal(findSymbols(read, readElf(read)!, { names: ["_PyRuntime"] }).size, 0);
  assert.equal(Math.max(...lengths), LARGEST_READ);
});
