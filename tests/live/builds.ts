/** Builds of CPython that are made in another way than most: see scripts/python_builds.ts. */
import { findBuilds } from "../../scripts/pythons.ts";
import type { Python } from "../../scripts/pythons.ts";
import { lacksAllBut } from "../covers.ts";
import { warnSkipped } from "../helpers.ts";

const found = await findBuilds();
found.notes.forEach(warnSkipped);

/** Debug builds, and one with musl. */
export const builds: readonly Python[] = found.pythons;
for (const kind of ["debug", "musl"] as const) {
  lacksAllBut(kind, builds.filter((one) => one.kind === kind).map(({ minor }) => minor));
}
