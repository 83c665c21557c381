/** The index of a heatmap: its files by whose code they are, hottest first. */
import { shortenMiddle, xmlEscape } from "./escape.ts";
import type { FrameKind } from "./frame_kind.ts";
import { heatLevel } from "./heat_scale.ts";
import { heatTime } from "./heatmap_model.ts";
import type { HeatmapFile, HeatmapModel } from "./heatmap_model.ts";
import { formatAmount, formatCount, formatPercent } from "./numbers.ts";

const MAX_ROWS = 2000;
const LONGEST_PATH = 240;

const KINDS: readonly (readonly [kind: FrameKind, title: string])[] = [
  ["user", "Your code"],
  ["library", "Installed packages"],
  ["stdlib", "Standard library"],
  ["runtime", "Interpreter"],
];

/** Renders a table for each kind of code. `hasLines` tells which files the page shows. */
export function renderIndex(model: HeatmapModel, hasLines: (file: number) => boolean): string {
  const { counts: { all }, files, profile: { info } } = model;
  const listed = files.slice(0, MAX_ROWS);
  const parts = KINDS.map(([kind, title]) => {
    const own = listed.filter((file) => file.kind === kind);
    if (own.length === 0) return "";
    const self = own.reduce((sum, file) => sum + file.self, 0);
    const rows = own.map((file) => indexRow(model, file, hasLines(file.number)));
    return `<h2>${title} <span class="muted">self ${formatPercent(self, all)}</span></h2>\n` +
      tableHead(model) + rows.join("\n") + "\n</table>";
  });
  const rest = files.slice(MAX_ROWS);
  if (rest.length > 0) {
    const self = rest.reduce((sum, file) => sum + file.self, 0);
    parts.push(
      `<p class="muted">${formatCount(rest.length)} more files, self ${
        formatPercent(self, all)
      } together.</p>`,
    );
  }
  const inFiles = files.reduce((sum, file) => sum + file.self, 0);
  if (inFiles < all) {
    parts.push(
      `<p class="muted">Of no file: ${formatPercent(all - inFiles, all)} (${
        formatAmount(all - inFiles, info)
      }).</p>`,
    );
  }
  return parts.filter((part) => part !== "").join("\n");
}

/** A path that may be broken into lines after each folder. */
export function pathHtml(path: string): string {
  return xmlEscape(shortenMiddle(path, LONGEST_PATH)).replaceAll("/", "/<wbr>");
}

function tableHead({ secondsEach }: HeatmapModel): string {
  const unit = secondsEach > 0 ? "s" : "count";
  return `<table><tr><th class="w">self ${unit}</th><th>self %</th><th class="w">total ${unit}</th>` +
    "<th>total %</th><th>file</th></tr>\n";
}

function indexRow(model: HeatmapModel, file: HeatmapFile, isShown: boolean): string {
  const { all } = model.counts;
  const { self, total } = file;
  const path = pathHtml(file.path);
  const name = isShown
    ? `<a href="#f${file.number}">${path}</a>`
    : `${path} <span class="muted">(not shown below)</span>`;
  const share = (count: number) => count === 0 ? "" : formatPercent(count, all);
  return `<tr class="hs${heatLevel(self, all)} ht${heatLevel(total, all)}">` +
    `<td class="s w">${heatTime(model, self)}</td><td class="s">${share(self)}</td>` +
    `<td class="t w">${heatTime(model, total)}</td><td class="t">${share(total)}</td>` +
    `<td><i class="${file.paint}"></i>${name}</td></tr>`;
}
