/** Writing the files of a recording that goes on: every so often (`--checkpoint`), and when SIGUSR1 asks for it. */
import { ProfilerError } from "../errors.ts";
import { writeStderr } from "../output.ts";
import type { Profile } from "../profile.ts";
import { terminalSafe } from "../render/escape.ts";
import { renderAs } from "./formats.ts";
import type { PlannedOutput } from "./outputs.ts";

/** What is written may keep the recording from sampling for this part of the time at most. */
const LARGEST_SHARE = 1 / 20;

/** How to write. */
export interface CheckpointOptions {
  /** The files of the part that is being recorded. */
  readonly outputs: () => readonly PlannedOutput[];
  readonly threads: boolean;
  /** Units: seconds; undefined for never, unless it is asked for. */
  readonly everySeconds: number | undefined;
  /** The profile of what has been recorded until now. */
  readonly profile: (elapsedSeconds: number) => Profile;
}

/**
 * Listens for SIGUSR1 from its creation until `close`. Files are rendered one by one, and sampling goes on between them.
 */
export class Checkpoints {
  readonly #options: CheckpointOptions;
  readonly #listener = () => {
    this.#isWanted = true;
  };
  #isWanted = false;
  #nextMs: number | undefined;
  #running: Promise<void> | undefined;
  #count = 0;
  #longestMs = 0;
  #hasFailed = false;
  /** Of the files that were written last. Units: bytes. */
  largestSize = 0;

  constructor(options: CheckpointOptions) {
    this.#options = options;
    Deno.addSignalListener("SIGUSR1", this.#listener);
  }

  get isWriting(): boolean {
    return this.#running !== undefined;
  }

  /** To be called after each tick. Units: ms of the clock. */
  onTick({ nowMs, startMs }: { nowMs: number; startMs: number }): void {
    const { everySeconds } = this.#options;
    this.#nextMs ??= everySeconds === undefined ? Infinity : startMs + everySeconds * 1000;
    if (this.#running !== undefined || !this.#isWanted && nowMs < this.#nextMs) return;
    this.#isWanted = false;
    this.#running = this.#write((nowMs - startMs) / 1000).then((tookMs) => {
      this.#running = undefined;
      const next = Math.max((everySeconds ?? Infinity) * 1000, tookMs / LARGEST_SHARE);
      this.#nextMs = nowMs + next;
    });
  }

  /** Waits for what is being written. @returns a line about all that was. */
  async close(): Promise<string> {
    Deno.removeSignalListener("SIGUSR1", this.#listener);
    await this.#running;
    if (this.#count === 0) return "";
    const times = this.#count === 1 ? "once" : `${this.#count} times`;
    return `Files were written ${times} while recording; sampling stood still for up to ${
      this.#longestMs.toFixed(0)
    } ms\n`;
  }

  /** @returns for how long sampling stood still. Units: ms. */
  async #write(elapsedSeconds: number): Promise<number> {
    let total = 0;
    let largest = 0;
    const measured = <T>(work: () => T): T => {
      const start = performance.now();
      try {
        return work();
      } finally {
        const took = performance.now() - start;
        this.#longestMs = Math.max(this.#longestMs, took);
        total += took;
      }
    };
    try {
      const profile = measured(() => this.#options.profile(elapsedSeconds));
      for (const { output, format } of this.#options.outputs()) {
        // The schedule has its turn; so does a renderer's module that is being loaded.
        await new Promise((resolve) => setTimeout(resolve));
        const start = performance.now();
        const content = await renderAs(format, profile, { threads: this.#options.threads });
        // Of an asynchronous renderer this is too much: it includes ticks.
        const took = performance.now() - start;
        this.#longestMs = Math.max(this.#longestMs, took);
        total += took;
        measured(() => output.replace?.(content));
        largest = Math.max(largest, content.length);
      }
      this.largestSize = largest;
      this.#count++;
    } catch (error) {
      // The recording is what matters; at its end all is written again.
      if (!this.#hasFailed) {
        const reason = error instanceof ProfilerError ? error.message : String(error);
        writeStderr(`Warning: a file could not be written while recording: ${terminalSafe(reason)}\n`);
      }
      this.#hasFailed = true;
    }
    return total;
  }
}
