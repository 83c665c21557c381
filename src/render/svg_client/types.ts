/** The data of the script: what it reads from the picture, and what it makes of that. */
import type { RecordedProcess, RecordingInfo } from "../../profile.ts";
import type { ThreadInfo } from "../../types.ts";

/** A profile as the picture carries it. Shape: packed texts are sequences of numbers, see svg_data.ts. */
export interface PackedProfile {
  readonly format: "pyspy-flamegraph";
  readonly version: 1;
  readonly info: RecordingInfo;
  /** Names and files, each once. */
  readonly strings: readonly string[];
  /** Packed: for each frame its name, file, line, first line and full file. */
  readonly frames: string;
  readonly hasFullFiles: boolean;
  /** Class of each frame. */
  readonly paint: readonly string[];
  readonly threads: readonly ThreadInfo[];
  readonly processes?: readonly RecordedProcess[] | undefined;
  /** Packed: process and thread of each root of the tree. */
  readonly roots: string;
  /** Nodes of the tree, roots included. */
  readonly nodes: number;
  readonly stackCount: number;
  /** Packed: for each stack the node it branches off, its new frames, count and activities. */
  readonly stacks: string;
  /** The recording with which this one is compared. */
  readonly before?: PackedBefore;
}

/** What a picture of two recordings carries of the first one. Shape: pairs are before and after. */
export interface PackedBefore {
  /** Packed: the count of each stack. */
  readonly counts: string;
  /** What most functions have changed by; changes are beyond that. */
  readonly factor: number;
  /** The time that a count of one stands for. Units: seconds. */
  readonly secondsEach: readonly [number, number];
  /** Independent samples that a count of one stands for. */
  readonly samplesEach: readonly [number, number];
  /** Variance of any time beyond that of sampling, relative to its square. */
  readonly relative: readonly [number, number];
  /** Of each frame: how many times as much its samples vary as independent ones. */
  readonly dispersion: readonly [readonly number[], readonly number[]];
  /** A change of so many standard deviations is no chance; one of fewer samples than `least` may always be. */
  readonly critical: number;
  readonly least: number;
}

/** That as unpacked. Units: counts of the second recording, so that both can be compared. */
export interface Before extends Omit<PackedBefore, "counts" | "dispersion"> {
  /** Of each stack: what it would have counted if nothing but the common factor had changed. */
  readonly count: Float64Array;
  /** Of each stack: the variances of both counts, each being a small share of all. */
  readonly variances: readonly [Float64Array, Float64Array];
  /** Of all stacks. */
  readonly sums: readonly [number, number];
}

/** A frame as unpacked. */
export interface PlainFrame {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly firstLine: number;
  readonly fullFile: string;
}

/** The stacks as unpacked: a tree of frames in typed arrays. Invariant: a parent's number is smaller. */
export interface PlainStacks {
  readonly parent: Int32Array;
  /** -1 for a root. */
  readonly frame: Int32Array;
  readonly roots: readonly { readonly process: number; readonly thread: number }[];
  readonly leaf: Int32Array;
  readonly count: Float64Array;
  /** Whether the activities of a stack are known. */
  readonly hasActivity: Uint8Array;
  /** Four numbers a stack. */
  readonly byActivity: Float64Array;
}

/** Labels as numbers, so that frames that read the same are one. */
export interface Labels {
  /** The label of each frame, as a number. */
  readonly of: Int32Array;
  readonly texts: readonly string[];
}

/** All that the views are made of. */
export interface Model extends PlainStacks {
  readonly info: RecordingInfo;
  readonly frames: readonly PlainFrame[];
  readonly paint: readonly string[];
  readonly threads: readonly string[];
  readonly processes: readonly string[];
  readonly byLine: Labels;
  readonly byFunction: Labels;
  readonly firstChild: Int32Array;
  readonly nextSibling: Int32Array;
  /** Root of each node. */
  readonly rootOf: Int32Array;
  /** Where two recordings are compared. */
  readonly before: Before | undefined;
}

/** What is counted. Shape: labels, "" for all; an index, -1 for all. */
export interface Filter {
  readonly thread: string;
  readonly process: string;
  readonly activity: number;
  /** Of two recordings the one that gives the widths; "" for the mean of both. */
  readonly run: "" | "before" | "after";
}

/** An amount of each node of the tree, and with what lies below it. */
export interface Amounts {
  readonly self: Float64Array;
  readonly total: Float64Array;
}

/** Samples of each node of the tree. */
export interface Weights extends Amounts {
  /** Parts of `self`, by activity; undefined where there are none. */
  readonly selfBy: readonly (Float64Array | undefined)[];
  readonly sum: number;
  readonly run: Filter["run"];
  /** What is not 0 where there is anything: in the first or the second recording, whichever gives the widths. */
  readonly either: Amounts;
  /** Where two recordings are compared. */
  readonly change: Changes | undefined;
}

/** What two recordings count, of each node. */
export interface Changes {
  readonly before: Amounts;
  readonly after: Amounts;
  readonly variances: readonly [Amounts, Amounts];
}

/** What both recordings count of something. Units: counts of the second one. */
export interface Change {
  before: number;
  after: number;
  readonly variances: [before: number, after: number];
}

/** How the tree is shown. */
export interface Shape {
  readonly view: "callees" | "callers" | "table";
  readonly byFunction: boolean;
  /** A row of threads below the root. */
  readonly split: boolean;
  /** A function that calls itself is shown once. */
  readonly folded: boolean;
}

/** All that a link to a view says. */
export interface ViewState extends Filter, Shape {
  /** Root at the bottom. */
  readonly flipped: boolean;
  readonly query: string;
  /** Labels from below the root to what is zoomed to. */
  readonly zoom: readonly string[];
  /** Paths of what is hidden, as they are among callees. */
  readonly hidden: readonly (readonly string[])[];
  /** Column by which the table is sorted. */
  readonly sort: "self" | "total" | "label" | "change";
}

/** A node as shown: several nodes of the tree that read the same. Units: samples. */
export interface ViewNode {
  readonly kind: "root" | "process" | "thread" | "frame" | "activity";
  readonly label: string;
  /** A frame of it, or -1. */
  readonly frame: number;
  /** The activity that an "activity" stands for, or -1. */
  readonly activity: number;
  readonly parent: ViewNode | null;
  readonly depth: number;
  /** Samples to the left of it. */
  start: number;
  total: number;
  /** Known once `children` is. */
  self: number;
  selfBy: number[];
  /** Made when they are first needed. */
  children: ViewNode[] | null;
  /** Nodes of the tree. */
  readonly members: number[];
  /** For callers only: of each member the node in which its samples ended. */
  readonly origins: number[];
  /** Nodes whose own samples are those of this one; known once `children` is. */
  ends: readonly number[];
  /** Added up when it is first needed. */
  change: Change | null;
}

/** A tree of shown nodes, which grows as it is looked at. */
export interface ViewTree {
  readonly model: Model;
  readonly weights: Weights;
  readonly shape: Shape;
  readonly root: ViewNode;
}
