/** From stacks with the time that each took, as other formats have them, to counts. */
import type { Profile, RecordingInfo } from "../profile.ts";
import type { ProfileAssembler } from "./assembler.ts";
import { foreignInfo, fromNote } from "./profile_info.ts";

/**
 * How the times of a file are counted: as samples if we wrote it and noted how long one is, else as microseconds.
 *
 * @param note what stands where we note how a recording went.
 */
export function runReader(assembler: ProfileAssembler, note: unknown) {
  const noted = fromNote(note);
  const isCounted = noted !== undefined && (noted.info.unit ?? "sample") === "sample";
  const nsEach = isCounted ? noted.secondsEach * 1e9 : 1000;
  let runs = 0;
  let end = 0;
  return {
    /** The time that is counted as one. */
    nsEach,
    /** Adds a stack that was seen for some time. Units: ns. */
    add(node: number, { startNs, weightNs }: { startNs: number; weightNs: number }): void {
      assembler.add(node, isCounted ? Math.round(weightNs / nsEach) : weightNs / nsEach);
      assembler.at(node, { startNs, weightNs });
      runs++;
      end = Math.max(end, startNs + weightNs);
    },
    /** Each run is at least one sample. */
    finish(parts: Partial<RecordingInfo> = {}): Profile {
      return assembler.finish(
        noted?.info ?? foreignInfo({ unit: "wall_us", samples: runs, durationSeconds: end / 1e9, ...parts }),
      );
    },
  };
}
