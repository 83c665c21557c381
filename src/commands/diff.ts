/** `pyspy diff`: which functions take more or less time in a second recording. */
import { compare, judgeChange } from "../analysis/compare.ts";
import { checkPatterns, select } from "../analysis/select.ts";
import type { SelectOptions } from "../analysis/select.ts";
import { parseLimit } from "../analysis/threshold.ts";
import { EXIT_CODES } from "../errors.ts";
import { writeStderr, writeStdout } from "../output.ts";
import { renderChangeJudgement, renderDiff } from "../render/diff_text.ts";
import { terminalSafe } from "../render/escape.ts";
import { secondsPerCount } from "../render/numbers.ts";
import { readInput } from "./input.ts";
import { exitCodeOf } from "./limits.ts";

/** A recording without times has seconds of a hundredth. */
const UNKNOWN_SECONDS = 0.01;

/** Options of `diff`, as the command line gives them. */
export interface DiffOptions {
  readonly before: string;
  readonly after: string;
  readonly limit: number;
  readonly select: SelectOptions;
  readonly failIf: readonly string[];
}

/** Runs the command. @returns the exit code. @throws ProfilerError */
export async function diff(options: DiffOptions): Promise<number> {
  const limits = options.failIf.map((text) => parseLimit(text, { isChange: true }));
  checkPatterns(options.select);
  const [before, after] = [await readRun(options.before, options), await readRun(options.after, options)];
  for (const { profile } of [before, after]) {
    for (const note of profile.info.notes ?? []) writeStderr(`${terminalSafe(note)}\n`);
  }
  if ([before, after].some(({ profile }) => profile.stacks.length === 0)) {
    writeStderr("A recording has no samples: there is nothing to compare.\n");
    return EXIT_CODES.no_samples;
  }
  writeStdout(renderDiff(compare(before, after), { limit: options.limit }));
  const judgements = limits.map((limit) => judgeChange(before, after, limit));
  for (const one of judgements) writeStderr(`${terminalSafe(renderChangeJudgement(one))}\n`);
  return exitCodeOf(judgements);
}

async function readRun(path: string, options: DiffOptions) {
  const profile = select(await readInput(path), options.select);
  return { profile, secondsEach: secondsPerCount(profile.info) || UNKNOWN_SECONDS };
}
