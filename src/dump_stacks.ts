/** The stacks of all threads, once: each thread is read until its stack is proven, or for a bounded time. */
import type { Runtime } from "./cpython/locate.ts";
import { CodeTable, NOT_CODE } from "./cpython/code_table.ts";
import { Walk } from "./cpython/thread_stack.ts";
import { StackReader } from "./stack_reader.ts";
import type { ReadThread } from "./stack_reader.ts";
import type { TargetMemory } from "./memory.ts";
import type { Frame, StackTrace, TargetThreads, Truncation } from "./types.ts";

/** Time for one thread whose stack changes faster than it can be read. Units: ms. */
const PROOF_LIMIT = 50;
/** A first walk learns where the frames lie, a few more which frame is the root; without proof, at least this many. */
const MIN_READS = 8;

/** What is needed of a target: a live one, or a snapshot. */
export interface DumpTarget {
  readonly process: TargetMemory & TargetThreads & { readonly pid: number };
  readonly runtime: Runtime;
}

/** Reads every thread's stack. Shape: oldest thread first. */
export function readStacks(target: DumpTarget): StackTrace[] {
  const reader = new StackReader(target.process, target.runtime);
  const codes = new CodeTable(target.process, target.runtime.layout);
  reader.relist();
  reader.refreshNames();
  return reader.threads.toReversed().map((thread) => readStack(reader, codes, thread));
}

function readStack(reader: StackReader, codes: CodeTable, thread: ReadThread): StackTrace {
  const deadline = performance.now() + PROOF_LIMIT;
  let walk: Walk = Walk.Empty;
  let frames: Frame[] = [];
  let truncation: Truncation | undefined;
  for (let reads = 1;; reads++) {
    walk = reader.reread(thread);
    // Asked once: the last read must know that it is the last, to give what it has and say why that is not more.
    const isLast = reads >= MIN_READS && performance.now() >= deadline;
    if (walk === Walk.Empty) break;
    if (walk === Walk.Proven || walk === Walk.Broken && thread.stack.truncation === "too_deep" || isLast) {
      truncation = walk === Walk.Broken ? thread.stack.truncation : undefined;
      frames = framesOf(reader, codes);
      if (frames.length < reader.stack.depth) truncation = "not_code";
      if (truncation === undefined || truncation === "too_deep" || isLast) break;
    }
  }
  return {
    thread: thread.info,
    state: reader.stateOf(thread),
    ownsGil: thread.ownsGil,
    frames,
    proven: walk === Walk.Empty || walk === Walk.Proven && truncation === undefined,
    truncation,
  };
}

/** Frames of the last walk, leaf first, up to the first that is not a code object. */
function framesOf(reader: StackReader, codes: CodeTable): Frame[] {
  const { stack } = reader;
  const frames: Frame[] = [];
  for (let i = 0; i < stack.depth; i++) {
    const id = codes.idOf(stack.codes[i]!);
    if (id === NOT_CODE) break;
    const { name, file, firstLine } = codes.get(id);
    frames.push({ name, file, firstLine, line: codes.lineAt(id, codes.byteOffset(id, stack.instrs[i]!)) });
  }
  return frames;
}
