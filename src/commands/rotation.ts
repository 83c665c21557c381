/** `--rotate`: a long recording in several files, each whole in itself. */
import { ProfilerError } from "../errors.ts";
import { writeStderr } from "../output.ts";
import { terminalSafe } from "../render/escape.ts";
import { discardOutputs } from "./outputs.ts";
import type { PlannedOutput } from "./outputs.ts";

/** When to begin with new files. */
export type RotationLimit = { readonly seconds: number } | { readonly bytes: number };

/** Files are looked at so often where their size decides, unless `--checkpoint` says otherwise. Units: seconds. */
export const SIZE_INTERVAL = 60;

/** The files of the part that is being recorded, and the writing of the one before. */
export class Rotation {
  readonly #limit: RotationLimit | undefined;
  readonly #open: (number: number) => PlannedOutput[];
  #number = 1;
  #outputs: PlannedOutput[];
  #writing: Promise<void> | undefined;
  #isEnded = false;

  /** @param open opens the files of a part; throws what `openOutputs` does. */
  constructor(limit: RotationLimit | undefined, open: (number: number) => PlannedOutput[]) {
    this.#limit = limit;
    this.#open = open;
    this.#outputs = open(1);
  }

  get outputs(): readonly PlannedOutput[] {
    return this.#outputs;
  }

  /** Whether it is time for new files. Units: `elapsedSeconds` of this part; `size` of its largest file, in bytes. */
  isDue({ elapsedSeconds, size }: { elapsedSeconds: number; size: number }): boolean {
    if (this.#limit === undefined || this.#isEnded || this.#writing !== undefined) return false;
    return "seconds" in this.#limit ? elapsedSeconds >= this.#limit.seconds : size >= this.#limit.bytes;
  }

  /**
   * Goes on to the next files, and writes those before.
   *
   * @returns false when there can be no next ones: the recording goes on in those that are open.
   */
  next(write: (outputs: readonly PlannedOutput[]) => Promise<void>): boolean {
    const done = this.#outputs;
    try {
      this.#outputs = this.#open(this.#number + 1);
    } catch (error) {
      if (!(error instanceof ProfilerError)) throw error;
      writeStderr(`Warning: the recording goes on in one file: ${terminalSafe(error.message)}\n`);
      this.#isEnded = true;
      return false;
    }
    this.#number++;
    this.#writing = write(done).finally(() => {
      this.#writing = undefined;
    });
    return true;
  }

  /** Waits for files that are being written. */
  async settle(): Promise<void> {
    await this.#writing;
  }

  discard(): void {
    discardOutputs(this.#outputs);
  }
}
