/** Builds a Python without a GIL, which no package has, from the source that Debian keeps of 3.13. */
import { createHash } from "node:crypto";
import { join } from "node:path";

const VERSION = "3.13.5";
const ARCHIVE = `pool/main/p/python3.13/python3.13_${VERSION}.orig.tar.xz`;
const SHA256 = "93e583f243454e6e9e4588ca2c2662206ad961659863277afcdb96801647d640";
/** Where no mirror is configured. */
const MIRROR = "http://deb.debian.org/debian";

/** Folder below the root of all interpreters, and the interpreter in it. */
export const FREE_THREADED_FOLDER = "free-threaded-3.13";
export const FREE_THREADED_PROGRAM = "bin/python3.13t";

type Run = (command: readonly string[]) => Promise<{ readonly success: boolean; readonly text: string }>;

/**
 * Builds it, in about two minutes. Needs a C compiler and make.
 *
 * @param prefix where it is installed; nothing is left there if it fails.
 * @param run runs a command to its end.
 * @throws Error with what went wrong.
 */
export async function buildFreeThreaded(
  prefix: string,
  { run, mirror }: { run: Run; mirror: string | undefined },
): Promise<void> {
  const work = await Deno.makeTempDir({ prefix: "pyspy-free-threaded-" });
  const must = async (script: string) => {
    const { success, text } = await run(["sh", "-ec", script]);
    if (!success) throw new Error(text.split("\n").slice(-10).join("\n"));
  };
  try {
    const response = await fetch(`${mirror ?? MIRROR}/${ARCHIVE}`);
    if (!response.ok) throw new Error(`${response.url} gives ${response.status}`);
    const archive = new Uint8Array(await response.arrayBuffer());
    const found = createHash("sha256").update(archive).digest("hex");
    if (found !== SHA256) throw new Error(`${response.url} has the SHA-256 ${found}, not ${SHA256}`);
    await Deno.writeFile(join(work, "source.tar.xz"), archive);
    await must(`cd ${work} && mkdir source && tar xf source.tar.xz -C source --strip-components=1`);
    const options = "--disable-gil --without-ensurepip --disable-test-modules --without-static-libpython";
    await must(
      `cd ${work}/source && CFLAGS='-O2 -g0' ./configure -q ${options} --prefix=${prefix} &&` +
        ` make -j$(nproc) && make commoninstall bininstall`,
    );
  } catch (error) {
    await Deno.remove(prefix, { recursive: true }).catch(() => {});
    throw error;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}
