/** The generator of programs for tests/live/generated_test.ts: it must know true stacks, and refuse all others. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { findPythons } from "../../scripts/pythons.ts";
import { CUT, LIBRARY, stackChecker } from "../live/allowed_stacks.ts";
import type { Code, Rule } from "../live/allowed_stacks.ts";
import { generateProgram } from "../live/generated_programs.ts";
import { contradictions, missedMixtures, mixtures, trueStacks } from "../live/generated_truth.ts";

const { pythons } = await findPythons();
const python = pythons.findLast(({ root, freeThreaded }) => root === undefined && !freeThreaded);
const SEEDS = [1, 2, 3, 4, 5];

function code(name: string): Code {
  return { name, line: 1 };
}

function rule(of: Code | undefined, callers: (Rule | undefined)[], more: Partial<Rule> = {}): Rule {
  return { code: of, callers, needs: [], isCreation: false, ...more };
}

/** main calls a and b; a calls x, b calls y; b also calls itself twice, and z at the third level. */
function smallRules(): Rule[] {
  const main = rule(code("main"), [undefined]);
  const a = rule(code("a"), [main]);
  const b = code("b");
  const recursive = rule(b, [main], { needs: [{ of: b, times: [1, 2, 3] }] });
  recursive.callers.push(recursive);
  const library = rule(undefined, [a]);
  return [
    main,
    a,
    recursive,
    rule(code("x"), [a]),
    rule(code("y"), [recursive], { needs: [{ of: b, times: [1] }] }),
    rule(code("z"), [recursive], { needs: [{ of: b, times: [3] }] }),
    library,
    rule(code("task"), [library]),
  ];
}

function reasonFor(...stack: string[]): string | undefined {
  const frames = stack.map((frame) => frame === CUT || frame === LIBRARY ? frame : `${frame}:1`);
  return stackChecker(smallRules())(frames);
}

Deno.test("stacks that exist, and their beginnings, are allowed", () => {
  assert.equal(reasonFor("main"), undefined);
  assert.equal(reasonFor("main", "a", "x"), undefined);
  assert.equal(reasonFor("main", "b", "y"), undefined);
  assert.equal(reasonFor("main", "b", "b", "b", "z"), undefined);
  assert.equal(reasonFor("main", "a", LIBRARY, LIBRARY, "task"), undefined);
  assert.equal(reasonFor("main", "b", CUT), undefined);
  assert.equal(reasonFor(CUT), undefined);
});

Deno.test("a stack that mixes two others is refused, and it is said why", () => {
  assert.equal(reasonFor("main", "a", "y"), "y:1 called by a:1");
  assert.equal(reasonFor("main", "x"), "x:1 called by main:1");
  assert.equal(reasonFor("a", "x"), "a:1 called by nobody");
  assert.equal(reasonFor("main", "b", LIBRARY), "library called by b:1");
  assert.equal(reasonFor("main", "b", "task"), "task:1 called by b:1");
  assert.equal(reasonFor("main", "other"), "other:1 is not a function of the program");
  assert.equal(reasonFor("main", CUT, "a"), "a cut that is not at the end");
});

Deno.test("a function at the wrong level of a recursion is refused", () => {
  for (const stack of [["main", "b", "z"], ["main", "b", "b", "y"], ["main", "b", "b", "b", "b"]]) {
    assert.match(reasonFor(...stack) ?? "", /at a level at which it is never called/, stack.join(";"));
  }
});

Deno.test("the same seed gives the same program, another one another", () => {
  const sources = [1, 1, 2].map((seed) => generateProgram(seed, { minor: 13 }).source);
  assert.equal(sources[0], sources[1]);
  assert.notEqual(sources[0], sources[2]);
});

Deno.test("no two functions of a program have the same name and line", () => {
  for (const seed of SEEDS) {
    const { rules } = generateProgram(seed, { minor: 13 });
    const codes = new Set(rules.flatMap((one) => one.code === undefined ? [] : [one.code]));
    assert.ok(codes.size > 50, `${codes.size} functions`);
    assert.equal(new Set([...codes].map(({ name, line }) => `${name}:${line}`)).size, codes.size);
  }
});

Deno.test({
  name: "of a program's own stacks all are allowed, of their mixtures none",
  ignore: python === undefined,
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "pyspy-test-" });
    for (const seed of SEEDS) {
      const { source, rules } = generateProgram(seed, { minor: Number(python!.minor.split(".")[1]) });
      const file = join(folder, `program_${seed}.py`);
      await Deno.writeTextFile(file, source);
      const stacks = await trueStacks([...python!.command, file]);
      assert.deepEqual(contradictions(rules, stacks), []);
      const options = { seed, count: 2000 };
      assert.ok(mixtures(stacks, options).length > 200, "there are too few mixtures");
      assert.deepEqual(missedMixtures(rules, stacks, options), []);
    }
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  name: "a missing rule contradicts the program, and rules that are too loose miss mixtures",
  ignore: python === undefined,
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "pyspy-test-" });
    const { source, rules } = generateProgram(1, { minor: Number(python!.minor.split(".")[1]) });
    const file = join(folder, "program.py");
    await Deno.writeTextFile(file, source);
    const stacks = await trueStacks([...python!.command, file]);
    await Deno.remove(folder, { recursive: true });
    const leaf = rules.findLast(({ code }) => code !== undefined)!;
    assert.notDeepEqual(contradictions(rules.filter((one) => one !== leaf), stacks), []);
    const everywhere = rules.map((one) => ({ ...one }));
    for (const one of everywhere) one.callers = [undefined, ...everywhere];
    assert.deepEqual(contradictions(everywhere, stacks), []);
    assert.notDeepEqual(missedMixtures(everywhere, stacks, { seed: 1, count: 2000 }), []);
  },
});
