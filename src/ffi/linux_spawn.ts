/**
 * Starting the program to profile.
 *
 * Not through Deno's own child handling: that waits for every child, which a tracer must do itself, and cannot give a
 * child the supplementary groups of another user.
 */
import { cString, libc, setAddressOf } from "./linux_libc.ts";
import { asUser, invokingUser } from "./linux_user.ts";
import type { InvokingUser } from "./linux_user.ts";
import { peekChange, reap, statusOfChange } from "./linux_wait.ts";
import { spawnFiles } from "./linux_spawn_files.ts";
import type { ChildProcess, ChildStreams } from "./process.ts";
import { ProfilerError } from "../errors.ts";

const ENOENT = 2;
const EACCES = 13;
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
const POSIX_SPAWN_SETSIGDEF = 4;
const POSIX_SPAWN_SETSIGMASK = 8;
/** `sizeof(posix_spawnattr_t)` is 336 in glibc. */
const ATTRIBUTES_SIZE = 512;
/**
 * Starts a program, found along PATH, as the invoking user.
 *
 * @throws ProfilerError `failure` when it cannot be started.
 */
export function spawnLinuxProcess(argv: readonly string[], streams: ChildStreams): ChildProcess {
  const user = invokingUser();
  const files = spawnFiles(streams, user);
  const environment = childEnvironment(user);
  const argumentVector = stringVector(argv);
  const environmentVector = stringVector(
    Object.entries(environment).map(([name, value]) => `${name}=${value}`),
  );
  const pid = new Int32Array(1);
  const attributes = spawnAttributes();
  const spawn = (): number =>
    libc().posix_spawnp(
      new Uint8Array(pid.buffer),
      cString(argv[0]!),
      files.actions,
      attributes,
      argumentVector.pointers,
      environmentVector.pointers,
    );
  const status = user === undefined ? spawn() : asUser(user, spawn);
  const output = files.opened();
  if (status !== 0) throw spawnError(argv[0]!, status);
  return new LinuxChild(pid[0]!, output);
}

/** The child gets default signal handling and no blocked signals, whatever our runtime has set up. */
function spawnAttributes(): Uint8Array<ArrayBuffer> {
  const attributes = new Uint8Array(ATTRIBUTES_SIZE);
  const allSignals = new Uint8Array(128).fill(0xff);
  // SIGKILL (9) and SIGSTOP (19) cannot be set.
  allSignals[1] = 0xfe;
  allSignals[2] = 0xfb;
  libc().posix_spawnattr_init(attributes);
  libc().posix_spawnattr_setsigdefault(attributes, allSignals);
  libc().posix_spawnattr_setsigmask(attributes, new Uint8Array(128));
  libc().posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  return attributes;
}

function childEnvironment(user: InvokingUser | undefined): Record<string, string> {
  const environment = Deno.env.toObject();
  if (user === undefined) return environment;
  const home = homeOf(user);
  return {
    ...environment,
    USER: user.name,
    LOGNAME: user.name,
    ...(home === undefined ? {} : { HOME: home }),
  };
}

function homeOf(user: InvokingUser): string | undefined {
  try {
    const lines = Deno.readTextFileSync("/etc/passwd").split("\n").map((line) => line.split(":"));
    return lines.find((fields) => Number(fields[2]) === user.uid)?.[5];
  } catch {
    return undefined;
  }
}

function spawnError(program: string, status: number): ProfilerError {
  if (status === ENOENT) {
    return new ProfilerError(
      "failure",
      `Cannot start '${program}': there is no such program`,
      program.includes("/") ? "check the path" : "check the spelling and PATH, or give its full path",
    );
  }
  if (status === EACCES) {
    return new ProfilerError(
      "failure",
      `Cannot start '${program}': it may not be executed`,
      `chmod +x ${program}, or name its interpreter: pyspy record -- python ${program}`,
    );
  }
  return new ProfilerError("failure", `Cannot start '${program}': the system refused it (error ${status})`);
}

/** A NULL-terminated array of C strings, as argv and environ are. */
function stringVector(texts: readonly string[]): { pointers: Uint8Array<ArrayBuffer>; strings: unknown[] } {
  const strings = texts.map((text) => cString(text));
  const pointers = new Uint8Array(8 * (texts.length + 1));
  const view = new DataView(pointers.buffer);
  strings.forEach((bytes, i) => {
    setAddressOf(view, i * 8, bytes);
  });
  return { pointers, strings };
}

class LinuxChild implements ChildProcess {
  readonly pid: number;
  readonly output: Deno.FsFile | undefined;
  #exitCode: number | undefined;

  constructor(pid: number, output: Deno.FsFile | undefined) {
    this.pid = pid;
    this.output = output;
  }

  poll(): number | undefined {
    if (this.#exitCode !== undefined) return this.#exitCode;
    const change = peekChange(this.pid);
    if (change === "exited") this.#exitCode = statusOfChange();
    if (change === "killed") this.#exitCode = 128 + statusOfChange();
    // Somebody else has waited for it; its exit code is lost.
    if (change === "unknown_id") return this.#exitCode = 1;
    // A child that is only stopped, be it by a tracer that is part of this program, has not ended.
    if (this.#exitCode !== undefined) reap(this.pid);
    return this.#exitCode;
  }

  signal(name: keyof typeof SIGNALS): void {
    if (this.poll() === undefined) libc().kill(this.pid, SIGNALS[name]);
  }
}
