/** What a flamegraph says in words: its title, its legend, its footer, and the numbers of each frame. */
import type { Profile, RecordingInfo } from "../profile.ts";
import type { CallNode } from "./call_tree.ts";
import { shortenMiddle } from "./escape.ts";
import type { FlameLayout } from "./flamegraph.ts";
import { type FrameKind, frameKind } from "./frame_kind.ts";
import { formatAmount, formatCount, formatPercent, formatSeconds, secondsPerCount } from "./numbers.ts";

/** A named fact of the footer. */
export interface Fact {
  readonly key: string;
  readonly value: string;
}

/** A kind of frame with its name in the legend. */
export interface LegendEntry {
  readonly kind: FrameKind | "thread";
  readonly text: string;
}

/** Longest text of one frame: names can have any length, and a picture holds thousands of them. */
const LONGEST_LABEL = 500;

/** The label of a node, of bounded length. */
export function nodeLabel(node: CallNode): string {
  return shortenMiddle(node.label, LONGEST_LABEL) || "[unknown]";
}

/** The numbers of a node: `120 samples · 1.20 s · 41.3 % of all · self 3.2 %`. */
export function nodeFacts(node: CallNode, total: number, info: RecordingInfo): string {
  const facts = [formatAmount(node.total, info)];
  const secondsEach = info.unit === "cpu_us" ? 0 : secondsPerCount(info);
  if (secondsEach > 0) facts.push(formatSeconds(node.total * secondsEach));
  facts.push(`${formatPercent(node.total, total)} of all`);
  if (node.kind === "frame") facts.push(`self ${formatPercent(node.self, total)}`);
  return facts.join(" · ");
}

/** The heading: what was recorded. */
export function headingText(profile: Profile): string {
  const [program = "", ...rest] = profile.info.command;
  // "python shop.py --fast" is about shop.py, wherever either of them lies.
  const isScript = /^python[\d.]*t?(?:\.exe)?$/i.test(baseName(program)) && /^[^-]/.test(rest[0] ?? "");
  const [first = "", ...others] = isScript ? rest : [program, ...rest];
  const text = [baseName(first), ...others].join(" ");
  return text || `process ${profile.info.pid}`;
}

function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}

/** The line below the heading: how much was seen, in one glance. */
export function subtitleText(profile: Profile, total: number): string {
  const { durationSeconds, rateHz, pythonVersion } = profile.info;
  const threads = new Set(profile.stacks.map((stack) => stack.thread)).size;
  return [
    formatAmount(total, profile.info),
    `${formatSeconds(durationSeconds)} at ${formatRate(rateHz)} Hz`,
    `${threads} ${threads === 1 ? "thread" : "threads"}`,
    ...pythonVersion === "" ? [] : [`Python ${pythonVersion}`],
  ].join(" · ");
}

/** How the recording went, fact by fact. */
export function footerFacts(profile: Profile, layout: FlameLayout): Fact[] {
  const { info } = profile;
  const achieved = info.durationSeconds > 0 ? info.ticks / info.durationSeconds : 0;
  const facts: Fact[] = [
    { key: "Command", value: info.command.join(" ") || "unknown" },
    { key: "PID", value: String(info.pid) },
    { key: "Python", value: info.pythonVersion || "unknown" },
    { key: "Started", value: info.startTime.replace("T", " ").replace(/(?:\.\d+)?Z$/, " UTC") || "unknown" },
    { key: "Duration", value: formatSeconds(info.durationSeconds) },
    { key: "Rate", value: `${formatRate(info.rateHz)} Hz asked, ${formatRate(achieved)} Hz achieved` },
    { key: "Samples", value: formatCount(info.samples) },
    {
      key: "Cut",
      value: info.unit === "cpu_us" ? formatAmount(info.cut, info) : withShare(info.cut, info.samples),
    },
    { key: "Errors", value: withShare(info.errors, info.samples + info.errors) },
    { key: "Late ticks", value: formatCount(info.late) },
    { key: "Missed ticks", value: formatCount(info.missed) },
    { key: "pyspy", value: info.pyspyVersion },
  ];
  const notes = [];
  if (layout.hidden > 0) notes.push(`${countFrames(layout.hidden)} below 0.1 %`);
  if (layout.tooDeep > 0) {
    notes.push(`${countFrames(layout.tooDeep)} deeper than ${formatCount(layout.rows)}`);
  }
  if (notes.length > 0) facts.push({ key: "Note", value: `${notes.join(" and ")} not drawn` });
  return facts;
}

function countFrames(count: number): string {
  return `${formatCount(count)} ${count === 1 ? "frame" : "frames"}`;
}

function withShare(part: number, whole: number): string {
  return part === 0 ? "0" : `${formatCount(part)} (${formatPercent(part, whole)})`;
}

function formatRate(hz: number): string {
  return hz >= 100 ? formatCount(Math.round(hz)) : String(Math.round(hz * 10) / 10);
}

const LEGEND: readonly LegendEntry[] = [
  { kind: "thread", text: "thread" },
  { kind: "user", text: "your code" },
  { kind: "library", text: "installed packages" },
  { kind: "stdlib", text: "standard library" },
  { kind: "runtime", text: "interpreter and native code" },
  { kind: "cut", text: "[cut]: the rest of the stack is not proven" },
];

/** The kinds of frames that are drawn, in the legend's order. */
export function legendEntries(profile: Profile, layout: FlameLayout): LegendEntry[] {
  const kinds = new Set(layout.rects.map(({ node }) => nodeKind(profile, node)));
  return LEGEND.filter(({ kind }) => kinds.has(kind));
}

/** Whose code a node of the call tree is. */
export function nodeKind(profile: Profile, node: CallNode): FrameKind | "thread" | "root" {
  if (node.kind !== "frame" || node.frame === undefined) return node.kind === "root" ? "root" : "thread";
  return frameKind(node.frame, fullFile(profile, node));
}

/** The file of a node's frame as the target has it, where the profile knows it. */
export function fullFile(profile: Profile, node: CallNode): string {
  return profile.fullFiles?.[node.frameIndex ?? -1] ?? node.frame?.file ?? "";
}
