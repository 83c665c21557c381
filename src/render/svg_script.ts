/**
 * The script of the flamegraph, put together from the functions in `svg_client/`.
 *
 * Those files are plain JavaScript modules: linted, type-checked where they are more than handling of the page,
 * tested like any other, and never changed by a compiler. A function's own text (`toString`) is what the picture
 * gets. So the rule there is: export functions only, and use nothing but each other, their arguments, what a browser
 * has, and the functions and constants of other files that are named here. And nobody imports them but the `svg*.ts`
 * next to this file: a bundler may rename functions, which is harmless only as long as all of them are in one chunk.
 * The names of those of other files must be theirs alone; a test opens a picture of the compiled binary.
 */
import { frameLabel, processLabel, threadLabel } from "../profile.ts";
import {
  HIDDEN,
  SHORT_ESCAPES,
  shortenMiddle,
  spellOut,
  splitsPair,
  unicodeEscape,
  visibleText,
} from "./escape.ts";
import {
  compareText,
  formatAmount,
  formatCount,
  formatPercent,
  formatSeconds,
  secondsPerCount,
} from "./numbers.ts";
import * as actions from "./svg_client/actions.js";
import * as change from "./svg_client/change.js";
import * as details from "./svg_client/details.js";
import * as dom from "./svg_client/dom.js";
import * as draw from "./svg_client/draw.js";
import * as facts from "./svg_client/facts.js";
import { cutText, fitLabel, textColumns } from "./svg_client/fit.js";
import * as keys from "./svg_client/keys.js";
import * as layout from "./svg_client/layout.js";
import * as main from "./svg_client/main.js";
import * as model from "./svg_client/model.js";
import * as page from "./svg_client/page.js";
import * as search from "./svg_client/search.js";
import * as state from "./svg_client/state.js";
import * as table from "./svg_client/table.js";
import * as tableView from "./svg_client/table_view.js";
import * as theme from "./svg_client/theme.js";
import * as toolbar from "./svg_client/toolbar.js";
import * as tree from "./svg_client/tree.js";
import * as unpack from "./svg_client/unpack.js";
import * as view from "./svg_client/view.js";
import * as weigh from "./svg_client/weigh.js";

type ScriptFunction = { readonly name: string; toString(): string };

const SHARED: readonly ScriptFunction[] = [
  frameLabel,
  threadLabel,
  processLabel,
  visibleText,
  spellOut,
  unicodeEscape,
  shortenMiddle,
  splitsPair,
  compareText,
  formatCount,
  formatPercent,
  formatAmount,
  formatSeconds,
  secondsPerCount,
  textColumns,
  cutText,
  fitLabel,
];

const MODULES: readonly Readonly<Record<string, ScriptFunction>>[] = [
  unpack,
  model,
  weigh,
  tree,
  layout,
  search,
  table,
  change,
  facts,
  state,
  dom,
  keys,
  draw,
  details,
  tableView,
  toolbar,
  theme,
  page,
  view,
  actions,
  main,
];

/** Every function of the script. */
export const CLIENT_FUNCTIONS: readonly ScriptFunction[] = [
  ...SHARED,
  ...MODULES.flatMap((module) => Object.values(module)),
];

/** The script: one closure that defines the functions and starts the flamegraph. */
export function svgScript(): string {
  const constants = `const HIDDEN = ${String(HIDDEN)};\n` +
    `const SHORT_ESCAPES = ${JSON.stringify(SHORT_ESCAPES)};`;
  const functions = CLIENT_FUNCTIONS.map(String).join("\n");
  return `(function () {\n"use strict";\n${constants}\n${functions}\n${main.startFlamegraph.name}();\n})();\n`;
}
