/** Long texts as bytes: one string of more than half a billion characters cannot be made. */

import { ProfilerError } from "../errors.ts";

/** Characters that are encoded at once. */
const CHUNK = 1 << 20;
/** Nothing opens larger files, and memory would not do for them. Units: bytes. */
const MAX_BYTES = 1_000_000_000;

/**
 * Collects pieces of text; the bytes are taken at the end.
 *
 * @throws ProfilerError from `push`, when it is more than a gigabyte.
 */
export class TextBytes {
  #pending: string[] = [];
  #length = 0;
  readonly #chunks: Uint8Array[] = [];
  #total = 0;
  readonly #encoder = new TextEncoder();

  push(text: string): void {
    this.#pending.push(text);
    this.#length += text.length;
    if (this.#length >= CHUNK) this.#flush();
  }

  /** Pieces with commas between them. */
  pushList(pieces: Iterable<string>): void {
    let separator = "";
    for (const piece of pieces) {
      this.push(separator + piece);
      separator = ",";
    }
  }

  bytes(): Uint8Array {
    this.#flush();
    const bytes = new Uint8Array(this.#total);
    let at = 0;
    for (const chunk of this.#chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return bytes;
  }

  #flush(): void {
    const chunk = this.#encoder.encode(this.#pending.join(""));
    this.#pending = [];
    this.#length = 0;
    this.#chunks.push(chunk);
    this.#total += chunk.length;
    if (this.#total <= MAX_BYTES) return;
    throw new ProfilerError(
      "failure",
      "Cannot write this format: it would be larger than 1 GB",
      "another format, such as json or pprof, or fewer samples (-r, -d)",
    );
  }
}
