/** From the bytes that a terminal sends to keys and clicks. */

/** Something that the user did. Units: `x` and `y` in columns and rows from 0. */
export type InputEvent =
  | { readonly type: "key"; readonly key: KeyName }
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "click" | "wheel_up" | "wheel_down"; readonly x: number; readonly y: number };

/** Keys that are no characters. */
export type KeyName =
  | "up"
  | "down"
  | "left"
  | "right"
  | "page_up"
  | "page_down"
  | "home"
  | "end"
  | "enter"
  | "escape"
  | "backspace"
  | "clear"
  | "other";

const FINAL_KEYS: Readonly<Record<string, KeyName>> = {
  A: "up",
  B: "down",
  C: "right",
  D: "left",
  H: "home",
  F: "end",
};
const NUMBERED_KEYS: Readonly<Record<string, KeyName>> = {
  1: "home",
  4: "end",
  5: "page_up",
  6: "page_down",
  7: "home",
  8: "end",
};
/** Control sequences, and the keys that a terminal's application mode sends. Source: ECMA-48, xterm's ctlseqs. */
// deno-lint-ignore no-control-regex -- that is what terminals send
const SEQUENCE = /^\x1b(?:\[([<0-9;:?>=]*)([ -/]*)([@-~])|O([ -~]))/;
// deno-lint-ignore no-control-regex -- the same, as far as it has come
const UNFINISHED = /^\x1b(?:\[[<0-9;:?>=]*[ -/]*|O)?$/;
const WHEEL = 64;
const MODIFIERS = 4 + 8 + 16;
const MOTION = 32;

/**
 * Takes keys from what has come. One read may hold many, and end within one.
 *
 * @param isFinal nothing more will come soon: an ESC at the end is the key.
 * @returns what was understood, and the rest to be given again with what comes.
 */
export function parseInput(text: string, isFinal: boolean): { events: InputEvent[]; rest: string } {
  const events: InputEvent[] = [];
  let rest = text;
  while (rest !== "") {
    if (rest.startsWith("\x1b")) {
      const match = SEQUENCE.exec(rest);
      if (match !== null) {
        const event = sequenceEvent(match);
        if (event !== undefined) events.push(event);
        rest = rest.slice(match[0].length);
        continue;
      }
      if (!isFinal && UNFINISHED.test(rest)) return { events, rest };
      events.push({ type: "key", key: "escape" });
      rest = rest.slice(1);
      continue;
    }
    const character = String.fromCodePoint(rest.codePointAt(0)!);
    rest = rest.slice(character.length);
    events.push(characterEvent(character));
  }
  return { events, rest };
}

function characterEvent(character: string): InputEvent {
  switch (character) {
    case "\r":
    case "\n":
      return { type: "key", key: "enter" };
    case "\x7f":
    case "\b":
      return { type: "key", key: "backspace" };
    case "\x15":
      return { type: "key", key: "clear" };
    default:
      return character < " " ? { type: "key", key: "other" } : { type: "text", text: character };
  }
}

function sequenceEvent([, parameters = "", , final, applicationKey]: RegExpExecArray):
  | InputEvent
  | undefined {
  if (applicationKey !== undefined) {
    return { type: "key", key: applicationKey === "M" ? "enter" : FINAL_KEYS[applicationKey] ?? "other" };
  }
  if (parameters.startsWith("<")) return mouseEvent(parameters.slice(1), final!);
  if (final === "~") return { type: "key", key: NUMBERED_KEYS[parameters.split(";")[0]!] ?? "other" };
  return { type: "key", key: FINAL_KEYS[final!] ?? "other" };
}

/** Source: SGR mouse mode (1006) of xterm: `<button;column;row`, M when pressed, m when released. */
function mouseEvent(parameters: string, final: string): InputEvent | undefined {
  const [code = NaN, column = NaN, row = NaN] = parameters.split(";").map(Number);
  if (final !== "M" || !(column >= 1 && row >= 1)) return undefined;
  const place = { x: column - 1, y: row - 1 };
  const button = code & ~MODIFIERS;
  if (button === WHEEL) return { type: "wheel_up", ...place };
  if (button === WHEEL + 1) return { type: "wheel_down", ...place };
  return button === 0 && (code & MOTION) === 0 ? { type: "click", ...place } : undefined;
}
