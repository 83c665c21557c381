/** A flamegraph as one SVG document: readable as a picture, alive in a browser, and needing nothing else. */
import type { Profile } from "../profile.ts";
import { shortenMiddle, visibleText, xmlEscape } from "./escape.ts";
import { formatCount } from "./numbers.ts";
import { legendClasses } from "./palette.ts";
import { cutText, flowBoxes, textColumns } from "./svg_client/fit.js";
import { chooseNodes } from "./svg_client/layout.js";
import { makeModel } from "./svg_client/model.js";
import { makeTree } from "./svg_client/tree.js";
import { weighNodes } from "./svg_client/weigh.js";
import { packProfile, profileMarkup } from "./svg_data.ts";
import {
  type Fact,
  footerFacts,
  headingText,
  legendEntries,
  type LegendEntry,
  omittedText,
  subtitleText,
} from "./svg_facts.ts";
import { frameMarkup, ROW_HEIGHT } from "./svg_frames.ts";
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

/** Narrowest share of all samples that the still picture shows: about one pixel. */
const MIN_SHARE = 0.001;

/** Most frames of the still picture, three or four elements each. */
const MOST_FRAMES = 1200;

/** Deepest row of the still picture. */
export const MOST_ROWS = 2000;

const MARGIN = 16;
const LEGEND_TOP = 80;
const SMALL_COLUMN = 6.65;
const HEADING_COLUMN = 9.6;
const LINE = 18;

/** Longest text outside of the frames: a command line may hold a whole program. */
const LONGEST_TEXT = 1000;

/** Renders a profile as an SVG flamegraph, root at the top. */
export function renderSvg(profile: Profile, options: SvgOptions): string {
  const packed = packProfile(profile);
  // Drawn from what is written: the still picture and the living one cannot differ.
  const model = makeModel(packed);
  const weights = weighNodes(model, { filter: { thread: "", process: "", activity: -1 }, hidden: [] });
  const shape = { view: "callees", byFunction: false, split: options.threads, folded: false } as const;
  const tree = makeTree(model, { weights, shape });
  const chosen = chooseNodes(tree, {
    top: tree.root,
    least: weights.sum * MIN_SHARE,
    most: MOST_FRAMES,
    rows: MOST_ROWS,
  });
  const rows = chosen.nodes.reduce((most, { depth }) => Math.max(most, depth + 1), 0);
  const inner = WIDTH - 2 * MARGIN;
  const legend = legendItems(legendEntries(model, options), inner);
  const hintTop = LEGEND_TOP + LINE * legend.rows + 4;
  const graphTop = hintTop + 12;
  const footerTop = graphTop + rows * ROW_HEIGHT + 24;
  const omitted = omittedText(chosen, rows);
  const facts = [...footerFacts(profile), ...omitted === "" ? [] : [{ key: "Note", value: omitted }]];
  const footer = footerItems(facts, inner);
  const height = footerTop + LINE * footer.rows + 4;
  const heading = shortenMiddle(options.title ?? headingText(profile), LONGEST_TEXT);
  const hint = weights.sum === 0 ? whyEmpty(profile) : HINT;
  return `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" class="pyspy" width="${WIDTH}" height="${height}" \
viewBox="0 0 ${WIDTH} ${height}"${options.threads ? ' data-split="1"' : ""}>
<title>${xmlEscape(heading)} - pyspy flamegraph</title>
<style><![CDATA[${svgStyle()}]]></style>
<defs><pattern id="pyspy-cut" width="8" height="8" patternUnits="userSpaceOnUse" \
patternTransform="rotate(45)"><rect class="ground" width="8" height="8"/>\
<path class="stripe" d="M2 0V8" stroke-width="3"/></pattern></defs>
<g class="still">
<rect class="page" width="100%" height="100%"/>
${textMarkup("heading", { text: heading, y: 34, columns: Math.floor(inner / HEADING_COLUMN) })}
${textMarkup("subtitle", { text: subtitleText(profile, weights.sum), y: 55, columns: inner / SMALL_COLUMN })}
<g class="legend" transform="translate(${MARGIN} ${LEGEND_TOP})">
${legend.markup}</g>
<text class="hint muted" x="${MARGIN}" y="${hintTop}">${hint}</text>
<g class="graph" transform="translate(${MARGIN} ${graphTop})">
${frameMarkup(tree, { nodes: chosen.nodes, width: inner })}</g>
<g class="footer" transform="translate(${MARGIN} ${footerTop})">
${footer.markup}</g>
</g>
${profileMarkup(packed)}
<script><![CDATA[
${svgScript()}]]></script>
</svg>
`;
}

const HINT =
  "Each box is a function, as wide as its share of all samples. Callers are above, callees below; " +
  "left to right is the alphabet, not time.";

/** A text of the header, cut to the still picture's width and kept whole for the script. */
function textMarkup(className: string, place: { text: string; y: number; columns: number }): string {
  const visible = visibleText(place.text);
  return `<text class="${className}" x="${MARGIN}" y="${place.y}" data-full="${xmlEscape(visible)}">` +
    `${xmlEscape(cutText(visible, place.columns))}</text>`;
}

function whyEmpty({ info: { ticks, errors } }: Profile): string {
  const why = ticks === 0
    ? "The recording ended before its first sample."
    : errors > 0
    ? `${formatCount(errors)} samples could not be read.`
    : `No Python code ran at any of ${formatCount(ticks)} ticks.`;
  return `No samples. ${why}`;
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

function legendItems(entries: readonly LegendEntry[], available: number): Items {
  const widths = entries.map(({ text }) => 16 + textColumns(text) * SMALL_COLUMN);
  return flowItems(widths, available, (index) => {
    const { kind, text } = entries[index]!;
    const classes = legendClasses(kind);
    const wide = 12 / classes.length;
    const chip = classes.map((name, part) =>
      `<g class="swatch ${name}"><rect x="${wide * part}" y="-9" width="${wide}" height="11"/></g>`
    );
    return `${chip.join("")}<text x="16">${xmlEscape(text)}</text>`;
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
    const { key, full, value } = fitted[index]!;
    return `<text><tspan class="key muted">${key}</tspan> ` +
      `<tspan class="value" data-full="${xmlEscape(full)}">${xmlEscape(value)}</tspan></text>`;
  });
}
