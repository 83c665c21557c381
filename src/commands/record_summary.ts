/** What `record` says on stderr once sampling has ended. */
import type { Profile } from "../profile.ts";
import type { RecordingSession } from "../recording_session.ts";
import { terminalSafe } from "../render/escape.ts";
import { renderStats } from "../render/stats.ts";
import type { ReadingStats } from "../render/stats.ts";
import { renderHottest } from "../render/summary.ts";
import { formatAmount, formatPercent } from "../render/numbers.ts";
import type { SampleTimes } from "../sampler.ts";
import type { StackReader } from "../stack_reader.ts";
import type { Selection } from "../thread_choice.ts";

const HOTTEST_LIMIT = 10;
/** By `Activity`. */
const ACTIVITY_TEXTS = ["with the GIL", "native without it", "waiting for it", "idle"];
const FREE_THREADED_TEXTS = ["running Python", "native", "waiting for others", "idle"];

/** The hottest functions, and how many samples there are of what quality. */
export function summaryOf(profile: Profile, selection: Selection): string {
  const { info } = profile;
  const achieved = info.durationSeconds > 0 ? info.ticks / info.durationSeconds : 0;
  const total = profile.stacks.reduce((sum, { count }) => sum + count, 0);
  const cutShare = total > 0 ? ` (${(100 * info.cut / total).toFixed(1)} %)` : "";
  const cut = info.unit === "cpu_us" ? formatAmount(info.cut, info) : String(info.cut);
  const counts =
    `${info.samples} samples, ${info.errors} errors, ${info.late} late, ${info.missed} missed, ` +
    `${cut} cut${cutShare}; ${info.durationSeconds.toFixed(2)} s at ${
      achieved.toFixed(1)
    } of ${info.rateHz} Hz\n`;
  const notes = (info.notes ?? []).map((note) => `${terminalSafe(note)}\n`).join("");
  if (info.notes !== undefined && info.samples === 0) return `${notes}No samples are left.\n${counts}`;
  if (info.samples > 0) return `\n${notes}${renderHottest(profile, { limit: HOTTEST_LIMIT })}\n${counts}`;
  const hint = selection === "active"
    ? "No thread of the program was running when it was sampled; -i includes idle threads.\n"
    : selection === "gil"
    ? "No thread held the GIL, or without one ran Python code, when the program was sampled.\n"
    : "The program ran no Python code when it was sampled.\n";
  return hint + counts;
}

/** What the threads were doing, idle ones included, as shares of the time of all of them. */
export function activityLine({ counters: { activities }, processes }: RecordingSession): string {
  const texts = processes.some(({ freeThreaded }) => freeThreaded) ? FREE_THREADED_TEXTS : ACTIVITY_TEXTS;
  const total = activities.reduce((sum, count) => sum + count, 0);
  if (total === 0) return "";
  const shares = texts.map((text, i) => `${formatPercent(activities[i]!, total)} ${text}`);
  return `Threads: ${shares.join(", ")}\n`;
}

function readersOf({ processes }: RecordingSession): StackReader[] {
  return processes.flatMap(({ readers }) => readers);
}

/** Samples that `--blocking` did not make exact: another tracer may hold the thread, or it had no processor to stop on. */
export function unstoppedLine(session: RecordingSession): string {
  const unstopped = readersOf(session).reduce((sum, { counters }) => sum + counters.unstopped, 0);
  return unstopped === 0
    ? ""
    : `Taken without stopping the thread, which did not stop in time: ${unstopped}\n`;
}

/** How reading went, in numbers. */
export function statsOf(
  session: RecordingSession,
  times: SampleTimes,
  usage: { readonly cpuMs: number; readonly systemCalls: number },
): string {
  const sum = (of: (counters: StackReader["counters"]) => number) =>
    readersOf(session).reduce((total, { counters }) => total + of(counters), 0);
  const stats: ReadingStats = {
    ticks: session.counters.ticks,
    durationSeconds: session.elapsedSeconds,
    systemCalls: usage.systemCalls,
    calls: sum(({ calls }) => calls),
    misses: sum(({ misses }) => misses),
    stale: sum(({ stale }) => stale),
    relists: sum(({ relists }) => relists),
    sights: session.counters.sights,
    rereads: session.counters.rereads,
    paused: session.counters.paused,
    failed: session.counters.errors,
    readTime: times.read,
    pauseTime: times.pause,
    cpuMs: usage.cpuMs,
  };
  return renderStats(stats);
}
