/** The line on stderr that shows how a recording goes; only on a terminal. */
import { isStderrTerminal, writeStderr } from "../output.ts";
import type { SampleCounters } from "../types.ts";

const REFRESH_INTERVAL = 250;

/** Shows time, samples, achieved rate and errors on one line that is overwritten. */
export class Progress {
  readonly #isShown = isStderrTerminal();
  readonly #durationSeconds: number | undefined;
  #last = 0;

  constructor(durationSeconds: number | undefined) {
    this.#durationSeconds = durationSeconds;
  }

  show({ nowMs, startMs, counters }: { nowMs: number; startMs: number; counters: SampleCounters }): void {
    if (!this.#isShown || nowMs - this.#last < REFRESH_INTERVAL) return;
    this.#last = nowMs;
    const seconds = (nowMs - startMs) / 1000;
    const time = this.#durationSeconds === undefined
      ? `${seconds.toFixed(1)} s`
      : `${seconds.toFixed(1)} of ${this.#durationSeconds} s`;
    const rate = (counters.ticks / Math.max(seconds, 0.001)).toFixed(1);
    writeStderr(
      `\r\x1b[K${time}  ${counters.samples} samples  ${rate} Hz  ${counters.errors} errors  ` +
        `${counters.late} late  ${counters.missed} missed`,
    );
  }

  clear(): void {
    if (this.#isShown && this.#last > 0) writeStderr("\r\x1b[K");
  }
}
