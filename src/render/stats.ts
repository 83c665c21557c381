/** How reading went, for `record --stats`. */
import { formatCount, formatPercent } from "./numbers.ts";

/** Percentiles of durations. Units: ms. */
export interface Durations {
  readonly count: number;
  readonly sum: number;
  readonly longest: number;
  percentile(share: number): number;
}

/** What a recording did to get its samples. Units: ms. */
export interface ReadingStats {
  readonly ticks: number;
  readonly durationSeconds: number;
  readonly systemCalls: number;
  /** Vectored reads of many ranges; frames and places on the C stack that had to be read on their own. */
  readonly calls: number;
  readonly misses: number;
  /** Calls made again since memory had gone, and lists of threads that were read anew. */
  readonly stale: number;
  readonly relists: number;
  /** First looks at a thread: without Python code, that led nowhere, to no code, to an unknown path, to a known one. */
  readonly sights: readonly number[];
  /** Further reads of stacks that were torn or new. */
  readonly rereads: number;
  /** Ticks at which a thread of the target waited for us, or was stopped. */
  readonly paused: number;
  /** Ticks at which the target could not be read, and could again later: it has executed another program. */
  readonly failed: number;
  readonly readTime: Durations;
  readonly pauseTime: Durations;
  readonly cpuMs: number;
}

/** Renders one fact a line. */
export function renderStats(stats: ReadingStats): string {
  const { ticks, calls, misses } = stats;
  const [empty = 0, lost = 0, partial = 0, unproven = 0, whole = 0] = stats.sights;
  const looks = empty + lost + partial + unproven + whole;
  const each = (count: number) => ticks > 0 ? (count / ticks).toFixed(2) : "0";
  const total = stats.durationSeconds * 1000;
  const lines = [
    `System calls: ${each(stats.systemCalls)} a tick, with ${each(calls)} vectored reads`,
    `Frames not read in advance: ${formatCount(misses)}, ${each(misses)} a tick`,
    `Reads made again: ${formatCount(stats.stale)} where memory had gone, ` +
    `${formatCount(stats.relists)} of the lists of threads, ${
      formatCount(stats.rereads)
    } of stacks that were torn or new`,
    `Looks: ${formatCount(looks)}; ${formatPercent(whole, looks)} showed a proven path at once, ` +
    `${formatPercent(unproven, looks)} one that was torn or new, ` +
    `${formatPercent(lost + partial, looks)} led nowhere, ${formatPercent(empty, looks)} no Python code`,
    `Read while the thread could not run: ${formatPercent(stats.paused, ticks)} of the ticks`,
    `Time of a read: ${durations(stats.readTime)}`,
    `Time that the target waited, or was interrupted or stopped: ${durations(stats.pauseTime)}; ` +
    `${formatPercent(stats.pauseTime.sum, total)} of all`,
    `CPU used by pyspy: ${(stats.cpuMs / 1000).toFixed(2)} s, ${
      formatPercent(stats.cpuMs, total)
    } of a core, ` +
    `${ticks > 0 ? (1000 * stats.cpuMs / ticks).toFixed(1) : "0"} µs a tick`,
  ];
  if (stats.failed > 0) {
    lines.push(`Ticks that failed while the process executed another program: ${formatCount(stats.failed)}`);
  }
  return lines.join("\n") + "\n";
}

function durations(times: Durations): string {
  if (times.count === 0) return "none";
  const micros = (ms: number) => `${(1000 * ms).toFixed(1)} µs`;
  return `median ${micros(times.percentile(0.5))}, 90 % ${micros(times.percentile(0.9))}, ` +
    `99 % ${micros(times.percentile(0.99))}, longest ${micros(times.longest)}`;
}
