/** Reads speedscope files, of ourselves and of others, sampled and evented. */
import type { Profile } from "../profile.ts";
import type { Frame } from "../types.ts";
import { ProfileAssembler } from "./assembler.ts";
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
import { runReader } from "./read_runs.ts";

/** Units of weights. Units: ns; "none" has counts. */
const UNITS = new Map([["nanoseconds", 1], ["microseconds", 1e3], ["milliseconds", 1e6], ["seconds", 1e9]]);
const COUNT_UNIT = "none";

/** True for what may be a speedscope file. */
export function isSpeedscope(json: JsonObject): boolean {
  return String(json["$schema"] ?? "").includes("speedscope") ||
    json["shared"] !== undefined && json["profiles"] !== undefined;
}

/** Reads a speedscope file, parsed. @throws ProfilerError when it is damaged, or no profile of time. */
export function readSpeedscope(json: JsonObject): Profile {
  const assembler = new ProfileAssembler();
  const shared = asArray(asObject(json["shared"], "shared")["frames"], "shared.frames");
  const frames = shared.map((one) => assembler.frame(toFrame(asObject(one, "shared.frames"))));
  const runs = runReader(assembler, json["pyspy"]);
  const profiles = asArray(json["profiles"], "profiles").map((one) => asObject(one, "profiles"));
  const isCounted = profiles.some(({ unit }) => unit === COUNT_UNIT);
  for (const profile of profiles) {
    const unit = isCounted ? runs.nsEach : UNITS.get(asString(profile["unit"], "profiles.unit"));
    if (unit === undefined || isCounted && profile["unit"] !== COUNT_UNIT) {
      throw malformed("it is no profile of time");
    }
    const name = asString(profile["name"] ?? "", "profiles.name");
    const root = threadRoot(assembler, name);
    const start = Number(profile["startValue"]) || 0;
    const add = (node: number, from: number, weight: number) => {
      if (weight > 0) runs.add(node, { startNs: Math.max(0, from) * unit, weightNs: weight * unit });
    };
    if (profile["type"] === "evented") readEvents(profile, { assembler, frames, root, add });
    else if (profile["type"] === "sampled") readSamples(profile, { assembler, frames, root, start, add });
    else throw malformed(`it has a profile of type '${String(profile["type"])}'`);
  }
  // Without a number of samples it is that of all counts.
  const counted = isCounted ? { unit: "sample" as const, samples: 0 } : {};
  return runs.finish({ ...counted, command: typeof json["name"] === "string" ? [json["name"]] : [] });
}

type Add = (node: number, from: number, weight: number) => void;

function toFrame(json: JsonObject): Frame {
  const line = json["line"];
  return {
    name: asString(json["name"], "shared.frames.name"),
    file: typeof json["file"] === "string" ? json["file"] : "",
    line: typeof line === "number" && line > 0 ? line : 0,
    firstLine: 0,
  };
}

/** Threads are named by us as `Thread 12 "name"`, and `Process 34 Thread 12`. */
function threadRoot(assembler: ProfileAssembler, name: string): number {
  const [, pid, id, own] = /^(?:Process (\d{1,10}) )?Thread (\d{1,10})(?: "([^]*)")?$/.exec(name) ?? [];
  const thread = assembler.thread({
    pid: Number(pid ?? 0),
    threadId: Number(id ?? 0),
    osThreadId: Number(id ?? 0),
    name: id === undefined ? name : own,
    interpreterId: 0,
  });
  return assembler.root(thread);
}

function readSamples(
  profile: JsonObject,
  { assembler, frames, root, start, add }: {
    assembler: ProfileAssembler;
    frames: readonly number[];
    root: number;
    start: number;
    add: Add;
  },
): void {
  const samples = asArray(profile["samples"], "samples");
  const weights = asAmounts(profile["weights"], "weights");
  if (samples.length !== weights.length) throw malformed("'samples' and 'weights' differ in length");
  let at = start;
  samples.forEach((sample, i) => {
    const path = asIndices(sample, { length: frames.length, name: "samples" });
    add(assembler.path(root, path.map((index) => frames[index]!)), at, weights[i]!);
    at += weights[i]!;
  });
}

function readEvents(
  profile: JsonObject,
  { assembler, frames, root, add }: {
    assembler: ProfileAssembler;
    frames: readonly number[];
    root: number;
    add: Add;
  },
): void {
  let node = root;
  let last = 0;
  for (const one of asArray(profile["events"], "events")) {
    const event = asObject(one, "events");
    const at = asAmount(event["at"], "events.at");
    const frame = frames[asIndex(event["frame"], { length: frames.length, name: "events.frame" })]!;
    if (at < last) throw malformed("its events are not in order");
    if (node !== root) add(node, last, at - last);
    last = at;
    node = event["type"] === "O" ? assembler.child(node, frame) : assembler.parent(node);
  }
}
