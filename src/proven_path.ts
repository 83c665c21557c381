/** What to show for a sample whose path was not proven: a proven path that agrees with it, as far as there is one. */
import type { CallNode } from "./call_node.ts";

/** A proven path. `isWhole` is true when it has all of the functions of the path that was asked for. */
export interface ProvenPath {
  readonly node: CallNode;
  readonly isWhole: boolean;
}

/**
 * Follows an unproven path along proven ones, function by function.
 *
 * The instruction of a caller is read at another moment than its callee when both copies differ: where that very call was
 * never proven, a proven call of the same function is taken, the nearest one. Where there is none, the path ends.
 */
export function provenPath(node: CallNode): ProvenPath {
  const steps: CallNode[] = [];
  let shown = node;
  while (!shown.proven) {
    steps.push(shown);
    shown = shown.parent!;
  }
  for (let i = steps.length - 1; i >= 0; i--) {
    const next = nearestProvenCall(shown, steps[i]!);
    if (next === undefined) return { node: shown, isWhole: false };
    shown = next;
  }
  return { node: shown, isWhole: true };
}

function nearestProvenCall(caller: CallNode, step: CallNode): CallNode | undefined {
  let nearest: CallNode | undefined;
  let distance = Infinity;
  for (const child of caller.provenCalls(step.codeId)) {
    const offset = Math.abs(child.callOffset - step.callOffset);
    if (offset >= distance) continue;
    nearest = child;
    distance = offset;
  }
  return nearest;
}
