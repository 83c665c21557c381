/** Reading programs that are made to be read wrongly (twins.py): what is taken for proven, against what there is. */
import assert from "node:assert/strict";
import { attach } from "../../src/attach.ts";
import { CodeTable } from "../../src/cpython/code_table.ts";
import type { CallNode } from "../../src/call_node.ts";
import { Walk } from "../../src/cpython/thread_stack.ts";
import { nowMs } from "../../src/ffi/mod.ts";
import { Cursor, Recording } from "../../src/recording.ts";
import { StackLookup } from "../../src/stack_lookup.ts";
import { StackReader } from "../../src/stack_reader.ts";
import type { ReadThread } from "../../src/thread_table.ts";
import type { Clock } from "../../src/types.ts";
import type { Python } from "../../scripts/pythons.ts";
import { startProgram } from "./programs.ts";

/** The whole stacks of each program of twins.py, from its loop on. */
export const STACKS: Readonly<Record<string, readonly string[]>> = {
  plain: ["left left_inner", "right right_inner"],
  shared: ["left through left_inner", "right through right_inner"],
  shared_by_c: ["left through_c left_inner", "right through_c right_inner"],
  both_by_c: ["left left_inner", "right right_inner"],
  skipped: ["left Left.__len__ left_inner", "Right.__len__ right_inner"],
  skipped_generator: ["left left_inner", "right_inner"],
  generators: ["left left_inner", "right right_inner"],
};
/** Functions that call what they are given; any other place calls one function only. */
const PASSING: ReadonlySet<string> = new Set(["through", "through_c"]);

interface Proven {
  /** How often each stack was proven. */
  readonly stacks: Map<string, number>;
  /** Reads that showed a stack, proven or not. */
  readonly shown: number;
  /** What was called from each place of a function. */
  readonly callees: Map<string, Set<string>>;
}

/** One read, and the walk. */
export type Reread = (reader: StackReader, thread: ReadThread) => Walk;

/** Reads a target as fast as that goes. */
async function provenStacks(pid: number, reads: number, reread: Reread): Promise<Proven> {
  const { process, runtime } = await attach(pid);
  const reader = new StackReader(process, runtime);
  const codes = new CodeTable(process, runtime.layout);
  const recording = new Recording(codes, { perThread: false, timeline: false });
  const lookup = new StackLookup(reader, recording, { now: nowMs } as Clock);
  reader.relist();
  const thread = reader.threads[0]!;
  const entry = { thread, cursor: new Cursor(), index: recording.addThread(thread.info) };
  const stacks = new Map<string, number>();
  const callees = new Map<string, Set<string>>();
  const nameOf = (node: CallNode) => codes.get(node.codeId).name.replace(/^.*<locals>\./, "");
  let shown = 0;
  for (let i = 0; i < reads; i++) {
    const walk = reread(reader, thread);
    if (walk === Walk.Empty) continue;
    shown++;
    if (walk !== Walk.Agreed && walk !== Walk.Reached) continue;
    let node = lookup.insert(entry);
    if (recording.insertedPartly || !lookup.isProof(entry)) continue;
    const names: string[] = [];
    for (; node.parent !== undefined; node = node.parent) {
      const name = nameOf(node);
      names.unshift(name);
      const caller = node.parent.parent === undefined ? "" : nameOf(node.parent);
      if (PASSING.has(caller)) continue;
      // Functions of two classes may have one name.
      const place = `${caller} (${node.parent.codeId}) at ${node.callOffset}`;
      const called = callees.get(place);
      if (called === undefined) callees.set(place, new Set([name]));
      else called.add(name);
    }
    const stack = names.join(" ");
    stacks.set(stack, (stacks.get(stack) ?? 0) + 1);
  }
  process.close();
  return { stacks, shown, callees };
}

/**
 * Asserts that only stacks and calls of a program are proven.
 *
 * @returns the share of the stacks that were shown which was proven.
 */
export async function assertOnlyPossible(
  python: Python,
  program: string,
  { reads, reread }: { reads: number; reread: Reread },
): Promise<number> {
  await using target = await startProgram(python, "twins.py", [program]);
  const { stacks, shown, callees } = await provenStacks(target.pid, reads, reread);
  // To 3.10 code objects do not know their classes.
  const possible = STACKS[program]!.map((stack) => `<module> ${program} ${stack} `)
    .flatMap((stack) => [stack, stack.replace(/\w+\./, "")]);
  const wrong = [...stacks].filter(([stack]) => !possible.some((one) => one.startsWith(`${stack} `)));
  assert.deepEqual(wrong, []);
  assert.deepEqual([...callees].filter(([, called]) => called.size > 1), []);
  let proofs = 0;
  for (const count of stacks.values()) proofs += count;
  return proofs / shown;
}
