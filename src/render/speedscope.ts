/**
 * The speedscope file format, one sampled profile for each thread.
 *
 * Source: https://www.speedscope.app/file-format-schema.json
 */
import type { Profile, RecordedProcess, StackCount } from "../profile.ts";
import type { Frame, ThreadInfo } from "../types.ts";
import { secondsPerCount } from "./numbers.ts";
import { toNote } from "./profile_info.ts";
import type { InfoJson } from "./profile_info.ts";
import { TextBytes } from "./text_bytes.ts";
import { secondsEach } from "./thread_runs.ts";

/** A frame as speedscope shows it. */
export interface SpeedscopeFrame {
  name: string;
  file?: string;
  line?: number;
}

/** Samples of one thread in time order. Shape: each sample is a list of frame indices, root first. */
export interface SpeedscopeSampledProfile {
  type: "sampled";
  name: string;
  unit: "seconds" | "none";
  startValue: number;
  endValue: number;
  samples: (readonly number[])[];
  weights: number[];
}

/** A speedscope file. */
export interface SpeedscopeFile {
  $schema: "https://www.speedscope.app/file-format-schema.json";
  shared: { frames: SpeedscopeFrame[] };
  profiles: SpeedscopeSampledProfile[];
  name: string;
  activeProfileIndex: number;
  exporter: string;
  /** How the recording went; other programs overlook it. */
  pyspy: InfoJson;
}

/** Renders a profile as a speedscope file, as UTF-8. */
export function renderSpeedscope(profile: Profile): Uint8Array {
  const { profiles, ...rest } = toSpeedscope(profile);
  const text = new TextBytes();
  text.push(`${JSON.stringify(rest).slice(0, -1)},"profiles":[`);
  // Many samples have the same stack.
  const stacks = new Map<readonly number[], string>();
  const stackText = (frames: readonly number[]) => {
    const known = stacks.get(frames) ?? JSON.stringify(frames);
    stacks.set(frames, known);
    return known;
  };
  profiles.forEach(({ samples, weights, ...one }, i) => {
    text.push(`${i > 0 ? "," : ""}${JSON.stringify(one).slice(0, -1)},"samples":[`);
    samples.forEach((frames, j) => text.push(j > 0 ? `,${stackText(frames)}` : stackText(frames)));
    text.push(`],"weights":[`);
    weights.forEach((weight, j) => text.push(j > 0 ? `,${weight}` : String(weight)));
    text.push("]}");
  });
  text.push("]}\n");
  return text.bytes();
}

/** Converts a profile to a speedscope file: in time order if it has a timeline, else one sample a stack. */
export function toSpeedscope(profile: Profile): SpeedscopeFile {
  const profiles = profile.timeline === undefined ? countedProfiles(profile) : timedProfiles(profile);
  // Speedscope cannot open a file without any profile.
  if (profiles.length === 0) profiles.push(emptyProfile("no samples", "seconds"));
  return {
    $schema: "https://www.speedscope.app/file-format-schema.json",
    shared: { frames: profile.frames.map(toFrame) },
    profiles,
    name: profile.info.command.join(" ") || `pid ${profile.info.pid}`,
    activeProfileIndex: 0,
    exporter: `pyspy@${profile.info.pyspyVersion}`,
    pyspy: toNote(profile.info, secondsEach(profile)),
  };
}

function toFrame(frame: Frame): SpeedscopeFrame {
  const result: SpeedscopeFrame = { name: frame.name };
  if (frame.file !== "") result.file = frame.file;
  if (frame.line > 0) result.line = frame.line;
  return result;
}

function profileName(thread: ThreadInfo | undefined, process: RecordedProcess | undefined): string {
  if (process !== undefined) return `Process ${process.pid} ${profileName(thread, undefined)}`;
  if (thread === undefined) return "Thread ?";
  const id = thread.osThreadId > 0
    ? String(thread.osThreadId)
    : `0x${thread.threadId.toString(16).toUpperCase()}`;
  return thread.name === undefined ? `Thread ${id}` : `Thread ${id} "${thread.name}"`;
}

function emptyProfile(name: string, unit: "seconds" | "none"): SpeedscopeSampledProfile {
  return { type: "sampled", name, unit, startValue: 0, endValue: 0, samples: [], weights: [] };
}

/** One slot a thread of the profile, made when its first sample is seen. */
function profileSlots(profile: Profile, unit: "seconds" | "none") {
  const slots: (SpeedscopeSampledProfile | undefined)[] = profile.threads.map(() => undefined);
  return {
    of(stack: StackCount): { slot: SpeedscopeSampledProfile; isNew: boolean } {
      const known = slots[stack.thread];
      if (known !== undefined) return { slot: known, isNew: false };
      const process = profile.processes?.[stack.process ?? -1];
      const slot = emptyProfile(profileName(profile.threads[stack.thread], process), unit);
      slots[stack.thread] = slot;
      return { slot, isNew: true };
    },
    filled: (): SpeedscopeSampledProfile[] => slots.filter((slot) => slot !== undefined),
  };
}

function timedProfiles(profile: Profile): SpeedscopeSampledProfile[] {
  const timeline = profile.timeline;
  const slots = profileSlots(profile, "seconds");
  for (let i = 0; timeline !== undefined && i < timeline.stack.length; i++) {
    const stack = profile.stacks[timeline.stack[i] ?? -1];
    if (stack === undefined) continue;
    const startNs = timeline.startNs[i] ?? 0;
    const weightNs = timeline.weightNs[i] ?? 0;
    const { slot, isNew } = slots.of(stack);
    if (isNew) slot.startValue = startNs / 1e9;
    slot.endValue = Math.max(slot.endValue, (startNs + weightNs) / 1e9);
    slot.samples.push(stack.frames);
    slot.weights.push(weightNs / 1e9);
  }
  return slots.filled();
}

function countedProfiles(profile: Profile): SpeedscopeSampledProfile[] {
  const seconds = secondsPerCount(profile.info);
  const slots = profileSlots(profile, seconds > 0 ? "seconds" : "none");
  const samples = new Map<SpeedscopeSampledProfile, number>();
  for (const stack of profile.stacks) {
    if (stack.count <= 0) continue;
    const { slot } = slots.of(stack);
    slot.samples.push(stack.frames);
    slot.weights.push(seconds > 0 ? stack.count * seconds : stack.count);
    // Summed as a count: adding up seconds would drift.
    samples.set(slot, (samples.get(slot) ?? 0) + stack.count);
  }
  for (const [slot, count] of samples) slot.endValue = seconds > 0 ? count * seconds : count;
  return slots.filled();
}
