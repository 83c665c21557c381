/** The profilers that the benchmark compares: pyspy and its peers, where they are, and how each is called. */
import { join } from "node:path";
import { ensureVenv, type Python, PYTHONS_ROOT } from "../pythons.ts";
import type { Counting } from "./folded.ts";

/** One recording to be made. */
export interface RecordRequest {
  readonly pid: number;
  readonly rateHz: number;
  readonly seconds: number;
  /** The file to write, as the profiler sees it. */
  readonly output: string;
  /** Look at every thread, and only while it uses the CPU, where that is not the default. */
  readonly onCpu?: boolean;
}

/** A profiler, or one with an option that changes how it works. */
export interface Tool {
  readonly name: string;
  /** The same for a tool and its variants. */
  readonly family: string;
  readonly version: string;
  /** Only recordings differ from those of the tool without the option. */
  readonly isVariant: boolean;
  /** It is of interest in this section alone. */
  readonly onlyIn?: string;
  /** The folder that is `/` for it, or undefined. */
  readonly root: string | undefined;
  /** The file whose size is shown, where it is one. */
  readonly binary: string | undefined;
  readonly help: readonly string[];
  dump(pid: number): string[];
  record(request: RecordRequest): string[];
  /** It takes all its samples, however long that needs. */
  readonly overruns: boolean;
  readonly counting: Counting;
  /** The share of samples that failed, by its own account. Units: percent. */
  failed(text: string): number | undefined;
}

/** Options of `pyspy record` that change what its profiles say, or what they cost. */
const PYSPY_VARIANTS: readonly (Partial<Tool> & { readonly option: string })[] = [
  { option: "--blocking" },
  { option: "--cpu", onlyIn: "shares", counting: "time" },
];

/** pyspy itself, and with those options that it has: the binary, or the sources when `command` starts Deno. */
export async function pyspyTools(
  command: readonly string[],
  { binary, notes }: { binary: string | undefined; notes: string[] },
): Promise<readonly Tool[]> {
  const version = (await textOf([...command, "--version"]))?.trim() ?? "unknown";
  const options = await textOf([...command, "record", "--help"]) ?? "";
  const family = binary === undefined ? "pyspy (sources)" : "pyspy";
  const tool = (extra: readonly string[]): Tool => ({
    name: [family, ...extra].join(" "),
    family,
    version,
    isVariant: extra.length > 0,
    root: undefined,
    binary,
    help: [...command, "--help"],
    dump: (pid) => [...command, "dump", "-p", `${pid}`],
    record: ({ pid, rateHz, seconds, output }) => [
      ...[...command, "record", "-p", `${pid}`, "-r", `${rateHz}`, "-d", `${seconds}`],
      ...["-f", "raw", "-o", output, ...extra],
    ],
    overruns: false,
    counting: "number",
    failed: (text) => {
      const [, samples, errors] = /(\d+) samples, (\d+) errors/.exec(text) ?? [];
      return share(errors, samples);
    },
  });
  const tools = [tool([])];
  for (const { option, ...different } of PYSPY_VARIANTS) {
    if (!new RegExp(`\\s${option}\\b`).test(options)) {
      notes.push(`${family} ${option}: this version has no such option`);
    } else tools.push({ ...tool([option]), ...different });
  }
  return tools;
}

/** py-spy, as it is and without stopping the target. @returns why it is missing, in place of it. */
export async function pySpyTools(host: Python, fetch: boolean): Promise<readonly Tool[] | string> {
  if (fetch) await ensureVenv(host, ["py-spy"]);
  const binary = await firstThatRuns([...filesNamed("py-spy"), ...venvFiles("py-spy")]);
  if (binary === undefined) return "py-spy: not found; --peers installs it from the Python package index";
  const tool = (extra: readonly string[]): Tool => ({
    name: ["py-spy", ...extra].join(" "),
    family: "py-spy",
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
    overruns: true,
    counting: "number",
    failed: (text) => {
      const [, samples, errors] = /Samples: (\d+) Errors: (\d+)/.exec(text) ?? [];
      return share(errors, samples);
    },
  });
  return [tool([]), tool(["--nonblocking"])];
}

/** Tachyon, which is part of Python 3.15 and later, and profiles the same version only. */
export async function tachyonTools(python: Python): Promise<readonly Tool[] | string> {
  const command = [...python.command, "-m", "profiling.sampling"];
  if (await textOf([...command, "--help"]) === undefined) {
    return `Tachyon: Python ${python.label} has no profiling.sampling`;
  }
  const tool = (extra: readonly string[]): Tool => ({
    name: ["Tachyon", ...extra].join(" "),
    family: "Tachyon",
    version: python.version,
    isVariant: extra.length > 0,
    root: python.root,
    binary: undefined,
    help: [...command, "--help"],
    dump: (pid) => [...command, "dump", "--all-threads", `${pid}`],
    record: ({ pid, rateHz, seconds, output, onCpu }) => [
      ...[...command, "attach", "-r", `${rateHz}`, "-d", `${seconds}`],
      ...onCpu ? ["--all-threads", "--mode", "cpu"] : [],
      ...["--collapsed", "-o", output, ...extra, `${pid}`],
    ],
    overruns: false,
    counting: "number",
    failed: (text) => {
      const [, percent] = /Error rate: ([\d.]+)/.exec(text) ?? [];
      return percent === undefined ? undefined : Number(percent);
    },
  });
  return [tool([]), tool(["--blocking"])];
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
    family: "austin",
    version: version.trim().replace("austin ", ""),
    isVariant: false,
    root: undefined,
    binary: command.at(-1),
    help: [...command, "--help"],
    dump: (pid) => [...command, "--where", `${pid}`],
    record: ({ pid, rateHz, seconds, output, onCpu }) => [
      ...[...command, "-i", `${Math.round(1_000_000 / rateHz)}us`, "-x", `${seconds}`],
      ...[...onCpu ? ["--sleepless"] : [], "-p", `${pid}`, "-o", output],
    ],
    overruns: false,
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
