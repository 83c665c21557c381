/** Programs whose threads count in their memory, so that a test sees from outside whether they move. */
import assert from "node:assert/strict";
import { openProcess } from "../../src/ffi/mod.ts";
import { MemoryReader } from "../../src/memory.ts";
import { liveCommand, python, startReady } from "./programs.ts";
import type { Running } from "./programs.ts";

/** How long something that will happen is waited for. Units: ms. */
export const PATIENCE_MS = 20_000;
/** For how long a thread is watched that must not move. Units: ms. */
export const WATCH_MS = 30;

/** Lets time pass in which something must not happen. Units: ms. */
export const passTime = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Waits for something that depends on other processes. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!isSo()) {
    assert.ok(performance.now() < end, `never came true: ${what}`);
    await passTime(2);
  }
}

/** The letter of a thread's state; "" once it is gone. */
export function stateOf(tid: number): string {
  try {
    return /^State:\s+(\w)/m.exec(Deno.readTextFileSync(`/proc/${tid}/status`))?.[1] ?? "";
  } catch {
    return "";
  }
}

/** The process that traces a thread; 0 for none. */
export function tracerOf(tid: number): number {
  return Number(/^TracerPid:\s+(\d+)/m.exec(Deno.readTextFileSync(`/proc/${tid}/status`))?.[1]);
}

/** A running counts.py, or another program that counts. */
export interface Counting extends AsyncDisposable {
  readonly pid: number;
  /** For counts.py: the thread that waits for the end of stdin. */
  readonly waitingTid: number;
  /** Rounds of the main thread. */
  rounds(): number;
  /** Runs of the handler of SIGUSR1. */
  signals(): number;
  /** Checks that the main thread goes round. */
  assertMoves(): Promise<void>;
  /** Checks that it does not. */
  assertStands(): Promise<void>;
}

/** A program that has printed where it counts. */
export function counting(pid: number, firstLine: string): Counting {
  const [address, waitingTid] = firstLine.split(" ").slice(1).map(Number);
  const process = openProcess(pid);
  const memory = new MemoryReader(process);
  const counter = (index: number) => {
    const value = memory.pointer(address! + 8 * index);
    assert.ok(value !== undefined, "the counter cannot be read");
    return value;
  };
  const rounds = () => counter(0);
  return {
    pid,
    waitingTid: waitingTid!,
    rounds,
    signals: () => counter(1),
    async assertMoves() {
      const before = rounds();
      await until(() => rounds() !== before, "the thread goes on");
    },
    async assertStands() {
      const before = rounds();
      await passTime(WATCH_MS);
      assert.equal(rounds(), before, "the thread did not stand still");
    },
    [Symbol.asyncDispose]: () => Promise.resolve(process.close()),
  };
}

/** Starts counts.py; `below` is a shell command that has it as a child, so that it is not ours. */
export async function startCounts(below?: string): Promise<Counting & { readonly program: Running }> {
  const command = await liveCommand(python!, "counts.py");
  const program = await startReady(below === undefined ? command : ["sh", "-c", below, "sh", ...command]);
  const children = () => Deno.readTextFileSync(`/proc/${program.pid}/task/${program.pid}/children`).trim();
  const counts = counting(below === undefined ? program.pid : Number(children()), program.firstLine);
  return { ...counts, program, [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() };
}
