/** A source file with the time of each of its lines. */
import { ProfilerError } from "../errors.ts";
import type { Profile } from "../profile.ts";
import { shortenMiddle, terminalSafe } from "./escape.ts";
import { countLines } from "./line_counts.ts";
import type { TimeCount } from "./line_counts.ts";
import { formatAmount, formatPercent, secondsPerCount } from "./numbers.ts";
import { sourceLines } from "./source_text.ts";

/** Lines without samples that are shown around those with. */
const CONTEXT = 3;
const LONGEST_LINE = 160;

/**
 * The file of a profile that is meant by a path: its whole path, or an end of it.
 *
 * @returns its path as the target has it. @throws ProfilerError when there is none, or more than one.
 */
export function findSource(profile: Profile, path: string): string {
  const { frames, fullFiles } = profile;
  const files = new Set(frames.map(({ file }, i) => fullFiles?.[i] ?? file).filter((file) => file !== ""));
  if (files.has(path)) return path;
  const ends = path.replace(/^(?:\.\/)+/, "");
  const found = [...files].filter((file) =>
    file === ends || file.endsWith(`/${ends}`) || path.endsWith(`/${file}`)
  );
  if (found.length === 1) return found[0]!;
  if (found.length === 0) {
    throw new ProfilerError(
      "failure",
      `No sample of the profile is in a file '${path}'`,
      "give a file that the profile names; without --lines all functions are listed",
    );
  }
  throw new ProfilerError(
    "usage",
    `Several files of the profile end in '${path}': ${found.slice(0, 5).join(", ")}`,
    "give more of the path",
  );
}

/** Renders a source with the time of each line, as far as lines near it have samples. */
export function renderLines(
  profile: Profile,
  { file, source }: { readonly file: string; readonly source: string },
): string {
  const { all, files } = countLines(profile);
  const places = files.find(({ path }) => path === file)?.places ?? [];
  const counts = new Map<number, TimeCount>(
    places.filter(({ line, total }) => line > 0 && total > 0).map((place) => [place.line, place]),
  );
  const seconds = secondsPerCount(profile.info);
  const amount = (count: number) =>
    count === 0 ? "" : seconds > 0 ? (count * seconds).toFixed(2) : String(count);
  const lines = sourceLines(source);
  const shown = linesToShow(counts, lines.length);
  const unit = seconds > 0 ? " s" : "";
  const rows = [
    `${terminalSafe(file)}: ${formatAmount(all, profile.info)} in all\n`,
    `  line    self${unit.padEnd(2)}  self %   total${unit.padEnd(2)} total %  source`,
  ];
  let previous = 0;
  for (const number of shown) {
    if (number > previous + 1) rows.push("   ...");
    previous = number;
    const { self, total } = counts.get(number) ?? { self: 0, total: 0 };
    const share = (count: number) => (count === 0 ? "" : formatPercent(count, all)).padStart(8);
    // Tabs would be spelled out.
    const text = terminalSafe((lines[number - 1] ?? "").replaceAll("\t", "    "));
    rows.push(
      `${String(number).padStart(6)} ${amount(self).padStart(9)}${share(self)} ${amount(total).padStart(9)}${
        share(total)
      }  ${shortenMiddle(text, LONGEST_LINE)}`.trimEnd(),
    );
  }
  const beyond = [...counts.keys()].filter((number) => number > lines.length).length;
  if (beyond > 0) {
    rows.push(`Warning: the file has only ${lines.length} lines; it is not the one that ran.`);
  }
  return rows.join("\n") + "\n";
}

function linesToShow(counts: ReadonlyMap<number, TimeCount>, length: number): number[] {
  const shown = new Set<number>();
  for (const line of counts.keys()) {
    for (let near = line - CONTEXT; near <= line + CONTEXT; near++) {
      if (near >= 1 && near <= length) shown.add(near);
    }
  }
  return [...shown].sort((a, b) => a - b);
}
