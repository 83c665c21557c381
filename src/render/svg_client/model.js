// @ts-check
/** The profile in the form that all views are made of. */
import { frameLabel, processLabel, threadLabel } from "../../profile.ts";
import { shortenMiddle, visibleText } from "../escape.ts";
import { unpackBefore, unpackFrames, unpackStacks } from "./unpack.js";

/**
 * Unpacks a profile.
 *
 * @param {import("./types.ts").PackedProfile} data
 * @returns {import("./types.ts").Model}
 */
export function makeModel(data) {
  const frames = unpackFrames(data);
  const stacks = unpackStacks(data, frames.length);
  return {
    ...stacks,
    ...linkNodes(stacks.parent),
    before: unpackBefore(data, stacks),
    info: data.info,
    frames,
    paint: data.paint,
    threads: data.threads.map((thread) => shownText(threadLabel(thread))),
    processes: (data.processes ?? []).map((process) => shownText(processLabel(process))),
    byLine: numberLabels(frames.map(frameLabel)),
    byFunction: numberLabels(frames.map((frame) => frameLabel({ ...frame, line: firstLineOf(frame) }))),
  };
}

/**
 * The line that stands for a whole function: none where lines were not asked for.
 *
 * @param {import("./types.ts").PlainFrame} frame
 */
export function firstLineOf({ line, firstLine }) {
  return line > 0 ? firstLine : 0;
}

/**
 * A text of the target as it is shown: visible, and of bounded length, since names can have any.
 *
 * @param {string} text
 */
export function shownText(text) {
  return visibleText(shortenMiddle(text, 500)) || "[unknown]";
}

/**
 * Numbers labels; equal ones have one number.
 *
 * @param {string[]} labels
 * @returns {import("./types.ts").Labels}
 */
export function numberLabels(labels) {
  const known = new Map();
  const of = Int32Array.from(labels, (label) => {
    const id = known.get(label) ?? known.size;
    known.set(label, id);
    return id;
  });
  return { of, texts: [...known.keys()].map(shownText) };
}

/**
 * The way down from each node, and up to its root.
 *
 * @param {Int32Array} parent
 */
export function linkNodes(parent) {
  const firstChild = new Int32Array(parent.length).fill(-1);
  const nextSibling = new Int32Array(parent.length).fill(-1);
  const rootOf = new Int32Array(parent.length);
  for (let node = 0; node < parent.length; node++) {
    const above = parent[node];
    rootOf[node] = above < 0 ? node : rootOf[above];
    if (above < 0) continue;
    nextSibling[node] = firstChild[above];
    firstChild[above] = node;
  }
  return { firstChild, nextSibling, rootOf };
}
