/**
 * Which stack counts for a read that was torn: one that begins as the torn one surely did.
 *
 * What was read right after is of some ten microseconds later. Reads are torn where functions are short, and hardly ever
 * in a loop: were whatever came next taken, code that is torn would lose samples to the code that runs after it.
 */
import { provenPath } from "./proven_path.ts";
import type { CallNode } from "./call_node.ts";
import { Sight } from "./sighting.ts";
import type { Sighting } from "./sighting.ts";

/** Each costs time at each sample; those beyond are cut unless they are proven. */
const MAX_WAITING = 16;

/** Finds the samples that stand in for torn ones. */
export class StandIns {
  readonly #waiting: CallNode[] = [];

  /** Whether a sighting that was made later fits, as far as the path is proven. */
  fits(node: CallNode, { node: later, sight }: Sighting): boolean {
    return sight === Sight.Whole && isBelow(provenPath(later).node, provenPath(node).node);
  }

  /** The next sample that fits is to stand in for this path. */
  await(node: CallNode): void {
    if (node.standIn !== undefined || this.#waiting.includes(node)) return;
    if (this.#waiting.length === MAX_WAITING) this.#waiting.shift();
    this.#waiting.push(node);
  }

  /** Takes a sample for the paths that wait for it. */
  offer(sighting: Sighting): void {
    const waiting = this.#waiting;
    for (let i = waiting.length - 1; i >= 0; i--) {
      if (!this.fits(waiting[i]!, sighting)) continue;
      waiting[i]!.standIn = sighting;
      waiting.splice(i, 1);
    }
  }
}

function isBelow(node: CallNode, ancestor: CallNode): boolean {
  let at: CallNode | undefined = node;
  while (at !== undefined && at !== ancestor) at = at.parent;
  return at === ancestor;
}
