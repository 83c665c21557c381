/**
 * The script of the flamegraph, put together from the functions in `svg_client/`.
 *
 * Those files are plain JavaScript modules: linted, partly type-checked and tested like any other, and never
 * changed by a compiler. A function's own text (`toString`) is what the picture gets. So the rule there is:
 * export functions only, and use nothing but each other, their arguments and what a browser has. And nobody
 * imports them but the `svg*.ts` next to this file: a bundler may rename functions, which is harmless only as
 * long as all of them are in one chunk.
 */
import { cutText, fitLabel, flowBoxes, textColumns } from "./svg_client/fit.js";
import { frameAt, moveFocus } from "./svg_client/keys.js";
import * as main from "./svg_client/main.js";
import { holds, readFrames } from "./svg_client/model.js";
import { compileQuery, coveredSamples } from "./svg_client/search.js";
import * as view from "./svg_client/view.js";

/** Every function of the script. */
export const CLIENT_FUNCTIONS: readonly { readonly name: string; toString(): string }[] = [
  textColumns,
  cutText,
  fitLabel,
  flowBoxes,
  readFrames,
  holds,
  compileQuery,
  coveredSamples,
  frameAt,
  moveFocus,
  ...Object.values(view),
  ...Object.values(main),
];

/** The script: one closure that defines the functions and starts the flamegraph. */
export function svgScript(): string {
  const functions = CLIENT_FUNCTIONS.map(String).join("\n");
  return `(function () {\n"use strict";\n${functions}\n${main.startFlamegraph.name}();\n})();\n`;
}
