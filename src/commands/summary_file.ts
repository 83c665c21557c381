/** `--summary`: what a continuous integration service shows on the page of a run. */
import type { Judgement } from "../analysis/threshold.ts";
import { testTimes } from "../analysis/test_times.ts";
import { ProfilerError } from "../errors.ts";
import { openAppended, writeStderr } from "../output.ts";
import type { AppendedOutput } from "../output.ts";
import type { Profile } from "../profile.ts";
import { renderCiSummary } from "../render/ci_summary.ts";
import { terminalSafe } from "../render/escape.ts";

/** GitHub takes a summary of 1 MiB and not a byte more. */
const MAX_BYTES = 1_000_000;

/** Opens the file that a summary is added to. @throws ProfilerError when that is not possible. */
export function openSummary(path: string | undefined): AppendedOutput | undefined {
  if (path === undefined) return undefined;
  if (path === "") {
    throw new ProfilerError(
      "usage",
      "The name of the summary's file is empty",
      "outside of GitHub's workflows GITHUB_STEP_SUMMARY is not set: give a name of your own",
    );
  }
  return openAppended(path);
}

/** Adds the summary. What goes wrong is said, and is no failure: the tests are what matters. */
export function writeSummary(
  output: AppendedOutput,
  { profile, whole, judgements }: {
    readonly profile: Profile;
    /** The same before stacks were made to begin at a function: tests are told by who calls them. */
    readonly whole: Profile;
    readonly judgements: readonly Judgement[];
  },
): void {
  const tests = testTimes(whole);
  const text = renderCiSummary(profile, { tests, judgements, maxBytes: MAX_BYTES - output.size });
  try {
    if (text === undefined) {
      writeStderr(`There is no room left for a summary in ${terminalSafe(output.name)}\n`);
    } else output.append(text);
  } catch (error) {
    if (!(error instanceof ProfilerError)) throw error;
    writeStderr(`Warning: ${terminalSafe(error.message)}\n`);
  }
}
