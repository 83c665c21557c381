/** What the user's keys and clicks change on the screen of `top`. */
import { sortKeyAt } from "./columns.ts";
import type { Entry } from "./entries.ts";
import type { InputEvent, KeyName } from "./keys.ts";
import { pageRows, tablePlace } from "./screen.ts";
import { nextDelay, SORT_KEYS } from "./state.ts";
import type { Grouping, SortKey, TopState } from "./state.ts";
import type { ScreenSize } from "./view.ts";

/** What is to be done beside drawing. */
export type TopAction = "quit" | "write" | "dump" | "stack" | "callers" | "reset" | "pause";

/** The screen as the user saw it. */
export interface SeenScreen {
  readonly size: ScreenSize;
  readonly entries: readonly Entry[];
  /** Lines of the page that is shown, if any. */
  readonly pageLines: number;
  readonly isTree: boolean;
}

/** A state, and what else is to be done. */
export interface Outcome {
  readonly state: TopState;
  readonly action?: TopAction;
}

const WHEEL_ROWS = 3;
const LONGEST_FILTER = 100;

/** Carries out one key or click. */
export function reduce(state: TopState, event: InputEvent, seen: SeenScreen): Outcome {
  const quiet = state.message === "" ? state : { ...state, message: "" };
  if (event.type === "key") return onKey(quiet, event.key, seen);
  if (event.type !== "text") return onMouse(quiet, event, seen);
  if (quiet.isEditing) {
    return withFilter(quiet, (quiet.filter + event.text).slice(0, LONGEST_FILTER));
  }
  return onCharacter(quiet, event.text, seen);
}

/** Moves the window so that the selected row stays in it, if it was, and so that no room is left unused. */
export function keepInView(
  state: TopState,
  { entries, before, size }: { entries: readonly Entry[]; before: readonly Entry[]; size: ScreenSize },
): TopState {
  const { rows } = tablePlace(size);
  const index = indexOf(entries, state.selected);
  const oldIndex = indexOf(before, state.selected);
  const wasSeen = oldIndex >= state.first && oldIndex < state.first + rows;
  const first = index >= 0 && wasSeen ? scrolledTo(state.first, index, rows) : state.first;
  const bounded = Math.max(0, Math.min(first, entries.length - rows));
  return bounded === state.first ? state : { ...state, first: bounded };
}

function onKey(state: TopState, key: KeyName, seen: SeenScreen): Outcome {
  if (state.isEditing) return onFilterKey(state, key, seen);
  const move = movementOf(key, state.page === undefined ? tablePlace(seen.size).rows : pageRows(seen.size));
  if (move !== undefined) {
    return { state: state.page === undefined ? moved(state, move, seen) : scrolledPage(state, move, seen) };
  }
  if (key === "escape") {
    if (state.page !== undefined) return { state: withoutPage(state) };
    return withFilter(state, "");
  }
  if (key === "enter" && state.page === undefined) return entered(state, seen);
  return { state };
}

function onFilterKey(state: TopState, key: KeyName, seen: SeenScreen): Outcome {
  switch (key) {
    case "enter":
      return { state: { ...state, isEditing: false } };
    case "escape":
      return withFilter({ ...state, isEditing: false }, "");
    case "backspace":
      return withFilter(state, [...state.filter].slice(0, -1).join(""));
    case "clear":
      return withFilter(state, "");
    default: {
      const move = movementOf(key, tablePlace(seen.size).rows);
      return { state: move === undefined ? state : moved(state, move, seen) };
    }
  }
}

function onCharacter(state: TopState, character: string, seen: SeenScreen): Outcome {
  if (state.page !== undefined) {
    // On a page, the keys of the table close it first, but for the one that opened it.
    if ("?hdqx".includes(character.toLowerCase())) return { state: withoutPage(state) };
    if (character === " ") return { state: scrolledPage(state, pageRows(seen.size), seen) };
    return { state };
  }
  switch (character) {
    case "q":
    case "Q":
      return { state, action: "quit" };
    case "1":
    case "2":
    case "3":
    case "4":
      return { state: sortedBy(state, SORT_KEYS[Number(character) - 1]!) };
    case "s":
      return { state: sortedBy(state, neighbour(state.sort, 1)) };
    case "S":
      return { state: sortedBy(state, neighbour(state.sort, -1)) };
    case "c":
    case "C":
      return { state: { ...state, isCumulative: !state.isCumulative, first: 0 } };
    case "l":
    case "L":
      return { state: grouped(state, state.grouping === "function" ? "line" : "function") };
    case "t":
    case "T":
      return { state: grouped(state, state.grouping === "thread" ? "function" : "thread") };
    case "P":
      if (!seen.isTree) {
        return { state: { ...state, message: "Only one process is sampled; -s samples a tree" } };
      }
      return { state: grouped(state, state.grouping === "process" ? "function" : "process") };
    case "p":
    case " ":
      return { state: { ...state, isPaused: !state.isPaused }, action: "pause" };
    case "/":
      return { state: { ...state, isEditing: true } };
    case "+":
    case "=":
      return delayed(state, 1);
    case "-":
    case "_":
      return delayed(state, -1);
    case "e":
    case "E":
      return entered(state, seen);
    case "r":
    case "R":
      return {
        state: { ...state, first: 0, expanded: new Set(), message: "Counting from now on" },
        action: "reset",
      };
    case "w":
    case "W":
      return { state: { ...state, message: "Writing..." }, action: "write" };
    case "d":
    case "D":
      return { state: { ...state, page: "dump", pageFirst: 0 }, action: "dump" };
    case "?":
    case "h":
      return { state: { ...state, page: "help", pageFirst: 0 } };
    default:
      return { state };
  }
}

function onMouse(
  state: TopState,
  { type, x, y }: Extract<InputEvent, { x: number }>,
  seen: SeenScreen,
): Outcome {
  if (type !== "click") {
    const step = type === "wheel_up" ? -WHEEL_ROWS : WHEEL_ROWS;
    if (state.page !== undefined) return { state: scrolledPage(state, step, seen) };
    const last = Math.max(0, seen.entries.length - tablePlace(seen.size).rows);
    return { state: { ...state, first: Math.max(0, Math.min(last, state.first + step)) } };
  }
  if (state.page !== undefined) return { state };
  const row = y - tablePlace(seen.size).first;
  if (row === -1) {
    const sort = sortKeyAt(x, seen.size.columns, state.sort);
    return { state: sort === undefined ? state : sortedBy(state, sort) };
  }
  const entry = row < 0 || row >= tablePlace(seen.size).rows ? undefined : seen.entries[state.first + row];
  if (entry === undefined) return { state };
  return entry.key === state.selected ? entered(state, seen) : { state: { ...state, selected: entry.key } };
}

function movementOf(key: KeyName, rows: number): number | undefined {
  switch (key) {
    case "up":
      return -1;
    case "down":
      return 1;
    case "page_up":
      return -Math.max(1, rows - 1);
    case "page_down":
      return Math.max(1, rows - 1);
    case "home":
      return -Infinity;
    case "end":
      return Infinity;
    default:
      return undefined;
  }
}

function moved(state: TopState, step: number, { entries, size }: SeenScreen): TopState {
  if (entries.length === 0) return state;
  const { rows } = tablePlace(size);
  const at = indexOf(entries, state.selected);
  // The first arrow chooses what is there.
  const from = at >= 0 ? at : step > 0 ? state.first - 1 : state.first + 1;
  const index = Math.max(0, Math.min(entries.length - 1, from + step));
  return { ...state, selected: entries[index]!.key, first: scrolledTo(state.first, index, rows) };
}

function scrolledPage(state: TopState, step: number, { pageLines, size }: SeenScreen): TopState {
  const last = Math.max(0, pageLines - pageRows(size));
  return { ...state, pageFirst: Math.max(0, Math.min(last, state.pageFirst + step)) };
}

function scrolledTo(first: number, index: number, rows: number): number {
  if (index < first) return index;
  return index >= first + rows ? index - rows + 1 : first;
}

function entered(state: TopState, { entries }: SeenScreen): Outcome {
  const entry = entries[indexOf(entries, state.selected)] ?? entries[state.first];
  if (entry === undefined || !entry.canExpand) return { state };
  if (state.grouping === "thread") {
    const threadId = Number(entry.key.slice(1));
    const next = { ...state, selected: entry.key, page: "thread" as const, threadId, pageFirst: 0 };
    return { state: next, action: "stack" };
  }
  const expanded = new Set(state.expanded);
  if (!expanded.delete(entry.key)) expanded.add(entry.key);
  return { state: { ...state, selected: entry.key, expanded }, action: "callers" };
}

function withFilter(state: TopState, filter: string): Outcome {
  return { state: filter === state.filter ? state : { ...state, filter, first: 0 } };
}

function withoutPage(state: TopState): TopState {
  return { ...state, page: undefined, threadId: undefined, pageFirst: 0 };
}

function sortedBy(state: TopState, sort: SortKey): TopState {
  return { ...state, sort, first: 0 };
}

function grouped(state: TopState, grouping: Grouping): TopState {
  return { ...state, grouping, first: 0, selected: undefined };
}

function delayed(state: TopState, step: 1 | -1): Outcome {
  const delaySeconds = nextDelay(state.delaySeconds, step);
  return { state: { ...state, delaySeconds, message: `Refresh every ${delaySeconds} s` } };
}

function neighbour(sort: SortKey, step: 1 | -1): SortKey {
  const index = SORT_KEYS.indexOf(sort) + step;
  return SORT_KEYS[(index + SORT_KEYS.length) % SORT_KEYS.length]!;
}

function indexOf(entries: readonly Entry[], key: string | undefined): number {
  return key === undefined ? -1 : entries.findIndex((entry) => entry.key === key);
}
