/** The statistics that cProfile writes: for `python -m pstats`, snakeviz and others. Source: CPython Lib/pstats.py. */
import type { Profile } from "../profile.ts";
import { visibleText } from "./escape.ts";
import { functionsOf } from "../analysis/functions.ts";
import { marshal } from "./marshal.ts";
import type { MarshalValue } from "./marshal.ts";
import { secondsPerCount } from "./numbers.ts";

/** Counts of a function, or of a function as called by another. */
interface Counts {
  self: number;
  total: number;
}

/**
 * Renders a profile. "Calls" are samples in which the function was on the stack: calls themselves are not seen.
 *
 * Recursion counts once in a function's total.
 */
export function renderPstats(profile: Profile): Uint8Array {
  const { ofFrame, firstFrame } = functionsOf(profile);
  const counts = firstFrame.map((): Counts => ({ self: 0, total: 0 }));
  const callers = firstFrame.map(() => new Map<number, Counts>());
  for (const { frames, count } of profile.stacks) {
    const path = frames.map((frame) => ofFrame[frame]!);
    const edges = new Set<Counts>();
    path.forEach((callee, i) => {
      if (i > 0) edges.add(countsOf(callers[callee]!, path[i - 1]!));
    });
    for (const one of new Set(path)) counts[one]!.total += count;
    for (const edge of edges) edge.total += count;
    const leaf = path.at(-1);
    if (leaf === undefined) continue;
    counts[leaf]!.self += count;
    const caller = path.at(-2);
    if (caller !== undefined) countsOf(callers[leaf]!, caller).self += count;
  }
  const seconds = secondsPerCount(profile.info);
  const isCounted = profile.info.unit === undefined || profile.info.unit === "sample";
  const valuesOf = ({ self, total }: Counts): MarshalValue[] => {
    const calls = isCounted ? total : 1;
    return [calls, calls, { float: self * seconds }, { float: total * seconds }];
  };
  const keys = firstFrame.map((index): MarshalValue => {
    const { name, file, firstLine } = profile.frames[index]!;
    // They are shown on terminals as they are.
    return [visibleText(profile.fullFiles?.[index] ?? file), firstLine, visibleText(name)];
  });
  return marshal({
    dict: keys.map((key, i) => [key, [
      ...valuesOf(counts[i]!),
      { dict: [...callers[i]!].map(([caller, edge]) => [keys[caller]!, valuesOf(edge)] as const) },
    ]]),
  });
}

function countsOf(map: Map<number, Counts>, key: number): Counts {
  const counts = map.get(key) ?? { self: 0, total: 0 };
  map.set(key, counts);
  return counts;
}
