/** Stacks merged into a call tree with self and total counts. */
import { frameLabel, type Profile, threadLabel } from "../profile.ts";
import type { Frame } from "../types.ts";
import { compareText } from "./numbers.ts";

/** What a node stands for. */
export type CallNodeKind = "root" | "thread" | "frame";

/** A node of the call tree. Units: samples. Invariant: `total` = `self` + the children's `total`. */
export interface CallNode {
  readonly kind: CallNodeKind;
  /** The text of the frame or thread; `all` for the root. */
  readonly label: string;
  /** Index into `Profile.frames` of the first frame merged here; undefined unless `kind` is "frame". */
  readonly frameIndex: number | undefined;
  readonly frame: Frame | undefined;
  /** Samples that ended here. */
  readonly self: number;
  /** Samples that passed through here. */
  readonly total: number;
  /** Sorted by label. */
  readonly children: readonly CallNode[];
}

/** How to merge stacks. */
export interface CallTreeOptions {
  /** Put a node for each thread below the root; without, equal stacks of different threads are merged. */
  readonly threads: boolean;
}

interface GrowingNode extends CallNode {
  self: number;
  total: number;
  children: GrowingNode[];
  byLabel: Map<string, GrowingNode>;
}

type NodeIdentity = Pick<CallNode, "kind" | "label" | "frameIndex" | "frame">;

function growingNode(identity: NodeIdentity): GrowingNode {
  return { ...identity, self: 0, total: 0, children: [], byLabel: new Map() };
}

function childOf(parent: GrowingNode, identity: NodeIdentity): GrowingNode {
  const known = parent.byLabel.get(identity.label);
  if (known !== undefined) return known;
  const child = growingNode(identity);
  parent.byLabel.set(identity.label, child);
  parent.children.push(child);
  return child;
}

/** Merges the stacks of a profile; frames with the same label and callers become one node. */
export function buildCallTree(profile: Profile, options: CallTreeOptions): CallNode {
  const frames: NodeIdentity[] = profile.frames.map((frame, frameIndex) => (
    { kind: "frame", label: frameLabel(frame), frameIndex, frame }
  ));
  const threads: NodeIdentity[] = profile.threads.map((thread) => (
    { kind: "thread", label: threadLabel(thread), frameIndex: undefined, frame: undefined }
  ));
  const root = growingNode({ kind: "root", label: "all", frameIndex: undefined, frame: undefined });
  const nodes = [root];
  for (const stack of profile.stacks) {
    if (stack.count <= 0) continue;
    let node = root;
    node.total += stack.count;
    const thread = options.threads ? threads[stack.thread] : undefined;
    const path = stack.frames.map((index) => frames[index]).filter((frame) => frame !== undefined);
    if (thread !== undefined) path.unshift(thread);
    for (const identity of path) {
      const known = node.children.length;
      const child = childOf(node, identity);
      if (node.children.length > known) nodes.push(child);
      child.total += stack.count;
      node = child;
    }
    node.self += stack.count;
  }
  // A flat list instead of recursion: a target may be nested deeper than our own stack allows.
  for (const node of nodes) node.children.sort((a, b) => compareText(a.label, b.label));
  return root;
}
