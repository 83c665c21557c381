/** The look of the flamegraph, by day and by night. */
import { FRAME_TEXT, SWATCHES } from "./palette.ts";
import { liveStyle } from "./svg_live_style.ts";

/** Colours that are not a frame's. Invariant: `text` and `muted` stand out 4.5:1 from `page` and `panel`. */
export const THEMES = {
  light: {
    page: "#ffffff",
    panel: "#f4f3f0",
    track: "#fbd9a5",
    border: "#d8d5cf",
    text: "#1c1917",
    muted: "#615b55",
    accent: "#6d28d9",
    tint: "#f1ecfd",
    onAccent: "#ffffff",
    frame: FRAME_TEXT.light,
  },
  dark: {
    page: "#15171b",
    panel: "#1f2228",
    track: "#6b4a1f",
    border: "#3a3e47",
    text: "#eceae6",
    muted: "#a3a09a",
    accent: "#c4b5fd",
    tint: "#332d4a",
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
.graph text { font-size: 12px; }
.f { outline: none; }
.f rect { stroke-width: 0.6; }
.f text { pointer-events: none; }
.f:hover rect { stroke-width: 1.6; }
`;

/** The rules of a theme, for what `scope` selects. */
function themeRules(theme: "light" | "dark", scope: string): string {
  const colors = THEMES[theme];
  const swatches = SWATCHES.map((swatch) => `${scope} .${swatch.className} rect { fill: ${swatch[theme]}; }`);
  const variables = Object.entries(colors).map(([name, value]) => `--${name}: ${value};`);
  return `
${scope} { color-scheme: ${theme}; background: ${colors.page}; ${variables.join(" ")} }
${scope} rect.page { fill: ${colors.page}; }
${scope} text { fill: ${colors.text}; }
${scope} .subtitle, ${scope} .muted { fill: ${colors.muted}; }
${scope} .f rect { stroke: ${colors.page}; }
${scope} .f text { fill: ${colors.frame}; }
${swatches.join("\n")}
${scope} .c1 rect { fill: url(#pyspy-cut); stroke: ${colors.muted}; stroke-dasharray: 3 2; }
${scope} .stripe { stroke: ${colors.border}; }
${scope} .ground { fill: ${colors.panel}; }
${scope} .f:hover rect { stroke: ${colors.text}; }
`;
}

/**
 * The style sheet. It names nothing outside of the document.
 *
 * The light rules stand alone and have no variables, for programs that show pictures but know little of CSS.
 */
export function svgStyle(): string {
  return SHAPES + themeRules("light", "svg.pyspy") +
    `@media (prefers-color-scheme: dark) {${themeRules("dark", "svg.pyspy:not(.light)")}}` +
    themeRules("dark", "svg.pyspy.dark") + liveStyle();
}
