/**
 * pprof's format, compressed: what `go tool pprof` and most services for profiles read.
 *
 * Source: https://github.com/google/pprof/blob/main/proto/profile.proto
 */
import { Profile as PprofProfile, StringTable } from "pprof-format";
import type { LabelInput, ProfileInput } from "pprof-format";
import type { Profile } from "../profile.ts";
import { gzip } from "./compression.ts";
import { visibleJson, visibleText } from "./escape.ts";
import { secondsPerCount } from "./numbers.ts";
import { toNote } from "./profile_info.ts";

/** Begins the comment in which we note how the recording went. */
export const INFO_COMMENT = "pyspy: ";

/** The label of a sample that tells the command of its process, where several were recorded. */
export const PROCESS_LABEL = "process";

/** Renders a profile, with a sample for each stack of each thread. */
export function renderPprof(profile: Profile): Promise<Uint8Array<ArrayBuffer>> {
  return gzip(encodePprof(profile));
}

/** The same, not compressed. */
export function encodePprof(profile: Profile): Uint8Array<ArrayBuffer> {
  const { info } = profile;
  const table = new StringTable();
  // They are shown on terminals as they are.
  const text = (value: string) => table.dedup(visibleText(value));
  const nanosecondsEach = Math.max(1, Math.round(secondsPerCount(info) * 1e9));
  const time = { type: text(info.unit === "cpu_us" ? "cpu" : "wall"), unit: text("nanoseconds") };
  const isCounted = info.unit === undefined || info.unit === "sample";
  const labels = labelsOf(profile, text);
  const data: ProfileInput = {
    sampleType: isCounted ? [{ type: text("samples"), unit: text("count") }, time] : [time],
    sample: profile.stacks.filter(({ count }) => count > 0).map((stack) => ({
      locationId: stack.frames.map((frame) => frame + 1).reverse(),
      value: isCounted ? [stack.count, stack.count * nanosecondsEach] : [stack.count * nanosecondsEach],
      label: labels(stack.thread, stack.process),
    })),
    mapping: [{
      id: 1,
      filename: text(info.pythonVersion === "" ? "python" : `python ${info.pythonVersion}`),
      hasFunctions: true,
      hasFilenames: true,
      hasLineNumbers: true,
    }],
    ...locationsOf(profile, text),
    timeNanos: Math.max(0, Date.parse(info.startTime) || 0) * 1e6,
    durationNanos: Math.round(info.durationSeconds * 1e9),
    periodType: time,
    period: nanosecondsEach,
    comment: [table.dedup(INFO_COMMENT + visibleJson(toNote(info, nanosecondsEach / 1e9)))],
    defaultSampleType: time.type,
    stringTable: table,
  };
  return new PprofProfile(data).encode() as Uint8Array<ArrayBuffer>;
}

/** A location for each frame, numbered from 1 on, and the functions that they are in. */
function locationsOf(
  { frames, fullFiles }: Profile,
  text: (value: string) => number,
): Pick<ProfileInput, "location" | "function"> {
  const functions = new Map<string, number>();
  const list: NonNullable<ProfileInput["function"]> = [];
  const location = frames.map((frame, index) => {
    // Services that link to the source need the whole path.
    const file = fullFiles?.[index] ?? frame.file;
    const key = `${frame.firstLine}\0${frame.name}\0${file}`;
    let id = functions.get(key);
    if (id === undefined) {
      const name = text(frame.name);
      id = list.push({
        id: list.length + 1,
        name,
        systemName: name,
        filename: text(file),
        startLine: frame.firstLine,
      });
      functions.set(key, id);
    }
    return { id: index + 1, mappingId: 1, line: [{ functionId: id, line: frame.line }] };
  });
  return { location, function: list };
}

function labelsOf(profile: Profile, text: (value: string) => number) {
  const [thread, threadId, pid, process] = ["thread", "thread_id", "pid", PROCESS_LABEL].map(text);
  const ofThread = profile.threads.map((one): LabelInput[] => [
    { key: thread!, str: text(one.name ?? one.osName ?? `thread ${one.osThreadId || one.threadId}`) },
    { key: threadId!, num: one.osThreadId || one.threadId },
  ]);
  const pidOf = (index: number) => profile.threads[index]?.pid ?? profile.info.pid;
  return (index: number, processIndex: number | undefined): LabelInput[] => {
    const owner = profile.processes?.[processIndex ?? -1];
    return [
      ...ofThread[index] ?? [],
      { key: pid!, num: owner?.pid ?? pidOf(index) },
      ...(owner === undefined ? [] : [{ key: process!, str: text(owner.command.join(" ")) }]),
    ];
  };
}
