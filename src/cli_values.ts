/** What stands behind options, from text. All throw InvalidArgumentError, whose message says what it must be. */
import { InvalidArgumentError } from "@commander-js/extra-typings";

const MAX_RATE = 1_000_000;

/** A process id, or text of a command line. */
export function parseProcess(text: string): number | string {
  if (text.trim() !== "" && !/^[-+.\d]/.test(text)) return text;
  const pid = /^(\d+|0x[0-9a-f]+)$/i.test(text) ? Number(text) : 0;
  if (pid < 1 || pid > 0x7fff_ffff) {
    throw new InvalidArgumentError("It must be a process id, such as 1234, or text of a command line.");
  }
  return pid;
}

/** Samples a second. */
export function parseRate(text: string): number {
  const rate = Number(text);
  if (text.trim() === "" || !(rate > 0 && rate <= MAX_RATE)) {
    throw new InvalidArgumentError(`It must be a number above 0 and up to ${MAX_RATE}, such as 100.`);
  }
  return rate;
}

/** After how many seconds, or bytes, the next file begins. */
export function parseRotation(text: string): { seconds: number } | { bytes: number } {
  const [, number, unit] = /^(\d{1,9}(?:\.\d{1,9})?)(kB|MB|GB)?$/.exec(text) ?? [];
  if (!(Number(number) > 0)) {
    throw new InvalidArgumentError("It must be seconds, such as 3600, or a size, such as 100MB.");
  }
  if (unit === undefined) return { seconds: Number(number) };
  return { bytes: Number(number) * { kB: 1e3, MB: 1e6, GB: 1e9 }[unit as "kB" | "MB" | "GB"] };
}

/** Seconds; undefined for no end. */
export function parseDuration(text: string): number | undefined {
  if (text === "unlimited") return undefined;
  const seconds = Number(text);
  if (text.trim() === "" || !(seconds > 0 && Number.isFinite(seconds))) {
    throw new InvalidArgumentError("It must be a number of seconds above 0, such as 30 or 2.5.");
  }
  return seconds;
}

/** Seconds between two refreshes. */
export function parseDelay(text: string): number {
  const seconds = Number(text);
  if (text.trim() === "" || !(seconds >= 0.05 && seconds <= 3600)) {
    throw new InvalidArgumentError("It must be a number of seconds from 0.05 to 3600, such as 1.");
  }
  return seconds;
}

/** A number of rows, or of functions. */
export function parseLimit(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) {
    throw new InvalidArgumentError("It must be a number above 0, such as 20.");
  }
  return Number(text);
}

/** The values of an option that may be given several times. */
export function collect(value: string, values: string[] | undefined): string[] {
  return [...values ?? [], value];
}
