/** Root file systems of Debian's suites: made by debootstrap, used by chroot. */
import { join } from "node:path";
import { exists } from "../src/ffi/linux_proc.ts";

/** This machine cannot do what was asked. */
export class SetupError extends Error {}

/** A root file system that is wanted. */
export interface DebianRoot {
  readonly suite: string;
  readonly folder: string;
  readonly packages: readonly string[];
  /** Programs in /usr/bin that show that it is complete. */
  readonly programs: readonly string[];
}

/** The programs that a root still lacks. */
export function lackingPrograms({ folder, programs }: DebianRoot): string[] {
  return programs.filter((name) => !exists(join(folder, "usr/bin", name)));
}

/** Makes a root, in place of one that is not complete. @throws SetupError when this machine cannot do it. */
export async function makeRoot(root: DebianRoot): Promise<void> {
  if (Deno.build.os !== "linux") throw new SetupError("Debian's interpreters run on Linux only");
  if (!isRoot()) throw new SetupError("debootstrap and chroot need root");
  await ensureDebootstrap();

  const { folder, suite, packages } = root;
  await Deno.mkdir(join(folder, ".."), { recursive: true });
  const partial = `${folder}.partial-${Deno.pid}`;
  const mirror = await debianMirror();
  console.log(`Installing Debian ${suite} into ${folder}; this takes a minute ...`);
  const started = performance.now();
  try {
    const made = await run([
      "debootstrap",
      "--variant=minbase",
      `--include=${packages.join(",")}`,
      suite,
      partial,
      ...mirror === undefined ? [] : [mirror],
    ]);
    if (!made.success) throw new SetupError(`debootstrap failed:\n${lastLines(made.text, 10)}`);
    await run(["chroot", partial, "apt-get", "clean"]);
    if (exists(folder)) await Deno.rename(folder, `${partial}-old`);
    await Deno.rename(partial, folder);
  } finally {
    // A debootstrap that failed can leave /proc mounted in there: never remove across file systems.
    await run(["rm", "-rf", "--one-file-system", partial, `${partial}-old`]);
  }
  console.log(`Done in ${((performance.now() - started) / 1000).toFixed(0)} s`);
}

/** Installs packages into a root, without symbols for debuggers, which are large. @throws SetupError */
export async function addPackages(folder: string, packages: readonly string[]): Promise<void> {
  const apt = ["chroot", folder, "apt-get", "--quiet", "--yes"];
  await run([...apt, "update"]);
  const installed = await run([
    ...apt,
    "-o",
    "DPkg::Options::=--path-exclude=/usr/lib/debug/*",
    "--no-install-recommends",
    "install",
    ...packages,
  ]);
  if (!installed.success) throw new SetupError(`apt-get failed:\n${lastLines(installed.text, 5)}`);
  await run(["chroot", folder, "apt-get", "clean"]);
}

async function ensureDebootstrap(): Promise<void> {
  if ((await run(["debootstrap", "--version"])).success) return;
  const install = ["apt-get", "install", "--yes", "--no-install-recommends", "debootstrap"];
  if ((await run(install)).success) return;
  await run(["apt-get", "update"]);
  const installed = await run(install);
  if (!installed.success) {
    throw new SetupError(
      `debootstrap is missing and apt-get cannot install it:\n${lastLines(installed.text, 3)}`,
    );
  }
}

/** @returns the mirror that this Debian is configured with; undefined for debootstrap's own choice. */
export async function debianMirror(): Promise<string | undefined> {
  const folder = "/etc/apt/sources.list.d";
  const files = ["/etc/apt/sources.list", ...namesIn(folder).map((name) => join(folder, name))];
  for (const file of files) {
    const text = await Deno.readTextFile(file).catch(() => "");
    // One line form: "deb [options] URL suite ..."; stanza form: "URIs: URL ...".
    const match = /^(?:deb\s+(?:\[.*?\]\s+)?|URIs:\s*)(https?:\/\/\S+\/debian)\/?(?:\s|$)/m.exec(text);
    if (match !== null) return match[1];
  }
  return undefined;
}

/** How a command ended. */
export interface Finished {
  readonly success: boolean;
  /** Standard output, and after it standard error. */
  readonly text: string;
}

/** Runs a command to its end; one that cannot be started has failed. */
export async function run(command: readonly string[]): Promise<Finished> {
  const [program, ...args] = command;
  try {
    const env = { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" };
    const output = await new Deno.Command(program!, { args, env, stdin: "null" }).output();
    const decoder = new TextDecoder();
    return {
      success: output.success,
      text: (decoder.decode(output.stdout) + decoder.decode(output.stderr)).trim(),
    };
  } catch (error) {
    return { success: false, text: `${program}: ${(error as Error).message}` };
  }
}

/** Whether we are root. */
export function isRoot(): boolean {
  return Deno.uid() === 0;
}

/** What is in a folder; nothing, if there is none. */
export function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
  } catch {
    return [];
  }
}

/** The end of a text. */
export function lastLines(text: string, count: number): string {
  return text.split("\n").slice(-count).join("\n");
}
