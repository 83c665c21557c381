/** A generated program's own word on its stacks, and what it says of the rules. */
import { frameText, stackChecker, withoutRuns } from "./allowed_stacks.ts";
import type { Rule } from "./allowed_stacks.ts";
import { Random } from "./generated_builder.ts";
import { runCommand } from "../helpers.ts";

/** Runs a program so that it prints the stacks that it truly has. Shape: texts of frames, root first. */
export async function trueStacks(command: readonly string[]): Promise<string[][]> {
  const { code, stdout, stderr } = await runCommand([...command, "truth"], { PYTHONDONTWRITEBYTECODE: "1" });
  if (code !== 0) throw new Error(`${command.join(" ")} ended with code ${code}: ${stderr}`);
  return (JSON.parse(stdout) as string[][]).map(withoutRuns);
}

/** Every way in which the rules contradict a round of the program; empty when they say the same. */
export function contradictions(rules: readonly Rule[], stacks: readonly (readonly string[])[]): string[] {
  const found: string[] = [];
  const whyImpossible = stackChecker(rules);
  for (const stack of stacks) {
    const reason = whyImpossible(stack);
    if (reason !== undefined) found.push(`true, but "${reason}": ${stack.join(";")}`);
  }
  const seen = new Set(stacks.flat());
  for (const { code } of rules) {
    if (code !== undefined && !seen.has(frameText(code.name, code.line))) {
      found.push(`${code.name}:${code.line} is never called`);
    }
  }
  return found;
}

/**
 * Mixtures of two true stacks that are not true themselves: the upper part of one below a part of the other.
 *
 * Each is as a torn read could make it. A round of a program is always the same, so a stack that is not among the true
 * ones, nor the beginning of one, does not exist.
 */
export function mixtures(
  stacks: readonly (readonly string[])[],
  { seed, count }: { seed: number; count: number },
): string[][] {
  const random = new Random(seed);
  const isTrue = new Set(
    stacks.flatMap((stack) => stack.map((_, index) => stack.slice(0, index + 1).join(";"))),
  );
  const mixed: string[][] = [];
  for (let i = 0; i < count; i++) {
    const [below, above] = [random.pick(stacks), random.pick(stacks)];
    const at = random.int(0, below.length);
    // Most often the frames lie at the same depth: there one takes the place of the other.
    const from = random.chance(0.7) ? at : random.int(0, above.length);
    const stack = withoutRuns([...below.slice(0, at), ...above.slice(from)]);
    if (stack.length > 0 && !isTrue.has(stack.join(";"))) mixed.push(stack);
  }
  return mixed;
}

/** Mixtures that the rules take for possible. */
export function missedMixtures(
  rules: readonly Rule[],
  stacks: readonly (readonly string[])[],
  options: { seed: number; count: number },
): string[] {
  // A generator at the moment when it is made is among no true stacks, as no function of Python's sees it.
  const whyImpossible = stackChecker(rules.filter(({ isCreation }) => !isCreation));
  return mixtures(stacks, options).filter((stack) => whyImpossible(stack) === undefined).map((stack) =>
    stack.join(";")
  );
}
