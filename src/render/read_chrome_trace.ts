/** Reads the trace event format: bars with begin and end, or with a duration, as stacks with times. */
import type { Profile } from "../profile.ts";
import type { Frame } from "../types.ts";
import { ProfileAssembler } from "./assembler.ts";
import { asArray, asObject, isObject, malformed } from "./json_checks.ts";
import type { JsonObject } from "./json_checks.ts";
import { runReader } from "./read_runs.ts";

/** Begin and end of bars of one thread. Units: microseconds. */
interface Edge {
  readonly at: number;
  readonly isBegin: boolean;
  readonly frame: number;
  /** Of two bars that begin together the longer one is outside; unknown is infinite. */
  readonly duration: number;
}

interface Track {
  readonly pid: number;
  readonly tid: number;
  readonly edges: Edge[];
}

/** True for what may be a trace. */
export function isChromeTrace(json: unknown): boolean {
  if (isObject(json)) return Array.isArray(json["traceEvents"]);
  return Array.isArray(json) && json.length > 0 && isObject(json[0]) && "ph" in json[0];
}

/** Reads a trace, parsed. @throws ProfilerError when it is damaged. */
export function readChromeTrace(json: unknown): Profile {
  const events = Array.isArray(json)
    ? json
    : asArray(asObject(json, "the file")["traceEvents"], "traceEvents");
  const assembler = new ProfileAssembler();
  const tracks = new Map<string, Track>();
  const names = new Map<string, string>();
  for (const one of events) {
    const event = asObject(one, "traceEvents");
    const [pid, tid] = [numberOf(event["pid"]), numberOf(event["tid"])];
    const key = `${pid},${tid}`;
    const args = isObject(event["args"]) ? event["args"] : {};
    if (event["ph"] === "M" && event["name"] === "thread_name") names.set(key, String(args["name"] ?? ""));
    const edges = edgesOf(event, (frame) => assembler.frame(frame), args);
    if (edges.length === 0) continue;
    const track = tracks.get(key) ?? { pid, tid, edges: [] };
    tracks.set(key, track);
    track.edges.push(...edges);
  }
  const note = isObject(json) && isObject(json["otherData"]) ? json["otherData"]["pyspy"] : undefined;
  const runs = runReader(assembler, note);
  let first = Infinity;
  for (const { edges } of tracks.values()) for (const { at } of edges) first = Math.min(first, at);
  for (const [key, { pid, tid, edges }] of tracks) {
    const thread = assembler.thread({
      pid,
      threadId: tid,
      osThreadId: tid,
      name: names.get(key),
      interpreterId: 0,
    });
    // An end comes before a beginning of the same time, and a long bar before a short one.
    edges.sort((a, b) => a.at - b.at || Number(a.isBegin) - Number(b.isBegin) || b.duration - a.duration);
    const root = assembler.root(thread);
    let node = root;
    let last = 0;
    for (const { at, isBegin, frame } of edges) {
      if (node !== root && at > last) {
        runs.add(node, { startNs: (last - first) * 1000, weightNs: (at - last) * 1000 });
      }
      last = at;
      node = isBegin ? assembler.child(node, frame) : assembler.parent(node);
    }
  }
  return runs.finish();
}

function edgesOf(event: JsonObject, frameId: (frame: Frame) => number, args: JsonObject): Edge[] {
  const { ph, ts, dur } = event;
  if (ph !== "B" && ph !== "E" && ph !== "X") return [];
  if (typeof ts !== "number" || !(Math.abs(ts) <= Number.MAX_SAFE_INTEGER)) {
    throw malformed("an event has no time");
  }
  if (ph === "E") return [{ at: ts, isBegin: false, frame: -1, duration: 0 }];
  const frame = frameId(toFrame(event, args));
  if (ph === "B") return [{ at: ts, isBegin: true, frame, duration: Infinity }];
  if (typeof dur !== "number" || !(dur > 0 && dur <= Number.MAX_SAFE_INTEGER)) return [];
  return [
    { at: ts, isBegin: true, frame, duration: dur },
    { at: ts + dur, isBegin: false, frame, duration: dur },
  ];
}

function toFrame(event: JsonObject, args: JsonObject): Frame {
  const file = args["file"] ?? args["filename"];
  const line = args["line"];
  const firstLine = typeof line === "number" && line > 0 && line < 0x8000_0000 ? line : 0;
  return {
    name: typeof event["name"] === "string" ? event["name"] : "[unknown]",
    file: typeof file === "string" ? file : "",
    line: firstLine,
    firstLine,
  };
}

/** Ids of processes and threads; some programs write them as text. */
function numberOf(value: unknown): number {
  const number = Number(value);
  return Number.isSafeInteger(number) && number >= 0 ? number : 0;
}
