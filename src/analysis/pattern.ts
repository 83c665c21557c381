/** Patterns that users give to name functions, modules, files and threads: `*` is any text, `?` any character. */
import { ProfilerError } from "../errors.ts";
import type { Profile } from "../profile.ts";
import { functionsOf } from "./functions.ts";

const LONGEST_PATTERN = 1000;
/** The target chooses its names: no longer part of one is looked at. */
const LONGEST_NAME = 2000;
/** Folders above a file that a pattern may name. */
const MAX_SUFFIXES = 12;

/** Says whether a text matches as a whole. */
export type Matcher = (text: string) => boolean;

/**
 * Makes a matcher. Upper and lower case differ. There are no regular expressions: on hostile names some take for ever.
 *
 * @throws ProfilerError `usage` for an empty or very long pattern.
 */
export function globMatcher(pattern: string): Matcher {
  if (pattern === "") {
    throw badPattern("a pattern is empty", "give a name, such as json.dumps, or mymodule.*");
  }
  if (pattern.length > LONGEST_PATTERN) {
    throw badPattern(`a pattern is longer than ${LONGEST_PATTERN} characters`, "use * for a part of it");
  }
  const glob = pattern.replaceAll(/\*+/g, "*");
  return (text) => matches(glob, text.slice(0, LONGEST_NAME));
}

function badPattern(what: string, remedy: string): ProfilerError {
  return new ProfilerError("usage", `Cannot tell what to look for: ${what}`, remedy);
}

/** On a mismatch the last star takes one character more: at most pattern times text steps. */
function matches(glob: string, text: string): boolean {
  let [g, t, star, mark] = [0, 0, -1, 0];
  while (t < text.length) {
    if (glob[g] === "*") {
      star = g++;
      mark = t;
    } else if (glob[g] === "?" || glob[g] === text[t]) {
      g++;
      t++;
    } else if (star >= 0) {
      g = star + 1;
      t = ++mark;
    } else return false;
  }
  while (glob[g] === "*") g++;
  return g === glob.length;
}

/**
 * The frames that a pattern names: by function (`Worker.run`), module and function (`json.dumps`, `mymodule.*`), module
 * (`json`), or file (`worker.py`, `tests/*`). Modules and files may be named from any of their folders on.
 *
 * @returns for each frame of the profile whether it is meant. @throws ProfilerError `usage`
 */
export function matchFrames(profile: Profile, patterns: readonly string[]): boolean[] {
  const matchers = patterns.map(globMatcher);
  const { ofFrame, firstFrame } = functionsOf(profile);
  const isMeant = firstFrame.map((index) => {
    const { name, file } = profile.frames[index]!;
    const names = namesOf(name, [file, profile.fullFiles?.[index] ?? file]);
    return matchers.some((matcher) => names.some(matcher));
  });
  return ofFrame.map((index) => isMeant[index]!);
}

/** All names by which a function may be called. */
export function namesOf(name: string, files: readonly string[]): string[] {
  const names = new Set([name, ...files.filter((file) => file !== "")]);
  for (const file of files) {
    const parts = file.split(/[/\\]/).filter((part) => part !== "");
    for (let i = Math.max(0, parts.length - MAX_SUFFIXES); i < parts.length; i++) {
      const rest = parts.slice(i);
      names.add(rest.join("/"));
      const module = rest.join(".").replace(/\.pyc?$/, "").replace(/\.__init__$/, "");
      names.add(module);
      names.add(`${module}.${name}`);
    }
  }
  return [...names];
}
