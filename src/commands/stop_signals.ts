/** Ctrl-C, SIGTERM and SIGHUP: the first ends the recording, which is then written; a second one ends the waiting. */
import process from "node:process";
import type { launch } from "../launch.ts";

type Signal = "SIGINT" | "SIGTERM" | "SIGHUP";
const SIGNALS: readonly Signal[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** Listens from its creation until `close`. */
export class StopSignals {
  isStopped = false;
  isAborted = false;
  #child: ReturnType<typeof launch> | undefined;
  readonly #listeners = SIGNALS.map((signal) => ({ signal, listener: () => this.#receive(signal) }));

  constructor() {
    for (const { signal, listener } of this.#listeners) Deno.addSignalListener(signal, listener);
  }

  /** From now on a program that we started gets the signals that only we got. */
  forwardTo(child: ReturnType<typeof launch>): void {
    this.#child = child;
  }

  close(): void {
    for (const { signal, listener } of this.#listeners) Deno.removeSignalListener(signal, listener);
  }

  #receive(signal: Signal): void {
    this.isAborted = this.isStopped;
    this.isStopped = true;
    // Ctrl-C on a terminal goes to the program as well, by itself.
    const isFromTerminal = signal === "SIGINT" && process.stdin.isTTY === true;
    if (!isFromTerminal) this.#child?.signal(signal);
  }
}
