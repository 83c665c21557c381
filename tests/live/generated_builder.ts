/** Puts a program together, function by function, and notes where each may stand on a stack. */
import type { Code, Need, Rule } from "./allowed_stacks.ts";

/** Random numbers that are the same for the same seed. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** In [0, 1). Source: mulberry32, which is in the public domain. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** Both ends included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  pick<T>(values: readonly T[]): T {
    return values[this.int(0, values.length - 1)]!;
  }
}

/** The rule of a function of the program. */
export type CodeRule = Rule & { readonly code: Code };

/** A line of the program, and the code objects that begin in it. */
export interface Line {
  readonly text: string;
  readonly codes: readonly Code[];
}

/** A place in the program where something may be called. */
export interface Place {
  /** Who calls, and at which level if it is a recursion. */
  readonly callers: readonly (Rule | undefined)[];
  readonly needs: readonly Need[];
  /** How many calls deep it may go from here, about. */
  readonly depth: number;
  /** How often a round of the program comes here, about. */
  readonly calls: number;
  /** In the body of an `async def`: who resumes it. */
  readonly coroutine: "none" | "byHand" | "task";
  /** Where an event loop calls its tasks, when we are in one. */
  readonly tasks: Place | undefined;
}

/** An ingredient: something that calls others. @returns the statements to be put at the place. */
export type Part = (builder: ProgramBuilder, place: Place) => Line[];

/** An ingredient with its share. */
export interface WeightedPart {
  readonly part: Part;
  readonly weight: number;
  readonly fits: (place: Place) => boolean;
}

/** How the frames of plain functions differ in size. */
export type FrameSizes = "equal" | "different" | "small";

const LEAVES = ["pass", "len(())", "[0, 1][1]", "_ = 1", "isinstance(1, int)", "_ = str(1)"];
const MOST_CALLS = 24;

/** Lines of text at which no code object begins. */
export function plain(...texts: string[]): Line[] {
  return texts.map((text) => ({ text, codes: [] }));
}

/** The lines one level deeper. */
export function indent(lines: readonly Line[]): Line[] {
  return lines.map(({ text, codes }) => ({ text: `    ${text}`, codes }));
}

/** A program that is being put together. */
export class ProgramBuilder {
  readonly random: Random;
  readonly minor: number;
  readonly freshCode: boolean;
  readonly rules: Rule[] = [];
  /** Definitions at module level. */
  readonly lines: Line[] = [];
  readonly #parts: readonly WeightedPart[];
  readonly #sizes: FrameSizes;
  /** Number of rules from which on only leaves are made. */
  #limit = 0;
  #names = 0;

  constructor(
    { random, minor, freshCode, parts, sizes }: {
      random: Random;
      /** Of Python 3. */
      minor: number;
      /** Whether code may be compiled, run once and freed. */
      freshCode: boolean;
      parts: readonly WeightedPart[];
      sizes: FrameSizes;
    },
  ) {
    this.random = random;
    this.minor = minor;
    this.freshCode = freshCode;
    this.#parts = parts;
    this.#sizes = sizes;
  }

  /** Lets the program grow by so many functions, about. */
  extend(functions: number): void {
    this.#limit = this.rules.length + functions;
  }

  /** A name that no other has. */
  name(prefix: string): string {
    return `${prefix}${++this.#names}`;
  }

  /** Allows functions of the standard library at a place. */
  ruleOfLibrary({ callers, needs }: Place): Rule {
    const rule = { code: undefined, callers: [...callers], needs, isCreation: false };
    this.rules.push(rule);
    return rule;
  }

  /** Allows a function, known or with a new name, at a place. */
  rule(code: Code | string, { callers, needs }: Place): CodeRule {
    const known = typeof code === "string" ? { name: code, line: 0 } : code;
    const rule = { code: known, callers: [...callers], needs, isCreation: false };
    this.rules.push(rule);
    return rule;
  }

  /** Allows a generator or coroutine, which does not run yet, to be seen at the place where it is made. */
  ruleOfCreation(code: Code, { callers, needs }: Place): void {
    // Up to 3.10 it is on no stack then.
    if (this.minor >= 11) this.rules.push({ code, callers: [...callers], needs, isCreation: true });
  }

  /** The place inside a function that is called from another. */
  inside(rule: Rule, place: Place, more: Partial<Place> = {}): Place {
    return { ...place, callers: [rule], needs: [], depth: place.depth - 1, coroutine: "none", ...more };
  }

  /** Statements for a place: ingredients that call others, or something that calls nothing. */
  grow(place: Place): Line[] {
    const isFull = place.depth <= 0 || this.rules.length >= this.#limit;
    if (isFull || this.random.chance(0.1)) return plain(this.random.pick(LEAVES));
    const fitting = this.#parts.filter(({ fits }) => fits(place));
    return Array.from({ length: this.random.pick([1, 1, 2, 3]) }, () => {
      let at = this.random.next() * fitting.reduce((sum, { weight }) => sum + weight, 0);
      const chosen = fitting.find(({ weight }) => (at -= weight) < 0) ?? fitting[0]!;
      return chosen.part(this, place);
    }).flat();
  }

  /** The body of a function: what makes its frame large, and statements. */
  body(rule: Rule, place: Place, more: Partial<Place> = {}): Line[] {
    return [...this.#padding(), ...this.grow(this.inside(rule, place, more))];
  }

  /** A definition inside a function. */
  nested(code: Code, head: string, body: readonly Line[]): Line[] {
    return [{ text: head, codes: [code] }, ...indent(body)];
  }

  /** A definition at module level. */
  define(code: Code, head: string, body: readonly Line[]): void {
    this.lines.push(...plain("", ""), ...this.nested(code, head, body));
  }

  /** Defines a plain function that takes what it is given. @returns its name. */
  function(place: Place): string {
    const rule = this.rule(this.name("f"), place);
    this.define(rule.code, `def ${rule.code.name}(*_):`, [...this.body(rule, place), ...plain("return 1")]);
    return rule.code.name;
  }

  /** One or two things to do something with, while a round of the program is not yet too long. */
  items(place: Place): { text: string; each: Place } {
    const count = place.calls < MOST_CALLS ? 2 : 1;
    return { text: count === 2 ? "(1, 2)" : "(1,)", each: { ...place, calls: place.calls * count } };
  }

  #padding(): Line[] {
    if (this.#sizes === "small") return [];
    const count = this.#sizes === "equal" ? 6 : this.random.pick([0, 0, 1, 3, 12, 40]);
    if (count === 0) return [];
    const names = Array.from({ length: count }, (_, index) => `v${index}`);
    return plain(`${names.join(" = ")} = 0`, `_ = [${names.join(", ")}]`);
  }
}
