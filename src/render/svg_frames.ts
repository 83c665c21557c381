/** The markup of the frames: one group a row, in it one group a frame with title, rectangle and text. */
import type { Profile } from "../profile.ts";
import { visibleText, xmlEscape } from "./escape.ts";
import type { FlameLayout, FlameRect } from "./flamegraph.ts";

import { frameClass, kindClass } from "./palette.ts";
import { fitLabel } from "./svg_client/fit.js";
import { fullFile, nodeFacts, nodeKind, nodeLabel } from "./svg_facts.ts";

/** Height of a row. Units: SVG pixels. */
export const ROW_HEIGHT = 20;

/** Width of one character of a frame's text where nothing can be measured. Units: SVG pixels. */
export const COLUMN_WIDTH = 7.25;

/** Where the frames go. Units: SVG pixels. */
export interface FramesOptions {
  readonly width: number;
}

/**
 * The rows of a flamegraph.
 *
 * Rows are moved as a whole, and frames have horizontal positions in percent: turning the graph over, another
 * width and another zoom each change one kind of attribute.
 */
export function frameRows(profile: Profile, layout: FlameLayout, options: FramesOptions): string {
  const rows: string[][] = Array.from({ length: layout.rows }, () => []);
  for (const rect of layout.rects) {
    const title = visibleText(nodeLabel(rect.node)) + "\n" + nodeFacts(rect.node, layout.total, profile.info);
    rows[rect.depth]?.push(frameMarkup(rect, { title, className: nodeClass(profile, rect), ...options }));
  }
  return rows.map((frames, depth) =>
    `<g class="row" data-depth="${depth}" transform="translate(0 ${depth * ROW_HEIGHT})">\n` +
    frames.join("\n") + "\n</g>\n"
  ).join("");
}

function nodeClass(profile: Profile, { node }: FlameRect): string {
  const kind = nodeKind(profile, node);
  if (node.frame === undefined || kind === "cut") return kindClass(kind);
  return frameClass(node.frame, fullFile(profile, node));
}

interface FrameMarkup extends FramesOptions {
  /** Two lines: the label and the numbers; both free of control characters. */
  readonly title: string;
  readonly className: string;
}

function frameMarkup(rect: FlameRect, markup: FrameMarkup): string {
  const { node, start, left, right } = rect;
  const [label = "", facts = ""] = markup.title.split("\n");
  const x = percent(left);
  const text = fitLabel(label, Math.floor(((right - left) * markup.width - 7) / COLUMN_WIDTH));
  return `<g class="f ${markup.className}" data-x="${start}" data-n="${node.total}">` +
    `<title>${xmlEscape(label)}\n${xmlEscape(facts)}</title>` +
    `<rect x="${x}" width="${percent(right - left)}" height="${ROW_HEIGHT - 1}" rx="2"/>` +
    (text === "" ? "" : `<text x="${x}" y="14" dx="4">${xmlEscape(text)}</text>`) + "</g>";
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(4))}%`;
}
