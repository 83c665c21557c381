/** Rows of a live view: functions or lines with their counts. */
import type { LiveRow } from "./live_profile.ts";
import { Trend } from "./live_trend.ts";
import type { Frame } from "./types.ts";

/** A program that makes functions for ever would fill the memory; what comes later is one row. */
const MAX_ROWS = 20_000;
const OTHERS: Frame = { name: "[others]", file: "", line: 0, firstLine: 0 };

/** A row that is being counted. */
export interface CountedRow {
  readonly id: number;
  readonly frame: Frame;
  readonly fullFile: string;
  own: number;
  total: number;
  ownNow: number;
  totalNow: number;
  /** The last stack that was counted: one that holds a function twice counts once. */
  stack: number;
  isTouched: boolean;
  readonly ownTrend: Trend;
  readonly totalTrend: Trend;
}

/** All rows of one kind. */
export class RowTable {
  readonly rows: CountedRow[] = [];
  readonly #byKey = new Map<string, CountedRow>();
  #touched: CountedRow[] = [];

  /** The row of a frame, which is known by `key`. */
  rowOf(key: string, frame: Frame, fullFile: string): CountedRow {
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    if (this.rows.length < MAX_ROWS) return this.#newRow(key, frame, fullFile);
    return this.#byKey.get("") ?? this.#newRow("", OTHERS, "");
  }

  /** Counts samples in which the row was on stack number `stack`. */
  addTotal(row: CountedRow, amount: number, { stack, isNow }: { stack: number; isNow: boolean }): void {
    if (row.stack === stack) return;
    row.stack = stack;
    row.total += amount;
    if (!isNow) return;
    this.#touch(row);
    row.totalNow += amount;
  }

  /** Counts samples in which the row was the leaf. */
  addOwn(row: CountedRow, amount: number, isNow: boolean): void {
    row.own += amount;
    if (!isNow) return;
    this.#touch(row);
    row.ownNow += amount;
  }

  /** Begins a new interval. */
  clearNow(): void {
    for (const row of this.#touched) {
      row.ownNow = 0;
      row.totalNow = 0;
      row.isTouched = false;
    }
    this.#touched = [];
  }

  /** Forgets all counts; what is known of the frames stays. */
  reset(): void {
    this.clearNow();
    for (const row of this.rows) {
      row.own = 0;
      row.total = 0;
    }
  }

  /** Ends the interval with this number, which had so many ticks. */
  endInterval(interval: number, ticks: number): void {
    for (const row of this.#touched) {
      row.ownTrend.set(interval, ticks > 0 ? row.ownNow / ticks : 0);
      row.totalTrend.set(interval, ticks > 0 ? row.totalNow / ticks : 0);
    }
  }

  /** The counts as they are, after the interval with this number. */
  snapshot(interval: number): LiveRow[] {
    return this.rows.filter(({ total }) => total > 0).map((row) => ({
      id: row.id,
      frame: row.frame,
      fullFile: row.fullFile,
      now: { own: row.ownNow, total: row.totalNow },
      sum: { own: row.own, total: row.total },
      ownTrend: () => row.ownTrend.upTo(interval),
      totalTrend: () => row.totalTrend.upTo(interval),
    }));
  }

  #touch(row: CountedRow): void {
    if (row.isTouched) return;
    row.isTouched = true;
    this.#touched.push(row);
  }

  #newRow(key: string, frame: Frame, fullFile: string): CountedRow {
    const row = {
      id: this.rows.length,
      frame,
      fullFile,
      own: 0,
      total: 0,
      ownNow: 0,
      totalNow: 0,
      stack: -1,
      isTouched: false,
      ownTrend: new Trend(),
      totalTrend: new Trend(),
    };
    this.rows.push(row);
    this.#byKey.set(key, row);
    return row;
  }
}
