/** Linux: a process read through process_vm_readv and /proc. */
import { addressOf, libc } from "./linux_libc.ts";
import { likeliestFirst, mappedFiles, openImage, parseMaps } from "./linux_maps.ts";
import { FileNames } from "./linux_file_names.ts";
import { foreignProgram } from "./linux_foreign.ts";
import type { Foreign } from "./linux_foreign.ts";
import { NamespaceIds } from "./linux_namespaces.ts";
import { explainDenied, explainMissing } from "./linux_permission.ts";
import { sleepNs } from "./linux_clock.ts";
import { ProcessorChoice } from "./linux_processor.ts";
import { linkOf, requireOwnProc, textOf } from "./linux_proc.ts";
import { isAlive, readStat } from "./linux_stat.ts";
import { ThreadStop } from "./linux_ptrace.ts";
import { QuietMachine } from "./linux_quiet.ts";
import { ThreadStates } from "./linux_threads.ts";
import type { RemoteProcess } from "./process.ts";
import { ProfilerError } from "../errors.ts";
import { RangeList } from "../memory.ts";
import type { Interruption, MomentRequest } from "../memory.ts";
import type { Address, Image, ThreadState } from "../types.ts";

/** `UIO_MAXIOV`: ranges in one call. */
const MAX_RANGES = 1024;
const MAX_IMAGES = 64;
/** `USER_HZ` is 100 on all of Linux's machines. */
const CLOCK_TICKS = 100;
/** How long a thread is waited for that did not stop in time, and how often it is looked at. Units: ms; ns. */
const SETTLE_LIMIT = 10;
const SETTLE_NAP = 20_000;

/**
 * Opens a process for reading.
 *
 * @throws ProfilerError `no_process` or `permission`, with the cause and a remedy.
 */
export function openLinuxProcess(pid: number): RemoteProcess {
  requireOwnProc();
  const procPid = `/proc/${pid}`;
  if (!isAlive(procPid)) throw explainMissing(pid);
  const process = new LinuxProcess(pid, procPid);
  for (let before = "";;) {
    const text = readMapsText(pid, procPid);
    const maps = parseMaps(text);
    const readable = maps.find((mapping) => mapping.permissions[0] === "r" && !mapping.path.startsWith("[v"));
    if (readable === undefined || process.readOne(readable.start, 8) !== undefined) return process;
    // A mapped page that no file backs any more cannot be read either; only a denied call says so of every page.
    if (maps.some((mapping) => process.readOne(mapping.start, 1) !== undefined)) return process;
    if (!isAlive(procPid)) throw endedError(pid);
    // A process that has started another program since (exec) has nothing any more where its old maps say.
    if (text === before) throw explainDenied(pid);
    before = text;
  }
}

function readMapsText(pid: number, procPid: string): string {
  try {
    return Deno.readTextFileSync(`${procPid}/maps`);
  } catch (error) {
    if (!isAlive(procPid)) throw endedError(pid);
    if (error instanceof Deno.errors.PermissionDenied) throw explainDenied(pid);
    throw new ProfilerError(
      "failure",
      `Cannot read the memory map of process ${pid}: ${(error as Error).message}`,
    );
  }
}

function endedError(pid: number): ProfilerError {
  return new ProfilerError("no_process", `Cannot read process ${pid}: it has ended`);
}

class LinuxProcess implements RemoteProcess {
  readonly pid: number;
  readonly #procPid: string;
  readonly #states: ThreadStates;
  readonly #quiet: QuietMachine;
  readonly #ids: NamespaceIds;
  readonly #fileNames: FileNames;
  readonly #processor: ProcessorChoice;
  readonly #stop: ThreadStop;
  #settling: ReturnType<typeof setInterval> | undefined;
  // One local range: the kernel fills it from all the remote ones in turn.
  readonly #local = new Uint32Array(4);
  #localBuffer: ArrayBuffer | undefined;
  #localAddress = 0;

  constructor(pid: number, procPid: string) {
    this.pid = pid;
    this.#procPid = procPid;
    this.#states = new ThreadStates(`${procPid}/task`);
    this.#quiet = new QuietMachine(procPid);
    this.#processor = new ProcessorChoice(`${procPid}/task`);
    this.#stop = new ThreadStop(pid);
    this.#fileNames = new FileNames(procPid);
    this.#ids = new NamespaceIds(procPid);
  }

  readv(ranges: RangeList, into: Uint8Array<ArrayBuffer>): number {
    if (this.#localBuffer !== into.buffer) {
      this.#localBuffer = into.buffer;
      this.#localAddress = addressOf(new Uint8Array(into.buffer));
    }
    let done = 0;
    for (let first = 0; first < ranges.count; first += MAX_RANGES) {
      const count = Math.min(MAX_RANGES, ranges.count - first);
      let length = ranges.byteLength;
      if (ranges.count > MAX_RANGES) {
        length = 0;
        for (let i = first; i < first + count; i++) length += ranges.lengthAt(i);
      }
      const address = this.#localAddress + into.byteOffset + done;
      const high = Math.floor(address / 0x1_0000_0000);
      this.#local[0] = address - high * 0x1_0000_0000;
      this.#local[1] = high;
      this.#local[2] = length;
      const words = first === 0 ? ranges.words : ranges.words.subarray(first * 4);
      const read = libc().process_vm_readv(this.pid, this.#local, 1, words, count, 0);
      if (read > 0) done += read;
      if (read !== length) break;
    }
    return done;
  }

  readOne(address: Address, length: number): Uint8Array<ArrayBuffer> | undefined {
    const ranges = new RangeList();
    ranges.push(address, length);
    const into = new Uint8Array(length);
    return this.readv(ranges, into) === length ? into : undefined;
  }

  command(): string[] {
    try {
      const text = Deno.readTextFileSync(`${this.#procPid}/cmdline`);
      return text.replace(/\0$/, "").split("\0");
    } catch {
      return [];
    }
  }

  executable(): string {
    return linkOf(`${this.#procPid}/exe`)?.replace(/ \(deleted\)$/, "") ?? "";
  }

  *images(): Iterable<Image> {
    const executable = this.executable();
    let text: string;
    try {
      text = Deno.readTextFileSync(`${this.#procPid}/maps`);
    } catch {
      return;
    }
    const files = likeliestFirst(mappedFiles(parseMaps(text)), executable).slice(0, MAX_IMAGES);
    const root = linkOf(`${this.#procPid}/root`) ?? "/";
    for (const file of files) {
      const readMemory = (address: Address, length: number) => this.readOne(address, length);
      const image = openImage(file, { procPid: this.#procPid, executable, root, readMemory });
      if (image !== undefined) yield image;
    }
  }

  foreign(): Foreign | undefined {
    try {
      const maps = parseMaps(Deno.readTextFileSync(`${this.#procPid}/maps`));
      const files = [this.executable(), ...new Set(maps.map(({ path }) => path))];
      return foreignProgram(files, readStart(`${this.#procPid}/exe`));
    } catch {
      return undefined;
    }
  }

  isAlive(): boolean {
    return isAlive(this.#procPid);
  }

  ageSeconds(): number {
    const stat = readStat(`${this.#procPid}/stat`);
    if (stat === undefined) return Infinity;
    // A container may have no such file.
    const uptime = Number(textOf("/proc/uptime")?.split(" ")[0] ?? Infinity);
    return uptime - stat.startTime / CLOCK_TICKS;
  }

  innerPid(): number | undefined {
    return this.#ids.innerPid();
  }

  hostThreadId(innerThreadId: number): number {
    return this.#ids.hostThreadId(innerThreadId);
  }

  threadOsName(osThreadId: number): string | undefined {
    try {
      const name = (id: number) => Deno.readTextFileSync(`${this.#procPid}/task/${id}/comm`).trimEnd();
      const own = name(osThreadId);
      return own === name(this.pid) ? undefined : own;
    } catch {
      return undefined;
    }
  }

  threadState(osThreadId: number): ThreadState | undefined {
    return this.#states.stateOf(osThreadId);
  }

  shortFileName(file: string): string {
    return this.#fileNames.shorten(file);
  }

  waitsFor(osThreadId: number): number {
    return this.#states.waitsFor(osThreadId);
  }

  forgetThread(osThreadId: number): void {
    this.#states.forget(osThreadId);
  }

  isQuiet(): boolean {
    return this.#quiet.isQuiet();
  }

  joinProcessor(osThreadId: number): boolean {
    return this.#processor.join(osThreadId);
  }

  visitProcessor(osThreadId: number): number {
    return this.#processor.visit(osThreadId);
  }

  get canInterrupt(): boolean {
    return this.#processor.canInterrupt;
  }

  interrupt(osThreadId: number, request: MomentRequest): Interruption {
    return this.#processor.interrupt(osThreadId, request);
  }

  restingCount(osThreadId: number): number {
    return this.#processor.restingCount(osThreadId);
  }

  runCount(osThreadId: number): number {
    return this.#processor.runCount(osThreadId);
  }

  leaveProcessor(): number {
    return this.#processor.leave();
  }

  cpuTime(osThreadId: number): number {
    return this.#states.cpuTime(osThreadId);
  }

  stopThread(osThreadId: number): boolean {
    return this.#stop.stop(osThreadId) === "stopped";
  }

  releaseThread(): number {
    this.#stop.release();
    for (const until = performance.now() + SETTLE_LIMIT; !this.#stop.settle();) {
      if (performance.now() > until) {
        this.#settleLater();
        break;
      }
      sleepNs(SETTLE_NAP);
    }
    return this.#stop.stoppedMs;
  }

  /** A thread will stop once the system call that it is in ends, however long that takes: then it must not wait for a tick. */
  #settleLater(): void {
    if (this.#settling !== undefined) return;
    this.#settling = setInterval(() => {
      if (this.#stop.settle()) this.#endSettling();
    }, 1);
    Deno.unrefTimer(this.#settling);
  }

  #endSettling(): void {
    clearInterval(this.#settling);
    this.#settling = undefined;
  }

  close(): void {
    // A thread that stops only after this must still be let go, as long as we live; later the kernel does it.
    if (this.#stop.close()) this.#endSettling();
    else this.#settleLater();
    this.#states.close();
    this.#quiet.close();
    this.#processor.close();
  }
}

/** The first bytes of a file. */
function readStart(path: string): Uint8Array | undefined {
  using file = Deno.openSync(path);
  const bytes = new Uint8Array(64);
  return file.readSync(bytes) === bytes.length ? bytes : undefined;
}
