// @ts-check
/** The state of a view as text in the address, by the names of frames: a link outlives a new recording. */

/** @returns {import("./types.ts").ViewState} */
export function firstState({ split = false, isComparison = false } = {}) {
  return {
    view: "callees",
    byFunction: false,
    split,
    folded: false,
    flipped: false,
    thread: "",
    process: "",
    activity: -1,
    run: "",
    query: "",
    zoom: [],
    hidden: [],
    sort: isComparison ? "change" : "self",
  };
}

/** @param {readonly string[]} path */
export function writePath(path) {
  return path.map(encodeText).join(";");
}

/** @param {string} text */
export function readPath(text) {
  return text === "" ? [] : text.split(";").map(decodeText);
}

/** Half a surrogate pair cannot be part of an address. @param {string} text */
export function encodeText(text) {
  return encodeURIComponent(text.toWellFormed());
}

/** @param {string} text */
export function decodeText(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * What differs from the first state, as the fragment of an address without its "#".
 *
 * @param {import("./types.ts").ViewState} state
 * @param {import("./types.ts").ViewState} first
 */
export function writeState(state, first) {
  const parts = [];
  const flag = (/** @type {boolean} */ value) => value ? "1" : "0";
  if (state.view !== first.view) parts.push("view=" + state.view);
  if (state.byFunction !== first.byFunction) parts.push("functions=" + flag(state.byFunction));
  if (state.split !== first.split) parts.push("threads=" + flag(state.split));
  if (state.folded !== first.folded) parts.push("folded=" + flag(state.folded));
  if (state.flipped !== first.flipped) parts.push("flip=" + flag(state.flipped));
  if (state.sort !== first.sort) parts.push("sort=" + state.sort);
  if (state.thread !== "") parts.push("thread=" + encodeText(state.thread));
  if (state.process !== "") parts.push("process=" + encodeText(state.process));
  if (state.activity >= 0) parts.push("activity=" + activityNames()[state.activity]);
  if (state.run !== "") parts.push("run=" + state.run);
  if (state.query !== "") parts.push("search=" + encodeText(state.query));
  for (const path of state.hidden) parts.push("hide=" + writePath(path));
  if (state.zoom.length > 0) parts.push("zoom=" + writePath(state.zoom));
  return parts.join("&");
}

/** The activities as an address names them. */
export function activityNames() {
  return ["gil", "native", "waiting", "idle"];
}

/**
 * Reads what `writeState` wrote; what it cannot read is as in the first state.
 *
 * @param {string} text
 * @param {import("./types.ts").ViewState} first
 * @returns {import("./types.ts").ViewState}
 */
export function readState(text, first) {
  /** @type {Record<string, any>} */
  const state = { ...first, hidden: [] };
  for (const part of text.split("&")) {
    const equals = part.indexOf("=");
    const key = part.slice(0, Math.max(0, equals));
    const value = part.slice(equals + 1);
    if (key === "functions") state.byFunction = value === "1";
    if (key === "threads") state.split = value === "1";
    if (key === "folded") state.folded = value === "1";
    if (key === "flip") state.flipped = value === "1";
    if (key === "view" && ["callees", "callers", "table"].includes(value)) state.view = value;
    if (key === "sort" && ["self", "total", "label", "change"].includes(value)) state.sort = value;
    if (key === "thread" || key === "process") state[key] = decodeText(value);
    if (key === "activity") state.activity = activityNames().indexOf(value);
    if (key === "run" && (value === "before" || value === "after")) state.run = value;
    if (key === "search") state.query = decodeText(value);
    if (key === "hide" && value !== "") state.hidden.push(readPath(value));
    if (key === "zoom") state.zoom = readPath(value);
  }
  return /** @type {import("./types.ts").ViewState} */ (state);
}

/**
 * The state for a model: threads and processes that it has not are looked for by their names, or not asked for, and
 * what only one or two recordings have is left out.
 *
 * @param {import("./types.ts").ViewState} state
 * @param {Pick<import("./types.ts").Model, "threads" | "processes" | "before">} model
 * @returns {import("./types.ts").ViewState}
 */
export function fitState(state, { threads, processes, before }) {
  const nameOf = (/** @type {string} */ label) => label.replace(/^[^:]*: /, "");
  const find = (/** @type {readonly string[]} */ labels, /** @type {string} */ wanted) =>
    labels.includes(wanted) ? wanted : labels.find((label) => nameOf(label) === nameOf(wanted)) ?? "";
  const named = { ...state, thread: find(threads, state.thread), process: find(processes, state.process) };
  if (before !== undefined) return { ...named, split: false, activity: -1 };
  return { ...named, run: "", sort: state.sort === "change" ? "self" : state.sort };
}
