/** The profile of what a session has recorded, as the options of `record` ask for it. */
import { select, SELECT_ALL } from "../analysis/select.ts";
import type { SelectOptions } from "../analysis/select.ts";
import { buildProfile, buildTreeProfile } from "../build_profile.ts";
import type { Profile } from "../profile.ts";
import type { SessionPart } from "../recording_session.ts";
import { VERSION } from "../version.ts";

/** Options of `record` that decide what is shown. */
export interface ShownOptions {
  readonly rateHz: number;
  readonly byCpuTime: boolean;
  readonly byFunction: boolean;
  readonly withoutLines: boolean;
  readonly fullFilenames: boolean;
  /** Sample the processes that it starts as well. */
  readonly subprocesses: boolean;
  /** Show equal stacks of several processes as one. */
  readonly mergeProcesses: boolean;
  /** The part of the samples to keep. */
  readonly select: SelectOptions;
}

/** What was recorded, and the part of it that is kept; both without what the filters left out. */
export interface Sampled {
  readonly profile: Profile;
  /** Stacks from their roots on, whatever `--root` says. */
  readonly whole: Profile;
}

/** Makes the profile of a part, or of a session, which may go on. */
export function profileOf(
  session: SessionPart,
  { options, pid, command, startTime, elapsedSeconds }: {
    readonly options: ShownOptions;
    readonly pid: number;
    readonly command: readonly string[];
    readonly startTime: Date;
    readonly elapsedSeconds: number;
  },
): Sampled {
  const { counters, processes } = session;
  const shortName = (file: string) =>
    options.fullFilenames ? file : processes[0]?.shortFileName(file) ?? file;
  const info = {
    pid,
    command,
    pythonVersion: processes[0]?.pythonVersion ?? "",
    pyspyVersion: VERSION,
    startTime: startTime.toISOString(),
    durationSeconds: elapsedSeconds,
    rateHz: options.rateHz,
    unit: options.byCpuTime ? "cpu_us" as const : "sample" as const,
    ticks: counters.ticks,
    samples: counters.samples,
    errors: counters.errors,
    late: counters.late,
    missed: counters.missed,
  };
  const frameOptions = { byFunction: options.byFunction, withoutLines: options.withoutLines, shortName };
  const built = options.subprocesses && !options.mergeProcesses
    ? buildTreeProfile(processes, info, frameOptions)
    : buildProfile(processes.flatMap(({ recordings }) => recordings), info, frameOptions);
  const whole = select(built, { ...options.select, root: undefined });
  return { profile: select(whole, { ...SELECT_ALL, root: options.select.root }), whole };
}
