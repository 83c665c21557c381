/** The parts of the benchmark, in the order of the table. */
import type { Section } from "./section.ts";
import { LIMIT } from "./sections/limit.ts";
import { MEMORY } from "./sections/memory.ts";
import { RATE } from "./sections/rate.ts";
import { SHARES } from "./sections/shares.ts";
import { DUMP, STARTUP } from "./sections/short_runs.ts";
import { TRUTH } from "./sections/truth.ts";

/** What is measured. */
export const SECTIONS: readonly Section[] = [STARTUP, DUMP, LIMIT, RATE, TRUTH, SHARES, MEMORY];
