/** A flamegraph as one SVG document: readable as a picture, alive in a browser, and needing nothing else. */
import type { Profile } from "../profile.ts";
import { buildCallTree } from "./call_tree.ts";
import { shortenMiddle, visibleText, xmlEscape } from "./escape.ts";
import { type FlameLayout, layoutFlamegraph } from "./flamegraph.ts";
import { formatCount } from "./numbers.ts";
import { kindClass } from "./palette.ts";
import { cutText, flowBoxes, textColumns } from "./svg_client/fit.js";
import { packProfile, profileMarkup } from "./svg_data.ts";
import { type Fact, footerFacts, headingText, legendEntries, subtitleText } from "./svg_facts.ts";
import { frameRows, ROW_HEIGHT } from "./svg_frames.ts";
import { svgScript } from "./svg_script.ts";
import { svgStyle } from "./svg_style.ts";

/** How to draw a flamegraph. */
export interface SvgOptions {
  /** Draw a row of threads below the root; without, equal stacks of different threads are merged. */
  readonly threads: boolean;
  /** Heading; the target's command by default. */
  readonly title?: string;
}

/** Width of the picture where no script can fit it to its window. Units: SVG pixels. */
export const WIDTH = 1200;

const MARGIN = 16;
const GRAPH_TOP = 116;
const SMALL_COLUMN = 6.65;
const HEADING_COLUMN = 9.6;
const LINE = 18;

/** Longest text outside of the frames: a command line may hold a whole program. */
const LONGEST_TEXT = 1000;

/** Renders a profile as an SVG flamegraph, root at the top. */
export function renderSvg(profile: Profile, options: SvgOptions): string {
  const layout = layoutFlamegraph(buildCallTree(profile, { threads: options.threads }));
  const inner = WIDTH - 2 * MARGIN;
  const graphHeight = layout.rows * ROW_HEIGHT;
  const legendTop = GRAPH_TOP + graphHeight + 22;
  const legend = legendItems(profile, layout, inner);
  const footerTop = legendTop + LINE * legend.rows + 10;
  const footer = footerItems(footerFacts(profile, layout), inner);
  const height = footerTop + LINE * footer.rows + 4;
  const heading = shortenMiddle(options.title ?? headingText(profile), LONGEST_TEXT);
  return `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" class="pyspy" width="${WIDTH}" height="${height}" \
viewBox="0 0 ${WIDTH} ${height}">
<title>${xmlEscape(heading)} - pyspy flamegraph</title>
<style><![CDATA[${svgStyle()}]]></style>
<defs><pattern id="pyspy-cut" width="8" height="8" patternUnits="userSpaceOnUse" \
patternTransform="rotate(45)"><rect class="ground" width="8" height="8"/>\
<path class="stripe" d="M2 0V8" stroke-width="3"/></pattern></defs>
<rect class="page" width="100%" height="100%"/>
${fittedText("heading", { text: heading, y: 34, columns: 80, column: HEADING_COLUMN })}
${fittedText("subtitle", { text: subtitleText(profile, layout.total), y: 55, columns: 140 })}
${toolbar()}
${details(profile, layout.total)}
<svg class="graph" x="${MARGIN}" y="${GRAPH_TOP}" width="${inner}" height="${graphHeight}">
${frameRows(profile, layout, { width: inner })}</svg>
<g class="legend" transform="translate(${MARGIN} ${legendTop})">
${legend.markup}</g>
<g class="footer" transform="translate(${MARGIN} ${footerTop})">
${footer.markup}</g>
${profileMarkup(packProfile(profile))}
<script><![CDATA[
${svgScript()}]]></script>
</svg>
`;
}

interface FittedText {
  readonly text: string;
  readonly y: number;
  readonly columns: number;
  readonly column?: number;
}

/** A text of the header, cut to the static width and kept whole for the script. */
function fittedText(className: string, { text, y, columns, column = SMALL_COLUMN }: FittedText): string {
  const visible = visibleText(text);
  const most = Math.min(columns, Math.floor((WIDTH - 2 * MARGIN) / column));
  return `<text class="${className}" x="${MARGIN}" y="${y}" data-full="${xmlEscape(visible)}">` +
    `${xmlEscape(cutText(visible, most))}</text>`;
}

/** Reset and search: of use only with the script, which shows them. */
function toolbar(): string {
  return `<g class="toolbar" display="none" transform="translate(${WIDTH - MARGIN} 0)">
<g class="reset" role="button" tabindex="0" aria-label="Reset zoom" transform="translate(-320 0)">\
<title>Reset zoom (Esc)</title>\
<rect y="14.5" width="68" height="27" rx="6"/><text x="34" y="32">Reset</text></g>
<foreignObject class="search" x="-244" y="14" width="244" height="28">\
<input xmlns="http://www.w3.org/1999/xhtml" type="text" placeholder="Search (regex)" aria-label="Search" \
autocomplete="off" spellcheck="false"/></foreignObject>
<text class="matched" y="55" aria-live="polite"></text>
</g>`;
}

/** Two lines about the frame under the pointer; without a script, how to read the picture. */
function details(profile: Profile, total: number): string {
  const [name, facts] = total === 0 ? ["No samples", whyEmpty(profile)] : [
    "Each box is a function; its width is its share of all samples",
    "Callers are above, callees below; left to right is the alphabet, not time",
  ];
  return `<g class="details" aria-live="polite">
<rect class="panel" x="${MARGIN}" y="66" width="${WIDTH - 2 * MARGIN}" height="42" rx="6"/>
<text class="name" x="${MARGIN + 10}" y="83">${name}</text>
<text class="facts muted" x="${MARGIN + 10}" y="100">${facts}</text>
</g>`;
}

function whyEmpty(profile: Profile): string {
  const { ticks, errors } = profile.info;
  return ticks === 0
    ? "The recording ended before its first sample."
    : errors > 0
    ? `${formatCount(errors)} samples could not be read.`
    : `No Python code ran at any of ${formatCount(ticks)} ticks.`;
}

interface Items {
  readonly markup: string;
  readonly rows: number;
}

function flowItems(widths: number[], available: number, item: (index: number) => string): Items {
  const places = flowBoxes(widths, available, 20);
  const markup = places.map(({ x, row }, index) =>
    `<g class="item" transform="translate(${Math.round(x)} ${LINE * row})">${item(index)}</g>\n`
  );
  return { markup: markup.join(""), rows: (places.at(-1)?.row ?? -1) + 1 };
}

function legendItems(profile: Profile, layout: FlameLayout, available: number): Items {
  const entries = legendEntries(profile, layout);
  const widths = entries.map(({ text }) => 16 + textColumns(text) * SMALL_COLUMN);
  return flowItems(widths, available, (index) => {
    const entry = entries[index];
    if (entry === undefined) return "";
    return `<g class="${kindClass(entry.kind)}"><rect y="-9" width="11" height="11" rx="2"/></g>` +
      `<text x="16"><tspan class="value">${xmlEscape(entry.text)}</tspan></text>`;
  });
}

function footerItems(facts: readonly Fact[], available: number): Items {
  const fitted = facts.map(({ key, value }) => {
    const full = visibleText(shortenMiddle(value, LONGEST_TEXT));
    const columns = Math.floor(available / SMALL_COLUMN) - key.length - 1;
    return { key, full, value: cutText(full, columns) };
  });
  const widths = fitted.map(({ key, value }) => (key.length + 1 + textColumns(value)) * SMALL_COLUMN);
  return flowItems(widths, available, (index) => {
    const fact = fitted[index];
    if (fact === undefined) return "";
    return `<text><tspan class="key muted">${fact.key}</tspan> ` +
      `<tspan class="value" data-full="${xmlEscape(fact.full)}">${xmlEscape(fact.value)}</tspan></text>`;
  });
}
