/**
 * What "proven" means: a program that moves while it is read is never said to have had a stack that it never had.
 *
 * It takes two writes (frame, pointer) until what was read of a frame is wrong when the pointer is read, and two more
 * (pointer, call site) until it looks right again. So whatever happens on one side of the pointer's reading, there is no
 * wrong proof unless that much happens on the other side, too. Where both happen within one call, as in a loop around
 * calls that take less time than it, the rule has its limit.
 */
import assert from "node:assert/strict";
import { Walk } from "../../src/cpython/thread_stack.ts";
import { FakeProgram, pathOf, randomFrom } from "./fake_program.ts";
import type { Random } from "./fake_program.ts";
import { LAYOUT_OF_LINK } from "./fake_thread.ts";
import type { FakeThread } from "./fake_thread.ts";

const PROGRAMS = 100;
const READS = 40;
/** More than enough for several calls and returns. */
const MANY_STEPS = 14;

interface Tally {
  reads: number;
  proven: number;
  moved: number;
  wrong: string[];
}

/** Reads a program again and again while it goes on; at most so many steps before the pointer is read, and after it. */
function observe(
  program: FakeProgram,
  random: Random,
  { before, after }: { before: number; after: number },
): Tally {
  const tally: Tally = { reads: 0, proven: 0, moved: 0, wrong: [] };
  const { thread } = program;
  for (let i = 0; i < READS; i++) {
    program.advance(random(30));
    let isAfter = false;
    const left = { before: random(before + 1), after: random(after + 1) };
    let moved = 0;
    thread.memory.between = (index, count) => {
      if (count <= 1) return;
      isAfter ||= index === pointerRange(thread, count);
      const side = isAfter ? "after" : "before";
      const steps = random(left[side] + 1);
      left[side] -= steps;
      moved += steps;
      program.advance(steps);
    };
    const result = thread.read();
    thread.memory.between = () => {};
    assert.ok(result !== undefined);
    tally.reads++;
    if (result.walk !== Walk.Agreed) continue;
    tally.proven++;
    if (moved > 0) tally.moved++;
    const path = pathOf(result.codes, result.instrs);
    if (program.existed.has(path)) continue;
    // A frame that is written already and not yet the innermost one makes a stack that comes about with the next step.
    program.advance(1);
    if (!program.existed.has(path)) tally.wrong.push(path);
  }
  return tally;
}

/** Index of the range that holds the pointer to the innermost frame. */
function pointerRange(thread: FakeThread, count: number): number {
  const isCframe = thread.layout.traits.frameLink === "cframe";
  return isCframe ? (count - 3) / 2 + 1 : (count - 1) / 2;
}

const BUDGETS = [
  { before: 1, after: MANY_STEPS },
  { before: MANY_STEPS, after: 1 },
];

for (const [link, layout] of LAYOUT_OF_LINK) {
  for (const budget of BUDGETS) {
    const name =
      `${link}: no wrong proof with up to ${budget.before} steps before and ${budget.after} after the pointer`;
    Deno.test(name, () => {
      const total: Tally = { reads: 0, proven: 0, moved: 0, wrong: [] };
      for (let seed = 1; seed <= PROGRAMS; seed++) {
        const random = randomFrom(seed);
        const program = new FakeProgram(layout, random);
        const { reads, proven, moved, wrong } = observe(program, random, budget);
        total.reads += reads;
        total.proven += proven;
        total.moved += moved;
        total.wrong.push(...wrong.map((path) => `seed ${seed}: ${path}`));
      }
      assert.deepEqual(total.wrong, []);
      // The property says something only if many reads are proven, also of programs that moved meanwhile.
      assert.ok(total.moved > total.reads / 20, JSON.stringify(total));
    });
  }

  Deno.test(`${link}: a program that stands still during the read is proven once its frames are known`, () => {
    const random = randomFrom(7);
    const program = new FakeProgram(layout, random);
    for (let i = 0; i < 50; i++) {
      program.advance(random(30));
      const result = program.thread.settle();
      assert.equal(result.walk, Walk.Agreed);
      assert.equal(pathOf(result.codes, result.instrs), program.path());
    }
  });
}
