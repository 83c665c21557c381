/** A profile with all that is known of it as JSON, schema `pyspy-profile`, version 1; it is read back without loss. */
import type { Profile, RecordedProcess, StackCount, Timeline } from "../profile.ts";
import type { Frame, ThreadInfo } from "../types.ts";
import {
  asAmount,
  asAmounts,
  asArray,
  asIndex,
  asIndices,
  asObject,
  asString,
  malformed,
} from "./json_checks.ts";
import type { JsonObject } from "./json_checks.ts";
import { fromInfoJson, toInfoJson } from "./profile_info.ts";
import { TextBytes } from "./text_bytes.ts";

/** Names the format. */
export const PROFILE_SCHEMA = "pyspy-profile";
const SCHEMA_VERSION = 1;

/** Renders a profile, as UTF-8. */
export function renderProfileJson(profile: Profile): Uint8Array {
  const text = new TextBytes();
  const list = (name: string, pieces: Iterable<string>) => {
    text.push(`,\n"${name}":[`);
    text.pushList(pieces);
    text.push("]");
  };
  text.push(`{"schema":"${PROFILE_SCHEMA}","version":${SCHEMA_VERSION}`);
  text.push(`,\n"info":${JSON.stringify(toInfoJson(profile.info))}`);
  list(
    "frames",
    profile.frames.map((frame, i) => JSON.stringify(toFrameJson(frame, profile.fullFiles?.[i]))),
  );
  list("threads", profile.threads.map((thread) => JSON.stringify(toThreadJson(thread))));
  if (profile.processes !== undefined) {
    list("processes", profile.processes.map(({ pid, command }) => JSON.stringify({ pid, command })));
  }
  list("stacks", profile.stacks.map((stack) => JSON.stringify(toStackJson(stack))));
  if (profile.timeline !== undefined) {
    const { stack, startNs, weightNs } = profile.timeline;
    text.push(`,\n"timeline":{"stack":[`);
    text.pushList(stack.map(String));
    text.push(`],\n"start_ns":[`);
    text.pushList(startNs.map(String));
    text.push(`],\n"weight_ns":[`);
    text.pushList(weightNs.map(String));
    text.push("]}");
  }
  text.push("}\n");
  return text.bytes();
}

function toFrameJson({ name, file, line, firstLine }: Frame, fullFile: string | undefined) {
  return {
    name,
    file,
    ...(fullFile === undefined ? {} : { full_file: fullFile }),
    line,
    first_line: firstLine,
  };
}

function toThreadJson(thread: ThreadInfo) {
  return {
    pid: thread.pid,
    thread_id: thread.threadId,
    os_thread_id: thread.osThreadId,
    name: thread.name ?? null,
    ...(thread.osName === undefined ? {} : { os_name: thread.osName }),
    interpreter_id: thread.interpreterId,
  };
}

function toStackJson({ thread, process, frames, count, byActivity }: StackCount) {
  return {
    thread,
    ...(process === undefined ? {} : { process }),
    frames,
    count,
    ...(byActivity === undefined ? {} : { by_activity: byActivity }),
  };
}

/** True for what `renderProfileJson` has made, of any version. */
export function isProfileJson(json: JsonObject): boolean {
  return json["schema"] === PROFILE_SCHEMA;
}

/** Reads what `renderProfileJson` has made, parsed. @throws ProfilerError when it is damaged, or of a later version. */
export function readProfileJson(json: JsonObject): Profile {
  if (json["version"] !== SCHEMA_VERSION) {
    throw malformed(
      `it has version ${Number(json["version"])} of its format, and this pyspy knows version 1`,
    );
  }
  const frameList = asArray(json["frames"], "frames").map((one) => asObject(one, "frames"));
  const threads = asArray(json["threads"], "threads").map((one) => fromThreadJson(asObject(one, "threads")));
  const processes = json["processes"] === undefined
    ? undefined
    : asArray(json["processes"], "processes").map((one) => fromProcessJson(asObject(one, "processes")));
  const lengths = { frames: frameList.length, threads: threads.length, processes: processes?.length ?? 0 };
  const stacks = asArray(json["stacks"], "stacks").map((one) =>
    fromStackJson(asObject(one, "stacks"), lengths)
  );
  const hasFullFiles = frameList.length > 0 && frameList.every((one) => one["full_file"] !== undefined);
  return {
    info: fromInfoJson(json["info"]),
    frames: frameList.map(fromFrameJson),
    ...(hasFullFiles
      ? { fullFiles: frameList.map((one) => asString(one["full_file"], "frames.full_file")) }
      : {}),
    threads,
    processes,
    stacks,
    timeline: json["timeline"] === undefined
      ? undefined
      : fromTimelineJson(asObject(json["timeline"], "timeline"), stacks.length),
  };
}

function fromFrameJson(json: JsonObject): Frame {
  return {
    name: asString(json["name"], "frames.name"),
    file: asString(json["file"], "frames.file"),
    line: asAmount(json["line"], "frames.line"),
    firstLine: asAmount(json["first_line"], "frames.first_line"),
  };
}

function fromThreadJson(json: JsonObject): ThreadInfo {
  return {
    pid: asAmount(json["pid"], "threads.pid"),
    threadId: asAmount(json["thread_id"], "threads.thread_id"),
    osThreadId: asAmount(json["os_thread_id"], "threads.os_thread_id"),
    name: json["name"] === null ? undefined : asString(json["name"], "threads.name"),
    ...(json["os_name"] === undefined ? {} : { osName: asString(json["os_name"], "threads.os_name") }),
    interpreterId: asAmount(json["interpreter_id"], "threads.interpreter_id"),
  };
}

function fromProcessJson(json: JsonObject): RecordedProcess {
  return {
    pid: asAmount(json["pid"], "processes.pid"),
    command: asArray(json["command"], "processes.command").map((one) => asString(one, "processes.command")),
  };
}

function fromStackJson(
  json: JsonObject,
  lengths: { readonly frames: number; readonly threads: number; readonly processes: number },
): StackCount {
  const thread = json["thread"];
  return {
    // -1 where threads were not told apart.
    thread: thread === -1 ? -1 : asIndex(thread, { length: lengths.threads, name: "stacks.thread" }),
    ...(json["process"] === undefined
      ? {}
      : { process: asIndex(json["process"], { length: lengths.processes, name: "stacks.process" }) }),
    frames: asIndices(json["frames"], { length: lengths.frames, name: "stacks.frames" }),
    count: asAmount(json["count"], "stacks.count"),
    ...(json["by_activity"] === undefined
      ? {}
      : { byActivity: asAmounts(json["by_activity"], "stacks.by_activity") }),
  };
}

function fromTimelineJson(json: JsonObject, stacks: number): Timeline {
  const stack = asIndices(json["stack"], { length: stacks, name: "timeline.stack" });
  const startNs = asAmounts(json["start_ns"], "timeline.start_ns");
  const weightNs = asAmounts(json["weight_ns"], "timeline.weight_ns");
  if (startNs.length !== stack.length || weightNs.length !== stack.length) {
    throw malformed("the lists of 'timeline' differ in length");
  }
  return { stack, startNs, weightNs };
}
