/** One line of JSON a refresh, for scripts. */
import type { LiveProcess, LiveRow, LiveSpan, LiveThread } from "../../live_profile.ts";
import { Activity } from "../../types.ts";
import { shareOf, sortColumn } from "./entries.ts";
import { tickShares } from "./header.ts";
import type { TopState } from "./state.ts";
import type { TopView } from "./view.ts";

/** Times and shares of a row. Units: percent of the interval and of all the time; seconds since the start. */
export interface TopJsonCounts {
  own_percent: number;
  total_percent: number;
  own_percent_all: number;
  total_percent_all: number;
  own_seconds: number;
  total_seconds: number;
}

/** What threads were doing in the interval. Units: average numbers of threads. */
export interface TopJsonActivity {
  running_with_gil: number;
  running_native: number;
  waiting_for_gil: number;
  idle: number;
}

/** The document. `version` changes when a field goes or changes its meaning, not when one is added. */
export interface TopJson {
  schema: "pyspy-top";
  version: 1;
  /** ISO 8601, UTC. */
  time: string;
  process: { pid: number; command: string[]; python_version: string; uptime_seconds: number };
  /** Since the start. */
  sampling: {
    seconds: number;
    rate_hz: number;
    achieved_hz: number;
    ticks: number;
    samples: number;
    late: number;
    errors: number;
    missed: number;
    collecting_garbage: boolean;
  };
  interval: { seconds: number; ticks: number; samples: number; gil_percent: number };
  /** Null where only the GIL's holder is sampled. */
  activity: TopJsonActivity | null;
  functions?: (TopJsonCounts & { name: string; filename: string; short_filename: string; line: number })[];
  lines?: NonNullable<TopJson["functions"]>;
  threads?: (TopJsonActivity & {
    pid: number;
    os_thread_id: number | null;
    thread_id: number;
    thread_name: string | null;
    running_seconds: number;
    has_ended: boolean;
  })[];
  processes?: (TopJsonActivity & {
    pid: number;
    command: string[];
    threads: number;
    running_seconds: number;
    has_ended: boolean;
  })[];
}

/** Renders what is known as one line. Rows are those of the state's grouping, sorted by its column. */
export function renderTopJson(view: TopView, state: TopState, time: string): string {
  return JSON.stringify(toTopJson(view, state, time)) + "\n";
}

/** Converts what is known to its JSON document. */
export function toTopJson({ facts, snapshot }: TopView, state: TopState, time: string): TopJson {
  const { now, sum } = snapshot;
  return {
    schema: "pyspy-top",
    version: 1,
    time,
    process: {
      pid: facts.pid,
      command: [...facts.command],
      python_version: facts.pythonVersion,
      uptime_seconds: rounded(facts.uptimeSeconds),
    },
    sampling: {
      seconds: rounded(facts.elapsedSeconds),
      rate_hz: facts.rateHz,
      achieved_hz: rounded(tickShares(facts).achievedHz),
      ticks: facts.ticks,
      samples: facts.samples,
      late: facts.late,
      errors: facts.errors,
      missed: facts.missed,
      collecting_garbage: facts.isCollecting,
    },
    interval: {
      seconds: rounded(now.seconds),
      ticks: now.ticks,
      samples: now.samples,
      gil_percent: percent(now.gil, now),
    },
    activity: facts.selection === "gil" ? null : activityOf(now.activities, now),
    ...rowsOf(snapshot, state, { now, sum }),
  };
}

function rowsOf(
  snapshot: TopView["snapshot"],
  state: TopState,
  { now, sum }: { now: LiveSpan; sum: LiveSpan },
): Partial<TopJson> {
  const seconds = (count: number) => rounded(shareOf(count, sum) * sum.seconds);
  const running = (counts: readonly number[]) => counts[Activity.Gil]! + counts[Activity.Native]!;
  const byCode = (rows: readonly LiveRow[]) =>
    sorted(rows, state).map((row) => ({
      name: row.frame.name,
      filename: row.fullFile,
      short_filename: row.frame.file,
      line: row.frame.line > 0 ? row.frame.line : row.frame.firstLine,
      own_percent: percent(row.now.own, now),
      total_percent: percent(row.now.total, now),
      own_percent_all: percent(row.sum.own, sum),
      total_percent_all: percent(row.sum.total, sum),
      own_seconds: seconds(row.sum.own),
      total_seconds: seconds(row.sum.total),
    }));
  const byActivity = <T extends LiveThread | LiveProcess>(rows: readonly T[]) =>
    rows.toSorted((a, b) => running(b.now) - running(a.now) || running(b.sum) - running(a.sum) || a.id - b.id)
      .slice(0, state.limit);
  switch (state.grouping) {
    case "function":
      return { functions: byCode(snapshot.functions) };
    case "line":
      return { lines: byCode(snapshot.lines) };
    case "thread":
      return {
        threads: byActivity(snapshot.threads).map(({ info, activity, now: last, sum: all }) => ({
          pid: info.pid,
          os_thread_id: info.osThreadId > 0 ? info.osThreadId : null,
          thread_id: info.threadId,
          thread_name: info.name ?? info.osName ?? null,
          ...activityOf(last, now),
          running_seconds: seconds(running(all)),
          has_ended: activity === undefined,
        })),
      };
    case "process":
      return {
        processes: byActivity(snapshot.processes).map((
          { pid, command, threads, hasEnded, now: last, sum: all },
        ) => ({
          pid,
          command: [...command],
          threads,
          ...activityOf(last, now),
          running_seconds: seconds(running(all)),
          has_ended: hasEnded,
        })),
      };
  }
}

function sorted(rows: readonly LiveRow[], state: TopState): LiveRow[] {
  const { index, isTime } = sortColumn(state.sort);
  const field = index === 0 ? "own" : "total";
  const value = (row: LiveRow) => isTime ? row.sum[field] : row.now[field];
  return rows.toSorted((a, b) => value(b) - value(a) || b.sum.total - a.sum.total || a.id - b.id)
    .slice(0, state.limit);
}

function activityOf(counts: readonly number[], span: LiveSpan): TopJsonActivity {
  const average = (activity: Activity) => rounded(shareOf(counts[activity]!, span));
  return {
    running_with_gil: average(Activity.Gil),
    running_native: average(Activity.Native),
    waiting_for_gil: average(Activity.Waiting),
    idle: average(Activity.Idle),
  };
}

function percent(count: number, span: LiveSpan): number {
  return rounded(100 * shareOf(count, span));
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
