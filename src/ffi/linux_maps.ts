/** /proc/PID/maps, and the ELF files behind it, as images in which an interpreter may be looked for. */
import { findSymbols, readElf } from "./elf.ts";
import type { ElfFile, ReadAt } from "./elf.ts";
import type { Address, Image, MemoryRange } from "../types.ts";

/** One line of /proc/PID/maps. */
export interface Mapping {
  readonly start: Address;
  readonly end: Address;
  readonly permissions: string;
  readonly fileOffset: number;
  readonly inode: number;
  /** Empty for anonymous memory; without the kernel's " (deleted)". */
  readonly path: string;
  readonly deleted: boolean;
  /** As in the file name of /proc/PID/map_files. */
  readonly range: string;
}

/** Parses the text of /proc/PID/maps. Source: proc_pid_maps(5). */
export function parseMaps(text: string): Mapping[] {
  const mappings: Mapping[] = [];
  for (const line of text.split("\n")) {
    const match = /^([0-9a-f]+)-([0-9a-f]+) (\S+) ([0-9a-f]+) \S+ (\d+) *(.*)$/.exec(line);
    if (match === null) continue;
    const deleted = match[6]!.endsWith(" (deleted)");
    mappings.push({
      start: parseInt(match[1]!, 16),
      end: parseInt(match[2]!, 16),
      permissions: match[3]!,
      fileOffset: parseInt(match[4]!, 16),
      inode: Number(match[5]),
      path: deleted ? match[6]!.slice(0, -" (deleted)".length) : match[6]!,
      deleted,
      range: `${match[1]}-${match[2]}`,
    });
  }
  return mappings;
}

/** Groups file mappings by file; keeps those with executable code. Shape: each group in address order. */
export function mappedFiles(mappings: readonly Mapping[]): Mapping[][] {
  const files = new Map<string, Mapping[]>();
  for (const mapping of mappings) {
    if (!mapping.path.startsWith("/")) continue;
    const key = `${mapping.inode} ${mapping.path}`;
    const group = files.get(key);
    if (group === undefined) files.set(key, [mapping]);
    else group.push(mapping);
  }
  return [...files.values()].filter((group) => group.some((mapping) => mapping.permissions[2] === "x"));
}

/** Orders files by how likely they hold the interpreter: libpython, the program itself, names with "python". */
export function likeliestFirst(files: readonly Mapping[][], executable: string): Mapping[][] {
  const rank = (file: Mapping[]): number => {
    const path = file[0]!.path;
    const base = path.slice(path.lastIndexOf("/") + 1);
    if (/^libpython\d/.test(base)) return 0;
    if (path === executable) return 1;
    if (/^python/.test(base)) return 2;
    return /\.cpython-\d/.test(base) ? 4 : 3;
  };
  return files.map((file) => ({ file, rank: rank(file) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ file }) => file);
}

/** Where the bytes of a mapped file may be had; the first that opens and is that very file is used. */
interface Source {
  readonly path: string;
  /** Whether the inode must be that of the mapping: a path may by now name another file. */
  readonly mustMatch: boolean;
}

/**
 * Opens the file of a group of mappings as an image.
 *
 * A file that was deleted or replaced is read through /proc/PID/exe or /proc/PID/map_files; if neither may be opened,
 * from the target's memory, where the headers and the dynamic symbols are mapped.
 *
 * @returns undefined when it is no ELF file of this machine's kind.
 */
export function openImage(
  file: readonly Mapping[],
  { procPid, executable, root, readMemory }: {
    procPid: string;
    executable: string;
    /** The target's root folder, as far as it can be told from here: the paths of mappings begin with it. */
    root: string;
    readMemory: (address: Address, length: number) => Uint8Array<ArrayBuffer> | undefined;
  },
): Image | undefined {
  const first = file[0]!;
  const sources: Source[] = [];
  if (first.path === executable) sources.push({ path: `${procPid}/exe`, mustMatch: true });
  if (!first.deleted) {
    const inside = first.path.startsWith(`${root}/`) ? first.path.slice(root.length) : first.path;
    sources.push({ path: `${procPid}/root${inside}`, mustMatch: true });
  }
  sources.push({ path: `${procPid}/map_files/${first.range}`, mustMatch: false });
  let read: ReadAt = (offset, length) => {
    const mapping = file.find((one) =>
      offset >= one.fileOffset && offset + length <= one.fileOffset + one.end - one.start
    );
    return mapping === undefined
      ? undefined
      : readMemory(mapping.start + offset - mapping.fileOffset, length);
  };
  let fromMemory = true;
  for (const source of sources) {
    const opened = openMatching(source, first.inode);
    if (opened === undefined) continue;
    read = opened;
    fromMemory = false;
    break;
  }
  const elf = readElf(read);
  if (elf === undefined) return undefined;
  const bias = loadBias(elf, file);
  if (bias === undefined) return undefined;
  return imageOf(elf, read, { path: first.path, bias, fromMemory });
}

function imageOf(
  elf: ElfFile,
  read: ReadAt,
  { path, bias, fromMemory }: { path: string; bias: number; fromMemory: boolean },
): Image {
  const writable: MemoryRange[] = elf.segments.filter((segment) => segment.writable)
    .map((segment) => ({ start: segment.address + bias, size: segment.memorySize }));
  return {
    path,
    writable,
    symbols(names, others = []) {
      const found = findSymbols(read, elf, { names, others, bias: fromMemory ? bias : 0 });
      return new Map([...found].map(([name, address]) => [name, address + bias]));
    },
    section(name) {
      const section = elf.sections.find((one) => one.name === name && one.address !== 0);
      return section === undefined ? undefined : { start: section.address + bias, size: section.size };
    },
  };
}

/** What the loader added to link-time addresses; found through the segment that the first mapping shows. */
function loadBias(elf: ElfFile, file: readonly Mapping[]): number | undefined {
  for (const mapping of file) {
    const segment = elf.segments.find((one) => {
      const pageStart = one.fileOffset - one.fileOffset % 4096;
      return mapping.fileOffset >= pageStart && mapping.fileOffset < one.fileOffset + one.fileSize;
    });
    if (segment !== undefined) {
      return mapping.start - mapping.fileOffset - (segment.address - segment.fileOffset);
    }
  }
  return undefined;
}

/** A file is opened for each read and closed again: an image needs no end of its own, and leaks nothing. */
function openMatching(source: Source, inode: number): ReadAt | undefined {
  const read: ReadAt = (offset, length) => {
    let file: Deno.FsFile;
    try {
      file = Deno.openSync(source.path, { read: true });
    } catch {
      return undefined;
    }
    try {
      if (source.mustMatch && file.statSync().ino !== inode) return undefined;
      return readFully(file, offset, length);
    } catch {
      return undefined;
    } finally {
      file.close();
    }
  };
  return read(0, 0) === undefined ? undefined : read;
}

function readFully(file: Deno.FsFile, offset: number, length: number): Uint8Array<ArrayBuffer> | undefined {
  // The size comes from the file's own tables: checked before so much memory is taken.
  if (offset + length > file.statSync().size) return undefined;
  const bytes = new Uint8Array(length);
  file.seekSync(offset, Deno.SeekMode.Start);
  let filled = 0;
  while (filled < length) {
    const count = file.readSync(bytes.subarray(filled));
    if (count === null) return undefined;
    filled += count;
  }
  return bytes;
}
