/** Folded (collapsed) stacks: `root;caller;leaf count`, what flamegraph.pl, inferno and speedscope read. */
import { frameLabel, processLabel, type Profile, threadLabel } from "../profile.ts";
import { foldedSafe } from "./escape.ts";
import { malformed } from "./json_checks.ts";
import { compareText } from "./numbers.ts";

/** Stands for the stack of a sample that had no Python frame. */
export const NO_FRAMES = "[no Python frames]";

/** How to fold a profile. */
export interface FoldedOptions {
  /** Begin each stack with a frame for its thread; without, equal stacks of different threads are merged. */
  readonly threads: boolean;
}

/** A stack and how many samples had it. Shape: `frames` are labels, root first. */
export interface FoldedStack {
  readonly frames: readonly string[];
  readonly count: number;
}

/** Renders a profile as folded stacks, one line for each distinct stack, sorted. */
export function renderFolded(profile: Profile, options: FoldedOptions): string {
  const labels = profile.frames.map((frame) => foldedSafe(frameLabel(frame)));
  const threads = profile.threads.map((thread) => foldedSafe(threadLabel(thread)));
  const processes = profile.processes?.map((process) => foldedSafe(processLabel(process)));
  const counts = new Map<string, number>();
  for (const stack of profile.stacks) {
    if (stack.count <= 0) continue;
    const frames = stack.frames.map((index) => labels[index] ?? "[unknown]");
    if (options.threads) frames.unshift(threads[stack.thread] ?? "[unknown]");
    if (processes !== undefined) frames.unshift(processes[stack.process ?? -1] ?? "[unknown]");
    if (frames.length === 0) frames.push(NO_FRAMES);
    const line = frames.join(";");
    counts.set(line, (counts.get(line) ?? 0) + stack.count);
  }
  const lines = [...counts].sort(([a], [b]) => compareText(a, b));
  return lines.map(([line, count]) => `${line} ${count}\n`).join("");
}

/** Stacks that are read at most. */
const MAX_STACKS = 10_000_000;

/**
 * Reads folded stacks. Empty lines and comments (`#`) are left out, and `foreign` counts others that are no stacks.
 *
 * @throws ProfilerError when there are more than ten million.
 */
export function parseFolded(text: string): { stacks: FoldedStack[]; foreign: number } {
  const stacks: FoldedStack[] = [];
  let foreign = 0;
  let start = 0;
  while (start < text.length) {
    if (stacks.length === MAX_STACKS) throw malformed(`it has more than ${MAX_STACKS} stacks`);
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(start, end);
    const stack = parseLine(line);
    if (stack !== undefined) stacks.push(stack);
    else if (line.trim() !== "" && !line.startsWith("#")) foreign++;
    start = end + 1;
  }
  return { stacks, foreign };
}

function parseLine(line: string): FoldedStack | undefined {
  const text = line.endsWith("\r") ? line.slice(0, -1) : line;
  const space = text.lastIndexOf(" ");
  const digits = text.slice(space + 1);
  if (space <= 0 || !/^\d+$/.test(digits)) return undefined;
  const count = Number(digits);
  if (!Number.isSafeInteger(count)) return undefined;
  return { frames: text.slice(0, space).split(";"), count };
}
