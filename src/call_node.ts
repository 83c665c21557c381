/** A node of the tree of calls that a recording is, and the keys of what is counted at it. */
import type { Activity } from "./types.ts";

/** Byte offsets of call instructions are below this; with the code's number they make the key of a child. */
export const OFFSET_LIMIT = 0x400_0000;
/** Leaf offset of a sample whose stack ends here for lack of proof; all others are above it. */
export const CUT_OFFSET = -2;
const ACTIVITIES = 4;
const NO_CALLS: readonly CallNode[] = [];

/** A path from the root: the code at its end, called from `callOffset` in the parent's code. */
export class CallNode {
  readonly parent: CallNode | undefined;
  readonly codeId: number;
  /** Byte offset of the call in the parent's bytecode. */
  readonly callOffset: number;
  proven: boolean;
  /** Reads that were made to prove this path, without success. */
  attempts = 0;
  /** `Recording.provingReads` when it was first to be proven; NaN before. */
  wantedFrom = NaN;
  /** A sample that begins as this path surely does: it counts in its place if this one was torn. */
  standIn: StandIn | undefined;
  children: Map<number, CallNode> | undefined;
  /** Those of them that are proven, by their code: torn reads show ever new ones that are not. */
  #provenCalls: Map<number, CallNode[]> | undefined;
  /** Samples that ended here, or their CPU time, by `selfKey`. */
  selfCounts: Map<number, number> | undefined;

  constructor(parent: CallNode | undefined, codeId: number, callOffset: number) {
    this.parent = parent;
    this.codeId = codeId;
    this.callOffset = callOffset;
    this.proven = parent === undefined;
  }

  hasChild(codeId: number, callOffset: number): boolean {
    return this.children?.has(childKey(codeId, callOffset)) === true;
  }

  child(codeId: number, callOffset: number): CallNode {
    const key = childKey(codeId, callOffset);
    this.children ??= new Map();
    let child = this.children.get(key);
    if (child === undefined) {
      child = new CallNode(this, codeId, callOffset);
      this.children.set(key, child);
    }
    return child;
  }

  /** Whether anything is known of this path: that it exists, has samples, or that longer ones do. */
  get isNeeded(): boolean {
    return this.proven || this.selfCounts !== undefined ||
      (this.children?.size ?? 0) > 0;
  }

  /** Takes a child out. */
  forget(child: CallNode): void {
    this.children?.delete(childKey(child.codeId, child.callOffset));
  }

  count(key: number, amount: number): void {
    this.selfCounts ??= new Map();
    this.selfCounts.set(key, (this.selfCounts.get(key) ?? 0) + amount);
  }

  /** Marks this path, and so every path that it begins with, as proven. */
  prove(): void {
    // deno-lint-ignore no-this-alias -- a walk towards the root
    let node: CallNode = this;
    while (!node.proven) {
      node.proven = true;
      const parent = node.parent!;
      parent.#addProven(node);
      node = parent;
    }
  }

  /** The proven calls of a code object from this one. */
  provenCalls(codeId: number): readonly CallNode[] {
    return this.#provenCalls?.get(codeId) ?? NO_CALLS;
  }

  #addProven(child: CallNode): void {
    // One that was forgotten is shown nowhere.
    if (this.children?.get(childKey(child.codeId, child.callOffset)) !== child) return;
    this.#provenCalls ??= new Map();
    const calls = this.#provenCalls.get(child.codeId);
    if (calls === undefined) this.#provenCalls.set(child.codeId, [child]);
    else calls.push(child);
  }
}

/** A path, and the place in its innermost function. */
export interface StandIn {
  readonly node: CallNode;
  readonly leafOffset: number;
}

/** One number for where the leaf was and what its thread was doing. */
export function selfKey(leafOffset: number, activity: Activity): number {
  return (leafOffset - CUT_OFFSET) * ACTIVITIES + activity;
}

/** The two parts of a `selfKey`. */
export function selfParts(key: number): { leafOffset: number; activity: Activity } {
  return { leafOffset: Math.floor(key / ACTIVITIES) + CUT_OFFSET, activity: key % ACTIVITIES };
}

function childKey(codeId: number, callOffset: number): number {
  return codeId * OFFSET_LIMIT + boundedOffset(callOffset);
}

function boundedOffset(offset: number): number {
  return offset >= -1 && offset < OFFSET_LIMIT - 1 ? offset + 1 : 0;
}
