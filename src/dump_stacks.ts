/** The stacks of all threads, once: each thread is read until its stack is proven, or for a bounded time. */
import type { Runtime } from "./cpython/runtime.ts";
import { isCollectingGarbage } from "./cpython/collecting.ts";
import { ExceptionReader } from "./cpython/exceptions.ts";
import { CodeTable, NOT_CODE } from "./cpython/code_table.ts";
import { ReprWriter, UNREADABLE } from "./cpython/repr.ts";
import { VariableReader } from "./cpython/variables.ts";
import { Walk } from "./cpython/thread_stack.ts";
import type { RawStack } from "./cpython/raw_stack.ts";
import { STEADY_READS } from "./path_prover.ts";
import { StackReader } from "./stack_reader.ts";
import type { ReadThread } from "./thread_table.ts";
import { MemoryReader } from "./memory.ts";
import type { ReadableProcess } from "./target_call.ts";
import type { Address, Frame, LocalVariable, StackTrace } from "./types.ts";

/** Time for one thread whose stack changes faster than it can be read. Units: ms. */
const PROOF_LIMIT = 50;
/** Reads before we go to the thread's processor: enough for a thread that stands still. */
const PLAIN_READS = STEADY_READS + 2;
/** Of the reads there, one in so many is made in an interrupt, until the stack is proven: there may be no way to its processor. */
const INTERRUPTED_ONE_IN = 4;

/** What is needed of a target: a live one, or a snapshot. */
export interface DumpTarget {
  readonly process: ReadableProcess;
  readonly runtime: Runtime;
}

/** What to read. */
export interface DumpOptions {
  /** How much of variables: 0 for none; each level shows more of a value, from the second on the attributes of objects. */
  readonly level: number;
  /** Only the thread with this `threadId`. */
  readonly only?: Address;
  /** Time for one thread whose stack changes faster than it can be read. Units: ms. */
  readonly limitMs?: number;
}

/** Length of a value's text, by level. Units: characters. */
const VALUE_LENGTHS = [0, 128, 1024, 16384];

/** Characters of an exception's message that are shown at least. */
const MESSAGE_LENGTH = 256;

/** Whether the garbage collector is at work now; undefined when it cannot be told. */
export function readCollecting({ process, runtime }: DumpTarget): boolean | undefined {
  return isCollectingGarbage(new MemoryReader(process), runtime);
}

/** Reads every thread's stack. Shape: oldest thread first. */
export function readStacks(target: DumpTarget, options: DumpOptions = { level: 0 }): StackTrace[] {
  const { level, only, limitMs = PROOF_LIMIT } = options;
  const reader = new StackReader(target.process, target.runtime);
  const codes = new CodeTable(target.process, target.runtime.layout);
  reader.relist();
  reader.refreshNames();
  const locals = level === 0 ? undefined : localsReader(target, level);
  const exceptions = exceptionReader(target, level);
  return reader.threads.toReversed()
    .filter(({ info }) => only === undefined || info.threadId === only)
    .map((thread) => readStack(reader, { codes, locals, exceptions, limitMs }, thread));
}

/** Stands for the variables of a frame that cannot be read. */
const UNREADABLE_VARIABLES: readonly LocalVariable[] = [
  { name: UNREADABLE, isArgument: false, scope: "local", text: UNREADABLE },
];

/** What gives frames their names, and their variables if these are wanted. */
interface FrameReaders {
  readonly codes: CodeTable;
  readonly locals: ((frame: Address, code: Address) => readonly LocalVariable[]) | undefined;
  readonly exceptions: ExceptionReader;
  readonly limitMs: number;
}

function exceptionReader({ process, runtime }: DumpTarget, level: number): ExceptionReader {
  return new ExceptionReader(
    new MemoryReader(process),
    runtime.layout,
    Math.max(MESSAGE_LENGTH, lengthAt(level)),
  );
}

function lengthAt(level: number): number {
  return VALUE_LENGTHS[Math.min(level, VALUE_LENGTHS.length - 1)]!;
}

function localsReader({ process, runtime }: DumpTarget, level: number): FrameReaders["locals"] {
  const memory = new MemoryReader(process);
  const variables = new VariableReader(memory, runtime.layout);
  const writer = new ReprWriter(memory, runtime.layout, {
    maxLength: lengthAt(level),
    attributes: level > 1,
  });
  return (frame, code) =>
    variables.read(frame, code)?.map(({ value, ...variable }) => ({
      ...variable,
      text: writer.write(value),
    })) ?? UNREADABLE_VARIABLES;
}

function readStack(reader: StackReader, readers: FrameReaders, thread: ReadThread): StackTrace {
  try {
    return readUntilProven(reader, readers, thread);
  } finally {
    reader.leaveProcessor();
  }
}

/**
 * A thread that does not run is proven by one read, one that stands still by some, any other on its own processor, or by a
 * read that copied its frames at once: then what else it has does not belong to them.
 */
function readUntilProven(reader: StackReader, readers: FrameReaders, thread: ReadThread): StackTrace {
  const deadline = performance.now() + readers.limitMs;
  const steady = new SteadyStack();
  /** A stack that is proven, without its exceptions and variables. */
  let bare: StackTrace | undefined;
  for (let reads = 1;; reads++) {
    if (reads === PLAIN_READS) reader.rest.join(thread);
    const isInterrupt = reads > PLAIN_READS && bare === undefined && reads % INTERRUPTED_ONE_IN === 0 &&
      reader.rest.canInterrupt;
    const walk = isInterrupt ? reader.rereadAtOnce(thread) : reader.rereadStill(thread);
    const agrees = steady.agrees(walk === Walk.Agreed, reader.stack);
    // Asked once: the last read must know that it is the last, to give what it has and say why that is not more.
    const isLast = reads >= PLAIN_READS && performance.now() >= deadline;
    const isTooDeep = walk === Walk.Broken && thread.stack.truncation === "too_deep";
    const isBareProof = () => bare === undefined && isAtOnce(reader, readers.codes, thread);
    let proven = walk === Walk.Empty || walk !== Walk.Broken && (reader.isStill || agrees || isBareProof());
    if (!proven && !isTooDeep && !isLast) continue;
    const { frames, isWhole } = framesOf(reader, readers);
    const handling = readers.exceptions.handled(thread.listed.tstate);
    const raising = readers.exceptions.raised(thread.listed.tstate);
    // These and the variables are read one by one: they belong together if the thread has not run since.
    const exceptionsProven = proven && reader.rest.lasts(thread);
    const localsProven = readers.locals === undefined ? undefined : exceptionsProven;
    const hasObjects = localsProven !== undefined || handling !== undefined || raising !== undefined;
    // That there are none is no fact either until the thread rests; where it cannot be made to, nothing is gained by waiting.
    const mayRest = reads < PLAIN_READS || reader.rest.isJoined;
    const isBare = !exceptionsProven && walk !== Walk.Empty && (hasObjects || mayRest);
    let truncation = walk === Walk.Broken ? thread.stack.truncation : undefined;
    if (!isWhole) {
      truncation = "not_code";
      proven = false;
    }
    const trace: StackTrace = {
      thread: thread.info,
      state: reader.activities.stateOf(thread),
      ownsGil: thread.ownsGil,
      frames,
      proven,
      localsProven,
      handling,
      raising,
      exceptionsProven,
      truncation,
    };
    if (isLast) return proven ? trace : bare ?? trace;
    if (!isBare && isWhole) return trace;
    if (proven) bare = trace;
  }
}

/** Whether the frames of the last walk were on the stack together, by the way in which they were copied. */
function isAtOnce(reader: StackReader, codes: CodeTable, thread: ReadThread): boolean {
  const { stack } = reader;
  if (!reader.areFramesEqual) return false;
  for (let i = 0; i < stack.depth; i++) codes.idOf(stack.codes[i]!);
  return reader.depthAtOnce(thread, codes.frameSizeAt) === stack.depth;
}

/** Counts reads in a row that agree and show one path. */
class SteadyStack {
  #codes = new Float64Array(0);
  #instrs = new Float64Array(0);
  #times = 0;

  agrees(isAgreed: boolean, { codes, instrs, depth }: RawStack): boolean {
    const isSame = isAgreed && depth === this.#codes.length &&
      this.#codes.every((code, i) => code === codes[i] && (i === 0 || instrs[i] === this.#instrs[i]));
    this.#times = isSame ? this.#times + 1 : isAgreed ? 1 : 0;
    if (!isSame) {
      this.#codes = codes.slice(0, isAgreed ? depth : 0);
      this.#instrs = instrs.slice(0, isAgreed ? depth : 0);
    }
    return this.#times >= STEADY_READS;
  }
}

/** Frames of the last walk, leaf first, up to the first that is not a code object. */
function framesOf(
  reader: StackReader,
  { codes, locals }: Pick<FrameReaders, "codes" | "locals">,
): { frames: Frame[]; isWhole: boolean } {
  const { stack } = reader;
  const frames: Frame[] = [];
  for (let i = 0; i < stack.depth; i++) {
    const id = codes.idOf(stack.codes[i]!);
    if (id === NOT_CODE) return { frames, isWhole: false };
    const { name, file, firstLine, isHidden } = codes.get(id);
    if (isHidden) continue;
    const line = codes.lineAt(id, codes.byteOffset(id, stack.instrs[i]!));
    const frame = { name, file, firstLine, line };
    frames.push(
      locals === undefined ? frame : { ...frame, locals: locals(stack.frames[i]!, stack.codes[i]!) },
    );
  }
  return { frames, isWhole: true };
}
