/** What the stack traces of the programs in scripts/bench/programs can be. Shape of stacks: root first. */
import { functionFinder } from "./folded.ts";

/** The caller of each function of call_chains.py, of the same number where it has one. */
const CALLERS: Readonly<Record<string, string>> = {
  inner: "middle",
  middle: "outer",
  outer: "all_chains",
  all_chains: "run",
};
const findInChains = functionFinder(/\b(inner|middle|outer|all_chains|run)(?:_(\d+))?(?![\w.])/);

/** Whether each function was called by the one that calls it, in call_chains.py. */
export function isPossibleInChains(frames: readonly string[]): boolean {
  const calls = frames.map(findInChains);
  return calls.every((call, index) => {
    if (call === null) return true;
    const caller = CALLERS[call[1]!];
    if (caller === undefined) return true;
    const above = calls[index - 1];
    if (above?.[1] !== caller) return false;
    return above[2] === undefined || above[2] === call[2];
  });
}

/** Frames of `descend` in a stack trace of deep_loop.py that reaches `work`. */
const DESCENTS = 27;
const findInLoop = functionFinder(/<module>|\b(?:run|descend|work)(?![\w.])/);

/** Whether nothing is missing from a stack trace of deep_loop.py, and nothing is twice in it. */
export function isWholeInLoop(frames: readonly string[]): boolean {
  const names = frames.map(findInLoop).filter((match) => match !== null).map((match) => match[0]);
  if (names[0] !== "<module>" || names[1] !== "run") return false;
  const isAtWork = names.at(-1) === "work";
  const descents = names.slice(2, isAtWork ? -1 : undefined);
  if (descents.some((name) => name !== "descend")) return false;
  return isAtWork ? descents.length === DESCENTS : descents.length <= DESCENTS;
}

/** A program that knows how its CPU time is shared. */
export interface SharesProgram {
  /** The row of the table. */
  readonly row: string;
  readonly file: string;
  readonly args: readonly string[];
  /** The functions that its lines tell the time of, in their order. */
  readonly functions: readonly string[];
  /** The deviation is that of the first function, above or below 0; otherwise the greatest of all. */
  readonly isOfFirst: boolean;
}

const KNOWN = { file: "known_shares.py", functions: ["share_50", "share_30", "share_15", "share_5"] };

/** Programs whose shares are compared with what the profilers show. */
export const SHARES_PROGRAMS: readonly SharesProgram[] = [
  { ...KNOWN, row: "shares-turns", args: [], isOfFirst: false },
  { ...KNOWN, row: "shares-threads", args: ["threads"], isOfFirst: false },
  // The innermost of them counts: `call_all` stands for itself and the fast functions.
  { row: "shares-fast", file: "fast_calls.py", args: [], functions: ["slow", "call_all"], isOfFirst: true },
  { row: "shares-phases", file: "short_phases.py", args: [], functions: ["calls", "loop"], isOfFirst: true },
];

/** @returns of a stack trace the innermost of some functions, as its index, or -1. */
export function innermostFinder(functions: readonly string[]): (frames: readonly string[]) => number {
  const find = functionFinder(new RegExp(`\\b(?:${functions.join("|")})(?![\\w.])`));
  return (frames) => {
    const found = frames.map(find).findLast((match) => match !== null);
    return found === undefined ? -1 : functions.indexOf(found[0]);
  };
}
