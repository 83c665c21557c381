/** What is said of limits. */
import type { Judgement } from "../analysis/threshold.ts";

const VERDICTS = { broken: "BROKEN", holds: "holds", undecided: "cannot be judged" } as const;

/** A line for a limit: what was found, and how sure it is. */
export function renderJudgement({ limit, verdict, share, wasSeen }: Judgement): string {
  const percent = (value: number) => (100 * value).toFixed(1);
  const found = wasSeen ? "" : ", no such function was seen";
  const advice = verdict === "undecided"
    ? "; there are too few samples: record for longer, or more often (-r)"
    : "";
  return `${limit.text}: ${VERDICTS[verdict]}${found}; it is ${percent(share.share)} % ` +
    `(95 % sure: ${percent(share.low)} to ${percent(share.high)} %)${advice}`;
}
