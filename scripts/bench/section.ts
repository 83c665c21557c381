/** What the parts of the benchmark have in common. */
import type { Python } from "../pythons.ts";
import type { Tool } from "./tools.ts";

/** The rate of the recordings that are looked at for truth, shares and memory. Units: Hz. */
export const USUAL_RATE = 1_000;

/** Runs of the short measurements in each round. */
export const SHORT_RUNS = 5;

/** From a recorder's start to where its CPU time and the target's are looked at. Units: seconds. */
export const LEAD_IN = 1;

/** From there to the recording's end: a tool that ends on time must not be gone yet. Units: seconds. */
export const LEAD_OUT = 0.25;

/** How long the target is watched alone, before a recording and after it. Units: seconds. */
export const REST = 0.3;

/** A tool and the Python whose programs it looks at: a column of the table. */
export interface Case {
  readonly tool: Tool;
  readonly python: Python;
  /** A Python that the longer comparisons are made with. */
  readonly isMain: boolean;
  /** Where it can write. Shape: the same folder, as the host sees it and as the tool does. */
  readonly folder: { readonly host: string; readonly inside: string };
}

/** A row of the table. */
export interface Row {
  readonly key: string;
  /** With its unit. */
  readonly title: string;
  /** Digits after the point. */
  readonly digits: number;
}

/** How often, and how long. */
export interface Extent {
  readonly rounds: number;
  readonly seconds: number;
}

/** What the measurements of a round need. */
export interface Bench extends Extent {
  /** Counts from 0. */
  readonly round: number;
  /** Runs measure.py. */
  readonly host: Python;
  readonly cases: readonly Case[];
  /** Keeps a figure. */
  add(row: string, at: Case, value: number | undefined): void;
  /** Says that a measurement failed. */
  fail(at: Case, reason: string): void;
}

/** A part of the benchmark: what `--only` can name. */
export interface Section {
  readonly name: string;
  readonly rows: readonly Row[];
  /** How the figures were obtained. Shape: a line each. */
  methods(extent: Extent): string[];
  /** Makes the measurements, once. */
  measure(bench: Bench): Promise<void>;
}

/**
 * The row of what the target misses when nobody looks at it; not only one section finds out.
 *
 * What is more than a little is due to other work of the machine.
 */
export const REST_ROW: Row = {
  key: "rest",
  title: "record: CPU time that the target missed without a profiler, %",
  digits: 2,
};

/** Whether a case is a tool as it comes, without an option. */
export function isPlain({ tool }: Case): boolean {
  return !tool.isVariant;
}
