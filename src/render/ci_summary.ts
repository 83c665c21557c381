/** A summary for the page of a continuous integration run. */
import type { testTimes } from "../analysis/test_times.ts";
import type { Judgement } from "../analysis/threshold.ts";
import type { Profile } from "../profile.ts";
import { shortenMiddle } from "./escape.ts";
import { renderJudgement } from "./judgement_text.ts";
import { codeSpan, renderMarkdown } from "./markdown.ts";
import { formatCount, formatPercent, secondsPerCount } from "./numbers.ts";

const LIMITS = [20, 10, 5, 1];
const LONGEST_NAME = 160;

/** What beside the profile to show. */
export interface CiSummaryParts {
  readonly tests: ReturnType<typeof testTimes>;
  readonly judgements: readonly Judgement[];
  /** Bytes that the summary may have. */
  readonly maxBytes: number;
}

/** Renders the summary, with as many functions as there is room for; undefined when there is too little for any. */
export function renderCiSummary(profile: Profile, parts: CiSummaryParts): string | undefined {
  for (const limit of LIMITS) {
    const text = [
      "\n",
      renderMarkdown(profile, { limit }),
      testTable(profile, parts.tests, limit),
      judgementList(parts.judgements),
    ].filter((part) => part !== "").join("\n");
    if (new TextEncoder().encode(text).length <= parts.maxBytes) return text;
  }
  return undefined;
}

function testTable(profile: Profile, times: CiSummaryParts["tests"], limit: number): string {
  if (times === undefined) return "";
  const { tests, outside } = times;
  const all = tests.reduce((sum, { count }) => sum + count, outside);
  if (all === 0) return "";
  const seconds = secondsPerCount(profile.info);
  const row = (count: number, name: string) =>
    `| ${formatPercent(count, all)} | ${
      seconds > 0 ? `${(count * seconds).toFixed(2)} s` : formatCount(count)
    } | ${name} |`;
  const shown = tests.slice(0, limit);
  const rest = tests.slice(limit);
  return [
    "### Tests",
    "",
    "| share | time | test |",
    "| -: | -: | :- |",
    ...shown.map(({ name, count }) => row(count, codeSpan(shortenMiddle(name, LONGEST_NAME)))),
    ...(rest.length > 0
      ? [row(rest.reduce((sum, { count }) => sum + count, 0), `${formatCount(rest.length)} more tests`)]
      : []),
    row(outside, "outside of tests"),
    "",
  ].join("\n");
}

function judgementList(judgements: readonly Judgement[]): string {
  return judgements.length === 0
    ? ""
    : ["### Limits", "", ...judgements.map((one) => `- ${codeSpan(renderJudgement(one))}`), ""].join("\n");
}
