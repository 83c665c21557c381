/** What one read shows of a thread. */
import { Walk } from "./cpython/thread_stack.ts";
import { provenPath } from "./proven_path.ts";
import { CUT_OFFSET } from "./call_node.ts";
import type { CallNode } from "./call_node.ts";
import type { Recording } from "./recording.ts";
import type { StackLookup } from "./stack_lookup.ts";
import type { StackReader } from "./stack_reader.ts";
import type { ThreadEntry } from "./thread_table.ts";

/** How much a read shows, from least to most. */
export const enum Sight {
  /** The thread runs no Python code. */
  Empty,
  /** The walk did not reach the root. */
  Lost,
  /** Only the outer frames are known: the others could not be followed, or are of no code object. */
  Partial,
  /** A path that was not proven yet. */
  Unproven,
  /** A proven path, or one that agrees with it in all its functions. */
  Whole,
}

/** Where a sample belongs. Invariant: `node` is a root, and `leafOffset` a cut, for Empty and Lost. */
export interface Sighting {
  readonly sight: Sight;
  readonly node: CallNode;
  readonly leafOffset: number;
}

/** Looks at threads for a sampler. */
export class Lookout {
  readonly #reader: StackReader;
  readonly #recording: Recording;
  readonly #lookup: StackLookup;
  /** True when the last look has proven a path that was not. */
  hasProven = false;

  constructor(reader: StackReader, recording: Recording, lookup: StackLookup) {
    this.#reader = reader;
    this.#recording = recording;
    this.#lookup = lookup;
  }

  /** What the last call of the reader shows of a thread. */
  look(entry: ThreadEntry): Sighting {
    return this.#sighting(entry, this.#reader.walk(entry.thread));
  }

  /** Reads the thread anew; what was read of others is gone. */
  lookAgain(entry: ThreadEntry): Sighting {
    return this.#sighting(entry, this.#reader.reread(entry.thread));
  }

  #sighting(entry: ThreadEntry, walk: Walk): Sighting {
    const recording = this.#recording;
    this.hasProven = false;
    if (walk === Walk.Empty || walk === Walk.Broken) {
      const sight = walk === Walk.Empty ? Sight.Empty : Sight.Lost;
      return { sight, node: recording.roots[entry.index]!, leafOffset: CUT_OFFSET };
    }
    const node = this.#lookup.insert(entry);
    const { leafOffset, insertedPartly } = recording;
    if (walk === Walk.Outer) return { sight: Sight.Partial, node, leafOffset: CUT_OFFSET };
    if (insertedPartly) return { sight: Sight.Partial, node, leafOffset };
    if (!node.proven && this.#lookup.isProof(entry)) {
      this.hasProven = true;
      node.prove();
    }
    return { sight: isWhole(node) ? Sight.Whole : Sight.Unproven, node, leafOffset };
  }
}

/** Whether a path is proven, or can be shown as a proven one with the same functions. */
export function isWhole(node: CallNode): boolean {
  return node.proven || provenPath(node).isWhole;
}
