/**
 * The trace event format, which Perfetto, chrome://tracing and speedscope open: a bar for each call, by process and thread.
 *
 * Source: the "Trace Event Format" document of the Chromium project; perfetto.dev/docs.
 */
import type { Profile } from "../profile.ts";
import { functionsOf } from "../analysis/functions.ts";
import { toNote } from "./profile_info.ts";
import { TextBytes } from "./text_bytes.ts";
import { secondsEach, threadRuns } from "./thread_runs.ts";
import type { ThreadRuns } from "./thread_runs.ts";

/** The category of calls. */
const CATEGORY = "python";

/**
 * Renders a profile, as UTF-8.
 *
 * Calls are told apart by function, not by line: a bar goes on while its function does.
 * Invariant: each "B" has its "E"; while a thread was not sampled, no bar of it is open.
 */
export function renderChromeTrace(profile: Profile): Uint8Array {
  const text = new TextBytes();
  const { ofFrame, firstFrame } = functionsOf(profile);
  const begins = firstFrame.map((index) => {
    const { name, file, firstLine } = profile.frames[index]!;
    const args = { file: profile.fullFiles?.[index] ?? file, line: firstLine };
    return `"ph":"B","name":${JSON.stringify(name)},"cat":"${CATEGORY}","args":${JSON.stringify(args)}}`;
  });
  const paths = profile.stacks.map(({ frames }) => frames.map((frame) => ofFrame[frame]!));
  const threads = threadRuns(profile);
  text.push(
    `{"displayTimeUnit":"ms","otherData":{"pyspy":${
      JSON.stringify(toNote(profile.info, secondsEach(profile)))
    }},\n`,
  );
  text.push(`"traceEvents":[\n`);
  text.push(metadataOf(threads).map((one) => JSON.stringify(one)).join(",\n"));
  const isAlone = threads.length === 0;
  for (const runs of threads) addThread(text, runs, { paths, begins });
  text.push(isAlone ? "]}\n" : "\n]}\n");
  return text.bytes();
}

function metadataOf(threads: readonly ThreadRuns[]): Record<string, unknown>[] {
  const processes = new Map(threads.map(({ pid, command }) => [pid, command]));
  const named = (name: string, ids: { pid: number; tid?: number }, args: Record<string, unknown>) => ({
    ph: "M",
    name,
    ...ids,
    args,
  });
  return [
    ...[...processes].map(([pid, command]) =>
      named("process_name", { pid }, { name: command.join(" ") || `process ${pid}` })
    ),
    ...threads.flatMap(({ pid, tid, name }, index) => [
      named("thread_name", { pid, tid }, { name: name ?? (tid === pid ? "all threads" : `thread ${tid}`) }),
      named("thread_sort_index", { pid, tid }, { sort_index: index }),
    ]),
  ];
}

function addThread(
  text: TextBytes,
  { pid, tid, stack, startNs, weightNs }: ThreadRuns,
  { paths, begins }: { paths: readonly (readonly number[])[]; begins: readonly string[] },
): void {
  const place = `"pid":${pid},"tid":${tid}`;
  let open: readonly number[] = [];
  let end = 0;
  const close = (from: number, timeNs: number) => {
    for (let depth = open.length; depth > from; depth--) {
      text.push(`,\n{"ph":"E",${place},"ts":${microseconds(timeNs)}}`);
    }
  };
  stack.forEach((index, i) => {
    const start = startNs[i]!;
    if (start > end) {
      close(0, end);
      open = [];
    }
    const path = paths[index]!;
    let same = 0;
    while (same < path.length && same < open.length && path[same] === open[same]) same++;
    close(same, start);
    const time = `,\n{${place},"ts":${microseconds(start)},`;
    for (let depth = same; depth < path.length; depth++) text.push(time + begins[path[depth]!]!);
    open = path;
    end = start + weightNs[i]!;
  });
  close(0, end);
}

function microseconds(ns: number): number {
  return Math.round(ns) / 1000;
}
