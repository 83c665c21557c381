/**
 * Programs made at random, on all interpreters: each stack recorded is one that the program can have, and none is lost.
 *
 * `PYSPY_GENERATED=50` tries so many programs on each interpreter, `PYSPY_GENERATED_SEED=7` begins with that seed on
 * all of them. `PYSPY_GENERATED_FRESH_CODE=1` adds code that is compiled, run once and freed: what a sample names by its
 * address may be gone before its name is read, so that wrong names can be seen.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { frameLabel } from "../../src/profile.ts";
import { placeFolder } from "../../scripts/pythons.ts";
import type { Python } from "../../scripts/pythons.ts";
import { CUT, frameText, LIBRARY, stackChecker, withoutRuns } from "./allowed_stacks.ts";
import type { Rule } from "./allowed_stacks.ts";
import { generateProgram } from "./generated_programs.ts";
import { contradictions, missedMixtures, trueStacks } from "./generated_truth.ts";
import { covering } from "../covers.ts";
import { pythons, startReady, temporaryFolder } from "./programs.ts";
import { recordOf } from "./recording.ts";
import type { Recorded } from "./recording.ts";

const PROGRAMS = Number(Deno.env.get("PYSPY_GENERATED") ?? 3);
const FIRST_SEED = Deno.env.get("PYSPY_GENERATED_SEED");
const FRESH_CODE = Deno.env.get("PYSPY_GENERATED_FRESH_CODE") === "1";
const RATES_HZ = [1000, 100];
const DURATION_SECONDS = 1.5;
/** More says that something is wrong; how much it is depends on the machine. */
const MOST_CUT = 0.25;
const MIXTURES = 1000;

/** A recorded stack in the words of the rules, how often it was seen, and as it is shown. */
interface RecordedStack {
  readonly texts: readonly string[];
  readonly shown: string;
  count: number;
}

function recordedStacks({ profile }: Recorded, file: string): RecordedStack[] {
  const texts = profile.frames.map((frame) => {
    if (frame.name === CUT) return CUT;
    return frame.file === file ? frameText(frame.name, frame.firstLine) : LIBRARY;
  });
  const stacks = new Map<string, RecordedStack>();
  for (const { frames, count } of profile.stacks) {
    const path = withoutRuns(frames.map((frame) => texts[frame]!));
    const shown = frames.map((frame) =>
      texts[frame] === LIBRARY ? frameLabel(profile.frames[frame]!) : texts[frame]
    );
    const stack = stacks.get(path.join(";")) ?? { texts: path, shown: shown.join(";"), count: 0 };
    stack.count += count;
    stacks.set(path.join(";"), stack);
  }
  return [...stacks.values()];
}

/** What a recording shows that cannot be. */
function problems(recorded: Recorded, stacks: readonly RecordedStack[], rules: readonly Rule[]): string[] {
  const whyImpossible = stackChecker(rules);
  const impossible = new Map<string, { count: number; example: string }>();
  for (const { texts, shown, count } of stacks) {
    const reason = whyImpossible(texts);
    if (reason === undefined) continue;
    const same = impossible.get(reason);
    impossible.set(reason, { count: count + (same?.count ?? 0), example: same?.example ?? shown });
  }
  const found = [...impossible].map(([reason, { count, example }]) =>
    `${count} samples are impossible, ${reason}: ${example}`
  );
  const { ticks, samples, errors } = recorded.counters;
  // The only thread always runs: each tick has its sample.
  if (samples + errors !== ticks) found.push(`${ticks} ticks, but ${samples} samples and ${errors} errors`);
  const counted = stacks.reduce((sum, { count }) => sum + count, 0);
  if (counted !== samples) found.push(`${samples} samples, but ${counted} are in the profile`);
  const { cut } = recorded.profile.info;
  if (cut > MOST_CUT * samples) found.push(`${cut} of ${samples} samples are cut`);
  return found;
}

async function testProgram(of: Python, seed: number): Promise<void> {
  const minor = Number(of.minor.split(".")[1]);
  const { source, rules } = generateProgram(seed, { minor, freshCode: FRESH_CODE });
  await using folder = await temporaryFolder();
  const inside = join(folder.path, "generated");
  await Deno.mkdir(inside);
  await Deno.writeTextFile(join(inside, `program_${seed}.py`), source);
  const file = join(await placeFolder(of, inside), `program_${seed}.py`);

  const truth = await trueStacks([...of.command, file]);
  assert.deepEqual(contradictions(rules, truth), []);
  assert.deepEqual(missedMixtures(rules, truth, { seed, count: MIXTURES }), []);

  await using target = await startReady([...of.command, file]);
  const found: string[] = [];
  for (const rateHz of RATES_HZ) {
    const recorded = await recordOf(target.pid, { rateHz, durationSeconds: DURATION_SECONDS });
    const stacks = recordedStacks(recorded, file);
    const { samples, errors } = recorded.counters;
    const cut = (recorded.profile.info.cut / samples * 100).toFixed(1);
    console.log(
      `program ${seed}, Python ${of.label}, ${rateHz} Hz: ${samples} samples, ${cut} % cut, ${errors} errors; ` +
        `${stacks.length} stacks, ${truth.length} exist`,
    );
    found.push(...problems(recorded, stacks, rules).map((text) => `${rateHz} Hz: ${text}`));
  }
  assert.ok(found.length === 0, `\n${found.join("\n")}`);
}

for (const [index, one] of pythons.entries()) {
  // Other programs on each interpreter, unless a seed is asked for.
  const first = FIRST_SEED === undefined ? 1 + index * PROGRAMS : Number(FIRST_SEED);
  const test = covering({ python: one, modes: ["record"] });
  for (let seed = first; seed < first + PROGRAMS; seed++) {
    test(`generated program ${seed}: only stacks that exist, Python ${one.label}`, async () => {
      await testProgram(one, seed);
    });
  }
}
