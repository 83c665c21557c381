/** What a heatmap shows: the files of a profile in their order, with their numbers, sources and calls. */
import type { Profile } from "../profile.ts";
import { frameKind } from "./frame_kind.ts";
import type { FrameKind } from "./frame_kind.ts";
import { HEAT } from "./heat_scale.ts";
import { callsOfLines } from "./line_calls.ts";
import type { LineCalls } from "./line_calls.ts";
import { countLines } from "./line_counts.ts";
import type { FileCount, LineCounts } from "./line_counts.ts";
import { compareText, secondsPerCount } from "./numbers.ts";
import { frameClass } from "./palette.ts";

/** Calls that are shown of a line, in each direction. */
const CALLS_SHOWN = 4;
/** The calls are shown of lines that are at least as hot as this step of the scale. */
const CALLS_STEP = 2;

/** The text of a source file, and when it was changed. Units: ms since 1970. */
export interface SourceText {
  readonly text: string;
  readonly changedMs: number | undefined;
}

/** A file, its number (`#f3`), and whose code it is. */
export interface HeatmapFile extends FileCount {
  readonly number: number;
  readonly kind: FrameKind;
  /** Its colour in the flamegraph, as a class of the palette. */
  readonly paint: string;
}

/** A profile, ready to be shown by lines. */
export interface HeatmapModel {
  readonly profile: Profile;
  readonly counts: LineCounts;
  /** Shape: hottest first, by their own time. */
  readonly files: readonly HeatmapFile[];
  /** Shape: for each file of `counts`, its number. */
  readonly numberOf: readonly number[];
  readonly calls: LineCalls;
  /** 0 where it is not known how long a count is. */
  readonly secondsEach: number;
}

/** Counts a profile by its lines. */
export function heatmapModel(profile: Profile): HeatmapModel {
  const counts = countLines(profile);
  const order = counts.files.map((_, index) => index).filter((index) => counts.files[index]!.total > 0)
    .sort((a, b) => {
      const [x, y] = [counts.files[a]!, counts.files[b]!];
      return y.self - x.self || y.total - x.total || compareText(x.path, y.path);
    });
  const numberOf: number[] = Array(counts.files.length).fill(-1);
  const files = order.map((index, number) => {
    numberOf[index] = number;
    const file = counts.files[index]!;
    const frame = profile.frames[file.places[0]!.frames[0]!]!;
    return {
      ...file,
      number,
      kind: frameKind(frame, file.path),
      paint: frameClass({ ...frame, name: "" }, file.path),
    };
  });
  const minCount = counts.all * HEAT[CALLS_STEP]!.fromPercent / 100;
  return {
    profile,
    counts,
    files,
    numberOf,
    calls: callsOfLines(profile, counts, { minCount, limit: CALLS_SHOWN }),
    secondsEach: secondsPerCount(profile.info),
  };
}

/** A count as seconds, or as a number where it is not known how long it is; empty for none. */
export function heatTime(model: HeatmapModel, count: number): string {
  const { secondsEach, counts } = model;
  if (count === 0) return "";
  if (secondsEach <= 0) return String(count);
  return (count * secondsEach).toFixed(counts.all * secondsEach < 10 ? 3 : 2);
}
