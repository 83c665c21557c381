/**
 * Sleeping until a time, with the next time known: its alarm is set while that of the earlier one still stands, so that it
 * is the kernel's interrupt which turns the processor's timer to it and not we. On virtual machines that costs 10
 * microseconds, as much as all else of falling asleep and waking up.
 *
 * Source: timerfd_create(2).
 */
import { CLOCK_MONOTONIC } from "./linux_clock.ts";
import { libc } from "./linux_libc.ts";

const TFD_CLOEXEC = 0x80000;
const TFD_TIMER_ABSTIME = 1;

/** Two alarms. Units: ms of the monotonic clock. */
export class Alarms {
  readonly #files: readonly number[];
  /** What each is set to. */
  readonly #times = [NaN, NaN];
  /** A `struct itimerspec`: how often, which stays 0, and when; each in seconds and nanoseconds. */
  readonly #setting = new Uint32Array(8);
  readonly #settingBytes = new Uint8Array(this.#setting.buffer);
  readonly #expirations = new Uint8Array(8);

  constructor() {
    this.#files = this.#times.map(() => libc().timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
  }

  /**
   * Sleeps until a time, which `next` of the last call may have named.
   *
   * @returns false, at once, where there are no alarms.
   */
  sleepUntil(time: number, next: number): boolean {
    const index = this.#times[1] === time ? 1 : 0;
    if (this.#times[index] !== time && !this.#set(index, time)) return false;
    if (!this.#set(1 - index, next)) return false;
    this.#times[index] = NaN;
    return libc().read(this.#files[index]!, this.#expirations, 8) === 8;
  }

  close(): void {
    for (const file of this.#files) if (file >= 0) libc().close(file);
  }

  #set(index: number, time: number): boolean {
    const seconds = Math.floor(time / 1000);
    this.#setting[4] = seconds;
    this.#setting[6] = (time - seconds * 1000) * 1e6;
    this.#times[index] = time;
    return libc().timerfd_settime(this.#files[index]!, TFD_TIMER_ABSTIME, this.#settingBytes, 0) === 0;
  }
}
