/** What a program prints while the terminal is ours: kept, and passed on afterwards. */

/** What is kept at most: the end. Units: bytes. */
const MAX_KEPT = 1 << 20;
const BUFFER_SIZE = 1 << 18;

/** Reads a program's output all the time, so that it never waits for us. */
export class ChildOutput {
  readonly #file: Deno.FsFile;
  #chunks: Uint8Array[] = [];
  #size = 0;
  #dropped = 0;
  #write: ((bytes: Uint8Array) => void) | undefined;
  /** Resolves when the program has closed its output. */
  readonly ended: Promise<void>;

  constructor(file: Deno.FsFile) {
    this.#file = file;
    this.ended = this.#collect();
  }

  /** Bytes at the beginning that were not kept. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Passes on what was kept, and from now on all that comes. */
  passOn(write: (bytes: Uint8Array) => void): void {
    for (const chunk of this.#chunks) write(chunk);
    this.#chunks = [];
    this.#size = 0;
    this.#write = write;
  }

  async #collect(): Promise<void> {
    const buffer = new Uint8Array(BUFFER_SIZE);
    try {
      for (;;) {
        const count = await this.#file.read(buffer);
        if (count === null) break;
        this.#add(buffer.slice(0, count));
      }
    } catch {
      // What cannot be read is over.
    }
    this.#file.close();
  }

  #add(chunk: Uint8Array): void {
    if (this.#write !== undefined) return this.#write(chunk);
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    while (this.#size - this.#chunks[0]!.length >= MAX_KEPT) {
      const { length } = this.#chunks.shift()!;
      this.#size -= length;
      this.#dropped += length;
    }
  }
}
