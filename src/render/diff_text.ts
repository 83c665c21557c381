/** What has changed between two recordings, on a terminal. */
import type { Change, Comparison, FunctionChange } from "../analysis/compare.ts";
import type { Judgement } from "../analysis/threshold.ts";
import { shortenMiddle, terminalSafe } from "./escape.ts";
import { formatCount, formatSeconds } from "./numbers.ts";

const LONGEST_NAME = 120;
/** Changes are shown up to this many times as much. */
const MOST = 100;

/** Renders the changes that are certain, and the largest of the others. */
export function renderDiff({ factor, seconds, functions }: Comparison, { limit }: { limit: number }): string {
  const certain = functions.filter(({ isCertain }) => isCertain);
  const others = functions.filter(({ isCertain }) => !isCertain);
  const lines = [
    `${formatSeconds(seconds[0])} before, ${formatSeconds(seconds[1])} after.`,
    `Most functions took ${
      factor.toFixed(2)
    } times as long. Changes are beyond that, with their 95 % intervals.`,
    "",
  ];
  if (certain.length === 0) lines.push("No function has changed: all differences may be chance.");
  else lines.push(`Changed, and not by chance (95 % sure of all together):`, ...table(certain, limit));
  const shown = Math.max(0, Math.min(limit - certain.length, others.length));
  if (shown > 0) {
    lines.push("", "The largest differences of others, which may be chance:", ...table(others, shown));
  }
  return lines.join("\n") + "\n";
}

function table(functions: readonly FunctionChange[], limit: number): string[] {
  const rows = functions.slice(0, limit).map((one) => {
    const { name, file } = one.frame;
    const label = shortenMiddle(terminalSafe(file === "" ? name : `${name} (${file})`), LONGEST_NAME);
    const times = [...one.self, ...one.total].map((value) => value.toFixed(2).padStart(9)).join("");
    return `${changeText(one).padStart(8)} ${intervalText(one).padStart(19)}${times}  ${label}`;
  });
  const more = functions.length - rows.length;
  return [
    "  change            interval   self s    after  total s    after  function (file)",
    ...rows,
    ...(more > 0 ? [`... and ${formatCount(more)} more`] : []),
  ];
}

function changeText({ change }: Pick<Change, "change">): string {
  return change > MOST ? "new" : percent(change);
}

function intervalText({ low, high }: Change): string {
  return `${percent(low)} to ${percent(high)}`;
}

function percent(change: number): string {
  if (change > MOST) return "any";
  return `${change < 0 ? "-" : "+"}${Math.abs(100 * change).toFixed(1)} %`;
}

/** A line for a limit of change. */
export function renderChangeJudgement({ limit, verdict, share, wasSeen }: Judgement): string {
  const words = { broken: "BROKEN", holds: "holds", undecided: "cannot be judged" }[verdict];
  if (!wasSeen) return `${limit.text}: ${words}, no such function was seen`;
  const change = { change: share.share, low: share.low, high: share.high };
  const advice = verdict === "undecided"
    ? "; there are too few samples: record both for longer, or more often (-r)"
    : "";
  return `${limit.text}: ${words}; it changed by ${changeText(change)} (95 % sure: ${
    intervalText(change)
  })${advice}`;
}
