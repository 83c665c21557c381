/** Reads the stack traces that the profilers of the benchmark write, each in its own dialect. */

/** Stack traces of call_chains.py, or of any program, counted. */
export interface StackCounts {
  readonly stacks: number;
  /** Of these, how many cannot have existed in call_chains.py. */
  readonly impossible: number;
  /** Of these, how many the profiler itself marked as incomplete. */
  readonly cut: number;
}

/** The caller of each function of call_chains.py, of the same number where it has one. */
const CALLERS: Readonly<Record<string, string>> = {
  inner: "middle",
  middle: "outer",
  outer: "all_chains",
  all_chains: "run",
};
const FUNCTION = /\b(inner|middle|outer|all_chains|run)(?:_(\d+))?(?![\w.])/;

/**
 * Counts folded stacks.
 *
 * @param counting "number" where each line ends with how many samples had it, "line" where each line is a
 * sample and the number at its end is a time.
 */
export function countStacks(text: string, counting: "number" | "line"): StackCounts {
  let [stacks, impossible, cut] = [0, 0, 0];
  for (const line of text.split("\n")) {
    const match = /^(.+) (\d+)$/.exec(line);
    if (match === null || line.startsWith("#")) continue;
    const count = counting === "line" ? 1 : Number(match[2]);
    const frames = match[1]!.split(";");
    stacks += count;
    if (!isPossible(frames)) impossible += count;
    if (frames.at(-1) === "[cut]") cut += count;
  }
  return { stacks, impossible, cut };
}

/** Whether each function was called by the one that calls it, in call_chains.py. Shape: root first. */
export function isPossible(frames: readonly string[]): boolean {
  // File names would otherwise count as functions: "run.py", "call_chains.py".
  const calls = frames.map((frame) => FUNCTION.exec(frame.replaceAll(/[^\s:;(]*\.py\b/g, "")));
  return calls.every((call, index) => {
    if (call === null) return true;
    const caller = CALLERS[call[1]!];
    if (caller === undefined) return true;
    const above = calls[index - 1];
    if (above?.[1] !== caller) return false;
    return above[2] === undefined || above[2] === call[2];
  });
}
