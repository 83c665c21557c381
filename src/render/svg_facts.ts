/** What a flamegraph says in words: its title, its legend and its footer. */
import type { Profile, RecordingInfo } from "../profile.ts";
import { formatAmount, formatCount, formatPercent, formatSeconds } from "./numbers.ts";
import { kindClass, legendClasses, type PaintKind } from "./palette.ts";
import type { Model } from "./svg_client/types.ts";
import { activityTotals } from "./svg_client/weigh.js";

/** Notes in a footer; a file may have any number. */
const MOST_NOTES = 10;

/** A named fact of the footer. */
export interface Fact {
  readonly key: string;
  readonly value: string;
}

/** An entry of the legend: classes of frames, and what they mean. */
export interface LegendEntry {
  readonly classes: readonly string[];
  readonly text: string;
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

/** The last part of a path of any system. */
export function baseName(path: string): string {
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
export function footerFacts({ info }: Profile): Fact[] {
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
      value: (info.unit ?? "sample") === "sample"
        ? withShare(info.cut, info.samples)
        : formatAmount(info.cut, info),
    },
    { key: "Errors", value: withShare(info.errors, info.samples + info.errors) },
    { key: "Late ticks", value: formatCount(info.late) },
    { key: "Missed ticks", value: formatCount(info.missed) },
    { key: "pyspy", value: info.pyspyVersion },
    ...noteFacts(info),
  ];
  return facts;
}

/** What was done to a recording: its notes, the first of very many. */
export function noteFacts({ notes = [] }: Pick<RecordingInfo, "notes">, key = "Note"): Fact[] {
  const more = notes.length - MOST_NOTES;
  return [
    ...notes.slice(0, MOST_NOTES).map((value) => ({ key, value })),
    ...more > 0 ? [{ key, value: `${formatCount(more)} more notes` }] : [],
  ];
}

/** What the still picture leaves out; empty if that is nothing. */
export function omittedText({ narrow, deep }: { narrow: number; deep: number }, rows: number): string {
  const parts = [];
  if (narrow > 0) parts.push(`${countCalls(narrow)} below 0.1 %`);
  if (deep > 0) parts.push(`${countCalls(deep)} deeper than ${formatCount(rows)}`);
  return parts.length === 0 ? "" : `${parts.join(" and ")} not drawn, with all below`;
}

function countCalls(count: number): string {
  return `${formatCount(count)} ${count === 1 ? "call" : "calls"}`;
}

function withShare(part: number, whole: number): string {
  return part === 0 ? "0" : `${formatCount(part)} (${formatPercent(part, whole)})`;
}

/** A rate: `100`, `1,000`, `12.5`. Units: Hz. */
export function formatRate(hz: number): string {
  return hz >= 100 ? formatCount(Math.round(hz)) : String(Math.round(hz * 10) / 10);
}

const LEGEND: readonly { readonly kind: PaintKind; readonly text: string }[] = [
  { kind: "process", text: "process" },
  { kind: "thread", text: "thread" },
  { kind: "user", text: "your code" },
  { kind: "library", text: "installed packages" },
  { kind: "stdlib", text: "standard library" },
  { kind: "runtime", text: "interpreter" },
  { kind: "native", text: "native code, without the GIL" },
  { kind: "waiting", text: "waiting for the GIL" },
  { kind: "idle", text: "idle" },
  { kind: "cut", text: "[cut]: the rest is not proven" },
];

/** The kinds of what a profile shows, in the legend's order. */
export function legendEntries(model: Model, { threads }: { threads: boolean }): LegendEntry[] {
  const used = new Set<string>();
  for (const frame of model.frame) if (frame >= 0) used.add(model.paint[frame] ?? "");
  activityTotals(model).forEach((total, activity) => {
    if (total > 0) used.add(["", "n1", "w1", "i1"][activity] ?? "");
  });
  if (threads) used.add("t1");
  if (model.processes.length > 0) used.add("p1");
  const prefixes = new Set([...used].map((paint) => paint.charAt(0)));
  return LEGEND.filter(({ kind }) => prefixes.has(kindClass(kind).charAt(0)))
    .map(({ kind, text }) => ({ classes: legendClasses(kind), text }));
}
