/** Two recordings as one flamegraph, in which each frame has the colour of what it has changed by. */
import type { MergedRuns } from "../analysis/merge_runs.ts";
import type { Profile } from "../profile.ts";
import { formatCount, formatSeconds } from "./numbers.ts";
import { changeClasses } from "./palette.ts";
import { packRuns } from "./svg_data.ts";
import { baseName, type Fact, formatRate, headingText, type LegendEntry, noteFacts } from "./svg_facts.ts";
import { renderPicture } from "./svg_picture.ts";

/** Renders what has changed; `names` are those of the two files. */
export function renderDiffSvg(
  merged: MergedRuns,
  { names }: { readonly names: readonly [before: string, after: string] },
): string {
  const { factor, seconds } = merged.comparison;
  const times = factor.toFixed(2);
  return renderPicture(packRuns(merged), {
    threads: false,
    heading: headingOf(names),
    subtitle: () =>
      `${formatSeconds(seconds[0])} before · ${formatSeconds(seconds[1])} after · ` +
      `most functions took ${times} times as long, changes are beyond that`,
    legend: () => LEGEND,
    hint: () => HINT,
    facts: [
      ...runFacts(merged.runs[0], { which: "Before", name: names[0] }),
      ...runFacts(merged.runs[1], { which: "After", name: names[1] }),
      { key: "Factor", value: `${times}: times before are multiplied by it, then compared` },
      ...noteFacts(merged.runs[0].info, "Note (before)"),
      ...noteFacts(merged.runs[1].info, "Note (after)"),
    ],
  });
}

const HINT =
  "Each box is a function, as wide as its share of the time of both runs. + and red: more time after, " +
  "- and blue: less. Callers are above, callees below.";

const LEGEND: readonly LegendEntry[] = [
  { classes: changeClasses("less").toReversed(), text: "- less time after" },
  { classes: changeClasses("same"), text: "no change, or may be chance" },
  { classes: changeClasses("more"), text: "+ more time after" },
  { classes: [], text: "stronger colours: by more than 1.2 times, more than twice" },
];

function headingOf([before, after]: readonly [string, string]): string {
  const short = [baseName(before), baseName(after)];
  return (short[0] === short[1] ? [before, after] : short).join(" → ");
}

function runFacts(profile: Profile, { which, name }: { which: string; name: string }): Fact[] {
  const { info } = profile;
  const unit = { sample: [], cpu_us: ["CPU time"], wall_us: [] }[info.unit ?? "sample"];
  const parts = [
    name,
    ...info.command.length > 0 ? [headingText(profile)] : [],
    ...info.durationSeconds > 0 ? [formatSeconds(info.durationSeconds)] : [],
    `${formatCount(info.samples)} samples`,
    ...info.rateHz > 0 ? [`${formatRate(info.rateHz)} Hz`] : [],
    ...unit,
    ...info.pythonVersion === "" ? [] : [`Python ${info.pythonVersion}`],
    ...info.startTime === "" ? [] : [info.startTime.replace("T", " ").replace(/(?:\.\d+)?Z$/, " UTC")],
  ];
  return [{ key: which, value: parts.join(" · ") }];
}
