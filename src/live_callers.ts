/** Who called a function: the paths above it, merged from the function outwards. */
import type { LiveCaller } from "./live_profile.ts";
import type { CountedRow } from "./live_rows.ts";

/** Callers that stand for less of a function's samples than this are left out. */
const LEAST_SHARE = 0.005;
const MAX_DEPTH = 60;

/** A caller, with those that called it there. */
interface CallerNode {
  readonly row: CountedRow;
  now: number;
  sum: number;
  readonly callers: Map<CountedRow, CallerNode>;
}

/** Merges the callers of one row. */
export class CallerTree {
  readonly #root: CallerNode;

  constructor(row: CountedRow) {
    this.#root = newNode(row);
  }

  /**
   * Adds a path. Of a function that called itself the outermost call counts: who called it at first.
   *
   * @param path the rows of a stack, innermost first.
   */
  add(path: readonly CountedRow[], { now, sum }: { now: number; sum: number }): void {
    const at = path.lastIndexOf(this.#root.row);
    if (at < 0) return;
    let node = this.#root;
    node.now += now;
    node.sum += sum;
    const end = Math.min(path.length, at + 1 + MAX_DEPTH);
    for (let i = at + 1; i < end; i++) {
      const row = path[i]!;
      let caller = node.callers.get(row);
      if (caller === undefined) {
        caller = newNode(row);
        node.callers.set(row, caller);
      }
      caller.now += now;
      caller.sum += sum;
      node = caller;
    }
  }

  /** The callers, without those that hardly ever called. */
  callers(): LiveCaller[] {
    const { now, sum } = this.#root;
    const isShown = (node: CallerNode) => node.sum >= LEAST_SHARE * sum || node.now > LEAST_SHARE * now;
    const convert = (node: CallerNode): LiveCaller => ({
      frame: node.row.frame,
      fullFile: node.row.fullFile,
      now: node.now,
      sum: node.sum,
      callers: [...node.callers.values()].filter(isShown).map(convert),
    });
    return convert(this.#root).callers.slice();
  }
}

function newNode(row: CountedRow): CallerNode {
  return { row, now: 0, sum: 0, callers: new Map() };
}
