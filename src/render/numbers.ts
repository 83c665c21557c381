/** Counts, shares and times as people read them, the same in every text that is rendered. */
import type { RecordingInfo } from "../profile.ts";

/** A count with thousands separators: `12,345`. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A share with one decimal: `12.3 %`; a share that would read as zero although it is not is `<0.1 %`. */
export function formatPercent(part: number, whole: number): string {
  if (whole <= 0) return "0.0 %";
  const percent = 100 * part / whole;
  return percent > 0 && percent < 0.05 ? "<0.1 %" : `${percent.toFixed(1)} %`;
}

/** A count of a profile: `120 samples`, or with CPU time as its unit `1.20 s of CPU`. */
export function formatAmount(count: number, info: RecordingInfo): string {
  if (info.unit === "cpu_us") return `${formatSeconds(count * 1e-6)} of CPU`;
  if (info.unit === "wall_us") return formatSeconds(count * 1e-6);
  return `${formatCount(count)} ${count === 1 ? "sample" : "samples"}`;
}

/** A time in the unit that suits it: `154 s`, `12.3 s`, `1.23 s`, `45 ms`. Units: seconds. */
export function formatSeconds(seconds: number): string {
  if (seconds >= 100) return `${formatCount(Math.round(seconds))} s`;
  if (seconds >= 10) return `${seconds.toFixed(1)} s`;
  if (seconds >= 1) return `${seconds.toFixed(2)} s`;
  const milliseconds = seconds * 1000;
  return milliseconds >= 10 || milliseconds === 0
    ? `${milliseconds.toFixed(0)} ms`
    : `${milliseconds.toFixed(1)} ms`;
}

/** What a count of one stands for. For a sample, the time between two ticks as it was, not as asked for. Units: seconds. */
export function secondsPerCount(info: RecordingInfo): number {
  if (info.unit === "cpu_us" || info.unit === "wall_us") return 1e-6;
  if (info.ticks > 0 && info.durationSeconds > 0) return info.durationSeconds / info.ticks;
  return info.rateHz > 0 ? 1 / info.rateHz : 0;
}

/** Order of two strings by code units: the same on every machine, whatever its locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
