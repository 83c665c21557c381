/** `pyspy diff`: which functions take more or less time in a second recording. */
import { resolve } from "node:path";
import { compare, judgeChange } from "../analysis/compare.ts";
import { mergeRuns } from "../analysis/merge_runs.ts";
import type { MergedRuns } from "../analysis/merge_runs.ts";
import { checkPatterns, select } from "../analysis/select.ts";
import type { SelectOptions } from "../analysis/select.ts";
import { parseLimit } from "../analysis/threshold.ts";
import { EXIT_CODES, ProfilerError } from "../errors.ts";
import { writeStderr, writeStdout } from "../output.ts";
import { renderChangeJudgement, renderDiff } from "../render/diff_text.ts";
import { terminalSafe } from "../render/escape.ts";
import { secondsPerCount } from "../render/numbers.ts";
import { readInput } from "./input.ts";
import { exitCodeOf } from "./limits.ts";
import { discardOutputs, openOutputs } from "./outputs.ts";
import type { PlannedOutput } from "./outputs.ts";

/** A recording without times has seconds of a hundredth. */
const UNKNOWN_SECONDS = 0.01;

/** Options of `diff`, as the command line gives them. */
export interface DiffOptions {
  readonly before: string;
  readonly after: string;
  /** Files for the flamegraph of what has changed. */
  readonly outputs: readonly string[];
  readonly limit: number;
  readonly select: SelectOptions;
  readonly failIf: readonly string[];
}

/** Runs the command. @returns the exit code. @throws ProfilerError */
export async function diff(options: DiffOptions): Promise<number> {
  const limits = options.failIf.map((text) => parseLimit(text, { isChange: true }));
  checkPatterns(options.select);
  checkOutputs(options);
  const [before, after] = [await readRun(options.before, options), await readRun(options.after, options)];
  for (const { profile } of [before, after]) {
    for (const note of profile.info.notes ?? []) writeStderr(`${terminalSafe(note)}\n`);
  }
  if ([before, after].some(({ profile }) => profile.stacks.length === 0)) {
    writeStderr("A recording has no samples: there is nothing to compare.\n");
    return EXIT_CODES.no_samples;
  }
  const { outputs } = options;
  const opened = outputs.length > 0 ? openOutputs(outputs, { format: "flamegraph", subject: "" }) : [];
  try {
    const comparison = compare(before, after);
    if (!outputs.includes("-")) writeStdout(renderDiff(comparison, { limit: options.limit }));
    if (opened.length > 0) await draw(opened, mergeRuns(before, after, comparison), options);
  } catch (error) {
    discardOutputs(opened);
    throw error;
  }
  const judgements = limits.map((limit) => judgeChange(before, after, limit));
  for (const one of judgements) writeStderr(`${terminalSafe(renderChangeJudgement(one))}\n`);
  return exitCodeOf(judgements);
}

/** Looks at the names of outputs before anything is done. @throws ProfilerError `usage` */
function checkOutputs({ outputs, before, after }: DiffOptions): void {
  for (const path of outputs.filter((path) => path !== "-" && path !== "")) {
    if (!/\.svg$/i.test(path)) {
      throw new ProfilerError(
        "usage",
        `Cannot write '${path}': what has changed is drawn as a flamegraph, an .svg file`,
        "-o changes.svg",
      );
    }
    if ([before, after].some((input) => input !== "-" && resolve(input) === resolve(path))) {
      throw new ProfilerError(
        "usage",
        `The output '${path}' would take the place of a recording`,
        "-o changes.svg",
      );
    }
  }
}

async function draw(opened: readonly PlannedOutput[], merged: MergedRuns, { before, after }: DiffOptions) {
  const { renderDiffSvg } = await import("../render/diff_svg.ts");
  const nameOf = (path: string) => path === "-" ? "standard input" : path;
  const svg = renderDiffSvg(merged, { names: [nameOf(before), nameOf(after)] });
  for (const { output } of opened) {
    output.write(svg);
    if (output.name === "standard output") continue;
    writeStderr(`${terminalSafe(`Wrote flamegraph to ${output.name}`)}\n`);
  }
}

async function readRun(path: string, options: DiffOptions) {
  const profile = select(await readInput(path), options.select);
  return { profile, secondsEach: secondsPerCount(profile.info) || UNKNOWN_SECONDS };
}
