/**
 * Which stack counts for a read that was torn: one that begins as the torn one surely did.
 *
 * What was read right after is of some ten microseconds later. Reads are torn where functions are short, and hardly ever
 * in a loop: were whatever came next taken, code that is torn would lose samples to the code that runs after it.
 */
import { CUT_OFFSET, selfParts } from "./call_node.ts";
import type { CallNode, StandIn } from "./call_node.ts";
import { NOT_CODE } from "./cpython/code_table.ts";
import { isDoubtful } from "./doubt.ts";
import { provenPath } from "./proven_path.ts";
import type { Recording } from "./recording.ts";
import { Sight } from "./sighting.ts";
import type { Sighting } from "./sighting.ts";

/** Those beyond are shown as any sample that begins like them. */
const MAX_WAITING = 10_000;
/** Beginnings of paths that are looked at each time. */
const MERGE_BATCH = 1000;

/** Finds the samples that stand in for torn ones. */
export class StandIns {
  readonly #recording: Recording;
  /** Torn paths by the part of them that is proven. */
  readonly #waiting = new Map<CallNode, CallNode[]>();
  /** Those of which nothing else is known, by the same part. */
  readonly #begun = new Map<CallNode, CallNode>();
  #count = 0;

  constructor(recording: Recording) {
    this.#recording = recording;
  }

  /** Whether a sighting that was made later begins as a path does, as far as that is proven. */
  fits(node: CallNode, { node: later, sight }: Sighting): boolean {
    return sight === Sight.Whole && isBelow(provenPath(later).node, provenPath(node).node);
  }

  /** The next sample that fits is to stand in for this path. */
  await(node: CallNode): void {
    if (node.standIn !== undefined || this.#count >= MAX_WAITING) return;
    const start = provenPath(node).node;
    const others = this.#waiting.get(start);
    if (others?.includes(node)) return;
    if (others === undefined) this.#waiting.set(start, [node]);
    else others.push(node);
    this.#count++;
  }

  /** The path to count for where only its beginning is known: the next sample that fits is to stand in for it. */
  awaitBegun(start: CallNode): CallNode {
    const proven = provenPath(start).node;
    let node = this.#begun.get(proven);
    if (node === undefined && this.#count < MAX_WAITING) {
      node = this.#recording.beginPath(proven);
      this.#begun.set(proven, node);
      this.await(node);
    }
    return node ?? proven;
  }

  /**
   * Puts those that are taken for torn, and still wait, together with all that begin like them: there may be ever new ones.
   */
  mergeTorn(): void {
    // A timeline keeps its nodes.
    if (this.#recording.log !== undefined) return;
    let left = Math.min(MERGE_BATCH, this.#waiting.size);
    for (const [start, nodes] of this.#waiting) {
      if (left-- === 0) break;
      const torn: CallNode[] = [];
      const kept: CallNode[] = [];
      for (const node of nodes) (this.#isTorn(node) ? torn : kept).push(node);
      // At the end of the line: the others come first the next time.
      this.#waiting.delete(start);
      if (kept.length > 0) this.#waiting.set(start, kept);
      this.#count -= torn.length;
      for (const node of torn) {
        if (!provenPath(node).isWhole) this.#recording.mergeTorn(node, this.awaitBegun(node));
      }
    }
  }

  #isTorn(node: CallNode): boolean {
    return node.codeId !== NOT_CODE && isDoubtful(node, this.#recording.provingReads);
  }

  /** Takes a sample for the paths that wait for it. */
  offer(sighting: Sighting): void {
    if (this.#count === 0 || sighting.sight !== Sight.Whole) return;
    for (let at: CallNode | undefined = provenPath(sighting.node).node; at !== undefined; at = at.parent) {
      const nodes = this.#waiting.get(at);
      if (nodes === undefined) continue;
      for (const node of nodes) this.#recording.replaceIfTorn(node, sighting);
      this.#waiting.delete(at);
      this.#begun.delete(at);
      this.#count -= nodes.length;
    }
  }
}

/**
 * What samples of a path are shown as if it was torn: the stand-in that came after them, or else any sample that begins like
 * its proven part.
 *
 * @param provingReads those of its recording.
 * @returns undefined for a path that may exist, and where there is no such sample.
 */
export function standInOf(node: CallNode, provingReads: number): StandIn | undefined {
  if (!isDoubtful(node, provingReads)) return undefined;
  return node.standIn ?? firstCounted(provenPath(node).node);
}

/** A proven path that begins with this one and has samples that are not cut. */
function firstCounted(start: CallNode): StandIn | undefined {
  const nodes = [start];
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    for (const key of node.selfCounts?.keys() ?? []) {
      const { leafOffset } = selfParts(key);
      if (leafOffset !== CUT_OFFSET) return { node, leafOffset };
    }
    for (const child of node.children?.values() ?? []) if (child.proven) nodes.push(child);
  }
  return undefined;
}

function isBelow(node: CallNode, ancestor: CallNode): boolean {
  let at: CallNode | undefined = node;
  while (at !== undefined && at !== ancestor) at = at.parent;
  return at === ancestor;
}
