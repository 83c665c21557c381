/**
 * The processed format of the Firefox Profiler (profiler.firefox.com), version 60.
 *
 * Source: docs-developer/CHANGELOG-formats.md and src/types/profile.ts of github.com/firefox-devtools/profiler.
 */
import type { Profile } from "../profile.ts";
import { frameKind } from "./frame_kind.ts";
import type { FrameKind } from "./frame_kind.ts";
import { functionsOf } from "../analysis/functions.ts";
import { toNote } from "./profile_info.ts";
import { TextBytes } from "./text_bytes.ts";
import { intervalNs, secondsEach, threadRuns } from "./thread_runs.ts";
import type { ThreadRuns } from "./thread_runs.ts";

const VERSION = 60;
/** Categories by whose code it is. Shape: the colours are names that the profiler knows. */
const CATEGORIES: readonly { readonly kind: FrameKind; readonly name: string; readonly color: string }[] = [
  { kind: "user", name: "User", color: "yellow" },
  { kind: "library", name: "Library", color: "blue" },
  { kind: "stdlib", name: "Standard library", color: "green" },
  { kind: "runtime", name: "Runtime", color: "purple" },
  { kind: "cut", name: "Cut", color: "grey" },
];
/** One sample for each tick, up to so many; else one for each run of equal stacks, with its weight. */
const MAX_SAMPLES = 5_000_000;

/** Renders a profile, as UTF-8. */
export function renderFirefox(profile: Profile): Uint8Array {
  const text = new TextBytes();
  const threads = threadRuns(profile);
  const { tables, stackOf } = sharedTables(profile);
  text.push(`{"meta":${JSON.stringify(metaOf(profile))},\n"libs":[],"pages":[],"counters":[],`);
  text.push(`"profilerOverhead":[],\n"shared":{`);
  text.pushList(tables());
  text.push(`},\n"threads":[\n`);
  const each = sampleInterval(profile, threads);
  threads.forEach((runs, index) => {
    if (index > 0) text.push(",\n");
    addThread(text, runs, { each, stackOf });
  });
  text.push("]}\n");
  return text.bytes();
}

function metaOf(profile: Profile): Record<string, unknown> {
  const { info } = profile;
  return {
    interval: info.rateHz > 0 ? 1000 / info.rateHz : 10,
    startTime: Date.parse(info.startTime) || 0,
    processType: 0,
    version: 30,
    preprocessedProfileVersion: VERSION,
    product: info.command.join(" ") || "Python",
    importedFrom: `pyspy ${info.pyspyVersion}`,
    stackwalk: 0,
    symbolicated: true,
    sourceCodeIsNotOnSearchfox: true,
    markerSchema: [],
    categories: CATEGORIES.map(({ name, color }) => ({ name, color, subcategories: ["Other"] })),
    extensions: { id: [], name: [], baseURL: [], length: 0 },
    sampleUnits: { time: "ms", eventDelay: "ms", threadCPUDelta: "µs" },
    pyspy: toNote(info, secondsEach(profile)),
  };
}

/** Where each sample can be shown: the time that it stands for, in ms; 0 where runs of equal stacks are one sample. */
function sampleInterval(profile: Profile, threads: readonly ThreadRuns[]): number {
  const interval = intervalNs(profile);
  if (interval === 0) return 0;
  const total = threads.reduce((sum, { weightNs }) => sum + weightNs.reduce((a, b) => a + b, 0), 0);
  return total / interval <= MAX_SAMPLES ? interval : 0;
}

/** Frames, functions and stacks of all threads; a stack is a frame and the stack that it is called from. */
function sharedTables(profile: Profile) {
  const strings = new Map<string, number>();
  const text = (value: string) => {
    const known = strings.get(value) ?? strings.size;
    strings.set(value, known);
    return known;
  };
  const stackFrame: number[] = [];
  const stackPrefix: (number | null)[] = [];
  const children = new Map<number, number>();
  const { frames, fullFiles } = profile;
  const stackOf = profile.stacks.map((stack) => {
    let at = -1;
    for (const frame of stack.frames) {
      const key = (at + 1) * frames.length + frame;
      let next = children.get(key);
      if (next === undefined) {
        next = stackFrame.push(frame) - 1;
        stackPrefix.push(at < 0 ? null : at);
        children.set(key, next);
      }
      at = next;
    }
    return at < 0 ? null : at;
  });
  const tables = function* (): Generator<string> {
    const { ofFrame, firstFrame } = functionsOf(profile);
    const all = <T>(value: T, count: number): T[] => new Array<T>(count).fill(value);
    const table = (name: string, columns: Record<string, unknown>, length: number) =>
      `\n"${name}":${JSON.stringify({ length, ...columns })}`;
    const files = firstFrame.map((index) => fullFiles?.[index] ?? frames[index]!.file);
    const sources = new Map([...new Set(files)].filter((file) => file !== "").map((file, i) => [file, i]));
    yield table("stackTable", { frame: stackFrame, prefix: stackPrefix }, stackFrame.length);
    yield table("frameTable", {
      address: all(-1, frames.length),
      inlineDepth: all(0, frames.length),
      category: frames.map((frame, i) => categoryOf(frameKind(frame, fullFiles?.[i]))),
      subcategory: all(0, frames.length),
      func: ofFrame,
      nativeSymbol: all(null, frames.length),
      innerWindowID: all(0, frames.length),
      line: frames.map(({ line }) => line > 0 ? line : null),
      column: all(null, frames.length),
    }, frames.length);
    yield table("funcTable", {
      name: firstFrame.map((index) => text(frames[index]!.name)),
      isJS: all(false, firstFrame.length),
      relevantForJS: all(false, firstFrame.length),
      resource: all(-1, firstFrame.length),
      source: files.map((file) => sources.get(file) ?? null),
      lineNumber: firstFrame.map((index) => frames[index]!.firstLine || null),
      columnNumber: all(null, firstFrame.length),
    }, firstFrame.length);
    yield table("resourceTable", { lib: [], name: [], host: [], type: [] }, 0);
    yield table("nativeSymbols", { libIndex: [], address: [], name: [], functionSize: [] }, 0);
    const filenames = [...sources.keys()].map(text);
    yield table("sources", { id: all(null, sources.size), filename: filenames }, sources.size);
    yield `\n"stringArray":${JSON.stringify([...strings.keys()])}`;
  };
  return { tables, stackOf };
}

function categoryOf(kind: FrameKind): number {
  return CATEGORIES.findIndex((category) => category.kind === kind);
}

function addThread(
  text: TextBytes,
  runs: ThreadRuns,
  { each, stackOf }: { each: number; stackOf: readonly (number | null)[] },
): void {
  const { pid, tid, name, command } = runs;
  const samples = samplesOf(runs, { each, stackOf });
  const thread = {
    name: name ?? (tid === pid ? "all threads" : `thread ${tid}`),
    isMainThread: tid === pid,
    processType: "default",
    processName: command.join(" ") || `process ${pid}`,
    processStartupTime: 0,
    processShutdownTime: null,
    registerTime: runs.startNs[0]! / 1e6,
    unregisterTime: null,
    pausedRanges: [],
    showMarkersInTimeline: false,
    pid: String(pid),
    tid,
    markers: { length: 0, category: [], data: [], endTime: [], name: [], phase: [], startTime: [] },
  };
  text.push(JSON.stringify(thread).slice(0, -1));
  text.push(
    `,"samples":{"length":${samples.stack.length},"weightType":"${each > 0 ? "samples" : "tracing-ms"}"`,
  );
  const column = (key: string, values: readonly (number | null)[]) => {
    text.push(`,"${key}":[`);
    text.pushList(values.map(String));
    text.push("]");
  };
  column("stack", samples.stack);
  column("time", samples.time);
  column("weight", samples.weight);
  text.push("}}");
}

/** Samples with an empty one, without weight, at the start of each gap. Units: ms; `weight` is samples where each is one. */
function samplesOf(
  { stack, startNs, weightNs }: ThreadRuns,
  { each, stackOf }: { each: number; stackOf: readonly (number | null)[] },
) {
  const samples = { stack: [] as (number | null)[], time: [] as number[], weight: [] as number[] };
  const add = (one: number | null, timeNs: number, weight: number) => {
    samples.stack.push(one);
    samples.time.push(Math.round(timeNs) / 1e6);
    samples.weight.push(weight);
  };
  stack.forEach((index, i) => {
    const start = startNs[i]!;
    const weight = weightNs[i]!;
    const count = each > 0 ? Math.max(1, Math.round(weight / each)) : 1;
    for (let sample = 0; sample < count; sample++) {
      add(stackOf[index]!, start + sample * each, each > 0 ? 1 : Math.round(weight) / 1e6);
    }
    const end = start + weight;
    const next = startNs[i + 1];
    if (next === undefined || next > end) add(null, end, 0);
  });
  return samples;
}
