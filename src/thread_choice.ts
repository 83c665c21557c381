/** Which threads a tick is about, and when the system is asked what they do. */
import type { ReadThread, ThreadTable } from "./thread_table.ts";
import type { ThreadActivities } from "./thread_activities.ts";

/** The system is asked at most this often. Units: ms. */
const STATE_INTERVAL = 0.1;

/** Which threads a read is about: those that run, all, or the holder of the GIL. */
export type Selection = "active" | "all" | "gil";

/** Chooses threads by what they do, and keeps the choice for a while. */
export class ThreadChoice {
  /** Those that were chosen when the system was asked last. */
  threads: readonly ReadThread[] = [];
  readonly #activities: ThreadActivities;
  readonly #table: ThreadTable;
  #lastAsked = -Infinity;

  constructor(activities: ThreadActivities, table: ThreadTable) {
    this.#activities = activities;
    this.#table = table;
  }

  /** The system is to be asked again. */
  forget(): void {
    this.threads = [];
    this.#lastAsked = -Infinity;
  }

  /** Whether it is time to ask the system, or to see that `holder` still holds the GIL. Units: ms of any steady clock. */
  isDue(nowMs: number): boolean {
    return nowMs - this.#lastAsked >= STATE_INTERVAL;
  }

  /** The only thread, if it was chosen and held the GIL: as long as it holds the GIL, it runs. */
  get holder(): ReadThread | undefined {
    const only = this.#table.threads.length === 1 ? this.#table.threads[0]! : undefined;
    return only !== undefined && only === this.threads[0] && only.ownsGil ? only : undefined;
  }

  /** The choice holds for longer. */
  keep(nowMs: number): void {
    this.#lastAsked = nowMs;
  }

  /** Asks the system what each thread is doing, and chooses those to be read. */
  ask(selection: "active" | "all", nowMs: number): ReadThread[] {
    const { threads, interpreters } = this.#table;
    const running = this.#activities.ask(threads, interpreters);
    const chosen = selection === "all" ? [...threads] : running;
    this.threads = chosen;
    this.#lastAsked = nowMs;
    return chosen;
  }
}
