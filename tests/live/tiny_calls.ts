/** What stacks tests/programs/live/tiny_calls.py can have. */

/** What each function may call; of a family only the functions with the same number. */
const CALLS: Readonly<Record<string, readonly string[]>> = {
  "": ["<module>"],
  "<module>": ["spin"],
  spin: ["plain_a", "lazy_a", "raise_a", "even_a"],
  plain_a: ["plain_b"],
  plain_b: ["plain_c"],
  lazy_a: ["lazy_b"],
  lazy_b: ["lazy_c"],
  raise_a: ["raise_b"],
  raise_b: ["raise_c"],
  even_a: ["odd_b"],
  odd_b: ["even_a"],
};
const MAX_RECURSION = 7;

/** What is impossible in a stack of tiny_calls.py; undefined when nothing is. */
export function impossible(names: readonly string[]): string | undefined {
  let caller = "";
  let family = "";
  let recursion = 0;
  for (const [index, name] of names.entries()) {
    if (name === "[cut]") return index === names.length - 1 ? undefined : "a cut that is not at the end";
    const [, base, number] = /^(.*?)(?:_(\d+))?$/.exec(name)!;
    if (CALLS[caller]?.includes(base!) !== true) return `${base} called by ${caller}`;
    if (number !== undefined && family !== "" && number !== family) return `family ${number} in ${family}`;
    if (number !== undefined) family = number;
    if (/^(even_a|odd_b)$/.test(base!) && ++recursion > MAX_RECURSION) return "too deep a recursion";
    caller = base!;
  }
  return undefined;
}
