/** The rows of the table: chosen, sorted, filtered, with the callers of expanded ones below them. */
import type {
  LiveCaller,
  LiveProcess,
  LiveRow,
  LiveSnapshot,
  LiveSpan,
  LiveThread,
} from "../../live_profile.ts";
import type { Frame } from "../../types.ts";
import { terminalSafe } from "../escape.ts";
import { frameKind } from "../frame_kind.ts";
import type { FrameKind } from "../frame_kind.ts";
import { compareText } from "../numbers.ts";
import { commandText } from "./command.ts";
import type { SortKey, TopState } from "./state.ts";
import type { TopView } from "./view.ts";

/** A row. Shape: counts are [own, total], of threads [running, waiting for the GIL]. */
export interface Entry {
  /** The same in each refresh; of callers, with those of the rows above. */
  readonly key: string;
  readonly depth: number;
  readonly name: string;
  /** Where it is: file and line. */
  readonly place: string;
  readonly kind: FrameKind;
  /** Undefined where it is not known. Units: samples. */
  readonly now: readonly (number | undefined)[];
  readonly sum: readonly (number | undefined)[];
  readonly trend: () => readonly number[];
  readonly canExpand: boolean;
  readonly isExpanded: boolean;
}

const NO_TREND = () => [];
const ACTIVITY_WORDS = ["running, GIL", "running, native", "waiting for the GIL", "idle"];

/** Rows with something in them, the largest first. */
export function entriesOf(view: TopView, state: TopState): Entry[] {
  const entries = allEntries(view.snapshot, state);
  const wanted = state.filter.toLowerCase();
  const chosen = wanted === ""
    ? entries
    : entries.filter(({ name, place }) => `${name} (${place})`.toLowerCase().includes(wanted));
  const sorted = chosen.sort(comparison(state));
  const limited = state.limit === undefined ? sorted : sorted.slice(0, state.limit);
  return limited.flatMap((entry) => withCallers(entry, view, state));
}

/** Share of the time for a count of samples. */
export function shareOf(count: number, span: LiveSpan): number {
  return span.ticks > 0 ? count / span.ticks : 0;
}

/** The number by which a row is sorted, and which of its two counts that is. */
export function sortColumn(sort: SortKey): { index: 0 | 1; isTime: boolean } {
  return { index: sort === "own" || sort === "own_time" ? 0 : 1, isTime: sort.endsWith("_time") };
}

function comparison(state: TopState): (a: Entry, b: Entry) => number {
  const { index, isTime } = sortColumn(state.sort);
  const isOfSum = isTime || state.isCumulative;
  const first = ({ now, sum }: Entry) => (isOfSum ? sum : now)[index] ?? 0;
  const second = ({ now, sum }: Entry) => (isOfSum ? sum : now)[1 - index] ?? 0;
  return (a, b) => first(b) - first(a) || second(b) - second(a) || (b.sum[index] ?? 0) - (a.sum[index] ?? 0);
}

function allEntries(snapshot: LiveSnapshot, state: TopState): Entry[] {
  const { index } = sortColumn(state.sort);
  switch (state.grouping) {
    case "function":
      return snapshot.functions.map((row) => rowEntry(row, "f", { index, state }));
    case "line":
      return snapshot.lines.map((row) => rowEntry(row, "l", { index, state }));
    case "thread":
      return snapshot.threads.map(threadEntry);
    case "process":
      return snapshot.processes.map(processEntry);
  }
}

function rowEntry(
  row: LiveRow,
  prefix: string,
  { index, state }: { index: 0 | 1; state: TopState },
): Entry {
  const key = `${prefix}${row.id}`;
  return {
    key,
    depth: 0,
    ...shownAs(row.frame, row.fullFile),
    now: [row.now.own, row.now.total],
    sum: [row.sum.own, row.sum.total],
    trend: index === 0 ? row.ownTrend : row.totalTrend,
    canExpand: true,
    isExpanded: state.expanded.has(key),
  };
}

/** What is shown of a frame stays the same, and there may be thousands at each refresh. */
const known = new WeakMap<Frame, Pick<Entry, "name" | "place" | "kind">>();

function shownAs(frame: Frame, fullFile: string): Pick<Entry, "name" | "place" | "kind"> {
  let shown = known.get(frame);
  if (shown === undefined) {
    shown = { ...namesOf(frame), kind: frameKind(frame, fullFile) };
    known.set(frame, shown);
  }
  return shown;
}

function namesOf(frame: Frame): { name: string; place: string } {
  const line = frame.line > 0 ? `:${frame.line}` : frame.firstLine > 0 ? `:${frame.firstLine}` : "";
  return {
    name: terminalSafe(frame.name),
    place: frame.file === "" ? "" : `${terminalSafe(frame.file)}${line}`,
  };
}

function threadEntry({ id, info, activity, now, sum, trend }: LiveThread): Entry {
  const name = info.name ?? info.osName;
  const tid = info.osThreadId > 0 ? `${info.osThreadId}` : `0x${info.threadId.toString(16).toUpperCase()}`;
  return {
    key: `t${id}`,
    depth: 0,
    name: name === undefined ? tid : terminalSafe(name),
    place: `${name === undefined ? "" : `${tid}, `}${
      activity === undefined ? "ended" : ACTIVITY_WORDS[activity]
    }`,
    kind: "user",
    ...activityCounts(now, sum),
    trend: () => trend,
    canExpand: activity !== undefined,
    isExpanded: false,
  };
}

function processEntry({ id, pid, command, hasEnded, threads, now, sum, trend }: LiveProcess): Entry {
  return {
    key: `p${id}`,
    depth: 0,
    name: `${pid} (${hasEnded ? "ended" : `${threads} ${threads === 1 ? "thread" : "threads"}`}): ${
      commandText(command)
    }`,
    place: "",
    kind: "user",
    ...activityCounts(now, sum),
    trend: () => trend,
    canExpand: false,
    isExpanded: false,
  };
}

/** [running, waiting for the GIL], from counts by `Activity`. */
function activityCounts(
  now: readonly number[],
  sum: readonly number[],
): { now: number[]; sum: number[] } {
  const both = ([gil = 0, native = 0, waiting = 0]: readonly number[]) => [gil + native, waiting];
  return { now: both(now), sum: both(sum) };
}

function withCallers(entry: Entry, view: TopView, state: TopState): Entry[] {
  if (!entry.isExpanded) return [entry];
  return [entry, ...callerEntries(view.callers.get(entry.key) ?? [], entry, state)];
}

function callerEntries(callers: readonly LiveCaller[], below: Entry, state: TopState): Entry[] {
  const count = ({ now, sum }: LiveCaller) => state.isCumulative || state.sort.endsWith("_time") ? sum : now;
  return [...callers].sort((a, b) =>
    count(b) - count(a) || b.sum - a.sum || compareText(a.frame.name, b.frame.name)
  )
    .flatMap((caller) => {
      const names = shownAs(caller.frame, caller.fullFile);
      const key = `${below.key}/${names.name} ${names.place}`;
      const entry: Entry = {
        key,
        depth: below.depth + 1,
        ...names,
        now: [undefined, caller.now],
        sum: [undefined, caller.sum],
        trend: NO_TREND,
        canExpand: caller.callers.length > 0,
        isExpanded: caller.callers.length > 0 && state.expanded.has(key),
      };
      return entry.isExpanded ? [entry, ...callerEntries(caller.callers, entry, state)] : [entry];
    });
}
