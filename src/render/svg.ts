/** A flamegraph as one SVG document: readable as a picture, alive in a browser, and needing nothing else. */
import type { Profile } from "../profile.ts";
import { formatCount } from "./numbers.ts";
import { packProfile } from "./svg_data.ts";
import { footerFacts, headingText, legendEntries, subtitleText } from "./svg_facts.ts";
import { renderPicture } from "./svg_picture.ts";

/** How to draw a flamegraph. */
export interface SvgOptions {
  /** Draw a row of threads below the root; without, equal stacks of different threads are merged. */
  readonly threads: boolean;
  /** Heading; the target's command by default. */
  readonly title?: string;
}

/** Renders a profile as an SVG flamegraph, root at the top. */
export function renderSvg(profile: Profile, { threads, title }: SvgOptions): string {
  return renderPicture(packProfile(profile), {
    threads,
    heading: title ?? headingText(profile),
    subtitle: (sum) => subtitleText(profile, sum),
    legend: (model) => legendEntries(model, { threads }),
    facts: footerFacts(profile),
    hint: (sum) => sum === 0 ? whyEmpty(profile) : HINT,
  });
}

const HINT =
  "Each box is a function, as wide as its share of all samples. Callers are above, callees below; " +
  "left to right is the alphabet, not time.";

function whyEmpty({ info: { ticks, errors } }: Profile): string {
  const why = ticks === 0
    ? "The recording ended before its first sample."
    : errors > 0
    ? `${formatCount(errors)} samples could not be read.`
    : `No Python code ran at any of ${formatCount(ticks)} ticks.`;
  return `No samples. ${why}`;
}
