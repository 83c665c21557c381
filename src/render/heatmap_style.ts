/** The look of the heatmap: fonts and colours of the flamegraph, by day and by night. */
import { HEAT } from "./heat_scale.ts";
import { FRAME_TEXT, SWATCHES } from "./palette.ts";
import { THEMES } from "./svg_style.ts";

const SHAPES = `
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--text); font: 14px/1.45 system-ui, -apple-system,
  "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif; }
main { max-width: 1700px; margin: 0 auto; padding: 20px 24px 60px; }
h1 { font-size: 17px; font-weight: 600; margin: 0 0 2px; overflow-wrap: anywhere; }
h2 { font-size: 15px; font-weight: 600; margin: 26px 0 6px; }
p { margin: 4px 0; max-width: 90ch; }
a { color: var(--accent); }
.muted, .note { color: var(--muted); }
.note { padding: 8px 12px; border-left: 3px solid var(--track); margin: 6px 12px; }
.by { position: fixed; top: 0; opacity: 0; pointer-events: none; }
.legend { display: flex; flex-wrap: wrap; gap: 6px 22px; align-items: center; margin: 14px 0 4px;
  color: var(--muted); font-size: 12.5px; }
.legend span, .legend label { white-space: nowrap; }
.scale { display: inline-flex; align-items: center; flex-wrap: wrap; }
.scale b { font-weight: 400; color: var(--frame); padding: 2px 9px; }
.switch { display: inline-flex; align-items: center; gap: 6px; }
label { border: 1px solid var(--border); border-radius: 4px; padding: 1px 9px; cursor: pointer; color: var(--text); }
#by-self:checked ~ main label[for="by-self"], #by-total:checked ~ main label[for="by-total"] {
  background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
#by-self:focus-visible ~ main label[for="by-self"], #by-total:focus-visible ~ main label[for="by-total"],
a:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
table { border-collapse: collapse; width: 100%; }
th { font-weight: 400; color: var(--muted); text-align: right; font-size: 12.5px; white-space: nowrap; }
th:last-child { text-align: left; }
td, th { padding: 2px 10px; vertical-align: top; }
td { border-top: 1px solid var(--border); text-align: right; white-space: nowrap; }
td, .l, .names { font-family: ui-monospace, "SF Mono", SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono",
  "Liberation Mono", monospace; font-size: 12px; font-variant-numeric: tabular-nums; }
td:last-child { text-align: left; width: 100%; white-space: normal; overflow-wrap: anywhere; }
td i, summary > i { display: inline-block; width: 10px; height: 10px; margin-right: 8px; border-radius: 2px;
  vertical-align: -1px; }
.file { border: 1px solid var(--border); border-radius: 6px; margin: 18px 0; scroll-margin-top: 6px; }
.file > summary { position: sticky; top: 0; z-index: 1; background: var(--panel); padding: 6px 12px;
  border-radius: 6px; cursor: pointer; overflow-wrap: anywhere; }
.file > summary b { font-weight: 600; }
.file > summary span { color: var(--muted); margin-left: 14px; font-size: 12.5px; white-space: nowrap; }
.file > summary a { float: right; margin-left: 14px; font-size: 12.5px; }
.lines { padding: 4px 0 6px; }
.l { display: grid; grid-template-columns: 7ch 9ch 9ch 9ch 9ch minmax(0, 1fr); position: relative;
  line-height: 18px; scroll-margin-top: 90px; }
.l > a { color: var(--muted); text-align: right; padding-right: 10px; text-decoration: none; user-select: none; }
.l > a:hover { color: var(--accent); text-decoration: underline; }
.l > b { font-weight: 400; text-align: right; padding-right: 8px; color: var(--frame); user-select: none;
  white-space: pre; }
.l > code { grid-column: 6; font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 4;
  padding: 0 8px; color: var(--muted); direction: ltr; unicode-bidi: isolate; }
.h > code { color: var(--frame); }
.h.k > code { padding-right: 72px; }
.d > code, .names > code { color: var(--text); }
.l > code i, code > i { color: inherit; opacity: 1; }
.head > b, .head > code, .head > span { color: var(--muted); font-family: inherit; }
.l:target { outline: 2px solid var(--accent); outline-offset: -1px; }
.l:target > a { color: var(--accent); font-weight: 600; }
.cold > summary, .gap { color: var(--muted); padding: 2px 12px 2px 7ch; font-size: 12px; cursor: pointer;
  background: var(--panel); margin: 3px 0; }
.gap { cursor: default; }
.calls { grid-column: 1 / -1; }
.calls > summary { position: absolute; right: 8px; top: 0; cursor: pointer; color: var(--frame); list-style: none;
  padding: 0 4px; border-radius: 3px; }
.calls > summary::-webkit-details-marker { display: none; }
.calls > summary:hover, .calls[open] > summary { background: var(--page); color: var(--accent); }
.calls ul { margin: 0; padding: 5px 12px 7px 45ch; list-style: none; background: var(--panel); }
.calls li { display: grid; grid-template-columns: 9ch 10ch minmax(0, 1fr); overflow-wrap: anywhere; }
.calls li span { color: var(--muted); }
.calls li b { font-weight: 400; text-align: right; padding-right: 12px; }
@media (max-width: 800px) {
  main { padding: 14px 10px 40px; }
  .l { grid-template-columns: 5ch 8ch 8ch minmax(0, 1fr); }
  .l > code { grid-column: 4; padding: 0 4px; }
  .l > a { padding-right: 5px; }
  .l > b { padding-right: 4px; }
  .l > .w, td.w, th.w { display: none; }
  td, th { padding: 2px 5px; }
  .calls ul { padding-left: 4ch; }
}
@media print { .file > summary { position: static; } }
`;

/** Which class of a line shows which step, of itself and of its background. */
function heatRules(): string {
  return HEAT.map((_, step) => {
    const n = step + 1;
    return [
      `.hs${n} > .s, .ht${n} > .t, .scale b:nth-of-type(${n})`,
      `#by-self:checked ~ main .hs${n} > code, #by-total:checked ~ main .ht${n} > code`,
    ].join(", ") + ` { background: var(--heat${n}); }`;
  }).join("\n");
}

function variables(theme: "light" | "dark", paints: ReadonlySet<string>): string {
  const { page, panel, track, border, text, muted, accent, onAccent } = THEMES[theme];
  const colours = { page, panel, track, border, text, muted, accent, "on-accent": onAccent };
  const declared = [
    `color-scheme: ${theme}`,
    `--frame: ${FRAME_TEXT[theme]}`,
    ...Object.entries(colours).map(([name, value]) => `--${name}: ${value}`),
    ...HEAT.map((step, i) => `--heat${i + 1}: ${step[theme]}`),
  ];
  const swatches = SWATCHES.filter(({ className }) => paints.has(className))
    .map((swatch) => `.${swatch.className} { background: ${swatch[theme]}; }`);
  return `:root { ${declared.join("; ")}; }\n${swatches.join("\n")}\n`;
}

/** The style sheet; it names nothing outside of the document. `paints` are the classes of the palette that are used. */
export function heatmapStyle(paints: ReadonlySet<string>): string {
  return `${variables("light", paints)}@media (prefers-color-scheme: dark) {\n${
    variables("dark", paints)
  }}${SHAPES}${heatRules()}\n`;
}
