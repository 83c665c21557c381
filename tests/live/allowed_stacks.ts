/** Which stacks a generated program can have, and whether a stack is one of them. */

/** A code object of the program. Invariant: no two have the same name and line. */
export interface Code {
  readonly name: string;
  /** `co_firstlineno`; known once the program's text is. */
  line: number;
}

/**
 * A place where a function may stand on a stack; a function has one for each kind of place.
 *
 * As callers are rules themselves, a rule stands for whole chains of callers.
 */
export interface Rule {
  /** Undefined for functions of the standard library: a run of them counts as one frame. */
  readonly code: Code | undefined;
  /** Shape: undefined is the bottom of the stack. */
  readonly callers: (Rule | undefined)[];
  /** How often some functions stand on the stack so far, this one included. */
  readonly needs: readonly Need[];
  /** True for the moment in which a generator is made: no function of Python's sees it (3.11 and later). */
  readonly isCreation: boolean;
}

/** Recursion tells its levels apart by nothing but their number. */
export interface Need {
  readonly of: Code;
  readonly times: readonly number[];
}

/** The text of frames of the standard library. */
export const LIBRARY = "library";
/** The text of the pseudo-frame at which a stack that is not proven ends. */
export const CUT = "[cut]";

/** The text of a frame. */
export function frameText(name: string, line: number): string {
  // From 3.11 on a recorded name is qualified: "outer.<locals>.<genexpr>".
  return `${name.slice(name.lastIndexOf(".") + 1)}:${line}`;
}

/** Takes a run of functions of the standard library as one frame. */
export function withoutRuns(stack: readonly string[]): string[] {
  return stack.filter((frame, index) => frame !== LIBRARY || stack[index - 1] !== LIBRARY);
}

/**
 * Makes the function that says what is impossible in a stack.
 *
 * @returns a function that takes a stack as texts of frames, root first, and returns undefined when it can exist.
 */
export function stackChecker(rules: readonly Rule[]): (stack: readonly string[]) => string | undefined {
  const byText = new Map<string, Rule[]>();
  for (const rule of rules) {
    const text = rule.code === undefined ? LIBRARY : frameText(rule.code.name, rule.code.line);
    byText.set(text, [...byText.get(text) ?? [], rule]);
  }
  return (stack) => {
    // Functions of the standard library look all the same, so several rules may fit.
    let current: ReadonlySet<Rule | undefined> = new Set([undefined]);
    const times = new Map<Code, number>();
    const frames = withoutRuns(stack);
    for (const [index, frame] of frames.entries()) {
      if (frame === CUT) return index === frames.length - 1 ? undefined : "a cut that is not at the end";
      const known = byText.get(frame);
      if (known === undefined) return `${frame} is not a function of the program`;
      const code = known[0]!.code;
      if (code !== undefined) times.set(code, (times.get(code) ?? 0) + 1);
      const called = known.filter(({ callers }) => callers.some((caller) => current.has(caller)));
      if (called.length === 0) return `${frame} called by ${frames[index - 1] ?? "nobody"}`;
      const fitting = called.filter(({ needs }) =>
        needs.every((need) => need.times.includes(times.get(need.of) ?? 0))
      );
      if (fitting.length === 0) {
        const counts = called.flatMap(({ needs }) =>
          needs.map(({ of }) => `${of.name} x ${times.get(of) ?? 0}`)
        );
        return `${frame} at a level at which it is never called (${counts.join(", ")})`;
      }
      current = new Set(fitting);
    }
    return undefined;
  };
}
