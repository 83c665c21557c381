/** What the scheduler counts of a thread, in one line of three numbers. Source: proc_pid_schedstat(5). */

/** Three numbers of at most 20 digits. Units: bytes. */
export const SCHEDSTAT_SIZE = 64;
const ZERO = 0x30;

/** Times that the thread was put on a processor; NaN when unknown: kernels that do not count say "0 0 0". */
export function runCountIn(text: Uint8Array, length: number): number {
  let count = 0;
  // The last number; a line feed comes after it.
  for (let at = length - 2, place = 1; at >= 0 && text[at]! >= ZERO; at--, place *= 10) {
    count += (text[at]! - ZERO) * place;
  }
  return count === 0 ? NaN : count;
}
