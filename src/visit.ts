/** What a visit to a thread has shown, until it is asked for: it is walked before we leave its processor, or once interrupted. */
import { Walk } from "./cpython/thread_stack.ts";
import type { ReadThread } from "./thread_table.ts";

/** The visit of one tick. */
export class Visit {
  /** Whom to visit for the next call. */
  host: ReadThread | undefined;
  #capture = () => {};
  #walked: ReadThread | undefined;
  #walk = Walk.Empty;

  /** Nobody was visited yet. */
  beginTick(): void {
    this.#walked = undefined;
  }

  /**
   * From now on calls are to be made on the processor of a thread.
   *
   * @param capture reads, still there, what else belongs to the moment.
   */
  begin(host: ReadThread | undefined, capture: () => void): void {
    this.host = host;
    this.#capture = capture;
  }

  /** The call was made. @returns the threads that were read, the host first. */
  end(selected: readonly ReadThread[]): readonly ReadThread[] {
    const host = this.#walked;
    this.host = undefined;
    if (host === undefined || !selected.includes(host)) return selected;
    return [host, ...selected.filter((thread) => thread !== host)];
  }

  /** Walks the host, if it was read. */
  walk(selected: readonly ReadThread[], walk: (thread: ReadThread) => Walk): void {
    const host = this.host!;
    if (!selected.includes(host)) return;
    this.keep(host, walk(host), this.#capture);
  }

  /** Keeps the walk of a thread, and reads at once what else belongs to the moment. */
  keep(thread: ReadThread, walk: Walk, capture: () => void): void {
    this.#walk = walk;
    if (walk === Walk.Reached || walk === Walk.Agreed) capture();
    this.#walked = thread;
  }

  /** The walk of a thread that was visited, once; undefined for any other. */
  take(thread: ReadThread): Walk | undefined {
    const isHost = thread === this.#walked;
    this.#walked = undefined;
    return isHost ? this.#walk : undefined;
  }
}
