/**
 * The sources of a profile with the time of each line, as one HTML page without scripts that loads nothing.
 *
 * Names and sources are not trusted: all of them are escaped, and the page forbids itself scripts and the network.
 */
import type { Profile } from "../profile.ts";
import { shortenMiddle, xmlEscape } from "./escape.ts";
import { HEAT, heatLabel } from "./heat_scale.ts";
import { pathHtml, renderIndex } from "./heatmap_index.ts";
import { renderBareLines, renderSourceLines } from "./heatmap_lines.ts";
import type { LineOptions } from "./heatmap_lines.ts";
import { heatmapModel } from "./heatmap_model.ts";
import type { HeatmapFile, HeatmapModel, SourceText } from "./heatmap_model.ts";
import { heatmapStyle } from "./heatmap_style.ts";
import { formatCount, formatPercent } from "./numbers.ts";
import { sourceLines } from "./source_text.ts";
import { headingText, subtitleText } from "./svg_facts.ts";

/** What the page holds at most; the rest is in its index only, or without text. */
const MAX_FILES = 300;
const MAX_HOT_LINES = 30_000;
const MAX_COLD_LINES = 100_000;
const MAX_TEXT = 15_000_000;
const LONGEST_HEADING = 200;
const LONGEST_NOTE = 500;

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/** A page, and how many of the files that it shows have no text. */
export interface Heatmap {
  readonly html: string;
  readonly shown: number;
  readonly withoutText: number;
}

/** Renders the page. `readSource` gives the text of a file of the profile, by its path there; it is asked once for each. */
export function renderHeatmap(
  profile: Profile,
  readSource: (path: string) => SourceText | undefined,
): Heatmap {
  const model = heatmapModel(profile);
  const shown = filesToShow(model);
  const budget = { coldLines: MAX_COLD_LINES, text: MAX_TEXT };
  const hasLines = (file: number) => shown.has(file);
  let withoutText = 0;
  const sections = model.files.filter(({ number }) => shown.has(number)).map((file) => {
    const { html, hasText } = renderFile(model, file, { readSource, hasLines, budget });
    if (!hasText) withoutText++;
    return html;
  });
  const style = heatmapStyle(new Set(model.files.map(({ paint }) => paint)));
  const title = xmlEscape(shortenMiddle(headingText(profile), LONGEST_HEADING));
  const body = model.files.length === 0
    ? `<p>${model.counts.all === 0 ? "No samples." : "No sample is in a source file."}</p>`
    : `${renderIndex(model, hasLines)}\n${leftOut(model, shown.size)}\n${sections.join("\n")}`;
  const html = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${title}: time by line</title>
<style>
${style}</style>
</head>
<body>
<input class="by" type="radio" name="by" id="by-self" checked>
<input class="by" type="radio" name="by" id="by-total">
<main id="index">
${renderHeader(model, title)}
${body}
</main>
</body>
</html>
`;
  return { html, shown: shown.size, withoutText };
}

/** Numbers of the files whose lines are in the page: the hottest, as long as there is room. */
function filesToShow({ files }: HeatmapModel): Set<number> {
  const shown = new Set<number>();
  let room = MAX_HOT_LINES;
  for (const { number, places } of files) {
    if (shown.size === MAX_FILES) break;
    if (places.length > room) continue;
    room -= places.length;
    shown.add(number);
  }
  return shown;
}

function leftOut({ files }: HeatmapModel, shown: number): string {
  const count = files.length - shown;
  return count === 0
    ? ""
    : `<p class="note">${formatCount(count)} ${
      count === 1 ? "file is" : "files are"
    } not shown below, since ` +
      `the page holds ${MAX_FILES} files and ${formatCount(MAX_HOT_LINES)} lines with samples at most.</p>`;
}

function renderHeader(model: HeatmapModel, title: string): string {
  const { profile, counts } = model;
  const notes = [...profile.info.notes ?? []];
  const placed = profile.frames.filter(({ line }) => line > 0);
  if (placed.length > 2 && placed.every(({ line, firstLine }) => line === firstLine)) {
    notes.push("Each function's time is at its first line: the profile tells functions apart, not lines.");
  }
  if (model.calls.isPartial) {
    notes.push("There are too many distinct calls: who called a line and what it called may be incomplete.");
  }
  const steps = HEAT.map((_, step) => `<b>${heatLabel(step)}</b>`).join("");
  return `<header>
<h1>${title}</h1>
<p class="muted">${xmlEscape(subtitleText(profile, counts.all))}</p>
${notes.map((note) => `<p class="muted">${xmlEscape(shortenMiddle(note, LONGEST_NOTE))}</p>`).join("\n")}
<div class="legend">
<span class="switch">Colour of a line: <label for="by-self">self</label><label for="by-total">total</label></span>
<span class="scale">Share of all time, from:&nbsp; ${steps}</span>
</div>
<p class="muted"><b>self</b>: the line's own code. <b>total</b>: with all that it calls; a line that is on a stack
twice counts once. ↑ who called a line, ↓ what it called.</p>
</header>`;
}

function renderFile(
  model: HeatmapModel,
  file: HeatmapFile,
  { readSource, ...options }: LineOptions & { readonly readSource: (path: string) => SourceText | undefined },
): { html: string; hasText: boolean } {
  const { all } = model.counts;
  const unit = model.secondsEach > 0 ? "s" : "n";
  const source = sourceOf(model, file, { readSource, budget: options.budget });
  const lines = source.lines === undefined
    ? renderBareLines(model, file, options)
    : renderSourceLines(model, file, { ...options, source: source.lines });
  const unplaced = file.places.find(({ line }) => line === 0)?.total ?? 0;
  const notes = [
    source.note,
    unplaced > 0 ? `Of no known line: ${formatPercent(unplaced, all)} with all that it calls.` : "",
  ].filter((note) => note !== "").map((note) => `<p class="note">${xmlEscape(note)}</p>\n`);
  const html = `<details open class="file" id="f${file.number}"><summary><a href="#index">index</a>` +
    `<i class="${file.paint}"></i><b>${pathHtml(file.path)}</b>` +
    `<span>self ${formatPercent(file.self, all)}</span><span>total ${formatPercent(file.total, all)}</span>` +
    `</summary>\n${notes.join("")}<div class="lines">\n` +
    `<div class="l head"><span></span><b class="w">self ${unit}</b><b>self %</b><b class="w">total ${unit}</b>` +
    `<b>total %</b><code></code></div>\n${lines}\n</div></details>`;
  return { html, hasText: source.lines !== undefined };
}

/** The lines of a file, if they are those that ran as far as can be told, and what is to be said of them. */
function sourceOf(
  { profile }: HeatmapModel,
  { path, places }: HeatmapFile,
  { readSource, budget }: Pick<LineOptions, "budget"> & {
    readonly readSource: (path: string) => SourceText | undefined;
  },
): { lines: readonly string[] | undefined; note: string } {
  const onlyTimes = "Only the lines with samples are listed.";
  const without = (why: string) => ({ lines: undefined, note: `${why} ${onlyTimes}` });
  const source = readSource(path);
  if (source === undefined) return without("The source cannot be read here.");
  if (source.text.length > budget.text) return without("The page has no room for the text of this file.");
  const lines = sourceLines(source.text);
  const last = places.reduce((most, { line, total }) => total > 0 ? Math.max(most, line) : most, 0);
  if (last > lines.length) {
    return without(
      `The file here is not the one that ran: it has ${formatCount(lines.length)} ${
        lines.length === 1 ? "line" : "lines"
      }, and samples are in line ${formatCount(last)}.`,
    );
  }
  budget.text -= source.text.length;
  const isNewer = (source.changedMs ?? 0) > Date.parse(profile.info.startTime);
  return {
    lines,
    note: isNewer ? "The file was changed after the recording began: lines may have moved." : "",
  };
}
