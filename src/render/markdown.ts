/** A summary of a profile as Markdown, as GitHub and others show it. */
import type { Profile } from "../profile.ts";
import { shortenMiddle, visibleText } from "./escape.ts";
import { formatAmount, formatCount, formatPercent, formatSeconds, secondsPerCount } from "./numbers.ts";
import { countFunctions, repeatedNames } from "./summary.ts";
import type { FunctionCount } from "./summary.ts";

const LONGEST_NAME = 120;
const LONGEST_COMMAND = 500;

/** How to write the summary. */
export interface MarkdownOptions {
  /** Functions in each table at most. */
  readonly limit: number;
}

/** Renders the functions with the most time of their own and in all, and how the recording went. */
export function renderMarkdown(profile: Profile, options: MarkdownOptions): string {
  const { info } = profile;
  const all = profile.stacks.reduce((sum, { count }) => sum + count, 0);
  const parts = [
    `## ${codeSpan(shortenMiddle(info.command.join(" ") || `process ${info.pid}`, LONGEST_COMMAND))}`,
  ];
  parts.push(all === 0 ? "No samples." : tables(profile, options));
  const facts = [
    `${formatAmount(all, info)} in ${formatSeconds(info.durationSeconds)}`,
    ...(info.ticks > 0 && info.durationSeconds > 0
      ? [`${(info.ticks / info.durationSeconds).toFixed(1)} of ${info.rateHz} Hz`]
      : []),
    `${formatCount(info.errors)} errors`,
    `${formatCount(info.late)} late, ${formatCount(info.missed)} missed`,
    ...(all > 0 ? [`${formatPercent(info.cut, all)} cut`] : []),
    ...(info.pythonVersion === "" ? [] : [`Python ${plainText(info.pythonVersion)}`]),
    `pyspy ${plainText(info.pyspyVersion || "?")}`,
  ];
  parts.push(facts.join("; "));
  for (const note of info.notes ?? []) parts.push(plainText(note));
  return parts.join("\n\n") + "\n";
}

function tables(profile: Profile, { limit }: MarkdownOptions): string {
  const functions = countFunctions(profile);
  const shared = repeatedNames(functions);
  const bySelf = functions.filter(({ self }) => self > 0);
  const byTotal = functions.toSorted((a, b) => b.total - a.total);
  return [
    "### Most time of its own",
    table(profile, bySelf.slice(0, limit), shared),
    more(bySelf.length - limit),
    "### Most time with what it calls",
    table(profile, byTotal.slice(0, limit), shared),
    more(byTotal.length - limit),
  ].filter((part) => part !== "").join("\n\n");
}

function table(profile: Profile, functions: readonly FunctionCount[], shared: ReadonlySet<string>): string {
  const all = profile.stacks.reduce((sum, { count }) => sum + count, 0);
  const seconds = secondsPerCount(profile.info);
  const time = (count: number) => seconds > 0 ? `${(count * seconds).toFixed(2)} s` : formatCount(count);
  const rows = functions.map(({ frame, self, total, name }) => {
    const where = shared.has(name) && frame.firstLine > 0 ? `${frame.file}:${frame.firstLine}` : frame.file;
    return `| ${formatPercent(self, all)} | ${time(self)} | ${formatPercent(total, all)} | ${
      time(total)
    } | ` +
      `${codeSpan(shortenMiddle(frame.name, LONGEST_NAME))} | ${
        where === "" ? "" : codeSpan(shortenMiddle(where, LONGEST_NAME))
      } |`;
  });
  return ["| self | | total | | function | file |", "| -: | -: | -: | -: | :- | :- |", ...rows].join("\n");
}

function more(count: number): string {
  return count > 0 ? `... and ${formatCount(count)} more` : "";
}

/** Text that is shown as it is, in a table too. */
export function codeSpan(text: string): string {
  const safe = visibleText(text).replaceAll("|", "\\|");
  if (safe.trim() === "") return "(no name)";
  const longest = Math.max(0, ...[...safe.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  // A space at each end keeps backticks of the text apart from the fence, and is not shown.
  return longest > 0 ? `${fence} ${safe} ${fence}` : `${fence}${safe}${fence}`;
}

/** Text of our own with words of others in it: nothing in it is markup. */
function plainText(text: string): string {
  return visibleText(text).replace(/[\\`*_{}[\]<>()#|~!@&]/g, (character) => `&#${character.charCodeAt(0)};`);
}
