import assert from "node:assert/strict";
import fc from "fast-check";
import { parseInput } from "../../src/render/top/keys.ts";
import type { InputEvent } from "../../src/render/top/keys.ts";
import { keepInView, reduce } from "../../src/render/top/reduce.ts";
import type { SeenScreen } from "../../src/render/top/reduce.ts";
import { tablePlace } from "../../src/render/top/screen.ts";
import type { TopState } from "../../src/render/top/state.ts";
import { entries, stateWith } from "./top_helper.ts";

const SIZE = { columns: 100, rows: 12 };

/** A short word for each event. */
function words(text: string, isFinal = false): string[] {
  return parseInput(text, isFinal).events.map(wordOf);
}

function wordOf(event: InputEvent): string {
  if (event.type === "key") return event.key;
  return event.type === "text" ? `'${event.text}'` : `${event.type} ${event.x},${event.y}`;
}

/** Types keys, one after the other. @returns the state after them, and what was asked for. */
function press(
  text: string,
  from: TopState = stateWith(),
  isTree = false,
): { state: TopState; actions: string[] } {
  const actions: string[] = [];
  let state = from;
  for (const event of parseInput(text, true).events) {
    const seen: SeenScreen = { size: SIZE, entries: entries(state), pageLines: 50, isTree };
    const outcome = reduce(state, event, seen);
    state = outcome.state;
    if (outcome.action !== undefined) actions.push(outcome.action);
  }
  return { state, actions };
}

Deno.test("one read may hold many keys", () => {
  assert.deepEqual(words("a\x1b[A\x1bOBé漢\x1b[5~\x1b[1;5C\r\x7f"), [
    "'a'",
    "up",
    "down",
    "'é'",
    "'漢'",
    "page_up",
    "right",
    "enter",
    "backspace",
  ]);
  assert.deepEqual(words("\x1b[H\x1b[F\x1b[1~\x1b[4~\x1b[6~\x15\x1b[24~\x01"), [
    "home",
    "end",
    "home",
    "end",
    "page_down",
    "clear",
    "other",
    "other",
  ]);
});

Deno.test("a sequence that comes in two reads is one key; ESC alone is one when nothing follows", () => {
  assert.deepEqual(parseInput("x\x1b[", false), { events: [{ type: "text", text: "x" }], rest: "\x1b[" });
  assert.deepEqual(words("\x1b[" + "A"), ["up"]);
  assert.deepEqual(parseInput("\x1b", false).rest, "\x1b");
  assert.deepEqual(words("\x1b", true), ["escape"]);
  assert.deepEqual(words("\x1b\x1b[A", true), ["escape", "up"]);
  // Alt with a key, or a fast hand.
  assert.deepEqual(words("\x1bx"), ["escape", "'x'"]);
});

Deno.test("clicks and the wheel tell where they were; releases and drags are nothing", () => {
  assert.deepEqual(words("\x1b[<0;5;7M\x1b[<0;5;7m\x1b[<64;1;1M\x1b[<65;1;1M\x1b[<32;2;2M\x1b[<2;2;2M"), [
    "click 4,6",
    "wheel_up 0,0",
    "wheel_down 0,0",
  ]);
});

Deno.test("no input is lost or breaks anything, however it is cut", () => {
  const part = fc.constantFrom(
    "\x1b",
    "[",
    "<",
    "0",
    ";",
    "A",
    "~",
    "M",
    "O",
    "q",
    "漢",
    "\r",
    "\x1b[A",
    "\x1b[<0;1;1M",
  );
  fc.assert(fc.property(fc.array(part), fc.nat(), (parts, at) => {
    const text = parts.join("");
    const cut = at % (text.length + 1);
    const first = parseInput(text.slice(0, cut), false);
    const second = parseInput(first.rest + text.slice(cut), true);
    assert.equal(second.rest, "");
    // A state that any keys lead to can be drawn and used.
    press(text, press(text).state);
  }));
});

Deno.test("keys choose the column, the rows, the span and the delay", () => {
  assert.deepEqual(["1", "2", "3", "4"].map((key) => press(key).state.sort), [
    "own",
    "total",
    "own_time",
    "total_time",
  ]);
  assert.deepEqual(["s", "ss", "S", "SSS"].map((key) => press(key).state.sort), [
    "total_time",
    "own",
    "total",
    "total_time",
  ]);
  assert.deepEqual(["l", "ll", "t", "tt", "tl"].map((key) => press(key).state.grouping), [
    "line",
    "function",
    "thread",
    "function",
    "function",
  ]);
  assert.equal(press("P", stateWith(), true).state.grouping, "process");
  assert.match(press("P").state.message, /-s/);
  assert.deepEqual(["c", "cc"].map((key) => press(key).state.isCumulative), [true, false]);
  assert.deepEqual(["+", "++", "-", "---------", "+++++++++"].map((key) => press(key).state.delaySeconds), [
    2,
    5,
    0.5,
    0.1,
    60,
  ]);
});

Deno.test("keys ask for what is more than drawing", () => {
  assert.deepEqual(press("q").actions, ["quit"]);
  assert.deepEqual(press("p ").actions, ["pause", "pause"]);
  assert.deepEqual(press("rwd").actions, ["reset", "write", "dump"]);
  assert.equal(press("p").state.isPaused, true);
  assert.equal(press("d").state.page, "dump");
  assert.equal(press("?").state.page, "help");
  assert.equal(press("?q").state.page, undefined);
  assert.deepEqual(press("?q").actions, []);
  assert.deepEqual(press("?qq").actions, ["quit"]);
});

Deno.test("a filter is typed, edited, kept and cleared", () => {
  assert.deepEqual(press("/jsonx\x7f").state, stateWith({ isEditing: true, filter: "json" }));
  const kept = press("/json\r").state;
  assert.deepEqual(kept, stateWith({ filter: "json" }));
  assert.deepEqual(press("\x1b", kept).state, stateWith());
  assert.deepEqual(press("/json\x1b").state, stateWith());
  assert.deepEqual(press("/q").actions, []);
  assert.equal(press(`/${"x".repeat(1000)}`).state.filter.length, 100);
});

Deno.test("arrows choose rows, and the window follows", () => {
  const { rows } = tablePlace(SIZE);
  const keys = entries(stateWith()).map(({ key }) => key);
  assert.ok(keys.length > rows);
  assert.equal(press("\x1b[B").state.selected, keys[0]);
  assert.equal(press("\x1b[B\x1b[B\x1b[A").state.selected, keys[0]);
  const last = press("\x1b[F").state;
  assert.deepEqual([last.selected, last.first], [keys.at(-1), keys.length - rows]);
  const home = press("\x1b[H", last).state;
  assert.deepEqual([home.selected, home.first], [keys[0], 0]);
  assert.equal(press("\x1b[6~").state.selected, keys[rows - 2]);
});

Deno.test("the window keeps a chosen row in sight when the order changes, and never shows an empty end", () => {
  const before = entries(stateWith());
  const moved = [...before.slice(1), before[0]!];
  const state = stateWith({ selected: before[0]!.key });
  const { rows } = tablePlace(SIZE);
  assert.equal(keepInView(state, { entries: moved, before, size: SIZE }).first, before.length - rows);
  const scrolled = stateWith({ first: 5 });
  assert.equal(keepInView(scrolled, { entries: before.slice(0, 2), before, size: SIZE }).first, 0);
});

Deno.test("Enter shows and hides callers, and the stack of a thread", () => {
  const open = press("\x1b[B\x1b[B\r");
  assert.deepEqual([[...open.state.expanded], open.actions], [["f1"], ["callers"]]);
  assert.deepEqual([...press("\r", open.state).state.expanded], []);
  assert.deepEqual([...press("e").state.expanded], ["f2"]);
  const thread = press("t\x1b[B\r");
  assert.deepEqual([thread.state.page, thread.state.threadId, thread.actions], ["thread", 8, ["stack"]]);
  assert.equal(press("\x1b", thread.state).state.page, undefined);
});

Deno.test("a click on a heading sorts, one on a row chooses it, a second one opens it; the wheel scrolls", () => {
  const { first } = tablePlace(SIZE);
  assert.equal(press(`\x1b[<0;3;${first}M`).state.sort, "own");
  assert.equal(press(`\x1b[<0;12;${first}M`).state.sort, "total");
  assert.equal(press(`\x1b[<0;30;${first}M`).state.sort, "total_time");
  assert.equal(press(`\x1b[<0;90;${first}M`).state.sort, "own_time");
  const click = `\x1b[<0;50;${first + 2}M`;
  assert.equal(press(click).state.selected, "f1");
  assert.deepEqual([...press(click + click).state.expanded], ["f1"]);
  assert.equal(press("\x1b[<65;1;5M").state.first, entries(stateWith()).length - tablePlace(SIZE).rows);
  assert.equal(press("\x1b[<65;1;5M\x1b[<64;1;5M").state.first, 0);
  assert.equal(press("\x1b[<0;50;2M").state.selected, undefined);
});

Deno.test("pages scroll within their lines", () => {
  assert.equal(press("?\x1b[B").state.pageFirst, 1);
  assert.equal(press("?\x1b[F").state.pageFirst, 50 - (SIZE.rows - 4));
  assert.equal(press("?\x1b[F\x1b[H").state.pageFirst, 0);
  assert.equal(press("?\x1b[<65;1;1M").state.pageFirst, 3);
});
