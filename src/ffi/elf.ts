/**
 * ELF files of 64-bit little-endian machines: segments, sections and symbols.
 *
 * Pure: bytes come from a callback, so that a file, a deleted file or an image in memory serve alike, and only the
 * tables that are needed are read. The file may be hostile: every count and size is bounded.
 *
 * Source: elf(5).
 */

/** Reads part of a file. @returns undefined when it does not lie in the file in full. */
export type ReadAt = (offset: number, length: number) => Uint8Array<ArrayBuffer> | undefined;

/** A loadable segment (`PT_LOAD`). Units: bytes; `address` is the link-time virtual address. */
export interface Segment {
  readonly address: number;
  readonly memorySize: number;
  readonly fileOffset: number;
  readonly fileSize: number;
  readonly writable: boolean;
}

/** A section header. */
export interface Section {
  readonly name: string;
  readonly type: number;
  readonly address: number;
  readonly fileOffset: number;
  readonly size: number;
  /** For symbol tables: index of the section with their names. */
  readonly link: number;
}

/** What an ELF file says of itself. */
export interface ElfFile {
  /** `e_machine`: 62 is x86_64, 183 is aarch64. */
  readonly machine: number;
  readonly segments: readonly Segment[];
  /** Empty when the section headers are stripped or not mapped. */
  readonly sections: readonly Section[];
  /** Link-time address and size of the dynamic table (`PT_DYNAMIC`). */
  readonly dynamic: { readonly fileOffset: number; readonly size: number } | undefined;
}

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PF_W = 2;
const SHT_SYMTAB = 2;
const SHT_DYNSYM = 11;
const DT_STRTAB = 5;
const DT_SYMTAB = 6;
const DT_STRSZ = 10;
const SYMBOL_SIZE = 24;
const MAX_HEADERS = 4096;
/** Entries have 56 and 64 bytes; a later format may add some. */
const MAX_ENTRY = 1024;
const MAX_TABLE = 64 << 20;

/** Reads the headers. @returns undefined when this is not a 64-bit little-endian ELF file. */
export function readElf(read: ReadAt): ElfFile | undefined {
  const header = read(0, 64);
  if (
    header === undefined || header[0] !== 0x7f || header[1] !== 0x45 || header[2] !== 0x4c ||
    header[3] !== 0x46
  ) {
    return undefined;
  }
  if (header[4] !== 2 || header[5] !== 1) return undefined;
  const view = viewOf(header);
  const segments: Segment[] = [];
  let dynamic: ElfFile["dynamic"];
  const programHeaders = readTable(
    read,
    word(view, 32),
    view.getUint16(54, true),
    view.getUint16(56, true),
    56,
  );
  for (const entry of programHeaders) {
    const type = entry.getUint32(0, true);
    if (type === PT_DYNAMIC) dynamic = { fileOffset: word(entry, 8), size: word(entry, 32) };
    if (type !== PT_LOAD) continue;
    segments.push({
      address: word(entry, 16),
      memorySize: word(entry, 40),
      fileOffset: word(entry, 8),
      fileSize: word(entry, 32),
      writable: (entry.getUint32(4, true) & PF_W) !== 0,
    });
  }
  return { machine: view.getUint16(18, true), segments, sections: readSections(read, view), dynamic };
}

/**
 * Looks names up in `.dynsym`, then `.symtab`, then, without section headers, in the dynamic table.
 *
 * @param others names that are not worth reading a table for once all of `names` were found.
 * @param bias what the loader added to the link-time addresses; the dynamic table in memory holds relocated ones.
 * @returns link-time addresses of the names that were found.
 */
export function findSymbols(
  read: ReadAt,
  elf: ElfFile,
  { names: needed, others = [], bias = 0 }: {
    names: readonly string[];
    others?: readonly string[];
    bias?: number;
  },
): Map<string, number> {
  const names = [...needed, ...others];
  const found = new Map<string, number>();
  for (const type of [SHT_DYNSYM, SHT_SYMTAB]) {
    if (needed.every((name) => found.has(name))) break;
    const table = elf.sections.find((section) => section.type === type);
    const strings = table === undefined ? undefined : elf.sections[table.link];
    if (table === undefined || strings === undefined) continue;
    scanSymbols(
      read(table.fileOffset, capped(table.size)),
      read(strings.fileOffset, capped(strings.size)),
      names,
      found,
    );
  }
  if (found.size === 0 && elf.sections.length === 0) scanDynamic(read, elf, { names, found, bias });
  return found;
}

function readSections(read: ReadAt, header: DataView): Section[] {
  const entries = readTable(
    read,
    word(header, 40),
    header.getUint16(58, true),
    header.getUint16(60, true),
    64,
  );
  const namesHeader = entries[header.getUint16(62, true)];
  if (namesHeader === undefined) return [];
  const names = read(word(namesHeader, 24), capped(word(namesHeader, 32)));
  if (names === undefined) return [];
  return entries.map((entry) => ({
    name: textAt(names, entry.getUint32(0, true)),
    type: entry.getUint32(4, true),
    address: word(entry, 16),
    fileOffset: word(entry, 24),
    size: word(entry, 32),
    link: entry.getUint32(40, true),
  }));
}

function readTable(
  read: ReadAt,
  offset: number,
  entrySize: number,
  count: number,
  minimum: number,
): DataView[] {
  if (offset === 0 || entrySize < minimum || entrySize > MAX_ENTRY || count === 0 || count > MAX_HEADERS) {
    return [];
  }
  const bytes = read(offset, entrySize * count);
  if (bytes === undefined) return [];
  return Array.from({ length: count }, (_, i) => viewOf(bytes.subarray(i * entrySize, (i + 1) * entrySize)));
}

function scanSymbols(
  table: Uint8Array<ArrayBuffer> | undefined,
  strings: Uint8Array<ArrayBuffer> | undefined,
  names: readonly string[],
  found: Map<string, number>,
): void {
  if (table === undefined || strings === undefined) return;
  const view = viewOf(table);
  const wanted = names.filter((name) => !found.has(name)).map((name) =>
    new TextEncoder().encode(`${name}\0`)
  );
  for (let at = 0; at + SYMBOL_SIZE <= table.length; at += SYMBOL_SIZE) {
    const nameAt = view.getUint32(at, true);
    for (const name of wanted) {
      // The second byte tells almost all symbols apart, the first ("_" or "P") does not.
      if (strings[nameAt + 1] !== name[1] || !startsWith(strings, nameAt, name)) continue;
      const address = word(view, at + 8);
      const isDefined = view.getUint16(at + 6, true) !== 0;
      if (isDefined && address !== 0) found.set(new TextDecoder().decode(name.subarray(0, -1)), address);
    }
  }
}

function scanDynamic(
  read: ReadAt,
  elf: ElfFile,
  { names, found, bias }: { names: readonly string[]; found: Map<string, number>; bias: number },
): void {
  if (elf.dynamic === undefined) return;
  const table = read(elf.dynamic.fileOffset, Math.min(elf.dynamic.size, 1 << 16));
  if (table === undefined) return;
  const view = viewOf(table);
  const values = new Map<number, number>();
  for (let at = 0; at + 16 <= table.length; at += 16) values.set(word(view, at), word(view, at + 8));
  const unrelocated = (tag: number): number => {
    const value = values.get(tag) ?? 0;
    return bias > 0 && value >= bias ? value - bias : value;
  };
  const symbols = unrelocated(DT_SYMTAB);
  const strings = unrelocated(DT_STRTAB);
  // Linkers put the names right behind the symbols; the table's own length is not stored anywhere simple.
  if (symbols === 0 || strings <= symbols) return;
  const symbolsAt = fileOffsetOf(elf, symbols);
  const stringsAt = fileOffsetOf(elf, strings);
  if (symbolsAt === undefined || stringsAt === undefined) return;
  const size = capped(strings - symbols);
  scanSymbols(
    read(symbolsAt, size - size % SYMBOL_SIZE),
    read(stringsAt, capped(values.get(DT_STRSZ) ?? 0)),
    names,
    found,
  );
}

function fileOffsetOf(elf: ElfFile, address: number): number | undefined {
  const segment = elf.segments.find((one) => address >= one.address && address < one.address + one.fileSize);
  return segment === undefined ? undefined : address - segment.address + segment.fileOffset;
}

function startsWith(bytes: Uint8Array, at: number, prefix: Uint8Array): boolean {
  for (let i = 0; i < prefix.length; i++) if (bytes[at + i] !== prefix[i]) return false;
  return true;
}

function textAt(bytes: Uint8Array<ArrayBuffer>, at: number): string {
  const end = bytes.indexOf(0, at);
  return new TextDecoder().decode(bytes.subarray(at, end < 0 ? at : Math.min(end, at + 256)));
}

function capped(size: number): number {
  return Math.min(size, MAX_TABLE);
}

function word(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 0x1_0000_0000;
}

function viewOf(bytes: Uint8Array<ArrayBuffer>): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
