/** The screen of `top` while it is open: keys change its state, each refresh brings new counts, both draw it. */
import { isStdoutColored } from "../output.ts";
import type { LiveCaller } from "../live_profile.ts";
import { entriesOf } from "../render/top/entries.ts";
import type { Entry } from "../render/top/entries.ts";
import { parseInput } from "../render/top/keys.ts";
import { terminalLine } from "../render/top/line.ts";
import { keepInView, reduce } from "../render/top/reduce.ts";
import type { TopAction } from "../render/top/reduce.ts";
import { pageText, renderScreen } from "../render/top/screen.ts";
import type { TopState } from "../render/top/state.ts";
import type { TopText, TopView } from "../render/top/view.ts";
import { screenSize, Terminal } from "../terminal.ts";
import type { LiveView } from "./live_view.ts";

/** The first numbers come soon. Units: ms. */
const FIRST_DELAY = 300;

/** What the screen asks for. */
export interface ScreenOwner {
  /** Ends `top`. */
  quit(): void;
  /** Writes a flamegraph. @returns what to say about it. */
  write(): Promise<string>;
}

/** Shows a live view on the terminal. */
export class TopScreen {
  readonly #live: LiveView;
  readonly #owner: ScreenOwner;
  readonly #terminal: Terminal;
  readonly #color = isStdoutColored();
  #state: TopState;
  #view: TopView;
  #entries: readonly Entry[] = [];
  #rest = "";
  #failure: unknown;
  #nextRefreshMs = performance.now() + FIRST_DELAY;

  constructor(
    live: LiveView,
    { owner, state, hasMouse }: { owner: ScreenOwner; state: TopState; hasMouse: boolean },
  ) {
    this.#live = live;
    this.#owner = owner;
    this.#state = state;
    this.#view = { facts: live.facts, snapshot: live.refresh(), callers: new Map(), text: undefined };
    this.#terminal = new Terminal(
      {
        input: (text, isFinal) => this.#guarded(() => this.#input(text, isFinal)),
        redraw: (suspendedMs) =>
          this.#guarded(() => {
            if (suspendedMs > 0) live.skip(suspendedMs);
            this.#draw();
          }),
        quit: () => owner.quit(),
      },
      { hasMouse },
    );
  }

  /** The state, for the table that stays. */
  get state(): TopState {
    return this.#state;
  }

  open(): void {
    this.#terminal.open();
    this.#draw();
  }

  /** Gives the terminal back. @throws what went wrong while keys were handled. */
  async close(): Promise<void> {
    await this.#terminal.close();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** An error ends `top` in the usual way first, so that the terminal is given back. */
  #guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#failure ??= error;
      this.#owner.quit();
    }
  }

  /** Draws new numbers once it is time. Units: ms. */
  onTick(nowMs: number): void {
    if (nowMs < this.#nextRefreshMs) return;
    this.#nextRefreshMs = nowMs + this.#state.delaySeconds * 1000;
    this.#refresh();
  }

  /** While the screen is held still only the header lives: what was counted meanwhile comes with the next refresh. */
  #refresh(): void {
    const facts = this.#live.facts;
    if (this.#state.isPaused) {
      this.#live.retain();
      this.#view = { ...this.#view, facts };
    } else {
      const snapshot = this.#live.refresh();
      this.#view = { ...this.#view, facts, snapshot, callers: this.#callers() };
      if (this.#state.page === "thread") this.#view = { ...this.#view, text: this.#stack() };
    }
    this.#draw();
  }

  #callers(): Map<string, readonly LiveCaller[]> {
    const prefix = this.#state.grouping === "function" ? "f" : "l";
    const keys = [...this.#state.expanded].filter((key) => key.startsWith(prefix) && !key.includes("/"));
    return new Map(keys.map((key) => [key, this.#live.callersOf(key)]));
  }

  #stack(): TopText {
    return this.#live.stackOf(this.#view.snapshot.threads.find(({ id }) => id === this.#state.threadId));
  }

  #draw(): void {
    const size = screenSize();
    const entries = entriesOf(this.#view, this.#state);
    this.#state = keepInView(this.#state, { entries, before: this.#entries, size });
    this.#entries = entries;
    const lines = renderScreen(this.#view, this.#state, { size, entries });
    const { columns } = size;
    this.#terminal.draw(lines.map((line) => terminalLine(line, { columns, color: this.#color })));
  }

  #input(text: string, isFinal: boolean): void {
    const { events, rest } = parseInput(this.#rest + text, isFinal);
    this.#rest = rest;
    for (const event of events) {
      const pageLines = pageText(this.#view, this.#state)?.lines.length ?? 0;
      const { isTree } = this.#view.facts;
      const before = this.#state;
      const seen = { size: screenSize(), entries: this.#entries, pageLines, isTree };
      const { state, action } = reduce(before, event, seen);
      this.#state = state;
      if (state.delaySeconds !== before.delaySeconds) this.#nextRefreshMs = performance.now();
      if (action !== undefined) this.#carryOut(action);
      // The next key may be about rows that are shown only now.
      this.#entries = entriesOf(this.#view, this.#state);
    }
    if (events.length > 0) this.#draw();
  }

  #carryOut(action: TopAction): void {
    switch (action) {
      case "quit":
        return this.#owner.quit();
      case "reset":
        this.#live.reset();
        this.#view = { ...this.#view, snapshot: this.#live.refresh(), callers: new Map() };
        this.#nextRefreshMs = performance.now() + Math.min(FIRST_DELAY, this.#state.delaySeconds * 1000);
        return;
      case "pause":
        if (!this.#state.isPaused) this.#nextRefreshMs = performance.now();
        return;
      case "callers":
        this.#view = { ...this.#view, callers: this.#callers() };
        return;
      case "dump":
        this.#view = { ...this.#view, text: this.#live.dump() };
        return;
      case "stack":
        this.#view = { ...this.#view, text: this.#stack() };
        return;
      case "write":
        this.#write();
    }
  }

  async #write(): Promise<void> {
    // "Writing..." is on the screen before the work begins.
    await new Promise((resolve) => setTimeout(resolve));
    const message = await this.#owner.write();
    this.#guarded(() => {
      this.#state = { ...this.#state, message };
      this.#draw();
    });
  }
}
