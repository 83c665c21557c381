import assert from "node:assert/strict";
import { likeliestFirst, mappedFiles, openImage, parseMaps } from "../../src/ffi/linux_maps.ts";
import { buildElf, CODE_ADDRESS, DATA_ADDRESS } from "./fake_elf.ts";

const MAPS = `\
00400000-00401000 r--p 00000000 08:01 11                                 /usr/bin/python3.12
00401000-00600000 r-xp 00001000 08:01 11                                 /usr/bin/python3.12
00a00000-00b00000 rw-p 00200000 08:01 11                                 /usr/bin/python3.12
01a2b000-01c00000 rw-p 00000000 00:00 0                                  [heap]
7f0000000000-7f0000100000 r-xp 00000000 08:01 22                         /opt/my app (x)/lib.so (deleted)
7f0000200000-7f0000300000 r--p 00000000 08:01 33                         /usr/share/locale/archive
7f0000400000-7f0000500000 r-xp 00000000 08:01 44                         /usr/lib/libpython3.12.so.1.0
7f0000500000-7f0000600000 rw-p 00100000 08:01 44                         /usr/lib/libpython3.12.so.1.0
7f0000700000-7f0000800000 r-xp 00000000 08:01 55                         /usr/lib/python3/_json.cpython-312-x86_64.so
7f0000900000-7f0000a00000 rw-p 00000000 00:00 0 
7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0                          [stack]
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
`;

Deno.test("lines of maps are parsed, with blanks in paths and deleted files", () => {
  const maps = parseMaps(MAPS);
  assert.equal(maps.length, 12);
  assert.deepEqual(maps[1], {
    start: 0x401000,
    end: 0x600000,
    permissions: "r-xp",
    fileOffset: 0x1000,
    inode: 11,
    path: "/usr/bin/python3.12",
    deleted: false,
    range: "00401000-00600000",
  });
  assert.deepEqual(
    { path: maps[4]!.path, deleted: maps[4]!.deleted },
    { path: "/opt/my app (x)/lib.so", deleted: true },
  );
  assert.equal(maps[9]!.path, "");
  assert.equal(maps[10]!.path, "[stack]");
});

Deno.test("lines that are no mappings are left out", () => {
  assert.deepEqual(parseMaps(""), []);
  assert.deepEqual(parseMaps("garbage\n\n00400000-00401000\n12-xy r--p 0 08:01 1 /x\n"), []);
});

Deno.test("mappings are grouped by file; data files and anonymous memory are left out", () => {
  const groups = mappedFiles(parseMaps(MAPS));
  assert.deepEqual(groups.map((group) => [group[0]!.path, group.map(({ start }) => start)]), [
    ["/usr/bin/python3.12", [0x400000, 0x401000, 0xa00000]],
    ["/opt/my app (x)/lib.so", [0x7f0000000000]],
    ["/usr/lib/libpython3.12.so.1.0", [0x7f0000400000, 0x7f0000500000]],
    ["/usr/lib/python3/_json.cpython-312-x86_64.so", [0x7f0000700000]],
  ]);
});

Deno.test("a file that was replaced under its name is another file", () => {
  const text = "1000-2000 r-xp 00000000 08:01 1 /x\n3000-4000 r-xp 00000000 08:01 2 /x\n";
  assert.equal(mappedFiles(parseMaps(text)).length, 2);
});

Deno.test("libpython comes first, then the program itself, then names with python, extension modules last", () => {
  const order = (executable: string) =>
    likeliestFirst(mappedFiles(parseMaps(MAPS)), executable).map((group) => group[0]!.path.split("/").at(-1));
  assert.deepEqual(order("/usr/bin/other"), [
    "libpython3.12.so.1.0",
    "python3.12",
    "lib.so",
    "_json.cpython-312-x86_64.so",
  ]);
  assert.equal(order("/opt/my app (x)/lib.so")[1], "lib.so");
});

const BASE = 0x7f11_0000_0000;
/** An image as the loader would map it. */
const LOADED = `\
${(BASE + CODE_ADDRESS).toString(16)}-${
  (BASE + CODE_ADDRESS + 0x4000).toString(16)
} r-xp 00000000 08:01 PYTHON_INODE /FOLDER/python3.12
${(BASE + DATA_ADDRESS).toString(16)}-${
  (BASE + DATA_ADDRESS + 0x1000).toString(16)
} rw-p 00004000 08:01 PYTHON_INODE /FOLDER/python3.12
`;
const SYMBOLS = [{ name: "_PyRuntime", address: DATA_ADDRESS + 0x200 }];
const NOTHING = { procPid: "/nonexistent", executable: "", root: "/", readMemory: () => undefined };

Deno.test("an image is read from its file, through the target's root, and leaves no file open", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const elf = buildElf({ symtab: SYMBOLS, runtimeSection: DATA_ADDRESS + 0x200 });
    Deno.mkdirSync(`${folder}/root/lib`, { recursive: true });
    Deno.writeFileSync(`${folder}/root/lib/python3.12`, elf);
    const inode = Deno.statSync(`${folder}/root/lib/python3.12`).ino!;
    const maps = (number: number) =>
      parseMaps(LOADED.replaceAll("PYTHON_INODE", String(number)).replaceAll("FOLDER", "lib"));
    const image = openImage(maps(inode), { ...NOTHING, procPid: folder })!;
    assert.equal(image.path, "/lib/python3.12");
    assert.deepEqual(image.writable, [{ start: BASE + DATA_ADDRESS, size: 0x2000 }]);
    assert.deepEqual([...image.symbols(["_PyRuntime"])], [["_PyRuntime", BASE + DATA_ADDRESS + 0x200]]);
    assert.deepEqual(image.section(".PyRuntime"), { start: BASE + DATA_ADDRESS + 0x200, size: 0x800 });
    assert.equal(image.section(".none"), undefined);
    assert.equal(
      openImage(maps(inode + 1), { ...NOTHING, procPid: folder }),
      undefined,
      "another file of that name",
    );
    const fromOutside = parseMaps(
      LOADED.replaceAll("PYTHON_INODE", String(inode)).replaceAll("FOLDER", "srv/jail/lib"),
    );
    assert.ok(openImage(fromOutside, { ...NOTHING, procPid: folder }) === undefined);
    const inJail = openImage(fromOutside, { ...NOTHING, procPid: folder, root: "/srv/jail" })!;
    assert.equal(
      inJail.symbols(["_PyRuntime"]).size,
      1,
      "paths of a program under chroot begin outside of it",
    );
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("an image whose file cannot be had is read from memory", () => {
  const elf = buildElf({ dynsym: SYMBOLS, sections: false, bias: BASE });
  const mappings = parseMaps(LOADED.replaceAll("PYTHON_INODE", "7").replaceAll("FOLDER", "lib"));
  const image = openImage(mappings, {
    ...NOTHING,
    readMemory: (address, length) => {
      const segment = address >= BASE + DATA_ADDRESS ? [DATA_ADDRESS, 0x4000] : [CODE_ADDRESS, 0];
      const at = address - BASE - segment[0]! + segment[1]!;
      return elf.slice(at, at + length);
    },
  })!;
  assert.deepEqual([...image.symbols(["_PyRuntime"])], [["_PyRuntime", BASE + DATA_ADDRESS + 0x200]]);
  assert.equal(image.section(".PyRuntime"), undefined);
});

Deno.test("a file that is no ELF file gives no image", () => {
  const mappings = parseMaps(LOADED.replaceAll("PYTHON_INODE", "7").replaceAll("FOLDER", "lib"));
  assert.equal(openImage(mappings, NOTHING), undefined);
  assert.equal(
    openImage(mappings, { ...NOTHING, readMemory: (_, length) => new Uint8Array(length) }),
    undefined,
  );
});
