/**
 * Counts samples for a live view, beside the recording: what was seen in the last interval, and since the start.
 *
 * A tick only notes where its samples ended. Once an interval its distinct ends, some dozens mostly, are followed to their
 * roots: that takes less than a tick, so sampling goes on in time.
 */
import { CallerTree } from "./live_callers.ts";
import { PathRows } from "./live_paths.ts";
import type { PlaceRows, ShownPath } from "./live_paths.ts";
import type { LiveCaller, LiveSnapshot, LiveSpan } from "./live_profile.ts";
import { RowTable } from "./live_rows.ts";
import type { CountedRow } from "./live_rows.ts";
import { ThreadAccounts } from "./live_threads.ts";
import type { WatchedProcess } from "./live_threads.ts";
import type { CallNode } from "./call_node.ts";
import { NOT_CODE } from "./cpython/code_table.ts";
import type { Recording } from "./recording.ts";
import type { SampleListener } from "./sampler.ts";
import type { Sighting } from "./sighting.ts";
import type { ReadThread } from "./thread_table.ts";
import { Activity } from "./types.ts";
import type { SampleCounters } from "./types.ts";

/** Samples that were not proven when their interval ended are looked at again; so many distinct ones at most. */
const MAX_PENDING = 2000;

/** What rows stand for. */
export type RowKind = "function" | "line";

/** A process that is watched, and what is known of its files. */
export interface LiveSource extends WatchedProcess {
  shortName(file: string): string;
}

/** Where samples ended: a path, and the place in its innermost function. */
interface End {
  readonly rows: PathRows;
  readonly node: CallNode;
  readonly leafOffset: number;
  /** Samples of the interval that goes on, of the one before, and all up to there. */
  fresh: number;
  now: number;
  sum: number;
  /** As what those of `sum` are counted. */
  shown: ShownPath;
}

/** The counters at one moment. */
interface Mark {
  readonly nowMs: number;
  readonly ticks: number;
  readonly samples: number;
  readonly activities: readonly number[];
}

/** Counts of the last interval and since the start or the last reset. */
export class LiveCounts {
  readonly #counters: SampleCounters;
  readonly #functions = new RowTable();
  readonly #lines = new RowTable();
  readonly #accounts = new ThreadAccounts();
  readonly #ofGil: boolean;
  #ends = new Map<CallNode, Map<number, End>>();
  /** Ends of the interval that goes on, and of the one before. */
  #fresh: End[] = [];
  #recent: End[] = [];
  /** Ends whose paths are not proven: they are shown as far as they are, and looked at again. */
  #pending = new Set<End>();
  #stacks = 0;
  #interval = 0;
  #start: Mark;
  #last: Mark;

  /** @param ofGil only the thread that holds the GIL is sampled: nothing is known of the others. */
  constructor(counters: SampleCounters, nowMs: number, { ofGil }: { ofGil: boolean }) {
    this.#counters = counters;
    this.#ofGil = ofGil;
    this.#start = this.#mark(nowMs);
    this.#last = this.#start;
  }

  /** What counts the samples of one recording. */
  listen(source: LiveSource, recording: Recording): SampleListener {
    this.#accounts.add(source);
    const shortName = (file: string) => source.shortName(file);
    const rows = new PathRows(recording, { functions: this.#functions, lines: this.#lines, shortName });
    const { pid } = source;
    return {
      ticked: (threads) => {
        for (const thread of threads) this.#accounts.count(pid, thread, thread.activity);
      },
      sampled: (thread, sighting) => {
        if (this.#ofGil) this.#accounts.count(pid, thread, Activity.Gil);
        this.#note(rows, sighting);
      },
    };
  }

  /** Tells which threads a process has now: those that are not listed have ended, and with the last one the process. */
  retain(pid: number, threads: readonly ReadThread[]): void {
    this.#accounts.retain(pid, threads);
  }

  /** Ends an interval and gives what is known. */
  refresh(nowMs: number): LiveSnapshot {
    for (const table of [this.#functions, this.#lines]) table.clearNow();
    const mark = this.#mark(nowMs);
    const now = this.#span(this.#last, mark);
    this.#last = mark;
    for (const end of this.#pending) this.#repair(end);
    for (const end of this.#recent) end.now = 0;
    for (const end of this.#fresh) this.#count(end);
    this.#recent = this.#fresh;
    this.#fresh = [];
    const interval = this.#interval++;
    for (const table of [this.#functions, this.#lines]) table.endInterval(interval, now.ticks);
    const functions = once(() => this.#functions.snapshot(interval));
    const lines = once(() => this.#lines.snapshot(interval));
    return {
      now,
      sum: this.#span(this.#start, mark),
      // There may be many rows, and mostly only those of one kind are looked at.
      get functions() {
        return functions();
      },
      get lines() {
        return lines();
      },
      ...this.#accounts.endInterval(interval, now.ticks),
    };
  }

  /** Leaves out a time in which nothing could be seen. */
  skip(ms: number): void {
    this.#start = { ...this.#start, nowMs: this.#start.nowMs + ms };
    this.#last = { ...this.#last, nowMs: this.#last.nowMs + ms };
  }

  /** Forgets all counts; the recording keeps its own. */
  reset(nowMs: number): void {
    for (const table of [this.#functions, this.#lines]) table.reset();
    this.#accounts.reset();
    this.#ends = new Map();
    this.#fresh = [];
    this.#recent = [];
    this.#pending.clear();
    this.#start = this.#mark(nowMs);
    this.#last = this.#start;
  }

  /** Who called a function or a line, as of the last refresh; undefined when there is no such row. */
  callersOf(kind: RowKind, id: number): readonly LiveCaller[] | undefined {
    const rowOf = kind === "function"
      ? ({ byFunction }: PlaceRows) => byFunction
      : ({ byLine }: PlaceRows) => byLine;
    const row = (kind === "function" ? this.#functions : this.#lines).rows[id];
    if (row === undefined) return undefined;
    const tree = new CallerTree(row);
    const path: CountedRow[] = [];
    for (const ends of this.#ends.values()) {
      for (const { rows, shown, now, sum } of ends.values()) {
        path.length = 0;
        rows.walk(shown, (place) => path.push(rowOf(place)));
        tree.add(path, { now, sum });
      }
    }
    return tree.callers();
  }

  #note(rows: PathRows, { node, leafOffset }: Sighting): void {
    let ends = this.#ends.get(node);
    if (ends === undefined) {
      ends = new Map();
      this.#ends.set(node, ends);
    }
    let end = ends.get(leafOffset);
    if (end === undefined) {
      end = { rows, node, leafOffset, fresh: 0, now: 0, sum: 0, shown: rows.shown(node, leafOffset) };
      ends.set(leafOffset, end);
    }
    if (end.fresh++ === 0) this.#fresh.push(end);
  }

  #count(end: End): void {
    if (end.sum === 0) end.shown = end.rows.shown(end.node, end.leafOffset);
    end.now = end.fresh;
    end.fresh = 0;
    end.sum += end.now;
    this.#add(end, end.now, true);
    if (!isSettled(end.node) && this.#pending.size < MAX_PENDING) this.#pending.add(end);
  }

  /** A path that was proven later repairs the samples before. */
  #repair(end: End): void {
    const shown = end.rows.shown(end.node, end.leafOffset);
    if (isSettled(end.node)) this.#pending.delete(end);
    const { node, leafOffset, isCut } = end.shown;
    if (shown.node === node && shown.leafOffset === leafOffset && shown.isCut === isCut) return;
    this.#add(end, -end.sum, false);
    end.shown = shown;
    this.#add(end, end.sum, false);
  }

  #add({ rows, shown }: End, amount: number, isNow: boolean): void {
    const stack = this.#stacks++;
    let isLeaf = true;
    rows.walk(shown, ({ byFunction, byLine }) => {
      if (isLeaf) {
        this.#functions.addOwn(byFunction, amount, isNow);
        this.#lines.addOwn(byLine, amount, isNow);
        isLeaf = false;
      }
      this.#functions.addTotal(byFunction, amount, { stack, isNow });
      this.#lines.addTotal(byLine, amount, { stack, isNow });
    });
  }

  #mark(nowMs: number): Mark {
    const { ticks, samples, activities } = this.#counters;
    return { nowMs, ticks, samples, activities: [...activities] };
  }

  #span(from: Mark, to: Mark): LiveSpan {
    const samples = to.samples - from.samples;
    const activities = to.activities.map((count, i) => count - from.activities[i]!);
    return {
      seconds: (to.nowMs - from.nowMs) / 1000,
      ticks: to.ticks - from.ticks,
      samples,
      activities,
      gil: this.#ofGil ? samples : activities[Activity.Gil]!,
    };
  }
}

/** Whether it is known what samples of a path are shown as. */
function isSettled({ proven, codeId, standIn }: CallNode): boolean {
  return proven || codeId === NOT_CODE && standIn !== undefined;
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => made ??= make();
}
