/** The document around a flamegraph: its words, the still picture, and the script with its data. */
import { shortenMiddle, visibleText, xmlEscape } from "./escape.ts";
import { cutText, flowBoxes, textColumns } from "./svg_client/fit.js";
import { chooseNodes } from "./svg_client/layout.js";
import { makeModel } from "./svg_client/model.js";
import { firstState } from "./svg_client/state.js";
import { makeTree } from "./svg_client/tree.js";
import type { Model, PackedProfile } from "./svg_client/types.ts";
import { weighNodes } from "./svg_client/weigh.js";
import { profileMarkup } from "./svg_data.ts";
import { type Fact, type LegendEntry, omittedText } from "./svg_facts.ts";
import { frameMarkup, ROW_HEIGHT } from "./svg_frames.ts";
import { svgScript } from "./svg_script.ts";
import { svgStyle } from "./svg_style.ts";

/** What a picture says in words. */
export interface PictureTexts {
  /** A row of threads below the root. */
  readonly threads: boolean;
  readonly heading: string;
  /** Below the heading, by the sum of all counts. */
  readonly subtitle: (sum: number) => string;
  readonly legend: (model: Model) => readonly LegendEntry[];
  /** How to read the picture, or why there is none; the script has words of its own. */
  readonly hint: (sum: number) => string;
  readonly facts: readonly Fact[];
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

/** Renders a packed profile, or two, as a flamegraph, root at the top. */
export function renderPicture(packed: PackedProfile, texts: PictureTexts): string {
  const { threads } = texts;
  // Drawn from what is written: the still picture and the living one cannot differ.
  const model = makeModel(packed);
  const weights = weighNodes(model, { filter: firstState(), hidden: [] });
  const shape = { view: "callees", byFunction: false, split: threads, folded: false } as const;
  const tree = makeTree(model, { weights, shape });
  const chosen = chooseNodes(tree, {
    top: tree.root,
    least: weights.sum * MIN_SHARE,
    most: MOST_FRAMES,
    rows: MOST_ROWS,
  });
  const rows = chosen.nodes.reduce((most, { depth }) => Math.max(most, depth + 1), 0);
  const inner = WIDTH - 2 * MARGIN;
  const legend = legendItems(texts.legend(model), inner);
  const hintTop = LEGEND_TOP + LINE * legend.rows + 4;
  const graphTop = hintTop + 12;
  const footerTop = graphTop + rows * ROW_HEIGHT + 24;
  const omitted = omittedText(chosen, rows);
  const facts = [...texts.facts, ...omitted === "" ? [] : [{ key: "Left out", value: omitted }]];
  const footer = footerItems(facts, inner);
  const height = footerTop + LINE * footer.rows + 4;
  const heading = shortenMiddle(texts.heading, LONGEST_TEXT);
  return `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" class="pyspy" width="${WIDTH}" height="${height}" \
viewBox="0 0 ${WIDTH} ${height}"${threads ? ' data-split="1"' : ""}>
<title>${xmlEscape(heading)} - pyspy flamegraph</title>
<style><![CDATA[${svgStyle()}]]></style>
<defs><pattern id="pyspy-cut" width="8" height="8" patternUnits="userSpaceOnUse" \
patternTransform="rotate(45)"><rect class="ground" width="8" height="8"/>\
<path class="stripe" d="M2 0V8" stroke-width="3"/></pattern></defs>
<g class="still">
<rect class="page" width="100%" height="100%"/>
${textMarkup("heading", { text: heading, y: 34, columns: Math.floor(inner / HEADING_COLUMN) })}
${textMarkup("subtitle", { text: texts.subtitle(weights.sum), y: 55, columns: inner / SMALL_COLUMN })}
<g class="legend" transform="translate(${MARGIN} ${LEGEND_TOP})">
${legend.markup}</g>
<text class="hint muted" x="${MARGIN}" y="${hintTop}">${xmlEscape(texts.hint(weights.sum))}</text>
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

/** A text of the header, cut to the still picture's width and kept whole for the script. */
function textMarkup(className: string, place: { text: string; y: number; columns: number }): string {
  const visible = visibleText(place.text);
  return `<text class="${className}" x="${MARGIN}" y="${place.y}" data-full="${xmlEscape(visible)}">` +
    `${xmlEscape(cutText(visible, place.columns))}</text>`;
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
  const chipOf = (classes: readonly string[]) => classes.length > 0 ? 16 : 0;
  const widths = entries.map(({ classes, text }) => chipOf(classes) + textColumns(text) * SMALL_COLUMN);
  return flowItems(widths, available, (index) => {
    const { classes, text } = entries[index]!;
    const wide = 12 / classes.length;
    const chip = classes.map((name, part) =>
      `<g class="swatch ${name}"><rect x="${wide * part}" y="-9" width="${wide}" height="11"/></g>`
    );
    return `${chip.join("")}<text x="${chipOf(classes)}">${xmlEscape(text)}</text>`;
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
