/** CPython built in other ways: linked statically, for other addresses, without symbols; debug builds; with musl. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { placeFolder } from "../../scripts/pythons.ts";
import type { Python } from "../../scripts/pythons.ts";
import { covering, lacksAllBut } from "../covers.ts";
import { PROGRAMS, runCommand, startTarget, warnSkipped } from "../helpers.ts";
import { builds } from "./builds.ts";
import { assertTrue } from "./idle_truth.ts";
import { pyspy, pythons, startReady, temporaryFolder } from "./programs.ts";

/** In the matrix: statically, for other addresses, in larger pages, without symbols. */
const LINKED = "linked otherwise";

for (const one of builds) {
  const program = one.minor === "2.7" ? "old_style.py" : "generators.py";
  covering({ python: one, modes: ["dump", "record"] })(
    `builds: dump and record are true, Python ${one.label}`,
    async () => {
      await using target = await startTarget(one, program);
      await assertTrue(target);
    },
  );
}

for (const one of builds.filter(({ label }) => label.endsWith("musl"))) {
  covering({ python: one, modes: ["gil"] })(
    `builds: what threads do with musl, which hides the GIL's waiters, Python ${one.label}`,
    async () => {
      const folder = await placeFolder(one, join(PROGRAMS, "live"));
      await using target = await startReady([...one.command, join(folder, "kinds.py")]);
      const { stderr } = await pyspy(["record", "-p", `${target.pid}`, "-d", "2", "-f", "raw", "-o", "-"]);
      const [, waiting] = / ([\d.]+) % waiting for it/.exec(stderr) ?? [];
      // Six threads, of which three want the GIL all the time.
      assert.ok(Number(waiting) > 12 && Number(waiting) < 50, stderr);
    },
  );
}

/** A Python of the host whose static library is there, and what to link it with. */
interface Linkable {
  readonly python: Python;
  readonly home: string;
  readonly include: string;
  readonly archive: string;
  readonly libraries: readonly string[];
}

async function linkable(one: Python): Promise<Linkable | undefined> {
  const code = "import os, sys, sysconfig as s; v = s.get_config_var; pl = v('LIBPL');" +
    "print('\\n'.join([sys.base_prefix, s.get_path('include'), pl, ' '.join([v('LIBS'), v('SYSLIBS')])]))";
  const { stdout } = await runCommand([...one.command, "-c", code]);
  const [home, include, folder, libraries] = stdout.trim().split("\n");
  const names = [`libpython${one.minor}-pic.a`, `libpython${one.minor}.a`];
  for (const archive of names.map((name) => join(folder!, name))) {
    if ((await Deno.stat(archive).catch(() => undefined)) === undefined) continue;
    return { python: one, home: home!, include: include!, archive, libraries: libraries!.split(/\s+/) };
  }
  return undefined;
}

const MAIN = "#include <Python.h>\nint main(int argc, char **argv) { return Py_BytesMain(argc, argv); }\n";

/** How an interpreter is linked: `library` for a shared library, `program` for the executable. */
interface Linking {
  readonly name: string;
  readonly library?: readonly string[];
  readonly program: readonly string[];
}

const LINKINGS: readonly Linking[] = [
  { name: "static, at any address", program: ["-pie"] },
  { name: "static, without symbols", program: ["-pie", "-s"] },
  { name: "static, at one odd address", program: ["-no-pie", "-Wl,-Ttext-segment=0x23456000"] },
  { name: "static, for an address that it does not get", program: ["-pie", "-Wl,-Ttext-segment=0x23456000"] },
  { name: "static, in pages of 2 MiB", program: ["-pie", "-Wl,-z,max-page-size=0x200000"] },
  { name: "static, code and data in one page", program: ["-pie", "-Wl,-z,noseparate-code"] },
  { name: "a library without symbols", library: ["-s"], program: [] },
  { name: "a library for one odd address", library: ["-Wl,-Ttext-segment=0x123456000"], program: [] },
  { name: "a library in pages of 2 MiB", library: ["-Wl,-z,max-page-size=0x200000"], program: [] },
];

const candidates = await Promise.all(
  pythons.filter(({ root, minor }) => root === undefined && Number(minor.split(".")[1]) >= 8).map(linkable),
);
const found = candidates.filter((one) => one !== undefined);
const hasCompiler = (await runCommand(["gcc", "--version"]).catch(() => undefined))?.code === 0;
// Old versions have no section by which _PyRuntime is found, and no cookie: they are the harder ones.
const oldest = hasCompiler ? found[0] : undefined;
const newest = hasCompiler ? found.at(-1) : undefined;
if (oldest === undefined) {
  warnSkipped("interpreters linked in other ways: needs gcc and a Python's static library");
}
const pairs = LINKINGS.flatMap((linking) =>
  oldest === undefined
    ? []
    : newest === oldest || linking.library === undefined
    ? [{ one: oldest, linking }]
    : [{ one: oldest, linking }, { one: newest!, linking }]
);

async function link(
  { archive, include, libraries }: Linkable,
  { library, program }: Linking,
  folder: string,
) {
  const gcc = async (...args: string[]) => {
    const { code, stderr } = await runCommand(["gcc", ...args]);
    assert.equal(code, 0, stderr);
  };
  const source = join(folder, "main.c");
  await Deno.writeTextFile(source, MAIN);
  const whole = ["-Wl,--whole-archive", archive, "-Wl,--no-whole-archive", ...libraries];
  if (library !== undefined) {
    const shared = join(folder, "libpython-of-ours.so");
    await gcc("-shared", ...library, "-o", shared, ...whole);
    await gcc(source, `-I${include}`, "-o", join(folder, "program"), shared, `-Wl,-rpath,${folder}`, "-lm");
  } else {
    await gcc(source, `-I${include}`, ...program, "-Wl,-E", "-o", join(folder, "program"), ...whole);
  }
}

lacksAllBut(LINKED, pairs.map(({ one }) => one.python.minor));
for (const { one, linking } of pairs) {
  const test = covering({ version: one.python.minor, build: LINKED, modes: ["dump", "record"] });
  test(`builds: ${linking.name}, Python ${one.python.label}`, async () => {
    await using folder = await temporaryFolder();
    await link(one, linking, folder.path);
    const command = ["env", `PYTHONHOME=${one.home}`, join(folder.path, "program")];
    await using target = await startTarget({ ...one.python, command }, "generators.py");
    await assertTrue(target);
  });
}
