/** The rules of the source tree, as functions of a source's text; architecture_test.ts applies them. */
import { dirname, join } from "node:path/posix";

/** A source file. Shape: `path` is relative to the project: "src/ffi/elf.ts". */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** An import, `export ... from` or `import()`. */
export interface Import {
  /** "src/types.ts", or as it is written: "node:path". */
  readonly target: string;
  /** False for `import type` and `export type`, which vanish when the program runs. */
  readonly isValue: boolean;
  /** True for `import()`, which is carried out only when it is come to. */
  readonly isLazy: boolean;
}

const OPENS_REGEX = /(?:[(,=:[!&|?{};<>+*%~^-]|\b(?:return|typeof|case|in|of|await|throw|void))$/;

/** The code without comments; on request also without what stands in strings and regular expressions. */
export function stripped(text: string, { keepStrings }: { keepStrings: boolean }): string {
  let out = "";
  const templates: number[] = [];
  let braces = 0;
  for (let at = 0; at < text.length;) {
    const rest = text.slice(at, at + 2);
    const character = text[at]!;
    let end = at + 1;
    if (rest === "//" || rest === "/*") {
      end = rest === "//" ? text.indexOf("\n", at) : text.indexOf("*/", at) + 2;
      if (end < at + 2) end = text.length;
      out += " ";
    } else if (
      character === '"' || character === "'" || character === "/" && OPENS_REGEX.test(out.trimEnd())
    ) {
      end = endOfQuoted(text, at);
      out += keepStrings ? text.slice(at, end) : character + character;
    } else if (character === "`" || character === "}" && templates.at(-1) === braces) {
      if (character === "}") templates.pop();
      end = endOfTemplate(text, at);
      if (text.startsWith("${", end - 2)) templates.push(braces);
      out += keepStrings ? text.slice(at, end) : "` `";
    } else {
      if (character === "{") braces++;
      if (character === "}") braces--;
      out += character;
    }
    at = end;
  }
  return out;
}

function endOfQuoted(text: string, start: number): number {
  let inClass = false;
  for (let at = start + 1; at < text.length; at++) {
    const character = text[at];
    if (character === "\\") at++;
    else if (text[start] === "/" && character === "[") inClass = true;
    else if (text[start] === "/" && character === "]") inClass = false;
    else if (character === text[start] && !inClass || character === "\n") return at + 1;
  }
  return text.length;
}

/** Up to the closing backtick, or to the next `${`. */
function endOfTemplate(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === "`") return at + 1;
    else if (text.startsWith("${", at)) return at + 2;
  }
  return text.length;
}

/** All imports of a source. */
export function importsOf({ path, text }: Source): Import[] {
  const code = stripped(text, { keepStrings: true });
  const imports: Import[] = [];
  const add = (target: string, isValue: boolean, isLazy: boolean) =>
    imports.push({ target: target.startsWith(".") ? join(dirname(path), target) : target, isValue, isLazy });
  for (
    const match of code.matchAll(
      /^\s*(?:import|export)\s+(type\s+)?(?:([\w*{}\s,$]*?)\s*from\s*)?"([^"]+)"/gm,
    )
  ) {
    const names = /^\{([^}]*)\}$/.exec(match[2]?.trim() ?? "")?.[1]?.split(",").filter((name) =>
      name.trim() !== ""
    );
    const allTypes = names !== undefined && names.length > 0 &&
      names.every((name) => /^\s*type\s/.test(name));
    add(match[3]!, match[1] === undefined && !allTypes, false);
  }
  for (const match of code.matchAll(/\bimport\(\s*"([^"]+)"\s*\)/g)) add(match[1]!, true, true);
  return imports;
}

/** What the files of a folder may import, and why no more. Shape: prefixes of paths, or whole paths. */
export interface ImportRule {
  readonly files: RegExp;
  readonly may: readonly string[];
  readonly why: string;
}

/** The imports that break the first rule that is about their file; a file without a rule breaks one, too. */
export function forbiddenImports(source: Source, rules: readonly ImportRule[]): string[] {
  const rule = rules.find(({ files }) => files.test(source.path));
  if (rule === undefined) return [`${source.path}: no rule says what it may import; add one to IMPORT_RULES`];
  return importsOf(source)
    .filter(({ target }) =>
      !rule.may.some((prefix) => prefix.endsWith("/") ? target.startsWith(prefix) : target === prefix)
    )
    .map(({ target }) => `${source.path} imports ${target}: ${rule.why}`);
}

/** A text that may stand only in some files, and why. */
export interface TextRule {
  readonly what: string;
  readonly pattern: RegExp;
  /** Files that the rule is about; all when left out. */
  readonly files?: RegExp;
  /** Files that may nevertheless. */
  readonly except?: RegExp;
  readonly why: string;
}

/** Where the code, without its comments and strings, breaks a rule. */
export function forbiddenText({ path, text }: Source, rules: readonly TextRule[]): string[] {
  const code = stripped(text, { keepStrings: false });
  return rules
    .filter(({ files, except }) => (files?.test(path) ?? true) && !(except?.test(path) ?? false))
    .flatMap(({ pattern, what, why }) => {
      const match = pattern.exec(code);
      return match === null ? [] : [`${path} has ${what} ("${match[0]}"): ${why}`];
    });
}

/** The first cycle of imports found, as a path; imports of types count, `import()` does not. */
export function importCycle(sources: readonly Source[]): string[] | undefined {
  const imports = new Map(
    sources.map((source) => [
      source.path,
      importsOf(source).filter(({ isLazy }) => !isLazy).map(({ target }) => target),
    ]),
  );
  const done = new Set<string>();
  const visit = (path: string, above: readonly string[]): string[] | undefined => {
    if (above.includes(path)) return [...above.slice(above.indexOf(path)), path];
    if (done.has(path)) return undefined;
    for (const target of imports.get(path) ?? []) {
      const cycle = visit(target, [...above, path]);
      if (cycle !== undefined) return cycle;
    }
    done.add(path);
    return undefined;
  };
  for (const { path } of sources) {
    const cycle = visit(path, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

/** True for a file that does nothing but export what others define. */
export function isBarrel({ text }: Source): boolean {
  const code = stripped(text, { keepStrings: true });
  const reexport = /export\s+(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\})\s*from\s*"[^"]+";?/g;
  return reexport.test(code) && code.replaceAll(reexport, "").replaceAll(/import\s[^;]*;/g, "").trim() === "";
}
