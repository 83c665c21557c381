/** Recordings made in this very process, and what they say as plain names. */
import assert from "node:assert/strict";
import { attach } from "../../src/attach.ts";
import { buildProfile } from "../../src/build_profile.ts";
import { liveClock } from "../../src/clock.ts";
import type { Profile } from "../../src/profile.ts";
import { RecordingSession } from "../../src/recording_session.ts";
import type { Selection } from "../../src/thread_choice.ts";
import type { SampleCounters } from "../../src/types.ts";

/** What was recorded of a process. */
export interface Recorded {
  readonly profile: Profile;
  readonly counters: SampleCounters;
  /** Shape: names root first, and how often. */
  readonly stacks: readonly { readonly names: string[]; readonly count: number }[];
}

/** Records a process as the command does, in this very process. Frames are told apart by function. */
export async function recordOf(
  pid: number,
  { rateHz, durationSeconds, selection = "all", perThread = false, blocking = false }: {
    rateHz: number;
    durationSeconds: number;
    selection?: Selection;
    perThread?: boolean;
    blocking?: boolean;
  },
): Promise<Recorded> {
  const target = await attach(pid);
  const session = new RecordingSession({
    pid,
    clock: liveClock(() => false),
    perThread,
    timeline: false,
    sampler: { rateHz, durationSeconds, selection, blocking, byCpuTime: false },
  });
  const reason = await session.run(target, { isStopped: () => false, onTick: () => {} });
  assert.equal(reason, "duration");
  const { counters } = session;
  const profile = buildProfile(session.processes.flatMap(({ recordings }) => recordings), {
    pid,
    command: [],
    pythonVersion: target.pythonVersion,
    pyspyVersion: "",
    startTime: "",
    durationSeconds: session.elapsedSeconds,
    rateHz,
    ...counters,
  }, { byFunction: true, withoutLines: false, shortName: (file) => file });
  target.process.close();
  const stacks = profile.stacks.map(({ frames, count }) => ({
    names: frames.map((frame) => profile.frames[frame]!.name),
    count,
  }));
  return { profile, counters, stacks };
}
