/**
 * Builds of CPython that are made in another way than most: debug builds, one with musl as its C library, and one
 * without a GIL, which free_threaded.ts builds.
 *
 * The debug builds are Debian's: of its development branch, of the system itself, and of bullseye, whose source of
 * Python 3.9 is what is built with musl, statically, as it is on Alpine Linux. Everything here may be missing.
 */
import { join } from "node:path";
import { exists } from "../src/ffi/linux_proc.ts";
import {
  addPackages,
  type DebianRoot,
  lackingPrograms,
  lastLines,
  makeRoot,
  namesIn,
  run,
  SetupError,
} from "./debian_root.ts";
import { setupFreeThreaded } from "./free_threaded.ts";

const BULLSEYE_PROGRAMS = ["python2.7-dbg", "python3.9-dbg"];
/** What the musl build cannot do without: there are no modules to load. Shape: lines of Modules/Setup. */
const STATIC_MODULES = [
  "_asyncio _asynciomodule.c",
  "_bisect _bisectmodule.c",
  "_blake2 _blake2/blake2module.c _blake2/blake2b_impl.c _blake2/blake2s_impl.c",
  "_contextvars _contextvarsmodule.c",
  "_datetime _datetimemodule.c",
  "_heapq _heapqmodule.c",
  "_json _json.c",
  "_md5 md5module.c",
  "_opcode _opcode.c",
  "_pickle _pickle.c",
  "_posixsubprocess _posixsubprocess.c",
  "_queue _queuemodule.c",
  "_random _randommodule.c",
  "_sha1 sha1module.c",
  "_sha256 sha256module.c -DPy_BUILD_CORE_BUILTIN",
  "_sha3 _sha3/sha3module.c",
  "_sha512 sha512module.c -DPy_BUILD_CORE_BUILTIN",
  "_socket socketmodule.c",
  "_struct _struct.c",
  "array arraymodule.c",
  "math mathmodule.c _math.c",
  "select selectmodule.c",
  "unicodedata unicodedata.c",
];

/** A command that runs a build, and where it is. */
export interface BuildCandidate {
  readonly kind: "debug" | "musl";
  readonly command: readonly string[];
  readonly executable: string;
  readonly root: string | undefined;
}

/** The builds that `setupBuilds` made, and the system's own. `pythonsRoot` is where they are kept. */
export function buildCandidates(pythonsRoot: string): BuildCandidate[] {
  const inRoot = (root: string) =>
    namesIn(join(root, "usr/bin")).filter(isDebugName).map((name): BuildCandidate => ({
      kind: "debug",
      command: ["chroot", root, `/usr/bin/${name}`],
      executable: join(root, "usr/bin", name),
      root,
    }));
  const ofSystem = namesIn("/usr/bin").filter(isDebugName).map((name) => `/usr/bin/${name}`);
  const musl = [join(muslFolder(pythonsRoot), "python")].filter(exists);
  const onHost = (kind: BuildCandidate["kind"]) => (executable: string): BuildCandidate => ({
    kind,
    command: [executable],
    executable,
    root: undefined,
  });
  return [
    ...inRoot(bullseyeRoot(pythonsRoot).folder),
    ...musl.map(onHost("musl")),
    ...ofSystem.map(onHost("debug")),
    ...inRoot(join(pythonsRoot, "sid")),
  ];
}

/**
 * Installs and builds what is missing.
 *
 * @param sidMinors minors of which the root of sid shall have debug builds.
 * @throws SetupError when this machine cannot do it.
 */
export async function setupBuilds(pythonsRoot: string, sidMinors: readonly string[]): Promise<void> {
  const bullseye = bullseyeRoot(pythonsRoot);
  const failures: string[] = [];
  const steps = [
    () => addDebugBuilds(join(pythonsRoot, "sid"), sidMinors),
    () => lackingPrograms(bullseye).length > 0 ? makeRoot(bullseye) : Promise.resolve(),
    () =>
      exists(join(muslFolder(pythonsRoot), "python")) ? Promise.resolve() : buildMusl(pythonsRoot, bullseye),
    () => setupFreeThreaded(pythonsRoot),
  ];
  for (const step of steps) {
    await step().catch((error) => {
      if (!(error instanceof SetupError)) throw error;
      failures.push(error.message);
    });
  }
  if (failures.length > 0) throw new SetupError(failures.join("\n"));
}

async function addDebugBuilds(root: string, minors: readonly string[]): Promise<void> {
  const lacking = minors.map((minor) => `python${minor}-dbg`)
    .filter((name) => !exists(join(root, "usr/bin", name)));
  if (lacking.length === 0) return;
  console.log(`Installing ${lacking.join(", ")} into ${root} ...`);
  await addPackages(root, lacking);
}

function isDebugName(name: string): boolean {
  return /^python\d\.\d+-dbg$/.test(name);
}

function bullseyeRoot(pythonsRoot: string): DebianRoot {
  return {
    suite: "bullseye",
    folder: join(pythonsRoot, "bullseye"),
    packages: BULLSEYE_PROGRAMS,
    programs: BULLSEYE_PROGRAMS,
  };
}

function muslFolder(pythonsRoot: string): string {
  return join(pythonsRoot, "musl-3.9");
}

/** Compiles Python 3.9 with musl. It takes a minute. */
async function buildMusl(pythonsRoot: string, { folder: root }: DebianRoot): Promise<void> {
  if (!(await run(["musl-gcc", "--version"])).success) {
    throw new SetupError("musl-gcc is missing (musl-tools)");
  }
  const folder = muslFolder(pythonsRoot);
  console.log(`Building Python 3.9 with musl in ${folder}; this takes a minute ...`);
  const started = performance.now();
  const partial = `${folder}.partial-${Deno.pid}`;
  const step = async (command: readonly string[]) => {
    const { success, text } = await run(command);
    if (!success) throw new SetupError(`${command[0]} failed:\n${lastLines(text, 5)}`);
  };
  const inShell = (script: string, ...args: string[]) => step(["sh", "-euc", script, "sh", ...args]);
  try {
    await inShell(
      `cd "$1"; sed -n '/^deb /s//deb-src /p' etc/apt/sources.list > etc/apt/sources.list.d/sources.list
       chroot . apt-get --quiet update
       chroot . sh -euc 'rm -rf /opt/source; mkdir -p /opt/source; cd /opt/source
         apt-get --quiet source --download-only python3.9'`,
      root,
    );
    await inShell(
      `mkdir -p "$2"; cd "$2"; tar --extract --strip-components=1 --file "$1"/opt/source/*.orig.tar.*
       ./configure --disable-shared --without-ensurepip CC=musl-gcc CFLAGS=-O0 LDFLAGS='-static -Wl,-z,stack-size=8388608'
       { echo '*static*'; echo "$3"; } > Modules/Setup.local
       make -j "$(nproc)" python
       make pybuilddir.txt
       rm -rf Lib/test Doc; find . -name '*.[oa]' -delete; rm -r "$1"/opt/source`,
      root,
      partial,
      STATIC_MODULES.join("\n"),
    );
    await Deno.rename(partial, folder);
  } finally {
    await run(["rm", "-rf", partial]);
  }
  console.log(`Done in ${((performance.now() - started) / 1000).toFixed(0)} s`);
}
