/** The hottest functions of a profile as a short plain table. */
import type { Profile } from "../profile.ts";
import type { Frame } from "../types.ts";
import { shortenMiddle, terminalSafe } from "./escape.ts";
import { functionsOf } from "../analysis/functions.ts";
import { compareText, formatCount, secondsPerCount } from "./numbers.ts";

/** How to print the table. */
export interface HottestOptions {
  /** Functions shown at most. */
  readonly limit: number;
  /** Order: by self time, or by the time with what they call. */
  readonly by?: "self" | "total";
}

/** A function with its share. Units: samples. Invariant: `self` <= `total` <= samples of the profile. */
export interface FunctionCount {
  readonly frame: Frame;
  /** Name and file; several functions may have the same. */
  readonly name: string;
  /** Samples in which the function was the leaf. */
  readonly self: number;
  /** Samples in which the function was on the stack, however often. */
  readonly total: number;
}

const LONGEST_NAME = 120;

/** Counts the samples of each function (same name, file and first line), hottest first. */
export function countFunctions(profile: Profile): FunctionCount[] {
  const { ofFrame, firstFrame } = functionsOf(profile);
  const functions = firstFrame.map((index) => {
    const frame = profile.frames[index]!;
    return { frame, name: functionName(frame), self: 0, total: 0 };
  });
  for (const stack of profile.stacks) {
    const entries = stack.frames.map((index) => functions[ofFrame[index] ?? -1]).filter((entry) =>
      entry !== undefined
    );
    const leaf = entries.at(-1);
    if (leaf !== undefined) leaf.self += stack.count;
    for (const entry of new Set(entries)) entry.total += stack.count;
  }
  return functions.filter((entry) => entry.total > 0).sort((a, b) =>
    b.self - a.self || b.total - a.total || compareText(a.frame.name, b.frame.name) ||
    compareText(a.frame.file, b.frame.file) || a.frame.firstLine - b.frame.firstLine
  );
}

/** Renders the hottest functions by self time; recursion counts once in a function's total. */
export function renderHottest(profile: Profile, options: HottestOptions): string {
  const samples = profile.stacks.reduce((sum, stack) => sum + stack.count, 0);
  if (samples === 0) return "No samples.\n";
  const functions = countFunctions(profile);
  const sharedNames = repeatedNames(functions);
  const seconds = secondsPerCount(profile.info);
  const share = (count: number) => (100 * count / samples).toFixed(1).padStart(6);
  const time = (count: number) => seconds > 0 ? "  " + (count * seconds).toFixed(2).padStart(8) : "";
  const isByTotal = options.by === "total";
  const sorted = isByTotal ? functions.toSorted((a, b) => b.total - a.total) : functions;
  const lines = [
    `self %  total %${seconds > 0 ? isByTotal ? "   total s" : "    self s" : ""}  function (file)`,
  ];
  const shown = sorted.slice(0, Math.max(0, options.limit));
  for (const { frame, name, self, total } of shown) {
    const line = sharedNames.has(name) && frame.firstLine > 0 ? frame.firstLine : 0;
    const text = shortenMiddle(terminalSafe(functionName(frame, line)), LONGEST_NAME);
    lines.push(`${share(self)}  ${share(total).padStart(7)}${time(isByTotal ? total : self)}  ${text}`);
  }
  const more = functions.length - shown.length;
  if (more > 0) lines.push(`... and ${formatCount(more)} more function${more === 1 ? "" : "s"}`);
  return lines.join("\n") + "\n";
}

function functionName(frame: Frame, line = 0): string {
  if (frame.file === "") return frame.name;
  return line > 0 ? `${frame.name} (${frame.file}:${line})` : `${frame.name} (${frame.file})`;
}

/** Names that more than one function has: they are told apart by their lines. */
export function repeatedNames(functions: readonly FunctionCount[]): Set<string> {
  const seen = new Set<string>();
  return new Set(functions.map(({ name }) => name).filter((name) => seen.has(name) || !seen.add(name)));
}
