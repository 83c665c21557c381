/** What is taken for proven though the thread ran while it was read: programs made to be read wrongly never are. */
import assert from "node:assert/strict";
import { attach } from "../../src/attach.ts";
import { CodeTable } from "../../src/cpython/code_table.ts";
import type { CallNode } from "../../src/call_node.ts";
import { Walk } from "../../src/cpython/thread_stack.ts";
import { nowMs } from "../../src/ffi/mod.ts";
import { Cursor, Recording } from "../../src/recording.ts";
import { StackLookup } from "../../src/stack_lookup.ts";
import { StackReader } from "../../src/stack_reader.ts";
import type { Clock } from "../../src/types.ts";
import { pythons, startProgram } from "./programs.ts";

/** The whole stacks of each program of twins.py, from its loop on. */
const STACKS: Readonly<Record<string, readonly string[]>> = {
  plain: ["left left_inner", "right right_inner"],
  shared: ["left through left_inner", "right through right_inner"],
  shared_by_c: ["left through_c left_inner", "right through_c right_inner"],
  both_by_c: ["left left_inner", "right right_inner"],
  skipped: ["left Left.__len__ left_inner", "Right.__len__ right_inner"],
  skipped_generator: ["left left_inner", "right_inner"],
  generators: ["left left_inner", "right right_inner"],
};
const READS = Number(Deno.env.get("PYSPY_PROOF_READS") ?? 20_000);
/** From 3.11 on frames lie one after the other. */
const FIRST_MINOR = 11;

/** Functions that call what they are given; any other place calls one function only. */
const PASSING: ReadonlySet<string> = new Set(["through", "through_c"]);

interface Proven {
  /** How often each stack was proven. */
  readonly stacks: Map<string, number>;
  /** What was called from each place of a function. */
  readonly callees: Map<string, Set<string>>;
}

/** Reads a target from elsewhere, as fast as that goes. */
async function provenStacks(pid: number): Promise<Proven> {
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
  for (let i = 0; i < READS; i++) {
    const walk = reader.rereadStill(thread, { runs: true });
    if (walk !== Walk.Agreed && walk !== Walk.Reached) continue;
    let node = lookup.insert(entry);
    if (recording.insertedPartly || !lookup.isProof(entry)) continue;
    const names: string[] = [];
    for (; node.parent !== undefined; node = node.parent) {
      const name = nameOf(node);
      names.unshift(name);
      const caller = node.parent.parent === undefined ? "" : nameOf(node.parent);
      if (PASSING.has(caller)) continue;
      const place = `${caller} at ${node.callOffset}`;
      const called = callees.get(place);
      if (called === undefined) callees.set(place, new Set([name]));
      else called.add(name);
    }
    const stack = names.join(" ");
    stacks.set(stack, (stacks.get(stack) ?? 0) + 1);
  }
  process.close();
  return { stacks, callees };
}

for (const python of pythons.filter(({ minor }) => Number(minor.split(".")[1]) >= FIRST_MINOR)) {
  for (const [program, whole] of Object.entries(STACKS)) {
    Deno.test(`copied at once: only stacks of ${program}, Python ${python.label}`, async () => {
      await using target = await startProgram(python, "twins.py", [program]);
      const { stacks, callees } = await provenStacks(target.pid);
      const possible = whole.map((stack) => `<module> ${program} ${stack} `);
      const wrong = [...stacks].filter(([stack]) => !possible.some((one) => one.startsWith(`${stack} `)));
      assert.deepEqual(wrong, []);
      assert.deepEqual([...callees].filter(([, called]) => called.size > 1), []);
      let proofs = 0;
      for (const count of stacks.values()) proofs += count;
      assert.ok(proofs > READS / 1000, `${proofs} proofs in ${READS} reads`);
    });
  }
}
