/**
 * Writes src/cpython/layouts.gen.ts from the headers of the CPythons on this machine.
 *
 *     deno task layouts [--check] [PATH ...]
 *
 * PATH is a folder with Python.h, or a python with its headers in `../include`. Without one: those of pyenv,
 * of /usr/include, and of `sid/usr/include` in the folder that PYSPY_PYTHONS_ROOT names (a Debian root).
 * `--check` writes nothing; it prints the lines that would differ and exits with 1 if there are any.
 */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import process from "node:process";
import { type DebugOffsetOrder, TABLE_FIELDS, TABLE_SIZES } from "../src/cpython/debug_offsets.ts";
import { ABSENT, type OffsetRow, validateOffsets } from "../src/cpython/validate_layout.ts";
import { at, type InC, MANIFEST } from "./layout_manifest.ts";

const OUTPUT = path.join(import.meta.dirname!, "../src/cpython/layouts.gen.ts");
const FIRST_MINOR = 6;
/** First minor that has `_Py_DebugOffsets`. */
const FIRST_TABLE_MINOR = 13;

/** Headers with the structs, or that include theirs. Not every version has all of them. */
const HEADERS = ["Python.h", "frameobject.h"];
const OLD_HEADERS = ["longintrepr.h"];
const INTERNAL_HEADERS = ["pystate", "runtime", "interp", "gil", "frame"];

/** Of deno.json. */
const LINE_WIDTH = 110;

/** Where `struct _Py_DebugOffsets` is, newest place first. */
const TABLE_HEADERS = ["internal/pycore_debug_offsets.h", "internal/pycore_runtime.h"];

/** `key` is "3.8"; `minor` is that of Python 3, or 0 for 2.7. */
interface Headers {
  readonly folder: string;
  readonly version: string;
  readonly key: string;
  readonly minor: number;
}

/** What the generated file holds, by minor as "3.8". */
interface Generated {
  readonly rows: Readonly<Record<string, OffsetRow>>;
  readonly orders: Readonly<Record<string, DebugOffsetOrder>>;
}

function findHeaderFolders(args: readonly string[]): string[] {
  const roots = args.filter((arg) => !arg.startsWith("-"));
  if (roots.length > 0) {
    return roots.flatMap((root) =>
      fs.existsSync(path.join(root, "Python.h"))
        ? [path.resolve(root)]
        : pythonFolders(path.join(path.dirname(root), "../include"))
    );
  }
  const versions = path.join(os.homedir(), ".pyenv/versions");
  const pyenv = fs.existsSync(versions) ? fs.readdirSync(versions) : [];
  const folders = pyenv.map((name) => path.join(versions, name, "include")).concat("/usr/include");
  const debian = process.env["PYSPY_PYTHONS_ROOT"];
  if (debian) folders.push(path.join(debian, "sid/usr/include"));
  return folders.flatMap(pythonFolders);
}

function pythonFolders(include: string): string[] {
  if (!fs.existsSync(include)) return [];
  return fs.readdirSync(include)
    .filter((name) => /^python[23]\.\d+m?$/.test(name))
    .map((name) => path.join(include, name))
    .filter((folder) => fs.existsSync(path.join(folder, "Python.h")));
}

/** @returns undefined for what the table does not hold: old versions and pre-releases. */
function readHeaders(folder: string): Headers | undefined {
  const patchlevel = fs.readFileSync(path.join(folder, "patchlevel.h"), "utf8");
  const version = /#define\s+PY_VERSION\s+"([^"]+)"/.exec(patchlevel)?.[1] ?? "";
  if (/^2\.7\.\d+\+?$/.test(version)) return { folder, version, key: "2.7", minor: 0 };
  const match = /^3\.(\d+)\.\d+\+?$/.exec(version);
  if (match === null || Number(match[1]) < FIRST_MINOR) return undefined;
  return { folder, version, key: `3.${match[1]}`, minor: Number(match[1]) };
}

/** C expressions by our names, `group.field` and `sizes.group`, of all that the minor has. */
function expressionsAt(minor: number): Map<string, string> {
  const expressions = new Map<string, string>();
  for (const [group, { struct, ...members }] of Object.entries(MANIFEST)) {
    const type = at(struct, minor);
    if (type === ABSENT) continue;
    expressions.set(`sizes.${group}`, `sizeof(${type})`);
    for (const [field, manifested] of Object.entries<InC>(members)) {
      const member = at(manifested, minor);
      if (member === ABSENT) continue;
      const isValue = /^(sizeof|\d)/.test(member);
      expressions.set(`${group}.${field}`, isValue ? member : `offsetof(${type}, ${member})`);
    }
  }
  return expressions;
}

function publicHeaders(folder: string): string[] {
  return HEADERS.concat(OLD_HEADERS.filter((name) => fs.existsSync(path.join(folder, name))));
}

/** Paths of those that there are; 3.7 has them without the prefix. */
function internalHeaders(folder: string): string[] {
  return INTERNAL_HEADERS
    .flatMap((name) => [`internal/pycore_${name}.h`, `internal/${name}.h`])
    .filter((name) => fs.existsSync(path.join(folder, name)));
}

/** Compiles and runs a program that prints the integers. @returns them by our names. */
function probe(
  { folder, minor }: Headers,
  { asserts = [], freeThreaded = false }: { asserts?: readonly string[]; freeThreaded?: boolean } = {},
): (ours: string) => number {
  const expressions = expressionsAt(minor);
  const source = [
    "#define Py_BUILD_CORE 1",
    ...freeThreaded ? ["#define Py_GIL_DISABLED 1"] : [],
    "#include <stddef.h>",
    "#include <stdio.h>",
    ...publicHeaders(folder).map((header) => `#include "${header}"`),
    ...internalHeaders(folder).map((name) => `#include "${name}"`),
    ...asserts.map((assert) => `_Static_assert(${assert}, "layout");`),
    "int main(void) {",
    ...Array.from(expressions.values(), (expression) => `  printf("%zu\\n", ${expression});`),
    "  return 0;",
    "}",
  ].join("\n");
  const temporary = fs.mkdtempSync(path.join(os.tmpdir(), "layouts-"));
  try {
    const [code, program] = [path.join(temporary, "probe.c"), path.join(temporary, "probe")];
    fs.writeFileSync(code, source);
    // Debian has pyconfig.h beside the folder; other headers that are there must not replace this system's.
    const include = [`-I${folder}`, `-I${folder}/internal`, "-idirafter", path.dirname(folder)];
    execFileSync("cc", ["-w", "-fmax-errors=5", ...include, "-o", program, code]);
    const values = execFileSync(program, { encoding: "utf8" }).trim().split("\n").map(Number);
    const found = new Map(Array.from(expressions.keys(), (ours, index) => [ours, values[index]!]));
    return (ours) => found.get(ours) ?? ABSENT;
  } finally {
    fs.rmSync(temporary, { recursive: true });
  }
}

function generateRow(headers: Headers): OffsetRow {
  const value = probe(headers);
  const groups = Object.entries(MANIFEST).map(([group, { struct: _, ...members }]) => {
    const fields = Object.keys(members).map((field) => [field, value(`${group}.${field}`)]);
    return [group, Object.fromEntries(fields)];
  });
  const sizes = Object.fromEntries(Object.keys(MANIFEST).map((group) => [group, value(`sizes.${group}`)]));
  const source = `headers of CPython ${headers.version}`;
  const row = { source, sizes, offsets: Object.fromEntries(groups) } as OffsetRow;
  const reason = validateOffsets(row.offsets, row.sizes);
  if (reason !== undefined) throw new Error(`${headers.version}: ${reason}`);
  return row;
}

/** The members of `struct _Py_DebugOffsets` in order, as `section.field`. */
function parseTable(header: string): string[] | undefined {
  const text = header.replaceAll(/\/\/.*|\/\*[^]*?\*\//g, "");
  const body = /struct\s+_Py_DebugOffsets\s*\{([^]*?)\}\s*_Py_DebugOffsets\s*;/.exec(text)?.[1];
  if (body === undefined) return undefined;
  const fields: string[] = [];
  const member =
    /\s*(?:struct\s*\w*\s*\{([^}]*)\}\s*(\w+)|char\s+(cookie)\[8\]\s*\w*|uint64_t\s+(\w+))\s*;\s*/y;
  while (member.lastIndex < body.length) {
    const rest = body.slice(member.lastIndex);
    const match = member.exec(body);
    if (match === null) throw new Error(`_Py_DebugOffsets: cannot read ${JSON.stringify(rest.slice(0, 80))}`);
    const [, inner, section, cookie, field] = match;
    if (inner === undefined) {
      fields.push((cookie ?? field)!);
      continue;
    }
    for (const line of inner.split(";").map((part) => part.trim()).filter((part) => part !== "")) {
      const name = /^uint64_t\s+(\w+)$/.exec(line)?.[1];
      if (name === undefined) throw new Error(`_Py_DebugOffsets: ${section} has ${JSON.stringify(line)}`);
      fields.push(`${section}.${name}`);
    }
  }
  return fields;
}

function generateOrder(headers: Headers): DebugOffsetOrder {
  for (const header of TABLE_HEADERS) {
    const file = path.join(headers.folder, header);
    const fields = fs.existsSync(file) ? parseTable(fs.readFileSync(file, "utf8")) : undefined;
    if (fields === undefined) continue;
    const asserts = fields.map((field, index) => `offsetof(_Py_DebugOffsets, ${field}) == ${index * 8}`);
    asserts.push(`sizeof(_Py_DebugOffsets) == ${fields.length * 8}`);
    const source = `CPython ${headers.version}: Include/${header}`;
    return {
      source,
      fields,
      extra: probeExtra(fields, probe(headers, { asserts })),
      extraFreeThreaded: probeExtra(fields, probe(headers, { asserts, freeThreaded: true })),
    };
  }
  throw new Error(`${headers.version}: no header has struct _Py_DebugOffsets`);
}

/** What `Offsets` needs and the table does not have; ABSENT where the minor does not have it, either. */
function probeExtra(table: readonly string[], value: (ours: string) => number) {
  const extra: Record<string, number> = {};
  const all = Object.entries(MANIFEST).flatMap(([group, { struct: _, ...members }]) => [
    `sizes.${group}`,
    ...Object.keys(members).map((name) => `${group}.${name}`),
  ]);
  for (const ours of all) {
    const [group, field] = ours.split(".") as ["runtime", "interpretersHead"];
    const where = ours.startsWith("sizes.") ? TABLE_SIZES[field as "runtime"] : TABLE_FIELDS[group][field];
    if (where !== ABSENT && !table.includes(where)) extra[ours] = value(ours);
  }
  return extra;
}

/** Reads all headers, and complains about two patch releases of one minor that differ. */
function generate(folders: readonly string[]): { generated: Generated; differences: string[] } {
  const found = folders.map(readHeaders).filter((headers) => headers !== undefined);
  found.sort((a, b) => a.version.localeCompare(b.version, "en", { numeric: true }));
  const rows: Record<string, OffsetRow> = {};
  const orders: Record<string, DebugOffsetOrder> = {};
  const differences: string[] = [];
  for (const headers of found) {
    const { key } = headers;
    const into: Record<string, OffsetRow | DebugOffsetOrder> = headers.minor < FIRST_TABLE_MINOR
      ? rows
      : orders;
    const made = headers.minor < FIRST_TABLE_MINOR ? generateRow(headers) : generateOrder(headers);
    const other = into[key];
    if (other !== undefined && !isSame(made, other)) {
      differences.push(`${headers.version} and ${other.source} have different layouts:`);
      differences.push(...differingLines(emitEntry(key, other), emitEntry(key, made)));
    }
    into[key] = made;
    console.error(
      `${headers.version.padEnd(8)} read${other === undefined ? "" : ", compared with the other"}`,
    );
  }
  return { generated: { rows, orders }, differences };
}

/** True when two entries differ in nothing but where they come from. */
function isSame(a: OffsetRow | DebugOffsetOrder, b: OffsetRow | DebugOffsetOrder): boolean {
  return JSON.stringify({ ...a, source: "" }) === JSON.stringify({ ...b, source: "" });
}

function emit({ rows, orders }: Generated): string {
  const names = (entries: object) =>
    Object.keys(entries).sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  return [
    "// Generated by scripts/gen_layouts.ts; run `deno task layouts`.",
    'import type { DebugOffsetOrder } from "./debug_offsets.ts";',
    'import type { OffsetRow } from "./validate_layout.ts";',
    "",
    "/** Offsets of each minor without `_Py_DebugOffsets`, on x86_64 Linux. Units: bytes; -1 is absent. */",
    "export const OFFSET_ROWS: Readonly<Record<string, OffsetRow>> = {",
    ...names(rows).flatMap((key) => emitEntry(key, rows[key]!)),
    "};",
    "",
    "/** Order of `_Py_DebugOffsets` in each minor that has it. */",
    "export const DEBUG_OFFSET_ORDERS: Readonly<Record<string, DebugOffsetOrder>> = {",
    ...names(orders).flatMap((key) => emitEntry(key, orders[key]!)),
    "};",
    "",
  ].join("\n");
}

/** Lines as `deno fmt` leaves them: the output must not depend on the version of the formatter. */
function emitEntry(key: string, entry: OffsetRow | DebugOffsetOrder): string[] {
  const head = [`  "${key}": {`, `    source: ${JSON.stringify(entry.source)},`];
  const lines = (record: Readonly<Record<string, number>>) =>
    Object.entries(record).map(([name, value]) => `      ${/\W/.test(name) ? `"${name}"` : name}: ${value},`);
  if ("fields" in entry) {
    const fields = entry.fields.map((field) => `      "${field}",`);
    return [
      ...head,
      "    fields: [",
      ...fields,
      "    ],",
      "    extra: {",
      ...lines(entry.extra),
      "    },",
      "    extraFreeThreaded: {",
      ...lines(entry.extraFreeThreaded),
      "    },",
      "  },",
    ];
  }
  const groups = Object.entries(entry.offsets).flatMap(([group, fields]) => {
    const inner = Object.entries(fields).map(([field, offset]) => `${field}: ${offset}`);
    const line = `      ${group}: { ${inner.join(", ")} },`;
    if (line.length <= LINE_WIDTH) return [line];
    return [`      ${group}: {`, ...inner.map((field) => `        ${field},`), "      },"];
  });
  const sizes = ["    sizes: {", ...lines(entry.sizes), "    },"];
  return [...head, ...sizes, "    offsets: {", ...groups, "    },", "  },"];
}

function differingLines(before: readonly string[], after: readonly string[]): string[] {
  const [left, right] = [new Set(before), new Set(after)];
  const gone = before.filter((line) => !right.has(line)).map((line) => `- ${line}`);
  return gone.concat(after.filter((line) => !left.has(line)).map((line) => `+ ${line}`));
}

/** Keeps entries that could not be made here, and those that would only name another patch release. */
function merge<Entry extends OffsetRow | DebugOffsetOrder>(
  committed: Readonly<Record<string, Entry>>,
  made: Readonly<Record<string, Entry>>,
): Record<string, Entry> {
  const merged = { ...committed, ...made };
  for (const [key, entry] of Object.entries(committed)) {
    if (made[key] === undefined) {
      console.error(`NOT CHECKED: ${key}: no headers on this machine; left as they are (${entry.source})`);
    } else if (isSame(entry, made[key])) merged[key] = entry;
  }
  return merged;
}

async function main(args: readonly string[]): Promise<number> {
  const committedText = fs.existsSync(OUTPUT) ? fs.readFileSync(OUTPUT, "utf8") : "";
  const committed = committedText === "" ? undefined : await import("../src/cpython/layouts.gen.ts");
  const { generated, differences } = generate(findHeaderFolders(args));
  const text = emit({
    rows: merge(committed?.OFFSET_ROWS ?? {}, generated.rows),
    orders: merge(committed?.DEBUG_OFFSET_ORDERS ?? {}, generated.orders),
  });
  for (const line of differences) console.error(line);
  if (!args.includes("--check")) {
    fs.writeFileSync(OUTPUT, text);
    return differences.length > 0 ? 1 : 0;
  }
  if (text === committedText) return differences.length > 0 ? 1 : 0;
  console.log("src/cpython/layouts.gen.ts differs (lines may only be in another order):");
  for (const line of differingLines(committedText.split("\n"), text.split("\n"))) console.log(line);
  console.log("Run `deno task layouts` and look at the change");
  return 1;
}

if (import.meta.main) process.exit(await main(process.argv.slice(2)));
