/** The lines of one file in a heatmap: hot ones with their numbers, stretches of cold ones folded. */
import type { Frame } from "../types.ts";
import { shortenMiddle, splitsPair, xmlEscape } from "./escape.ts";
import { heatLevel } from "./heat_scale.ts";
import { heatTime } from "./heatmap_model.ts";
import type { HeatmapFile, HeatmapModel } from "./heatmap_model.ts";
import type { LineCall } from "./line_calls.ts";
import type { LinePlace } from "./line_counts.ts";
import { formatCount, formatPercent } from "./numbers.ts";

/** Lines without samples that stay unfolded around those with. */
const CONTEXT = 3;
/** Fewer cold lines than this are not worth a fold. */
const MIN_FOLD = 6;
const LONGEST_LINE = 400;
const LONGEST_NAME = 80;

/** How much may still be put into the page; what is used is taken off. */
export interface PageBudget {
  /** Lines without samples. */
  coldLines: number;
  /** Characters of sources. */
  text: number;
}

/** What the lines of a file are drawn from, and whether a file has lines in the page to link to. */
export interface LineOptions {
  readonly hasLines: (file: number) => boolean;
  readonly budget: PageBudget;
}

/** The lines of a file with its text. */
export function renderSourceLines(
  model: HeatmapModel,
  file: HeatmapFile,
  { source, ...options }: LineOptions & { readonly source: readonly string[] },
): string {
  const { places } = file;
  const byLine = new Map(places.map((place) => [place.line, place]));
  // 1: near a line with samples; 2: where a function with samples begins.
  const shown = new Uint8Array(source.length + 2);
  const sampled = places.filter(({ line, total }) => line > 0 && total > 0);
  for (const { line } of sampled) {
    shown.fill(1, Math.max(1, line - CONTEXT), Math.min(line + CONTEXT, source.length) + 1);
  }
  for (const frame of sampled.flatMap(({ frames }) => frames)) {
    const { firstLine } = model.profile.frames[frame]!;
    if (firstLine > 0 && firstLine <= source.length) shown[firstLine] = 2;
  }
  const parts: string[] = [];
  const plain = (line: number) =>
    `<div class="l${shown[line] === 2 ? " d" : ""}" id="f${file.number}-L${line}">` +
    `<a href="#f${file.number}-L${line}">${line}</a><code>${codeHtml(source[line - 1]!)}</code></div>`;
  for (let line = 1; line <= source.length;) {
    let end = line;
    while (end <= source.length && shown[end] === 0) end++;
    if (end > line) {
      parts.push(coldStretch(line, end - 1, plain, options.budget));
      line = end;
      continue;
    }
    const place = byLine.get(line);
    parts.push(
      place === undefined || place.total === 0
        ? plain(line)
        : hotLine(model, place, { ...options, code: codeHtml(source[line - 1]!) }),
    );
    line++;
  }
  return parts.join("\n");
}

/** The lines with samples of a file whose text is not at hand: the functions in its place. */
export function renderBareLines(model: HeatmapModel, file: HeatmapFile, options: LineOptions): string {
  return file.places.filter(({ line, total }) => line > 0 && total > 0).sort((a, b) => a.line - b.line)
    .map((place) => {
      const names = [...new Set(place.frames.map((frame) => model.profile.frames[frame]!.name))];
      const text = names.slice(0, 3).map((name) => shortenMiddle(name, LONGEST_NAME)).join(", ");
      return hotLine(model, place, { ...options, code: `<i>in ${xmlEscape(text)}</i>` });
    }).join("\n");
}

function coldStretch(
  from: number,
  to: number,
  plain: (line: number) => string,
  budget: PageBudget,
): string {
  const count = to - from + 1;
  const lines = `${formatCount(count)} ${count === 1 ? "line" : "lines"} without samples`;
  if (count > budget.coldLines) return `<div class="gap">${lines}, left out</div>`;
  budget.coldLines -= count;
  const rows = Array.from({ length: count }, (_, i) => plain(from + i)).join("\n");
  return count < MIN_FOLD ? rows : `<details class="cold"><summary>${lines}</summary>\n${rows}\n</details>`;
}

function hotLine(
  model: HeatmapModel,
  place: LinePlace,
  { code, hasLines }: LineOptions & { readonly code: string },
): string {
  const { self, total, line } = place;
  const { all } = model.counts;
  const number = model.numberOf[place.file]!;
  const share = (count: number) => count === 0 ? "" : formatPercent(count, all);
  const calls = callsHtml(model, place, hasLines);
  const classes = `l h hs${heatLevel(self, all)} ht${heatLevel(total, all)}${calls === "" ? "" : " k"}`;
  return `<div class="${classes}" id="f${number}-L${line}"><a href="#f${number}-L${line}">${line}</a>` +
    `<b class="s w">${heatTime(model, self)}</b><b class="s">${share(self)}</b>` +
    `<b class="t w">${heatTime(model, total)}</b><b class="t">${share(total)}</b>` +
    `<code>${code}</code>${calls}</div>`;
}

function callsHtml(model: HeatmapModel, place: LinePlace, hasLines: LineOptions["hasLines"]): string {
  const calls = model.calls.ofPlace.get(model.counts.ofFrame[place.frames[0]!]!);
  if (calls === undefined) return "";
  const { callers, callees, allCallers, allCallees } = calls;
  const item = (what: string, { place: at, frame, count }: LineCall) => {
    const { file, line } = model.counts.places[at]!;
    const name = xmlEscape(callLabel(model.profile.frames[frame]!, line));
    const number = model.numberOf[file]!;
    const target = `#f${number}${line > 0 ? `-L${line}` : ""}`;
    return `<li><span>${what}</span><b>${formatPercent(count, model.counts.all)}</b>` +
      `${hasLines(number) ? `<a href="${target}">${name}</a>` : `<span>${name}</span>`}</li>`;
  };
  const more = (all: number, shown: number, what: string) =>
    all > shown
      ? `<li><span></span><b></b><span>and ${formatCount(all - shown)} more ${what}</span></li>`
      : "";
  const title = `called by ${formatCount(allCallers)} ${allCallers === 1 ? "line" : "lines"}, calls ${
    formatCount(allCallees)
  } ${allCallees === 1 ? "function" : "functions"}`;
  return `<details class="calls"><summary title="${title}">${
    [allCallers > 0 ? `↑${allCallers}` : "", allCallees > 0 ? `↓${allCallees}` : ""].join(" ").trim()
  }</summary><ul>` +
    callers.map((call) => item("called by", call)).join("") + more(allCallers, callers.length, "callers") +
    callees.map((call) => item("calls", call)).join("") + more(allCallees, callees.length, "functions") +
    "</ul></details>";
}

function callLabel({ name, file }: Frame, line: number): string {
  const where = shortenMiddle(file, LONGEST_NAME);
  return `${shortenMiddle(name, LONGEST_NAME)} (${line > 0 ? `${where}:${line}` : where})`;
}

/** A line of a source; tabs stay tabs, all else that cannot be seen is spelled out. */
function codeHtml(text: string): string {
  const end = splitsPair(text, LONGEST_LINE) ? LONGEST_LINE - 1 : LONGEST_LINE;
  const html = text.slice(0, end).split("\t").map(xmlEscape).join("\t");
  return text.length > end ? `${html}<i>… and ${formatCount(text.length - end)} more characters</i>` : html;
}
