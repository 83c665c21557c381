/**
 * What the sampler has seen: a tree of calls with counts, and on request each sample in time order.
 *
 * A node stands for a path from the root: which code called which, and from which instruction. It is *proven* once a
 * sample has shown that this very path existed. Samples of an unproven node still count; when the recording is read, they
 * go to their nearest proven ancestor, marked as cut. So a path that is proven later repairs the samples before it.
 */
import { CallNode, CUT_OFFSET, OFFSET_LIMIT, selfKey, selfParts } from "./call_node.ts";
import type { StandIn } from "./call_node.ts";
import { NOT_CODE } from "./cpython/code_table.ts";
import type { CodeTable } from "./cpython/code_table.ts";
import type { RawStack } from "./cpython/raw_stack.ts";
import { doubled } from "./doubled.ts";
import { DOUBTFUL_ATTEMPTS, isDoubtful } from "./doubt.ts";
import { provenPath } from "./proven_path.ts";
import type { Activity, ThreadInfo } from "./types.ts";

/** Stacks in a row, each another one, that must begin alike for their beginning to be taken for one that lasts. */
const LASTING_STACKS = 32;

/** The last stack of a thread, so that the next one is compared instead of looked up. Shape: root first. */
export class Cursor {
  codes = new Float64Array(64);
  instrs = new Float64Array(64);
  /**
   * Stacks until now, each other than the one before, and how many there were when each frame, with its instruction, was first
   * part of them.
   */
  stacks = 0;
  since = new Float64Array(64);
  nodes: CallNode[] = [];
  depth = 0;
  generation = -1;
  /** The stack has a frame without a node: then instructions are those of the next outer frame that has one. */
  hasHidden = false;

  reserve(depth: number): void {
    while (depth > this.codes.length) {
      this.codes = doubled(this.codes);
      this.instrs = doubled(this.instrs);
      this.since = doubled(this.since);
    }
  }

  /** Whether the outermost frames, so many, and their instructions have been the same while the others changed many times. */
  hasStayed(count: number): boolean {
    return this.stacks - this.since[count - 1]! >= LASTING_STACKS;
  }
}

/** Samples in time order. Units: ns since the start of the recording. */
export interface SampleLog {
  readonly thread: number[];
  readonly node: CallNode[];
  /** See `selfKey`. */
  readonly key: number[];
  readonly startNs: number[];
  readonly weightNs: number[];
}

/** Everything recorded of one process. */
export class Recording {
  readonly codes: CodeTable;
  readonly threads: ThreadInfo[] = [];
  /** Root of each thread's tree; all the same one unless threads are kept apart. */
  readonly roots: CallNode[] = [];
  readonly log: SampleLog | undefined;
  readonly #perThread: boolean;
  readonly #lastEntry: number[] = [];
  /** Nodes made since the last pruning; children after their parents. */
  readonly #fresh: CallNode[] = [];
  /** Nodes whose samples may yet count for others. */
  readonly #replaceable: CallNode[] = [];
  /** Nodes whose samples do so since the last pruning. */
  readonly #emptied: CallNode[] = [];
  #begun = 0;
  /** Grows when nodes are forgotten, so that cached ones are looked up again. */
  #pruned = 0;
  /** Reads on visits, and those of searches: any path might have been proven by them. */
  provingReads = 0;
  /** True when the last inserted stack held something that is not a code object. */
  insertedPartly = false;
  /** Byte offset of the leaf's instruction in the last inserted stack. */
  leafOffset = 0;

  constructor(codes: CodeTable, { perThread, timeline }: { perThread: boolean; timeline: boolean }) {
    this.codes = codes;
    this.#perThread = perThread || timeline;
    this.log = timeline ? { thread: [], node: [], key: [], startNs: [], weightNs: [] } : undefined;
  }

  /** @returns the index of a new thread. */
  addThread(info: ThreadInfo): number {
    if (!this.#perThread) {
      if (this.roots.length === 0) this.roots.push(new CallNode(undefined, NOT_CODE, 0));
      return 0;
    }
    this.threads.push(info);
    this.roots.push(new CallNode(undefined, NOT_CODE, 0));
    return this.threads.length - 1;
  }

  /** A thread has got a name, or another one. */
  renameThread(index: number, name: string | undefined): void {
    const info = this.threads[index];
    if (info !== undefined && name !== undefined && info.name !== name) {
      this.threads[index] = { ...info, name };
    }
  }

  /**
   * Finds the node of a stack, making it if it is new; counts nothing.
   *
   * @param checked the code objects of the stack were rechecked since it was read.
   * @returns the node, or the deepest one before a frame that is not a code object: then `insertedPartly` is set.
   */
  insert(thread: number, cursor: Cursor, stack: RawStack, { checked = false } = {}): CallNode {
    const depth = stack.depth;
    cursor.reserve(depth);
    if (!checked && this.codes.holdsReused(stack.codes, depth)) {
      checked = true;
      this.codes.recheck(stack.codes, depth);
    }
    const generation = this.codes.generation + this.#pruned;
    if (cursor.generation !== generation || cursor.hasHidden) {
      cursor.depth = 0;
      cursor.generation = generation;
    }
    const { codes, instrs, nodes } = cursor;
    const last = depth - 1;
    // A node depends on its code and on its caller's instruction.
    let same = 0;
    while (
      same < depth && same < cursor.depth && codes[same] === stack.codes[last - same] &&
      (same === 0 || instrs[same - 1] === stack.instrs[last - same + 1])
    ) same++;
    let node = same > 0 ? nodes[same - 1]! : this.roots[thread]!;
    // The same stack once more may be of a thread that has not run meanwhile.
    if (same < depth || depth !== cursor.depth || instrs[last] !== stack.instrs[0]) cursor.stacks++;
    // The instructions of equal callers may still differ at the last equal level.
    const instr = stack.instrs[last - same + 1]!;
    if (same > 0 && instrs[same - 1] !== instr) {
      instrs[same - 1] = instr;
      cursor.since[same - 1] = cursor.stacks;
    }
    cursor.since.fill(cursor.stacks, same, depth);
    this.insertedPartly = false;
    cursor.depth = depth;
    cursor.hasHidden = false;
    for (let i = same; i < depth; i++) {
      const code = stack.codes[last - i]!;
      const id = this.codes.idOf(code);
      if (id === NOT_CODE) {
        this.insertedPartly = true;
        this.leafOffset = CUT_OFFSET;
        cursor.depth = i;
        return node;
      }
      if (this.codes.get(id).isHidden) {
        cursor.hasHidden = true;
        codes[i] = code;
        instrs[i] = i === 0 ? 0 : instrs[i - 1]!;
        nodes[i] = node;
        continue;
      }
      const callOffset = node.parent === undefined ? 0 : this.codes.byteOffset(node.codeId, instrs[i - 1]!);
      const isNew = !node.hasChild(id, callOffset);
      if (isNew && !checked) {
        // A path nobody has seen may come from an address that by now holds another code object.
        checked = true;
        if (this.codes.recheck(stack.codes, depth)) return this.insert(thread, cursor, stack, { checked });
      }
      node = node.child(id, callOffset);
      if (isNew) this.#fresh.push(node);
      codes[i] = code;
      instrs[i] = stack.instrs[last - i]!;
      nodes[i] = node;
    }
    // Nothing of it is shown: a torn read may end at a frame that is hidden.
    if (node.parent === undefined) {
      this.insertedPartly = true;
      this.leafOffset = CUT_OFFSET;
      return node;
    }
    // A frame that has just been entered is before its first instruction.
    const offset = this.codes.byteOffset(node.codeId, instrs[last]!);
    this.leafOffset = Math.min(Math.max(offset, -1), OFFSET_LIMIT);
    return node;
  }

  /** A path of which only the beginning is known, another one each time: its samples are those of a later stand-in. */
  beginPath(start: CallNode): CallNode {
    return start.child(NOT_CODE, this.#begun++ % OFFSET_LIMIT);
  }

  /** What samples of a path are to count for, should it be taken for torn; the first one stays. */
  replaceIfTorn(node: CallNode, standIn: StandIn): void {
    if (node.standIn !== undefined) return;
    node.standIn = standIn;
    // A timeline keeps its nodes: there it is done at the end.
    if (this.log === undefined) this.#replaceable.push(node);
  }

  /** Gives the samples of a path that is taken for torn to one of which the beginning alone is known. */
  mergeTorn(node: CallNode, begun: CallNode): void {
    if (moveCounts(node, begun, CUT_OFFSET)) this.#emptied.push(node);
  }

  /**
   * Forgets paths that were never seen to exist: torn reads show ever new ones. Samples of those that are taken for torn go
   * to what stands in for them.
   *
   * Invariant: of the nodes that `insert` gave before, only those that samples were counted for since the last pruning may
   * be used after it.
   */
  prune(): void {
    for (const node of this.#fresh.toReversed()) this.#forgetUnneeded(node);
    this.#fresh.length = 0;
    const later = this.#replaceable.filter((node) => !this.#replaceIfDoubtful(node));
    this.#replaceable.length = 0;
    for (const node of later) this.#replaceable.push(node);
    for (const node of this.#emptied) this.#forgetFrom(node);
    this.#emptied.length = 0;
  }

  /**
   * Gives the samples of a path that is taken for torn to what stands in for it; the next time, forgets it.
   *
   * @returns true when that is over, or it is proven.
   */
  #replaceIfDoubtful(node: CallNode): boolean {
    if (node.proven) return true;
    if (!isDoubtful(node, this.provingReads) || provenPath(node).isWhole) return false;
    const { node: other, leafOffset } = node.standIn!;
    // Samples may be on their way to it.
    if (moveCounts(node, provenPath(other).node, leafOffset)) return false;
    // One that was searched for often is not to be searched for again.
    if (node.attempts >= DOUBTFUL_ATTEMPTS) return false;
    this.#forgetFrom(node);
    return true;
  }

  /** Forgets a path, and of those that it begins with what is not needed without it. */
  #forgetFrom(node: CallNode): void {
    for (let at: CallNode | undefined = node; at !== undefined; at = at.parent) {
      if (!this.#forgetUnneeded(at)) break;
    }
  }

  /** @returns whether it forgot the node. */
  #forgetUnneeded(node: CallNode): boolean {
    if (node.isNeeded) return false;
    node.parent?.forget(node);
    this.#pruned++;
    return true;
  }

  /** Counts a sample at a node. Units: ns; `amount` is 1, or CPU time in microseconds. */
  count(thread: number, node: CallNode, { leafOffset, activity, timeNs, weightNs, amount }: {
    leafOffset: number;
    activity: Activity;
    timeNs: number;
    weightNs: number;
    amount: number;
  }): void {
    const key = selfKey(leafOffset, activity);
    node.count(key, amount);
    const log = this.log;
    if (log === undefined) return;
    const previous = this.#lastEntry[thread];
    // Runs of the same stack are one entry, as long as no sample of the thread is missing between.
    if (
      previous !== undefined && log.node[previous] === node && log.key[previous] === key &&
      timeNs <= log.startNs[previous]! + log.weightNs[previous]! + weightNs
    ) {
      log.weightNs[previous] = log.weightNs[previous]! + weightNs;
      return;
    }
    this.#lastEntry[thread] = log.node.length;
    log.thread.push(thread);
    log.node.push(node);
    log.key.push(key);
    log.startNs.push(timeNs);
    log.weightNs.push(weightNs);
  }
}

/** @returns false when there were none. */
function moveCounts(from: CallNode, to: CallNode, leafOffset: number): boolean {
  if (from.selfCounts === undefined) return false;
  for (const [key, amount] of from.selfCounts) to.count(selfKey(leafOffset, selfParts(key).activity), amount);
  from.selfCounts = undefined;
  return true;
}
