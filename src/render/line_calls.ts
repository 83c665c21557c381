/** Who called whom, line by line: for each hot line the functions that it called, and the lines that called it. */
import { functionsOf } from "../analysis/functions.ts";
import type { Profile } from "../profile.ts";
import type { LineCounts } from "./line_counts.ts";

/** Distinct calls that are counted; real programs have some thousands. */
const MAX_CALLS = 1_000_000;

/** A call, seen from one of its ends. Units: those of the profile's counts; a stack counts once, however often it has it. */
export interface LineCall {
  /** The other end, as an index into `LineCounts.places`. */
  readonly place: number;
  /** A frame that is there. */
  readonly frame: number;
  readonly count: number;
}

/** The calls of a line, hottest first, and how many there are in all. */
export interface CallsOfLine {
  readonly callers: readonly LineCall[];
  readonly callees: readonly LineCall[];
  readonly allCallers: number;
  readonly allCallees: number;
}

/** Calls by index into `LineCounts.places`. `isPartial`: there were too many, and those of rare stacks are left out. */
export interface LineCalls {
  readonly ofPlace: ReadonlyMap<number, CallsOfLine>;
  readonly isPartial: boolean;
}

/**
 * Finds the calls of all places with at least `minCount`.
 *
 * A function that a line called stands for all of its lines, at the one where it was most often; a caller is a line.
 */
export function callsOfLines(
  profile: Profile,
  { places, ofFrame }: LineCounts,
  { minCount, limit }: { readonly minCount: number; readonly limit: number },
): LineCalls {
  const { ofFrame: functionOf } = functionsOf(profile);
  const isHot = places.map(({ total }) => total > 0 && total >= minCount);
  const width = profile.frames.length;
  // By the line that calls: which functions, and in which of their frames; by the line that is called: from which lines.
  const toFunction = new PairCounts(width);
  const toFrame = new PairCounts(width);
  const fromPlace = new PairCounts(width);
  // The hottest first: where there are too many calls, theirs are counted, from the first sample to the last.
  profile.stacks.toSorted((a, b) => b.count - a.count).forEach(({ frames, count }, stack) => {
    for (let i = 1; i < frames.length; i++) {
      const caller = ofFrame[frames[i - 1]!]!;
      const callee = ofFrame[frames[i]!]!;
      if (caller < 0 || callee < 0) continue;
      if (isHot[caller]) {
        toFunction.add(caller, functionOf[frames[i]!]!, { stack, count });
        toFrame.add(caller, frames[i]!, { stack, count });
      }
      if (isHot[callee]) fromPlace.add(callee, caller, { stack, count });
    }
  });
  const busiest = new Map<number, { frame: number; count: number }>();
  toFrame.forEach((caller, frame, count) => {
    const key = caller * width + functionOf[frame]!;
    if (count > (busiest.get(key)?.count ?? 0)) busiest.set(key, { frame, count });
  });
  const calls = new Map<number, { callers: LineCall[]; callees: LineCall[] }>();
  const callsOf = (place: number) => {
    const known = calls.get(place) ?? { callers: [], callees: [] };
    calls.set(place, known);
    return known;
  };
  toFunction.forEach((caller, callee, count) => {
    const frame = busiest.get(caller * width + callee)?.frame;
    if (frame !== undefined) callsOf(caller).callees.push({ place: ofFrame[frame]!, frame, count });
  });
  fromPlace.forEach((callee, caller, count) => {
    callsOf(callee).callers.push({ place: caller, frame: places[caller]!.frames[0]!, count });
  });
  // Sorting is stable, and the order before is that of the stacks.
  const hottest = (some: LineCall[]) => some.sort((a, b) => b.count - a.count).slice(0, limit);
  const ofPlace = new Map(
    [...calls].map(([place, { callers, callees }]) => [place, {
      allCallers: callers.length,
      allCallees: callees.length,
      callers: hottest(callers),
      callees: hottest(callees),
    }]),
  );
  return { ofPlace, isPartial: [toFunction, toFrame, fromPlace].some(({ isPartial }) => isPartial) };
}

/** Counts of pairs of numbers, the second below `width`; each counts once a stack. */
class PairCounts {
  /** Whether pairs were left out. */
  isPartial = false;
  readonly #width: number;
  readonly #known = new Map<number, number>();
  readonly #counts: number[] = [];
  readonly #lastStack: number[] = [];

  constructor(width: number) {
    this.#width = width;
  }

  add(first: number, second: number, { stack, count }: { stack: number; count: number }): void {
    const key = first * this.#width + second;
    const at = this.#known.get(key);
    if (at === undefined) {
      if (this.#known.size === MAX_CALLS) {
        this.isPartial = true;
        return;
      }
      this.#known.set(key, this.#counts.push(count) - 1);
      this.#lastStack.push(stack);
    } else if (this.#lastStack[at] !== stack) {
      this.#lastStack[at] = stack;
      this.#counts[at]! += count;
    }
  }

  forEach(visit: (first: number, second: number, count: number) => void): void {
    for (const [key, at] of this.#known) {
      const second = key % this.#width;
      visit((key - second) / this.#width, second, this.#counts[at]!);
    }
  }
}
