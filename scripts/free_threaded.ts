/** Builds a Python without a GIL, which no package has, from the source that Debian keeps of 3.13. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { exists } from "../src/ffi/linux_proc.ts";
import { debianMirror, lastLines, run, SetupError } from "./debian_root.ts";

const VERSION = "3.13.5";
const ARCHIVE = `pool/main/p/python3.13/python3.13_${VERSION}.orig.tar.xz`;
const SHA256 = "93e583f243454e6e9e4588ca2c2662206ad961659863277afcdb96801647d640";
/** Where no mirror is configured. */
const MIRROR = "http://deb.debian.org/debian";

/** The interpreter, in the folder in which all interpreters are kept. */
export function freeThreadedProgram(pythonsRoot: string): string {
  return join(pythonsRoot, "free-threaded-3.13", "bin", "python3.13t");
}

/**
 * Builds it, unless it is there, in about two minutes. Needs a C compiler and make.
 *
 * @throws SetupError when this machine cannot do it; nothing is left behind then.
 */
export async function setupFreeThreaded(pythonsRoot: string): Promise<void> {
  const program = freeThreadedProgram(pythonsRoot);
  if (exists(program)) return;
  const prefix = join(program, "../..");
  const started = performance.now();
  console.log(`Building a free-threaded Python in ${prefix}; this takes two minutes ...`);
  await Deno.mkdir(pythonsRoot, { recursive: true });
  const source = `${prefix}.source-${Deno.pid}`;
  const must = async (script: string) => {
    const { success, text } = await run(["sh", "-euc", script]);
    if (!success) throw new SetupError(`building a free-threaded Python failed:\n${lastLines(text, 10)}`);
  };
  try {
    await Deno.mkdir(source);
    await Deno.writeFile(`${source}/source.tar.xz`, await download());
    await must(`cd '${source}'; tar xf source.tar.xz --strip-components=1`);
    const options = "--disable-gil --without-ensurepip --disable-test-modules --without-static-libpython";
    await must(
      `cd '${source}'; CFLAGS='-O2 -g0' ./configure -q ${options} --prefix='${prefix}'
       make -j$(nproc); make commoninstall bininstall`,
    );
  } catch (error) {
    await run(["rm", "-rf", prefix]);
    throw error;
  } finally {
    await run(["rm", "-rf", source]);
  }
  console.log(`Done in ${((performance.now() - started) / 1000).toFixed(0)} s`);
}

async function download(): Promise<Uint8Array> {
  const url = `${await debianMirror() ?? MIRROR}/${ARCHIVE}`;
  const response = await fetch(url).catch((error) => error as Error);
  if (response instanceof Error) throw new SetupError(`${url} cannot be reached: ${response.message}`);
  if (!response.ok) throw new SetupError(`${url} gives ${response.status}`);
  const archive = new Uint8Array(await response.arrayBuffer());
  const found = createHash("sha256").update(archive).digest("hex");
  if (found !== SHA256) throw new SetupError(`${url} has the SHA-256 ${found}, not ${SHA256}`);
  return archive;
}
