/** The look of the flamegraph, by day and by night. */
import { FRAME_TEXT, SWATCHES } from "./palette.ts";

/** Colours that are not a frame's. Invariant: `text` and `muted` stand out 4.5:1 from `page` and `panel`. */
export const THEMES = {
  light: {
    page: "#ffffff",
    panel: "#f4f3f0",
    border: "#d8d5cf",
    text: "#1c1917",
    muted: "#615b55",
    accent: "#6d28d9",
    onAccent: "#ffffff",
    frame: FRAME_TEXT.light,
  },
  dark: {
    page: "#15171b",
    panel: "#1f2228",
    border: "#3a3e47",
    text: "#eceae6",
    muted: "#a3a09a",
    accent: "#c4b5fd",
    onAccent: "#1e1b2e",
    frame: FRAME_TEXT.dark,
  },
} as const;

const SHAPES = `
svg.pyspy { font-family: ui-monospace, "SF Mono", SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono",
  "Liberation Mono", monospace; font-size: 11px; }
.pyspy text { white-space: pre; }
.heading { font: 600 17px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans",
  sans-serif; }
.graph text, .name { font-size: 12px; }
.active .name { font-weight: 600; }
.matched { text-anchor: end; font-weight: 600; }
.f { outline: none; }
.f rect { stroke-width: 0.6; }
.f text { pointer-events: none; }
.off { display: none; }
.live .f { cursor: pointer; }
.f:hover rect, .f:focus-visible rect { stroke-width: 1.6; }
.caller rect { fill-opacity: 0.4; }
.searching .f:not(.match) rect { fill-opacity: 0.42; }
.reset { cursor: default; opacity: 0.45; outline: none; }
.reset.enabled { cursor: pointer; opacity: 1; }
.reset text { text-anchor: middle; }
.search input { box-sizing: border-box; width: 100%; height: 28px; margin: 0; padding: 0 9px;
  border-radius: 6px; border: 1px solid; font: inherit; font-size: 12px; outline: none; appearance: none; }
`;

function themeRules(theme: "light" | "dark"): string {
  const colors = THEMES[theme];
  const swatches = SWATCHES.map((swatch) => `.${swatch.className} rect { fill: ${swatch[theme]}; }`);
  return `
svg.pyspy { color-scheme: ${theme}; background: ${colors.page}; }
.page { fill: ${colors.page}; }
.pyspy text { fill: ${colors.text}; }
.pyspy .subtitle, .pyspy .muted { fill: ${colors.muted}; }
.panel { fill: ${colors.panel}; }
.f rect { stroke: ${colors.page}; }
.pyspy .f text { fill: ${colors.frame}; }
${swatches.join("\n")}
.pyspy .c1 rect { fill: url(#pyspy-cut); stroke: ${colors.muted}; stroke-dasharray: 3 2; }
.stripe { stroke: ${colors.border}; }
.ground { fill: ${colors.panel}; }
.pyspy .match rect { fill: ${colors.accent}; }
.pyspy .match text { fill: ${colors.onAccent}; }
.pyspy .f:hover rect, .pyspy .f:focus-visible rect { stroke: ${colors.text}; }
.pyspy .matched { fill: ${colors.accent}; }
.reset rect { fill: ${colors.panel}; stroke: ${colors.border}; }
.reset:focus-visible rect { stroke: ${colors.accent}; stroke-width: 2; }
.search input { color: ${colors.text}; background: ${colors.page}; border-color: ${colors.border}; }
.search input::placeholder { color: ${colors.muted}; opacity: 1; }
.search input:focus { border-color: ${colors.accent}; box-shadow: 0 0 0 1px ${colors.accent}; }
`;
}

/** The style sheet. It names nothing outside of the document. */
export function svgStyle(): string {
  return SHAPES + themeRules("light") + `@media (prefers-color-scheme: dark) {${themeRules("dark")}}\n`;
}
