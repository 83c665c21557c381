/**
 * The terminal as a screen of our own, given back as it was on every way out.
 *
 * Source: ECMA-48; xterm's ctlseqs for the alternate screen (1049) and the mouse (1000, 1006); DEC mode 2026 for frames that
 * appear at once.
 */
import { isatty } from "node:tty";

/** Modes that are on while the screen is ours: the other screen, no cursor, no wrapping of long lines. */
const ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
const LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l";
const MOUSE_ON = "\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF = "\x1b[?1006l\x1b[?1000l";
const BEGIN_FRAME = "\x1b[?2026h";
const END_FRAME = "\x1b[?2026l";
const CLEAR_LINE = "\x1b[2K";
/** A read of a key that ends with ESC may be half a sequence. Units: ms. */
const ESCAPE_WAIT = 50;
/** A terminal that takes nothing for so long is not waited for at the end. Units: ms. */
const LAST_WAIT = 300;
const DEFAULT_SIZE = { columns: 80, rows: 24 };

/** What the terminal tells. None of these may throw: nobody would give the terminal back. */
export interface TerminalEvents {
  /** What was typed, as it comes; `isFinal` when nothing followed for a while. */
  readonly input: (text: string, isFinal: boolean) => void;
  /** All must be drawn anew: another size, or we are back after being suspended for so long. Units: ms. */
  readonly redraw: (suspendedMs: number) => void;
  /** The terminal has gone, or asks us to quit. */
  readonly quit: () => void;
}

/** True when there is a terminal to show a screen on and to read keys from. */
export function hasScreen(): boolean {
  return isatty(0) && isatty(1) && Deno.env.get("TERM") !== "dumb";
}

/** Rows and columns of the terminal. */
export function screenSize(): { columns: number; rows: number } {
  try {
    const { columns, rows } = Deno.consoleSize();
    return columns > 0 && rows > 0 ? { columns, rows } : DEFAULT_SIZE;
  } catch {
    return DEFAULT_SIZE;
  }
}

/** A screen that is ours from `open` to `close`. */
export class Terminal {
  readonly #events: TerminalEvents;
  readonly #hasMouse: boolean;
  /** For what must be written at once, also while a frame is still on its way. */
  readonly #direct = openDirect();
  #isOpen = false;
  #shown: string[] = [];
  /** The frame that is being written; frames that come meanwhile are left out, but for the last one. */
  #writing: Promise<void> | undefined;
  #next: readonly string[] | undefined;
  readonly #signals: readonly (readonly [Deno.Signal, () => void])[];

  constructor(events: TerminalEvents, { hasMouse }: { hasMouse: boolean }) {
    this.#events = events;
    this.#hasMouse = hasMouse;
    this.#signals = [
      ["SIGWINCH", () => this.#redraw(0)],
      ["SIGTSTP", () => this.#suspend()],
      ["SIGCONT", () => this.#resume()],
      ["SIGQUIT", () => events.quit()],
    ];
  }

  /** Takes the terminal over. */
  open(): void {
    for (const [signal, listener] of this.#signals) Deno.addSignalListener(signal, listener);
    this.#enter();
    this.#readKeys();
  }

  /** Shows lines, one a row; only those that have changed are written. Never waits for the terminal. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    if (this.#writing !== undefined) {
      this.#next = lines;
      return;
    }
    const frame = this.#frameOf(lines);
    this.#shown = [...lines];
    if (frame !== "") this.#writing = this.#write(frame);
  }

  /** Gives the terminal back, as it was. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    for (const [signal, listener] of this.#signals) Deno.removeSignalListener(signal, listener);
    this.#next = undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise((resolve) => timer = setTimeout(resolve, LAST_WAIT));
    // What is left of a frame must not come after the end of the screen.
    await Promise.race([this.#writing, patience]);
    clearTimeout(timer);
    this.#leave();
  }

  #frameOf(lines: readonly string[]): string {
    const changed = lines.map((line, row) => ({ line, row })).filter(({ line, row }) =>
      line !== this.#shown[row]
    );
    if (changed.length === 0) return "";
    const text = changed.map(({ line, row }) => `\x1b[${row + 1};1H${CLEAR_LINE}${line}`).join("");
    return `${BEGIN_FRAME}${text}${END_FRAME}`;
  }

  async #write(frame: string): Promise<void> {
    try {
      const bytes = new TextEncoder().encode(frame);
      for (let written = 0; written < bytes.length;) {
        written += await Deno.stdout.write(bytes.subarray(written));
      }
    } catch {
      this.#events.quit();
    }
    this.#writing = undefined;
    const next = this.#next;
    this.#next = undefined;
    if (next !== undefined) this.draw(next);
  }

  #enter(): void {
    this.#isOpen = true;
    this.#shown = [];
    this.#setRaw(true);
    this.#writeDirect(ENTER + (this.#hasMouse ? MOUSE_ON : ""));
  }

  #leave(): void {
    this.#isOpen = false;
    this.#writeDirect(END_FRAME + (this.#hasMouse ? MOUSE_OFF : "") + LEAVE);
    this.#setRaw(false);
  }

  #setRaw(isRaw: boolean): void {
    try {
      // Ctrl-C and Ctrl-Z still send their signals.
      Deno.stdin.setRaw(isRaw, { cbreak: true });
    } catch {
      // The terminal has gone.
    }
  }

  #writeDirect(text: string): void {
    try {
      this.#direct.writeSync(new TextEncoder().encode(text));
    } catch {
      // The terminal has gone.
    }
  }

  #suspend(): void {
    const since = performance.now();
    this.#leave();
    // The signal that was caught cannot stop us; this one can. The shell takes the terminal until it continues us.
    Deno.kill(Deno.pid, "SIGSTOP");
    this.#enter();
    this.#redraw(performance.now() - since);
  }

  /** Somebody may have written on our screen meanwhile. */
  #resume(): void {
    if (!this.#isOpen) return;
    this.#writeDirect(ENTER + (this.#hasMouse ? MOUSE_ON : ""));
    this.#redraw(0);
  }

  #redraw(suspendedMs: number): void {
    this.#shown = [];
    this.#events.redraw(suspendedMs);
  }

  async #readKeys(): Promise<void> {
    const buffer = new Uint8Array(4096);
    const decoder = new TextDecoder();
    let timer: ReturnType<typeof setTimeout> | undefined;
    for (;;) {
      // An error means that the terminal has gone.
      const count = await Deno.stdin.read(buffer).catch(() => null);
      clearTimeout(timer);
      if (count === null) break;
      this.#events.input(decoder.decode(buffer.subarray(0, count), { stream: true }), false);
      timer = setTimeout(() => this.#events.input("", true), ESCAPE_WAIT);
    }
    this.#events.quit();
  }
}

/** Another way to the terminal; where there is none, as for a session without one, the usual one. */
function openDirect(): { writeSync(bytes: Uint8Array): number } {
  try {
    return Deno.openSync("/dev/tty", { write: true });
  } catch {
    return Deno.stdout;
  }
}
