/** Frames of one function as one: the same name, file and first line. */
import type { Profile } from "../profile.ts";

/** The functions of a profile. Shape: for each frame, the number of its function; for each function, its first frame. */
export interface Functions {
  readonly ofFrame: readonly number[];
  readonly firstFrame: readonly number[];
}

/** Numbers the functions of a profile. */
export function functionsOf({ frames, fullFiles }: Pick<Profile, "frames" | "fullFiles">): Functions {
  const known = new Map<string, number>();
  const firstFrame: number[] = [];
  const ofFrame = frames.map(({ name, file, firstLine }, index) => {
    const key = `${firstLine}\0${name}\0${fullFiles?.[index] ?? file}`;
    let id = known.get(key);
    if (id === undefined) {
      id = firstFrame.push(index) - 1;
      known.set(key, id);
    }
    return id;
  });
  return { ofFrame, firstFrame };
}
