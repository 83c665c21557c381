/** ELF images made by the tests: one segment of code, one of data, symbol tables, section headers, a dynamic table. */

/** A symbol; `section` 0 is one that another file defines. */
export interface FakeSymbol {
  readonly name: string;
  readonly address: number;
  readonly section?: number;
}

/** What to put into an image. */
export interface ElfOptions {
  readonly dynsym?: readonly FakeSymbol[];
  readonly symtab?: readonly FakeSymbol[];
  /** Link-time address of a section ".PyRuntime". */
  readonly runtimeSection?: number;
  /** False for an image without section headers, as in memory. */
  readonly sections?: boolean;
  /** Added to what the dynamic table says, as the loader does in memory. */
  readonly bias?: number;
}

/** Where the builder puts the segments. */
export const CODE_ADDRESS = 0x1000;
export const DATA_ADDRESS = 0x20_0000;
const CODE_SIZE = 0x4000;
const DATA_OFFSET = 0x4000;

/** Builds a 64-bit little-endian image. */
export function buildElf(options: ElfOptions = {}): Uint8Array<ArrayBuffer> {
  const image = new Uint8Array(0x8000);
  const view = new DataView(image.buffer);
  const word = (at: number, value: number) => view.setBigUint64(at, BigInt(value), true);
  image.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(18, 62, true);
  word(32, 64);
  view.setUint16(54, 56, true);
  view.setUint16(56, 3, true);
  const segment = (
    index: number,
    type: number,
    flags: number,
    [offset, address, size]: readonly number[],
  ) => {
    const at = 64 + index * 56;
    view.setUint32(at, type, true);
    view.setUint32(at + 4, flags, true);
    word(at + 8, offset!);
    word(at + 16, address!);
    word(at + 32, size!);
    word(at + 40, type === 1 && flags === 6 ? size! + 0x1000 : size!);
  };
  segment(0, 1, 5, [0, CODE_ADDRESS, CODE_SIZE]);
  segment(1, 1, 6, [DATA_OFFSET, DATA_ADDRESS, 0x1000]);
  segment(2, 2, 6, [DATA_OFFSET, DATA_ADDRESS, 0x100]);

  let end = 0x200;
  const put = (bytes: Uint8Array): number => {
    const at = end;
    image.set(bytes, at);
    end += Math.ceil(bytes.length / 8) * 8;
    return at;
  };
  const tables = [options.dynsym ?? [], options.symtab ?? []].map((symbols) => {
    let names = "\0";
    const table = new Uint8Array(24 * (symbols.length + 1));
    const tableView = new DataView(table.buffer);
    symbols.forEach(({ name, address, section }, i) => {
      tableView.setUint32((i + 1) * 24, names.length, true);
      tableView.setUint16((i + 1) * 24 + 6, section ?? 1, true);
      tableView.setBigUint64((i + 1) * 24 + 8, BigInt(address), true);
      names += `${name}\0`;
    });
    const strings = new TextEncoder().encode(names);
    return { at: put(table), size: table.length, stringsAt: put(strings), stringsSize: strings.length };
  });
  const bias = options.bias ?? 0;
  const dynamic: (readonly [number, number])[] = [
    [5, CODE_ADDRESS + tables[0]!.stringsAt + bias],
    [6, CODE_ADDRESS + tables[0]!.at + bias],
    [10, tables[0]!.stringsSize],
    [0, 0],
  ];
  dynamic.forEach(([tag, value], i) => {
    word(DATA_OFFSET + i * 16, tag);
    word(DATA_OFFSET + i * 16 + 8, value);
  });
  if (options.sections === false) return image;

  const names = "\0.dynsym\0.dynstr\0.symtab\0.strtab\0.PyRuntime\0.shstrtab\0";
  const namesAt = put(new TextEncoder().encode(names));
  const headers = 0x6000;
  word(40, headers);
  view.setUint16(58, 64, true);
  view.setUint16(60, 7, true);
  view.setUint16(62, 6, true);
  const section = (
    index: number,
    name: string,
    type: number,
    [address, offset, size, link]: readonly number[],
  ) => {
    const at = headers + index * 64;
    view.setUint32(at, names.indexOf(name), true);
    view.setUint32(at + 4, type, true);
    word(at + 16, address!);
    word(at + 24, offset!);
    word(at + 32, size!);
    view.setUint32(at + 40, link!, true);
  };
  const [dynsym, symtab] = tables;
  section(1, ".dynsym\0", 11, [CODE_ADDRESS + dynsym!.at, dynsym!.at, dynsym!.size, 2]);
  section(2, ".dynstr\0", 3, [CODE_ADDRESS + dynsym!.stringsAt, dynsym!.stringsAt, dynsym!.stringsSize, 0]);
  section(3, ".symtab\0", 2, [0, symtab!.at, symtab!.size, 4]);
  section(4, ".strtab\0", 3, [0, symtab!.stringsAt, symtab!.stringsSize, 0]);
  section(5, ".PyRuntime\0", 1, [options.runtimeSection ?? 0, DATA_OFFSET + 0x200, 0x800, 0]);
  section(6, ".shstrtab\0", 3, [0, namesAt, names.length, 0]);
  return image;
}
