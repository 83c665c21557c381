import assert from "node:assert/strict";
import { join, relative } from "node:path";
import { FORMATS } from "../../src/commands/formats.ts";
import { VERSION } from "../../src/version.ts";
import { PROJECT } from "../helpers.ts";
import {
  forbiddenImports,
  forbiddenText,
  importCycle,
  importsOf,
  isBarrel,
  stripped,
} from "./architecture.ts";
import type { ImportRule, Source, TextRule } from "./architecture.ts";

/** What the parts of the sampler share. None of them knows an operating system or a form of output. */
const CORE = [
  "call_node",
  "path_prover",
  "doubt",
  "proven_path",
  "build_profile",
  "dump_stacks",
  "profile",
  "recording",
  "sampler",
  "schedule",
  "sighting",
  "stand_ins",
  "recent_looks",
  "recent_share",
  "read_counters",
  "visit",
  "cpu_times",
  "entered_frame",
  "thread_activities",
  "thread_choice",
  "thread_hold",
  "thread_rest",
  "target_call",
  "thread_table",
  "target_time",
  "histogram",
  "live_callers",
  "live_counts",
  "live_paths",
  "live_profile",
  "live_rows",
  "live_threads",
  "live_trend",
  "snapshot",
  "stack_lookup",
  "stack_reader",
]
  .map((name) => `src/${name}.ts`);
const VOCABULARY = ["src/types.ts", "src/errors.ts", "src/memory.ts", "src/doubled.ts"];
const WIRING = [
  "attach",
  "child_output",
  "clock",
  "launch",
  "newcomers",
  "output",
  "process_tree",
  "python_processes",
  "recording_session",
  "sampled_process",
  "self_usage",
  "sources",
  "terminal",
].map((name) => `src/${name}.ts`);

const IMPORT_RULES: readonly ImportRule[] = [
  {
    files: /^src\/(types|errors|version|doubled)\.ts$/,
    may: [],
    why: "everything builds on the vocabulary, so it builds on nothing",
  },
  {
    files: /^src\/memory\.ts$/,
    may: ["src/types.ts", "src/doubled.ts"],
    why: "the OS and the snapshots implement it, so it knows neither",
  },
  {
    files: /^src\/cpython\//,
    may: ["src/cpython/", ...VOCABULARY],
    why: "what is known of CPython must work on any memory and system: live, recorded or made up by a test",
  },
  {
    files: /^src\/analysis\//,
    may: ["src/analysis/", "src/types.ts", "src/errors.ts", "src/profile.ts"],
    why: "what is made of a profile is the same in every format",
  },
  {
    files: /^src\/render\//,
    may: [
      "src/analysis/",
      "src/render/",
      "src/types.ts",
      "src/errors.ts",
      "src/profile.ts",
      "src/live_profile.ts",
      "pprof-format",
    ],
    why: "a renderer turns data into text, so that a format is one file and its test needs no process",
  },
  {
    files: /^src\/ffi\//,
    may: ["src/ffi/", ...VOCABULARY, "node:path"],
    why: "the OS layer is below everything: a new system is one file that knows nothing of profiles",
  },
  {
    files: new RegExp(`^(${CORE.join("|")})$`.replaceAll(".", "\\.")),
    may: ["src/cpython/", ...CORE, ...VOCABULARY],
    why:
      "sampling must run on recorded memory and a fake clock: the OS is handed in, and rendering comes after",
  },
  {
    files: new RegExp(`^(${WIRING.join("|")})$`.replaceAll(".", "\\.")),
    may: [
      "src/ffi/mod.ts",
      "src/ffi/process.ts",
      "src/ffi/output_file.ts",
      "src/ffi/source_file.ts",
      "src/cpython/",
      ...WIRING,
      ...CORE,
      ...VOCABULARY,
    ]
      .concat("node:timers", "node:tty", "node:process"),
    why:
      "the wiring joins the OS with the sampler, through the interface of ffi/; what is shown is up to the commands",
  },
  {
    files: /^src\/commands\//,
    may: [
      "src/analysis/",
      "src/commands/",
      "src/render/",
      "src/version.ts",
      ...WIRING,
      ...CORE,
      ...VOCABULARY,
      "node:path",
      "node:process",
    ],
    why: "a command wires target, sampler and renderer: it needs neither the OS nor CPython's structs",
  },
  {
    files: /^src\/cli(_values)?\.ts$/,
    may: [
      "src/cli_values.ts",
      "src/commands/",
      "src/errors.ts",
      "src/output.ts",
      "src/version.ts",
      "@commander-js/extra-typings",
      "commander",
    ],
    why: "the command line only chooses a command",
  },
  {
    files: /^main\.ts$/,
    may: ["src/cli.ts", "src/errors.ts", "src/output.ts", "src/render/escape.ts", "commander"],
    why: "the entry point only runs the command line and reports its errors",
  },
];

const TEXT_RULES: readonly TextRule[] = [
  {
    what: "the Deno namespace",
    pattern: /\bDeno\.\w+/,
    files: new RegExp(`^(src/(cpython|render|analysis)/|${[...CORE, ...VOCABULARY].join("|")})`),
    why: "this part is pure, so that tests and other systems can run it on any input",
  },
  {
    what: "FFI",
    pattern: /\bDeno\s*\.\s*(dlopen|Unsafe\w+)/,
    except: /^src\/ffi\//,
    why: "whoever checks what we do to other processes reads src/ffi/ and nothing else",
  },
  {
    what: "the name of the system",
    pattern: /\bDeno\s*\.\s*build\s*\.\s*os\b|\bprocess\.platform\b/,
    except: /^src\/ffi\/mod\.ts$/,
    why: "a new system is one file and one `case` in ffi/mod.ts",
  },
  {
    what: "an exit",
    pattern: /\bDeno\s*\.\s*exit(Code)?\b|\bprocess\.exit\b/,
    except: /^main\.ts$/,
    why: "an exit elsewhere skips clean-up; throw, and main.ts chooses the code",
  },
  {
    what: "console",
    pattern: /\bconsole\s*\./,
    why: "output.ts knows about closed pipes and keeps data and messages apart",
  },
  {
    what: "a bigint",
    pattern:
      /\b(\d[\d_]*|0x[\da-fA-F_]+)n\b|\b(BigInt\w*|BigU?[iI]nt64Array|bigint)\b|\b[gs]etBigU?[iI]nt64\b/,
    except: /^src\/(ffi\/|cpython\/python_text\.ts$)/,
    why:
      "bigint is slow in the loop, and addresses are numbers everywhere but at the border and in ints of any size",
  },
  {
    what: "a question about the version",
    pattern: /\.\s*(minor|major)\b|\{[^{}]*\b(minor|major)\b[^{}:]*\}\s*(=|:)/,
    files: /^src\//,
    except: /^src\/cpython\/(layouts|layouts\.gen|debug_offsets)\.ts$/,
    why:
      "what differs between versions is an offset or a trait of the layout, so that a new version is a row",
  },
  {
    what: "a default export",
    pattern: /\bexport\s+default\b/,
    why: "a name that is the same everywhere can be searched for",
  },
];

const MAX_LINES = 400;

function readSources(folder: string): Source[] {
  return [...Deno.readDirSync(folder)].flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory) return readSources(path);
    if (!/\.(ts|js)$/.test(entry.name)) return [];
    return [{ path: relative(PROJECT, path).replaceAll("\\", "/"), text: Deno.readTextFileSync(path) }];
  });
}

function assertNone(problems: readonly string[]): void {
  assert.ok(problems.length === 0, `\n${problems.join("\n")}`);
}

const PROGRAM: readonly Source[] = [
  ...readSources(join(PROJECT, "src")),
  { path: "main.ts", text: Deno.readTextFileSync(join(PROJECT, "main.ts")) },
];

Deno.test("each part imports only what it may", () => {
  assert.ok(PROGRAM.length > 60, "the sources were not found");
  assertNone(PROGRAM.flatMap((source) => forbiddenImports(source, IMPORT_RULES)));
});

Deno.test("what belongs to one place stands only there", () => {
  assertNone(PROGRAM.flatMap((source) => forbiddenText(source, TEXT_RULES)));
});

Deno.test("no imports go round in a circle: each file can be understood after those that it imports", () => {
  assert.equal(importCycle(PROGRAM)?.join(" -> "), undefined);
});

Deno.test("no file only exports what others define: an import names the file where a thing is", () => {
  assertNone(PROGRAM.filter(isBarrel).map(({ path }) => path));
});

Deno.test(`no file is longer than ${MAX_LINES} lines: more than that is more than one subject`, () => {
  const tests = ["tests", "scripts"].flatMap((folder) => readSources(join(PROJECT, folder)));
  const long = [...PROGRAM, ...tests]
    .filter(({ path }) => !path.endsWith(".gen.ts"))
    .map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
    .filter(({ lines }) => lines > MAX_LINES);
  assertNone(long.map(({ path, lines }) => `${path} has ${lines} lines`));
});

Deno.test("version.ts has the version of deno.json, which the package and the release take", () => {
  assert.equal(VERSION, JSON.parse(Deno.readTextFileSync(join(PROJECT, "deno.json"))).version);
});

Deno.test("the formats of the command line are those that can be rendered; it names them to load no renderer", () => {
  const list = /const FORMATS = (\[[^\]]*\]) as const/.exec(
    PROGRAM.find(({ path }) => path === "src/cli.ts")!.text,
  )?.[1];
  assert.ok(list !== undefined, "src/cli.ts has no FORMATS");
  assert.deepEqual(JSON.parse(list.replace(/,\s*\]/, "]")), [...FORMATS]);
});

const file = (path: string, text: string): Source => ({ path, text });

Deno.test("the checker finds each kind of import", () => {
  const text = [
    'import { a } from "./a.ts";',
    'import type { B } from "../b.ts";',
    'import { type C, type D } from "./cd.ts";',
    'import {\n  e,\n  type F,\n} from "node:e";',
    'export * from "./g.ts";',
    'import "./h.ts";',
    'const lazy = await import("./i.ts");',
    '// import { no } from "./comment.ts";',
    "const text = 'import { no } from \"./string.ts\"';",
  ].join("\n");
  const found = importsOf(file("src/x/y.ts", text)).map(({ target, isValue, isLazy }) =>
    `${target}${isValue ? "" : " type"}${isLazy ? " lazy" : ""}`
  );
  assert.deepEqual(found, [
    "src/x/a.ts",
    "src/b.ts type",
    "src/x/cd.ts type",
    "node:e",
    "src/x/g.ts",
    "src/x/h.ts",
    "src/x/i.ts lazy",
  ]);
});

Deno.test("the checker sees code and overlooks comments, strings and regular expressions", () => {
  const code = (text: string) => stripped(text, { keepStrings: false }).replaceAll(/\s+/g, " ").trim();
  assert.equal(code("a // console.x\nb /* 1n */ c"), "a b c");
  assert.equal(code("a('console.x', \"it's // not\", b)"), "a('', \"\", b)");
  assert.equal(
    code("a(`x ${console.log({ y: `${z}` })} // y`) + b"),
    "a(` `console.log({ y: ` `z` ` })` `) + b",
  );
  assert.equal(code('x = /[/"]console\\//.test(y) / 2'), "x = //.test(y) / 2");
});

const FORBIDDEN_IMPORTS: readonly [path: string, text: string][] = [
  ["src/cpython/x.ts", 'import { y } from "../ffi/mod.ts";'],
  ["src/cpython/x.ts", 'import type { Y } from "../profile.ts";'],
  ["src/render/x.ts", 'import { y } from "../memory.ts";'],
  ["src/render/x.ts", 'import { y } from "../cpython/layout.ts";'],
  ["src/ffi/x.ts", 'import { y } from "../sampler.ts";'],
  ["src/sampler.ts", 'import { y } from "./ffi/mod.ts";'],
  ["src/build_profile.ts", 'import { y } from "./render/svg.ts";'],
  ["src/attach.ts", 'import { y } from "./ffi/linux.ts";'],
  ["src/recording_session.ts", 'import { y } from "./render/svg.ts";'],
  ["src/commands/x.ts", 'const y = await import("../ffi/mod.ts");'],
  ["src/commands/x.ts", 'import type { Y } from "../cpython/locate.ts";'],
  ["src/cli.ts", 'import { y } from "./sampler.ts";'],
  ["src/memory.ts", 'import { y } from "./errors.ts";'],
  ["src/new_part.ts", ""],
];

for (const [path, text] of FORBIDDEN_IMPORTS) {
  Deno.test(`the checker refuses in ${path}: ${text || "a file that no rule is about"}`, () => {
    assert.equal(forbiddenImports(file(path, text), IMPORT_RULES).length, 1);
  });
}

const FORBIDDEN_TEXTS: readonly [path: string, text: string][] = [
  ["src/cpython/x.ts", "Deno.readFileSync(path)"],
  ["src/sampler.ts", "Deno.env.get('x')"],
  ["src/attach.ts", "Deno.dlopen('libc.so.6', {})"],
  ["src/commands/x.ts", "new Deno.UnsafePointerView(pointer)"],
  ["src/ffi/linux.ts", "if (Deno.build.os === 'linux') x()"],
  ["src/cli.ts", "Deno.exit(1)"],
  ["src/output.ts", "console.log(1)"],
  ["src/memory.ts", "const size = 0x10n;"],
  ["src/memory.ts", "view.getBigUint64(0)"],
  ["src/stack_reader.ts", "if (runtime.version.minor >= 13) x()"],
  ["src/cpython/gil.ts", "const { minor } = version;"],
  ["src/render/x.ts", "export default function x() {}"],
];

for (const [path, text] of FORBIDDEN_TEXTS) {
  Deno.test(`the checker refuses in ${path}: ${text}`, () => {
    assert.equal(forbiddenText(file(path, text), TEXT_RULES).length, 1);
    assert.equal(
      forbiddenText(file(path, `// ${text}\nconst x = ${JSON.stringify(text)};`), TEXT_RULES).length,
      0,
    );
  });
}

Deno.test("the checker finds circles, also of types, and files that only re-export", () => {
  const a = file("src/a.ts", 'import { b } from "./b.ts"; export const a = b;');
  const b = file("src/b.ts", 'import type { C } from "./c.ts"; export const b = 1;');
  const c = (text: string) => file("src/c.ts", text);
  assert.equal(importCycle([a, b, c("export type C = 1;")]), undefined);
  assert.equal(importCycle([a, b, c('const a = import("./a.ts");')]), undefined);
  assert.deepEqual(importCycle([a, b, c('import { a } from "./a.ts";')]), [
    "src/a.ts",
    "src/b.ts",
    "src/c.ts",
    "src/a.ts",
  ]);
  assert.equal(
    isBarrel(file("x.ts", '/** All. */\nexport * from "./a.ts";\nexport { b } from "./b.ts";\n')),
    true,
  );
  assert.equal(isBarrel(file("x.ts", 'export { b } from "./b.ts";\nexport const c = 1;')), false);
  assert.equal(isBarrel(file("x.ts", "export const c = 1;")), false);
});
