/** Builds that keep a list of all objects: two pointers stand in front of each. Debug builds do so up to 3.7. */
import type { Layout, Offsets } from "./layout.ts";
import type { ChosenLayout } from "./layouts.ts";

/**
 * A function that only these builds export; from 3.13 on the target's own table knows, and the list is none of pointers.
 *
 * Source: CPython, Objects/object.c, `Py_TRACE_REFS`.
 */
export const TRACE_REFS_SYMBOL = "_Py_PrintReferences";

/** `_ob_next` and `_ob_prev`. Units: bytes. */
const LINKS_SIZE = 16;
const OBJECTS = [
  "bytes",
  "cell",
  "code",
  "dict",
  "exception",
  "float",
  "function",
  "generator",
  "int",
  "list",
  "long",
  "object",
  "osError",
  "set",
  "tuple",
  "type",
  "unicode",
] as const satisfies readonly (keyof Offsets)[];

/** The layout of a build that traces references, given that of one that does not. */
export function withTraceRefs(chosen: ChosenLayout): ChosenLayout {
  const { layout } = chosen;
  const groups: readonly (keyof Offsets)[] = layout.traits.frameLink === "frame_object"
    ? [...OBJECTS, "frame"]
    : OBJECTS;
  const moved = groups.map((group) => [group, shifted(layout[group])]);
  return { ...chosen, layout: { ...layout, ...Object.fromEntries(moved) } as Layout };
}

function shifted(fields: object): Record<string, number> {
  const entries = Object.entries<number>({ ...fields });
  return Object.fromEntries(entries.map(([name, at]) => [name, at < 0 ? at : at + LINKS_SIZE]));
}
