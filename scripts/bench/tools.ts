/** The profilers that the benchmark compares: pyspy and its peers, where they are, and how each is called. */
import { join } from "node:path";
import { ensureVenv, type Python, PYTHONS_ROOT } from "../pythons.ts";

/** One recording to be made. */
export interface RecordRequest {
  readonly pid: number;
  readonly rateHz: number;
  readonly seconds: number;
  /** The file to write, as the profiler sees it. */
  readonly output: string;
}

/** A profiler, or one with an option that changes how it works. */
export interface Tool {
  readonly name: string;
  readonly version: string;
  /** Only recordings differ from those of the tool without the option. */
  readonly isVariant: boolean;
  /** The folder that is `/` for it, or undefined. */
  readonly root: string | undefined;
  /** The file whose size is shown, where it is one. */
  readonly binary: string | undefined;
  readonly help: readonly string[];
  dump(pid: number): string[];
  record(request: RecordRequest): string[];
  /** What a line of its folded stacks counts. */
  readonly counting: "number" | "line";
  /** The share of samples that failed, by its own account. Units: percent. */
  failed(text: string): number | undefined;
}

/** pyspy itself: the binary, or the sources when `command` starts Deno. */
export async function pyspyTool(command: readonly string[], binary: string | undefined): Promise<Tool> {
  return {
    name: binary === undefined ? "pyspy (sources)" : "pyspy",
    version: (await textOf([...command, "--version"]))?.trim() ?? "unknown",
    isVariant: false,
    root: undefined,
    binary,
    help: [...command, "--help"],
    dump: (pid) => [...command, "dump", "-p", `${pid}`],
    record: ({ pid, rateHz, seconds, output }) => [
      ...[...command, "record", "-p", `${pid}`, "-r", `${rateHz}`, "-d", `${seconds}`],
      ...["-f", "raw", "-o", output],
    ],
    counting: "number",
    failed: (text) => {
      const [, samples, errors] = /(\d+) samples, (\d+) errors/.exec(text) ?? [];
      return share(errors, samples);
    },
  };
}

/** py-spy, as it is and without stopping the target. @returns why it is missing, in place of it. */
export async function pySpyTools(host: Python, fetch: boolean): Promise<readonly Tool[] | string> {
  if (fetch) await ensureVenv(host, ["py-spy"]);
  const binary = await firstThatRuns([...filesNamed("py-spy"), ...venvFiles("py-spy")]);
  if (binary === undefined) return "py-spy: not found; --peers installs it from the Python package index";
  const tool = (name: string, extra: readonly string[]): Tool => ({
    name,
    version: binary.version.replace("py-spy ", ""),
    isVariant: extra.length > 0,
    root: undefined,
    binary: binary.path,
    help: [binary.path, "--help"],
    dump: (pid) => [binary.path, "dump", "-p", `${pid}`],
    record: ({ pid, rateHz, seconds, output }) => [
      ...[binary.path, "record", "-p", `${pid}`, "-r", `${rateHz}`, "-d", `${seconds}`],
      ...["-f", "raw", "-o", output, ...extra],
    ],
    counting: "number",
    failed: (text) => {
      const [, samples, errors] = /Samples: (\d+) Errors: (\d+)/.exec(text) ?? [];
      return share(errors, samples);
    },
  });
  return [tool("py-spy", []), tool("py-spy --nonblocking", ["--nonblocking"])];
}

/** Tachyon, which is part of Python 3.15 and later, and profiles the same version only. */
export async function tachyonTools(python: Python): Promise<readonly Tool[] | string> {
  const command = [...python.command, "-m", "profiling.sampling"];
  if (await textOf([...command, "--help"]) === undefined) {
    return `Tachyon: Python ${python.label} has no profiling.sampling`;
  }
  const tool = (name: string, extra: readonly string[]): Tool => ({
    name,
    version: python.version,
    isVariant: extra.length > 0,
    root: python.root,
    binary: undefined,
    help: [...command, "--help"],
    dump: (pid) => [...command, "dump", "--all-threads", `${pid}`],
    record: ({ pid, rateHz, seconds, output }) => [
      ...[...command, "attach", "-r", `${rateHz}`, "-d", `${seconds}`],
      ...["--collapsed", "-o", output, ...extra, `${pid}`],
    ],
    counting: "number",
    failed: (text) => {
      const [, percent] = /Error rate: ([\d.]+)/.exec(text) ?? [];
      return percent === undefined ? undefined : Number(percent);
    },
  });
  return [tool("Tachyon", []), tool("Tachyon --blocking", ["--blocking"])];
}

/**
 * austin. Debian's stable releases have one that is too old for these measurements: the one of the
 * development branch runs beside its own C library, without being installed.
 */
export async function austinTools(
  root: string | undefined,
  fetch: boolean,
): Promise<readonly Tool[] | string> {
  const folder = "/opt/austin";
  const inRoot = root === undefined ? undefined : join(root, folder, "usr/bin/austin");
  if (fetch && root !== undefined && inRoot !== undefined && !exists(inRoot)) {
    const script = `cd /tmp && apt-get download austin && dpkg -x austin_*.deb ${folder} && rm austin_*.deb`;
    await textOf(["chroot", root, "sh", "-c", script]);
  }
  const beside = inRoot !== undefined && exists(inRoot);
  const command = beside
    ? [
      join(root!, "lib64/ld-linux-x86-64.so.2"),
      "--library-path",
      join(root!, "lib/x86_64-linux-gnu"),
      inRoot,
    ]
    : filesNamed("austin").slice(0, 1);
  const version = command.length === 0 ? undefined : await textOf([...command, "--version"]);
  if (version === undefined) {
    return root === undefined
      ? "austin: not found; --peers gets it once `deno task pythons setup` has run"
      : "austin: not found; --peers gets it from Debian";
  }
  return [{
    name: "austin",
    version: version.trim().replace("austin ", ""),
    isVariant: false,
    root: undefined,
    binary: command.at(-1),
    help: [...command, "--help"],
    dump: (pid) => [...command, "--where", `${pid}`],
    record: ({ pid, rateHz, seconds, output }) => [
      ...[...command, "-i", `${Math.round(1_000_000 / rateHz)}us`, "-x", `${seconds}`],
      ...["-p", `${pid}`, "-o", output],
    ],
    counting: "line",
    failed: (text) => {
      // deno-lint-ignore no-control-regex -- it colours its numbers even when nobody sees them
      const plain = text.replaceAll(/\x1b\[[\d;]*m/g, "");
      const [, errors, samples] = /Error rate\D*(\d+)\/(\d+)/.exec(plain) ?? [];
      return share(errors, samples);
    },
  }];
}

function share(part: string | undefined, whole: string | undefined): number | undefined {
  if (part === undefined || whole === undefined) return undefined;
  return Number(whole) > 0 ? 100 * Number(part) / Number(whole) : 0;
}

async function firstThatRuns(
  paths: readonly string[],
): Promise<{ path: string; version: string } | undefined> {
  for (const path of paths) {
    const version = await textOf([path, "--version"]); // a shim of pyenv may stand for nothing
    if (version !== undefined) return { path, version: version.trim() };
  }
  return undefined;
}

function filesNamed(name: string): string[] {
  return (Deno.env.get("PATH") ?? "").split(":").map((folder) => join(folder, name)).filter(exists);
}

function venvFiles(name: string): string[] {
  try {
    return [...Deno.readDirSync(PYTHONS_ROOT)]
      .filter((entry) => entry.name.startsWith("venv-"))
      .map((entry) => join(PYTHONS_ROOT, entry.name, "bin", name))
      .filter(exists);
  } catch {
    return [];
  }
}

/** @returns what a command prints; undefined when it cannot be run, or fails. */
async function textOf(command: readonly string[]): Promise<string | undefined> {
  const [program, ...args] = command;
  try {
    const output = await new Deno.Command(program!, { args, stdin: "null", stderr: "null" }).output();
    return output.success ? new TextDecoder().decode(output.stdout) : undefined;
  } catch {
    return undefined;
  }
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
