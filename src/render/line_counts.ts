/** The time of each line of each source file: of its own code, and with what it calls. */
import type { Profile } from "../profile.ts";

/** Units: those of the profile's counts. Invariant: `self` <= `total` <= all of the profile. */
export interface TimeCount {
  self: number;
  total: number;
}

/** A line of a file that samples were in; line 0 is what is not known to be in any line. */
export interface LinePlace extends TimeCount {
  readonly line: number;
  /** Index into `LineCounts.files`. */
  readonly file: number;
  /** Frames of the profile that are here: usually one; more where functions share a line. */
  readonly frames: number[];
}

/** A source file that samples were in; a line or a function that is on a stack twice counts once. */
export interface FileCount extends TimeCount {
  /** Its path as the target has it, where that is known. */
  readonly path: string;
  /** Shape: by the first frame of each. */
  readonly places: LinePlace[];
}

/** The counts of all files. Shape: `ofFrame` has for each frame its index into `places`, or -1 for no file. */
export interface LineCounts {
  readonly all: number;
  readonly files: readonly FileCount[];
  readonly places: readonly LinePlace[];
  readonly ofFrame: Int32Array;
}

/** Counts a whole profile at once. */
export function countLines(profile: Profile): LineCounts {
  const { stacks } = profile;
  const { files, places, ofFrame } = placesOf(profile);
  // The last stack that each was counted for.
  const seenPlace = new Int32Array(places.length).fill(-1);
  const seenFile = new Int32Array(files.length).fill(-1);
  let all = 0;
  for (let index = 0; index < stacks.length; index++) {
    const { frames, count } = stacks[index]!;
    all += count;
    const leaf = places[ofFrame[frames.at(-1) ?? -1] ?? -1];
    if (leaf !== undefined) {
      leaf.self += count;
      files[leaf.file]!.self += count;
    }
    for (const frame of frames) {
      const at = ofFrame[frame]!;
      if (at < 0 || seenPlace[at] === index) continue;
      seenPlace[at] = index;
      const place = places[at]!;
      place.total += count;
      if (seenFile[place.file] === index) continue;
      seenFile[place.file] = index;
      files[place.file]!.total += count;
    }
  }
  return { all, files, places, ofFrame };
}

function placesOf({ frames, fullFiles }: Profile): Omit<LineCounts, "all"> {
  const files: FileCount[] = [];
  const places: LinePlace[] = [];
  const fileOf = new Map<string, number>();
  const known: Map<number, number>[] = [];
  const ofFrame = new Int32Array(frames.length).fill(-1);
  frames.forEach(({ file: shown, line }, index) => {
    const path = fullFiles?.[index] ?? shown;
    if (path === "") return;
    let file = fileOf.get(path);
    if (file === undefined) {
      file = files.push({ path, self: 0, total: 0, places: [] }) - 1;
      fileOf.set(path, file);
      known.push(new Map());
    }
    let at = known[file]!.get(line);
    if (at === undefined) {
      at = places.push({ file, line, self: 0, total: 0, frames: [] }) - 1;
      known[file]!.set(line, at);
      files[file]!.places.push(places[at]!);
    }
    places[at]!.frames.push(index);
    ofFrame[index] = at;
  });
  return { files, places, ofFrame };
}
