/** The markup of the still picture's frames: one group a frame, with title, rectangle and text. */
import { xmlEscape } from "./escape.ts";
import { nodeFacts, nodePaint } from "./svg_client/facts.js";
import { boxText } from "./svg_client/change.js";
import type { ViewNode, ViewTree } from "./svg_client/types.ts";

/** Height of a row. Units: SVG pixels. */
export const ROW_HEIGHT = 20;

/** Width of one character of a frame's text where nothing can be measured. Units: SVG pixels. */
const COLUMN_WIDTH = 7.25;

/** The frames of a flamegraph, root at the top. Units: `width` in SVG pixels. */
export function frameMarkup(
  tree: ViewTree,
  { nodes, width }: { nodes: readonly ViewNode[]; width: number },
): string {
  const scale = width / tree.root.total;
  return nodes.map((node) => {
    const [x, wide] = [short(node.start * scale), short(node.total * scale)];
    const y = node.depth * ROW_HEIGHT;
    const text = boxText(tree, { node, columns: Math.floor((wide - 7) / COLUMN_WIDTH) });
    return `<g class="f ${nodePaint(tree, node)}">` +
      `<title>${xmlEscape(node.label)}\n${xmlEscape(nodeFacts(tree, { node }))}</title>` +
      `<rect x="${x}" y="${y}" width="${wide}" height="${ROW_HEIGHT - 1}" rx="2"/>` +
      (text === "" ? "" : `<text x="${short(x + 4)}" y="${y + 14}">${xmlEscape(text)}</text>`) + "</g>\n";
  }).join("");
}

function short(pixels: number): number {
  return Math.round(100 * pixels) / 100;
}
