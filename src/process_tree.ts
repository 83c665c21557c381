/** A process and all that come from it, also after those between them have ended. */
import { childProcesses, isProcessAlive } from "./ffi/mod.ts";

const MAX_PROCESSES = 10_000;

/** Follows the descendants of a process. */
export class ProcessTree {
  readonly #known: Set<number>;

  constructor(root: number) {
    this.#known = new Set([root]);
  }

  /** Descendants that have come since the last call, parents first. Those that have ended are forgotten. */
  grow(): number[] {
    const found: number[] = [];
    // A set that grows while it is gone through: children of children come in their turn.
    for (const pid of this.#known) {
      for (const child of childProcesses(pid)) {
        if (this.#known.has(child) || this.#known.size >= MAX_PROCESSES) continue;
        this.#known.add(child);
        found.push(child);
      }
      if (!isProcessAlive(pid)) this.#known.delete(pid);
    }
    return found;
  }

  /** Whether any process of the tree is left, as of the last `grow`. */
  get isEmpty(): boolean {
    return this.#known.size === 0;
  }
}
