/** Stacks as a tree of frames in which equal beginnings are stored once. */
import type { StackCount } from "../profile.ts";

/** A tree of frames. Shape: nodes are numbers, a parent's smaller than its children's; roots come first. */
export interface StackTrie {
  readonly parent: Int32Array;
  /** Index into `Profile.frames`; -1 for a root. */
  readonly frame: Int32Array;
  /** The root of each thread of each process that has a stack, with -1 for what a stack does not say. */
  readonly roots: readonly { readonly process: number; readonly thread: number }[];
  /** The node in which each stack ends. */
  readonly leaf: Int32Array;
}

/** Puts stacks into a tree, each below the root of its thread. */
export function buildStackTrie(stacks: readonly StackCount[]): StackTrie {
  const roots: { process: number; thread: number }[] = [];
  const rootIds = new Map<string, number>();
  const rootOf = stacks.map(({ process = -1, thread }) => {
    const key = `${process} ${thread}`;
    const id = rootIds.get(key) ?? roots.push({ process, thread }) - 1;
    rootIds.set(key, id);
    return id;
  });
  const nodes = new GrowingTrie(roots.length);
  const leaf = new Int32Array(stacks.length);
  stacks.forEach(({ frames }, index) => {
    let node = rootOf[index] ?? 0;
    for (const frame of frames) node = nodes.child(node, frame);
    leaf[index] = node;
  });
  return { ...nodes.finish(), roots, leaf };
}

/** Finds children by a hash table of its own: a `Map` with a million entries takes most of a second. */
class GrowingTrie {
  #parent: Int32Array<ArrayBuffer>;
  #frame: Int32Array<ArrayBuffer>;
  #count: number;
  /** Open addressing, at most half full. Shape: a node or -1. */
  #table: Int32Array;

  constructor(roots: number) {
    const capacity = 2 ** Math.ceil(Math.log2(roots + 1024));
    this.#parent = new Int32Array(capacity).fill(-1);
    this.#frame = new Int32Array(capacity).fill(-1);
    this.#table = new Int32Array(2 * capacity).fill(-1);
    this.#count = roots;
  }

  child(parent: number, frame: number): number {
    const mask = this.#table.length - 1;
    for (let slot = slotOf(parent, frame) & mask;; slot = (slot + 1) & mask) {
      const node = this.#table[slot]!;
      if (node < 0) {
        this.#table[slot] = this.#count;
        return this.#add(parent, frame);
      }
      if (this.#parent[node] === parent && this.#frame[node] === frame) return node;
    }
  }

  finish(): { parent: Int32Array; frame: Int32Array } {
    return { parent: this.#parent.subarray(0, this.#count), frame: this.#frame.subarray(0, this.#count) };
  }

  #add(parent: number, frame: number): number {
    const node = this.#count++;
    this.#parent[node] = parent;
    this.#frame[node] = frame;
    if (this.#count === this.#parent.length) this.#grow();
    return node;
  }

  #grow(): void {
    const larger = (old: Int32Array) => {
      const array = new Int32Array(2 * old.length).fill(-1);
      array.set(old);
      return array;
    };
    this.#parent = larger(this.#parent);
    this.#frame = larger(this.#frame);
    this.#table = new Int32Array(2 * this.#parent.length).fill(-1);
    const mask = this.#table.length - 1;
    for (let node = 0; node < this.#count; node++) {
      const parent = this.#parent[node]!;
      if (parent < 0) continue;
      let slot = slotOf(parent, this.#frame[node]!) & mask;
      while (this.#table[slot]! >= 0) slot = (slot + 1) & mask;
      this.#table[slot] = node;
    }
  }
}

function slotOf(parent: number, frame: number): number {
  const hash = Math.imul(parent, 0x9e3779b1) ^ Math.imul(frame + 1, 0x85ebca6b);
  return (hash ^ (hash >>> 15)) >>> 0;
}
