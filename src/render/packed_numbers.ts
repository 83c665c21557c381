/** Numbers as short text: what `numberReader` in svg_client/unpack.js reads. */

const DIGITS = new TextEncoder().encode("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

/** Most digits a number takes: five bits each, up to 2 ** 53. */
const MOST_DIGITS = 11;

/** Writes numbers one after the other, five bits a digit. */
export class NumberWriter {
  #bytes = new Uint8Array(4096);
  #length = 0;

  /** Writes a non-negative safe integer. */
  add(value: number): void {
    if (this.#length + MOST_DIGITS > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#bytes.length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    let rest = value;
    for (; rest >= 32; rest = Math.floor(rest / 32)) this.#bytes[this.#length++] = DIGITS[32 + rest % 32]!;
    this.#bytes[this.#length++] = DIGITS[rest]!;
  }

  /** Writes a safe integer below 2 ** 52 with its sign. */
  addSigned(value: number): void {
    this.add(value < 0 ? -2 * value - 1 : 2 * value);
  }

  text(): string {
    return new TextDecoder().decode(this.#bytes.subarray(0, this.#length));
  }
}
