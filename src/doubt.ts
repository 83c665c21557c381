/** Whether a path that was seen, and then searched for in vain, is taken for one that never was: its read was torn. */
import type { CallNode } from "./call_node.ts";
import { NOT_CODE } from "./cpython/code_table.ts";

/** Searches for a step, and reads that showed other paths; so many tell that a read which shows it was likely torn. */
export const DOUBTFUL_ATTEMPTS = 40;
/** The same for reads that proved whatever path, since this one was to be proven. */
const DOUBTFUL_READS = 400;

/**
 * Whether the path does not exist, or is so rare that it hardly was what its samples were of.
 *
 * @param provingReads those of its recording.
 */
export function isDoubtful(node: CallNode, provingReads: number): boolean {
  // Only its beginning was read.
  if (node.codeId === NOT_CODE) return true;
  const { attempts, wantedFrom } = firstUnproven(node);
  return attempts >= DOUBTFUL_ATTEMPTS || provingReads - wantedFrom >= DOUBTFUL_READS;
}

/** The step of an unproven path that all paths which begin with it depend on. */
export function firstUnproven(node: CallNode): CallNode {
  let step = node;
  while (step.parent !== undefined && !step.parent.proven) step = step.parent;
  return step;
}
