/** The look of the living flamegraph: the page that the script builds, in the colours of its theme. */

/** How much is left of a frame that is not spoken of: less of its box than of its text, which stays readable. */
export const FADED = { box: 0.4, text: 0.8 } as const;

const PAGE = `
.live .page { box-sizing: border-box; height: 100%; display: flex; flex-direction: column; position: relative;
  color: var(--text); background: var(--page); font: 13px/1.4 system-ui, -apple-system, "Segoe UI", Roboto,
  "Helvetica Neue", "DejaVu Sans", sans-serif; }
.live .off { display: none !important; }
.live header { display: flex; align-items: flex-start; gap: 8px; padding: 12px 16px 0; }
.live .titles { flex: 1; min-width: 0; }
.live h1 { margin: 0; font-size: 17px; font-weight: 600; line-height: 1.3; overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; }
.live header p { margin: 1px 0 0; color: var(--muted); overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; }
.live button, .live select, .live input { box-sizing: border-box; height: 28px; margin: 0; padding: 0 10px;
  color: inherit; background: var(--page); border: 1px solid var(--border); border-radius: 6px;
  font: inherit; font-size: 12px; }
.live button { cursor: pointer; white-space: nowrap; }
.live button:hover:not(:disabled), .live select:hover { border-color: var(--muted); }
.live button:disabled { opacity: 0.45; cursor: default; }
.live :is(button, select, input):focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.live .icon { width: 28px; padding: 0; }
.live select { max-width: 165px; padding: 0 6px; }
.live select.set { border-color: var(--accent); color: var(--accent); }
`;

const TOOLBAR = `
.live .toolbar { display: flex; flex-wrap: wrap; align-items: center; gap: 8px; padding: 10px 16px 0; }
.live .group { display: flex; }
.live .group button { border-radius: 0; margin-left: -1px; }
.live .group button:first-child { border-radius: 6px 0 0 6px; margin-left: 0; }
.live .group button:last-child { border-radius: 0 6px 6px 0; }
.live .group button:only-child { border-radius: 6px; }
.live .group button[aria-pressed="true"] { background: var(--tint); border-color: var(--accent);
  color: var(--accent); position: relative; }
.live .unhide { color: var(--accent); border-color: var(--accent); }
.live .search { display: flex; align-items: center; gap: 4px; flex: 1 1 240px; min-width: 200px;
  position: relative; }
.live .search input { flex: 1; min-width: 0; }
.live .search:has(.matched:not(:empty)) input { padding-right: 108px; }
.live .search button { width: 28px; padding: 0; font-size: 15px; line-height: 1; }
.live .matched { position: absolute; right: 74px; color: var(--accent); font-size: 12px; font-weight: 600;
  pointer-events: none; }
`;

const DETAILS = `
.live .details { display: grid; grid-template-columns: minmax(0, 1fr) auto; column-gap: 8px; align-items: center;
  margin: 10px 16px 0; padding: 6px 10px; background: var(--panel); border-radius: 6px; }
.live .words { display: contents; }
.live .words div { grid-column: 1; height: 18px; overflow: hidden; text-overflow: ellipsis; line-height: 18px;
  white-space: nowrap; }
.live .facts { color: var(--muted); font-size: 12px; }
.live .active .name { font-weight: 600; font-family: ui-monospace, "SF Mono", SFMono-Regular, Menlo, Consolas,
  "DejaVu Sans Mono", "Liberation Mono", monospace; font-size: 12.5px; }
.live .active .facts { color: var(--text); }
.live .actions { grid-column: 2; grid-row: 1 / 3; display: flex; gap: 6px; }
.live .away { visibility: hidden; }
.live .actions button { height: 24px; padding: 0 8px; }
.live .legend { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 8px 16px; padding: 0; list-style: none;
  color: var(--muted); font-size: 12px; }
@media (max-width: 760px) {
  .live .actions { grid-row: 1; }
  .live .words .name { height: 24px; line-height: 24px; }
  .live .words .facts { grid-column: 1 / 3; height: 36px; white-space: normal; }
}
.live .chip { margin-right: 5px; vertical-align: -1px; }
`;

const GRAPH = `
.live .scroller { flex: 1; min-height: 0; overflow: auto; padding: 0 16px 10px; scrollbar-gutter: stable; }
.live .graphBox { overflow: hidden; }
.live .graph { display: block; font-family: ui-monospace, "SF Mono", SFMono-Regular, Menlo, Consolas,
  "DejaVu Sans Mono", "Liberation Mono", monospace; }
.live .f { cursor: pointer; }
.live :is(.caller, .searching .f:not(.match)) rect { fill-opacity: ${FADED.box}; }
.live :is(.caller, .searching .f:not(.match)) text { fill-opacity: ${FADED.text}; }
.live .graph .match rect { fill: var(--accent); fill-opacity: 1; }
.live .graph .match text { fill: var(--onAccent); fill-opacity: 1; }
.live .graph .f.f:hover rect { stroke: var(--text); stroke-width: 1.4; stroke-dasharray: none; }
.live .graph .f.f:is(:focus, .chosen) rect { stroke: var(--text); stroke-width: 2; }
.live .omitted { margin: 8px 0 0; color: var(--muted); font-size: 12px; }
.live .omitted:empty { display: none; }
.live .footer { display: flex; flex-wrap: wrap; gap: 3px 18px; margin: 14px 0 0; padding: 10px 0 0;
  border-top: 1px solid var(--border); font-size: 12px; }
.live .footer div { display: flex; gap: 5px; min-width: 0; }
.live .footer dt { color: var(--muted); }
.live .footer dd { margin: 0; min-width: 0; overflow-wrap: anywhere; max-height: 5.6em; overflow: auto; }
`;

const TABLES = `
.live .tableBox table { width: 100%; border-collapse: collapse; table-layout: fixed; font-size: 12px; }
.live .tableBox th { position: sticky; top: 0; z-index: 1; padding: 0; text-align: left;
  background: var(--page); }
.live .tableBox th button { width: 100%; border-color: transparent; text-align: left; font-weight: 600;
  padding: 0 6px; }
.live .tableBox th[aria-sort$="ending"] button { color: var(--accent); }
.live .tableBox th[aria-sort$="ending"] button::after { content: " ↓"; }
.live .tableBox th[aria-sort="ascending"] button::after { content: " ↑"; }
.live :is(th, td).self, .live :is(th, td).total { width: 92px; }
.live :is(th, td).change { width: 168px; }
.live td.change { color: var(--muted); font-variant-numeric: tabular-nums; }
.live td.sure { color: var(--text); font-weight: 600; }
.live .tableBox td { position: relative; padding: 2px 6px; border-top: 1px solid var(--border); }
.live .tableBox td .amount { position: relative; font-variant-numeric: tabular-nums; }
.live .bar { position: absolute; left: 0; top: 2px; bottom: 2px; background: var(--track);
  border-radius: 2px; }
.live .tableBox :is(th, td) { vertical-align: middle; }
.live .cell { display: flex; align-items: center; min-width: 0; }
.live .cell .chip { flex: none; }
.live .pick { flex: 0 1 auto; min-width: 0; height: 20px; padding: 0 2px; border-color: transparent;
  overflow: hidden; text-overflow: ellipsis; text-align: left; font-family: ui-monospace, "SF Mono",
  SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace; }
.live .help { position: absolute; right: 16px; top: 52px; z-index: 2; max-width: calc(100% - 64px);
  max-height: calc(100% - 100px); overflow: auto; padding: 10px 14px; background: var(--panel);
  border: 1px solid var(--border); border-radius: 8px; box-shadow: 0 6px 24px rgb(0 0 0 / 25%); }
.live .help:focus { outline: none; }
.live .helpHead { display: flex; justify-content: space-between; align-items: center; }
.live h2 { margin: 0; font-size: 14px; }
.live .help th { padding: 2px 14px 2px 0; text-align: left; font-weight: 600; white-space: nowrap; }
.live .help td { padding: 2px 0; }
`;

/** The rules of all that the script makes. */
export function liveStyle(): string {
  return PAGE + TOOLBAR + DETAILS + GRAPH + TABLES;
}
