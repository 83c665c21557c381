/** Stacks merged into a call tree with self and total counts. */
import { frameLabel, processLabel, type Profile, type StackCount, threadLabel } from "../profile.ts";
import type { Frame } from "../types.ts";
import { compareText } from "./numbers.ts";

/** What a node stands for. */
export type CallNodeKind = "root" | "process" | "thread" | "frame";

/** A node of the call tree. Units: samples. Invariant: `total` = `self` + the children's `total`. */
export interface CallNode {
  readonly kind: CallNodeKind;
  /** The text of the frame, thread or process; `all` for the root. */
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
}

type NodeIdentity = Pick<CallNode, "kind" | "label" | "frameIndex" | "frame">;

const ROOT: NodeIdentity = { kind: "root", label: "all", frameIndex: undefined, frame: undefined };

/** Numbers equal labels alike, so that the tree can be built with integers. */
function numberLabels(identities: readonly NodeIdentity[]): { ids: number[]; count: number } {
  const known = new Map<string, number>();
  const ids = identities.map(({ label }) => {
    const id = known.get(label) ?? known.size;
    known.set(label, id);
    return id;
  });
  return { ids, count: known.size };
}

/** Merges the stacks of a profile; frames with the same label and callers become one node. */
export function buildCallTree(profile: Profile, options: CallTreeOptions): CallNode {
  const identities: NodeIdentity[] = [
    ...profile.frames.map((frame, frameIndex): NodeIdentity => (
      { kind: "frame", label: frameLabel(frame), frameIndex, frame }
    )),
    ...profile.threads.map((thread): NodeIdentity => (
      { kind: "thread", label: threadLabel(thread), frameIndex: undefined, frame: undefined }
    )),
    ...(profile.processes ?? []).map((process): NodeIdentity => (
      { kind: "process", label: processLabel(process), frameIndex: undefined, frame: undefined }
    )),
  ];
  const { ids, count: labels } = numberLabels(identities);
  const nodes: GrowingNode[] = [{ ...ROOT, self: 0, total: 0, children: [] }];
  // One map for the whole tree, keyed by parent and label: a map a node would cost more than all the rest.
  const edges = new Map<number, number>();
  for (const stack of profile.stacks) {
    if (stack.count <= 0) continue;
    const path = pathOf(stack, profile, options);
    let at = 0;
    for (const index of path) {
      const [identity, label, parent] = [identities[index], ids[index], nodes[at]];
      if (identity === undefined || label === undefined || parent === undefined) continue;
      parent.total += stack.count;
      const edge = at * labels + label;
      const known = edges.get(edge);
      at = known ?? nodes.length;
      if (known !== undefined) continue;
      const node = { ...identity, self: 0, total: 0, children: [] };
      parent.children.push(node);
      nodes.push(node);
      edges.set(edge, at);
    }
    const leaf = nodes[at];
    if (leaf === undefined) continue;
    leaf.self += stack.count;
    leaf.total += stack.count;
  }
  // A flat list instead of recursion: a target may be nested deeper than our own stack allows.
  for (const node of nodes) node.children.sort((a, b) => compareText(a.label, b.label));
  return nodes[0] ?? { ...ROOT, self: 0, total: 0, children: [] };
}

/** Indices of what stands above the stack, and of its frames, in the order of `identities`. */
function pathOf(stack: StackCount, { frames, threads, processes }: Profile, options: CallTreeOptions) {
  const above: number[] = [];
  if (processes !== undefined) above.push(frames.length + threads.length + (stack.process ?? -1));
  if (options.threads) above.push(frames.length + stack.thread);
  return above.length === 0 ? stack.frames : [...above, ...stack.frames];
}
