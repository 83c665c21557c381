/**
 * A profile inside its flamegraph: what the script draws from, and what pyspy reads back.
 *
 * The stacks are a tree whose nodes are numbered as the stacks first reach them, so that a stack is the node at which
 * it leaves what is known already, and its new frames. A million samples take a few bytes for each distinct frame.
 */
import { MIN_SAMPLES } from "../analysis/compare.ts";
import type { MergedRuns } from "../analysis/merge_runs.ts";
import { ProfilerError } from "../errors.ts";
import type { Profile, RecordedProcess, RecordingInfo, StackCount } from "../profile.ts";
import type { Frame, ThreadInfo } from "../types.ts";
import { xmlJson } from "./escape.ts";
import { NumberWriter } from "./packed_numbers.ts";
import { frameClass, hashText } from "./palette.ts";
import { buildStackTrie } from "./stack_trie.ts";
import type { PackedProfile, PlainStacks } from "./svg_client/types.ts";
import { unpackFrames, unpackStacks } from "./svg_client/unpack.js";

const CLASS = "pyspy-profile";
const ACTIVITIES = 4;
const UNITS = ["sample", "cpu_us", "wall_us"];

/** Most frames in all stacks together: a small file may say that it has any number. */
const MOST_FRAMES = 100_000_000;

/** Packs two recordings: the stacks of both with the counts of the second one, and what the first one had. */
export function packRuns(merged: MergedRuns): PackedProfile {
  const { profile, before, secondsEach, comparison, dispersion } = merged;
  const { critical, samplesEach, relative } = comparison.chance;
  const counts = new NumberWriter();
  for (const count of before) counts.add(toCount(count));
  return {
    ...packProfile(profile),
    before: {
      counts: counts.text(),
      factor: comparison.factor,
      secondsEach,
      samplesEach,
      relative,
      // Not rounded: what is coloured must be what the table calls certain.
      dispersion,
      critical,
      least: MIN_SAMPLES,
    },
  };
}

/** Packs all of a profile but its timeline. */
export function packProfile(profile: Profile): PackedProfile {
  const { fullFiles } = profile;
  const strings: string[] = [];
  const known = new Map<string, number>();
  const idOf = (text: string) => {
    const id = known.get(text) ?? strings.push(text) - 1;
    known.set(text, id);
    return id;
  };
  const frames = new NumberWriter();
  profile.frames.forEach((frame, index) => {
    frames.add(idOf(frame.name));
    frames.add(idOf(frame.file));
    frames.addSigned(frame.line);
    frames.addSigned(frame.firstLine - frame.line);
    if (fullFiles !== undefined) frames.add(idOf(fullFiles[index] ?? frame.file));
  });
  return {
    format: "pyspy-flamegraph",
    version: 1,
    info: profile.info,
    strings,
    frames: frames.text(),
    hasFullFiles: fullFiles !== undefined,
    paint: profile.frames.map((frame, index) => frameClass(frame, fullFiles?.[index])),
    threads: profile.threads,
    processes: profile.processes,
    ...packStacks(profile),
  };
}

function packStacks({ stacks: all, processes }: Profile) {
  const stacks = processes === undefined ? all.map(({ process: _, ...stack }) => stack) : all;
  const trie = buildStackTrie(stacks);
  const roots = new NumberWriter();
  for (const { process, thread } of trie.roots) {
    roots.add(process + 1);
    roots.add(thread + 1);
  }
  const writer = new NumberWriter();
  let made = trie.roots.length;
  let last = 0;
  stacks.forEach((stack, index) => {
    const leaf = trie.leaf[index]!;
    // Nodes are numbered in the order of the stacks: those that are new form one run that ends in the leaf.
    const fresh = Math.max(0, leaf - made + 1);
    const branch = fresh > 0 ? trie.parent[made]! : leaf;
    writer.addSigned(branch - last);
    writer.add(fresh);
    for (let node = made; node <= leaf; node++) writer.add(trie.frame[node]!);
    made += fresh;
    last = leaf;
    writer.add(toCount(stack.count));
    packActivity(writer, stack);
  });
  return {
    roots: roots.text(),
    nodes: trie.parent.length,
    stackCount: stacks.length,
    stacks: writer.text(),
  };
}

/** Counts are whole numbers; what other profilers count may have fractions. */
function toCount(amount: number): number {
  return Math.max(0, Math.round(amount));
}

function packActivity(writer: NumberWriter, { count, byActivity }: StackCount): void {
  if (byActivity === undefined) {
    writer.add(0);
    return;
  }
  const parts = Array.from({ length: ACTIVITIES }, (_, activity) => toCount(byActivity[activity] ?? 0));
  const only = parts.indexOf(toCount(count));
  if (only >= 0 && parts.every((part, activity) => activity === only || part === 0)) {
    writer.add(1 + only);
  } else {
    writer.add(1 + ACTIVITIES);
    for (const part of parts) writer.add(part);
  }
}

/** The element that carries a profile. */
export function profileMarkup(packed: PackedProfile): string {
  const json = JSON.stringify(packed);
  return `<metadata class="${CLASS}" data-check="${checkText(json)}">${xmlJson(packed)}</metadata>`;
}

function checkText(json: string): string {
  return hashText(json).toString(16).padStart(8, "0");
}

/**
 * Reads back the profile of a flamegraph that pyspy has written: all but its timeline.
 *
 * @throws ProfilerError `failure` if the text is none, or is damaged; its message completes "Cannot read 'file': ".
 */
export function readSvg(text: string): Profile {
  const data = readPacked(text);
  try {
    return unpackProfile(data);
  } catch (error) {
    if (error instanceof ProfilerError) throw error;
    throw damaged(error instanceof Error ? error.message : String(error));
  }
}

function damaged(why: string): ProfilerError {
  return new ProfilerError(
    "failure",
    `the profile in the flamegraph is damaged: ${why}`,
    "copy the file again from where it was written, or record again",
  );
}

function readPacked(text: string): PackedProfile {
  const open = new RegExp(`<metadata [^>]*\\b${CLASS}\\b[^>]*>`).exec(text);
  if (open === null) {
    throw new ProfilerError(
      "failure",
      "there is no profile of pyspy in it",
      "give an .svg file that `pyspy record` has written",
    );
  }
  const start = open.index + open[0].length;
  const end = text.indexOf("</metadata>", start);
  if (end < 0) throw damaged("it ends too early");
  const json = text.slice(start, end)
    .replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
  let data: unknown;
  try {
    data = JSON.parse(json);
  } catch {
    throw damaged("it is not JSON");
  }
  if (!isRecord(data) || data.format !== "pyspy-flamegraph") throw damaged("it is something else");
  if (data.version !== 1) {
    throw new ProfilerError(
      "failure",
      `its format has the version ${String(data.version)}, which this pyspy does not know`,
      "use the pyspy that has written it, or a newer one",
    );
  }
  if (data.before !== undefined) {
    throw new ProfilerError(
      "failure",
      "it compares two recordings, and is none itself",
      "give one of the two recordings that it was made of",
    );
  }
  // The same text whether or not a program has written its characters differently in between.
  if (/data-check="([^"]*)"/.exec(open[0])?.[1] !== checkText(JSON.stringify(data))) {
    throw damaged("it was changed");
  }
  if (!isPacked(data)) throw damaged("something is missing");
  return data;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPacked(data: Record<string, unknown>): data is Record<string, unknown> & PackedProfile {
  return isInfo(data.info) && isList(data.strings, isString) && isList(data.threads, isThread) &&
    (data.processes === undefined || isList(data.processes, isProcess)) && isCount(data.nodes) &&
    isCount(data.stackCount) && typeof data.hasFullFiles === "boolean" &&
    [data.frames, data.roots, data.stacks].every(isString);
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isAmount(value: unknown): value is number {
  return Number.isFinite(value) && Number(value) >= 0;
}

function isList<T>(value: unknown, isItem: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(isItem);
}

function isInfo(value: unknown): value is RecordingInfo {
  return isRecord(value) && isList(value.command, isString) &&
    (value.unit === undefined || isString(value.unit) && UNITS.includes(value.unit)) &&
    [value.pythonVersion, value.pyspyVersion, value.startTime].every(isString) &&
    [value.pid, value.ticks, value.samples, value.cut, value.errors, value.late, value.missed].every(
      isAmount,
    ) &&
    [value.durationSeconds, value.rateHz].every(isAmount) &&
    (value.notes === undefined || isList(value.notes, isString));
}

function isThread(value: unknown): value is ThreadInfo {
  return isRecord(value) &&
    [value.pid, value.threadId, value.osThreadId, value.interpreterId].every(isCount) &&
    [value.name, value.osName].every((name) => name === undefined || isString(name));
}

function isProcess(value: unknown): value is RecordedProcess {
  return isRecord(value) && isCount(value.pid) && isList(value.command, isString);
}

function unpackProfile(data: PackedProfile): Profile {
  const plain = unpackFrames(data);
  const frames = plain.map(({ name, file, line, firstLine }): Frame => ({ name, file, line, firstLine }));
  return {
    info: data.info,
    frames,
    ...data.hasFullFiles ? { fullFiles: plain.map(({ fullFile }) => fullFile) } : {},
    threads: data.threads.map((thread) => ({ ...thread, name: thread.name })),
    processes: data.processes,
    stacks: unpackCounts(unpackStacks(data, frames.length)),
    timeline: undefined,
  };
}

function unpackCounts(plain: PlainStacks): StackCount[] {
  const { parent, frame, roots, leaf, count, hasActivity, byActivity } = plain;
  const depth = new Int32Array(parent.length);
  const rootOf = new Int32Array(parent.length);
  for (let node = 0; node < parent.length; node++) {
    const above = parent[node]!;
    depth[node] = above < 0 ? 0 : depth[above]! + 1;
    rootOf[node] = above < 0 ? node : rootOf[above]!;
  }
  let left = MOST_FRAMES;
  return Array.from(leaf, (end, stack) => {
    left -= depth[end]!;
    if (left < 0) throw new Error("its stacks are too long");
    const frames = new Array<number>(depth[end]!);
    for (let node = end; parent[node]! >= 0; node = parent[node]!) frames[depth[node]! - 1] = frame[node]!;
    const { process, thread } = roots[rootOf[end]!]!;
    return {
      thread,
      ...process < 0 ? {} : { process },
      frames,
      count: count[stack]!,
      ...hasActivity[stack] === 0
        ? {}
        : { byActivity: Array.from(byActivity.subarray(ACTIVITIES * stack, ACTIVITIES * (stack + 1))) },
    };
  });
}
