/** A profile on a terminal: how it was recorded, its hottest functions, and its calls as a tree. */
import { functionsOf } from "../analysis/functions.ts";
import { changeStacks } from "../analysis/select.ts";
import type { Profile } from "../profile.ts";
import { buildCallTree } from "./call_tree.ts";
import type { CallNode } from "./call_tree.ts";
import { shortenMiddle, terminalSafe } from "./escape.ts";
import { formatAmount, formatCount, formatPercent, formatSeconds } from "./numbers.ts";
import { renderHottest } from "./summary.ts";

/** Calls with a smaller share are not in the tree. */
const MIN_SHARE = 0.01;
const MAX_LINES = 100;
/** Deeper calls are indented no further. */
const MAX_INDENT = 40;
const LONGEST_LABEL = 120;

/** How to show a profile. */
export interface ReportOptions {
  /** Functions in each table at most. */
  readonly limit: number;
  /** Put a line for each thread into the tree. */
  readonly threads: boolean;
}

/** Renders the text, without terminal codes. */
export function renderReport(profile: Profile, options: ReportOptions): string {
  const { info } = profile;
  const all = profile.stacks.reduce((sum, { count }) => sum + count, 0);
  const command = info.command.join(" ");
  const parts = [
    ...(command === "" ? [] : [terminalSafe(shortenMiddle(command, 500)) + "\n"]),
    `${formatAmount(all, info)}${
      info.durationSeconds > 0 ? ` in ${formatSeconds(info.durationSeconds)}` : ""
    }\n`,
    ...(info.notes ?? []).map((note) => `${terminalSafe(note)}\n`),
  ];
  if (all === 0) return [...parts, "No samples.\n"].join("");
  return [
    ...parts,
    "\nMost time of its own:\n",
    renderHottest(profile, { limit: options.limit }),
    "\nMost time with what it calls:\n",
    renderHottest(profile, { limit: options.limit, by: "total" }),
    "\nCalls:\n",
    renderTree(profile, options),
  ].join("");
}

function renderTree(profile: Profile, { threads }: ReportOptions): string {
  const root = buildCallTree(byFunction(profile), { threads });
  const lines = [" total %   self %  function"];
  let hidden = 0;
  const pending: { node: CallNode; depth: number }[] = [{ node: root, depth: 0 }];
  for (let item = pending.pop(); item !== undefined; item = pending.pop()) {
    const { node, depth } = item;
    if (node.total < MIN_SHARE * root.total || lines.length > MAX_LINES) {
      hidden++;
      continue;
    }
    const indent = "  ".repeat(Math.min(depth, MAX_INDENT)) + (depth > MAX_INDENT ? "… " : "");
    const label = shortenMiddle(terminalSafe(node.label), LONGEST_LABEL);
    const [total, self] = [node.total, node.self].map((count) =>
      formatPercent(count, root.total).padStart(8)
    );
    lines.push(`${total} ${self}  ${indent}${label}`);
    const byTotal = node.children.toSorted((a, b) => a.total - b.total);
    for (const child of byTotal) pending.push({ node: child, depth: depth + 1 });
  }
  if (hidden > 0) {
    lines.push(`... and ${formatCount(hidden)} more ${hidden === 1 ? "call" : "calls"} with what they call`);
  }
  return lines.join("\n") + "\n";
}

/** Frames of one function as its first frame, without the line. */
function byFunction(profile: Profile): Profile {
  const { ofFrame, firstFrame } = functionsOf(profile);
  const frames = profile.frames.map((frame) => ({ ...frame, line: 0 }));
  return changeStacks(
    { ...profile, frames, timeline: undefined },
    (stack) => stack.frames.map((frame) => firstFrame[ofFrame[frame]!]!),
  );
}
