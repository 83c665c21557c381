/** Reads the processed format of the Firefox Profiler: of ourselves, samply, Tachyon and the profiler itself. */
import type { Profile } from "../profile.ts";
import { ProfileAssembler } from "./assembler.ts";
import { asArray, asIndex, asObject, asString, isObject, malformed } from "./json_checks.ts";
import type { JsonObject } from "./json_checks.ts";
import { runReader } from "./read_runs.ts";

/** True for what may be a profile of it. */
export function isFirefox(json: JsonObject): boolean {
  return isObject(json["meta"]) && Array.isArray(json["threads"]) &&
    ("preprocessedProfileVersion" in json["meta"] || "interval" in json["meta"]);
}

/** Reads a profile, parsed. Tables are taken from each thread, or where they are shared from there. @throws ProfilerError */
export function readFirefox(json: JsonObject): Profile {
  const meta = asObject(json["meta"], "meta");
  if (meta["preprocessedProfileVersion"] === undefined) {
    throw malformed(
      "it is a profile of Firefox that has not been processed; save it from profiler.firefox.com",
    );
  }
  const shared = isObject(json["shared"]) ? json["shared"] : {};
  const assembler = new ProfileAssembler();
  const runs = runReader(assembler, meta["pyspy"]);
  const interval = Number(meta["interval"]) > 0 ? Number(meta["interval"]) : 1;
  for (const one of asArray(json["threads"], "threads")) {
    const thread = asObject(one, "threads");
    const tables = tablesOf({ ...shared, ...thread }, assembler);
    readThread(thread, { assembler, runs, interval, tables });
  }
  const product = meta["product"];
  return runs.finish({ command: typeof product === "string" ? [product] : [] });
}

type Tables = ReturnType<typeof tablesOf>;

/** Stacks as frames of the assembler. A stack's prefix always has a lower number than itself. */
function tablesOf(owner: JsonObject, assembler: ProfileAssembler) {
  const table = (name: string) => asObject(owner[name], name);
  const column = (from: JsonObject, name: string) => asArray(from[name], name);
  const strings = asArray(owner["stringArray"] ?? owner["stringTable"], "stringArray");
  const text = (index: unknown) =>
    asString(strings[asIndex(index, { length: strings.length, name: "stringArray" })], "stringArray");
  const funcs = table("funcTable");
  const names = column(funcs, "name");
  const files = fileNames(funcs, { sources: owner["sources"], text });
  const firstLines = column(funcs, "lineNumber");
  const frameTable = table("frameTable");
  const lines = column(frameTable, "line");
  const frames = column(frameTable, "func").map((func, i) => {
    const index = asIndex(func, { length: names.length, name: "frameTable.func" });
    const firstLine = lineOf(firstLines[index]);
    return assembler.frame({
      name: text(names[index]),
      file: files(index),
      line: lineOf(lines[i]),
      firstLine,
    });
  });
  const stackTable = table("stackTable");
  const stackFrames = column(stackTable, "frame");
  const prefixes = stackTable["prefix"] === undefined
    ? column(stackTable, "prefixOffset").map((offset, i) => offset === 0 ? null : i - Number(offset))
    : column(stackTable, "prefix");
  const stacks = stackFrames.map((frame, i) => {
    const prefix = prefixes[i];
    return {
      frame: frames[asIndex(frame, { length: frames.length, name: "stackTable.frame" })]!,
      prefix: prefix === null ? -1 : asIndex(prefix, { length: i, name: "stackTable.prefix" }),
    };
  });
  return stacks;
}

function fileNames(
  funcs: JsonObject,
  { sources, text }: { sources: unknown; text: (index: unknown) => string },
): (index: number) => string {
  if (funcs["source"] === undefined) {
    const own = asArray(funcs["fileName"], "funcTable.fileName");
    return (index) => typeof own[index] === "number" ? text(own[index]) : "";
  }
  const own = asArray(funcs["source"], "funcTable.source");
  const names = asArray(asObject(sources, "sources")["filename"], "sources.filename");
  return (index) => {
    const source = own[index];
    if (typeof source !== "number") return "";
    return text(names[asIndex(source, { length: names.length, name: "funcTable.source" })]);
  };
}

function readThread(
  thread: JsonObject,
  { assembler, runs, interval, tables }: {
    assembler: ProfileAssembler;
    runs: ReturnType<typeof runReader>;
    interval: number;
    tables: Tables;
  },
): void {
  const name = typeof thread["name"] === "string" ? thread["name"] : undefined;
  const tid = numberOf(thread["tid"]);
  const pid = numberOf(thread["pid"]);
  const index = assembler.thread({ pid, threadId: tid, osThreadId: tid, name, interpreterId: 0 });
  const root = assembler.root(index);
  const samples = asObject(thread["samples"], "samples");
  const stacks = asArray(samples["stack"], "samples.stack");
  const times = timesOf(samples);
  const weights = Array.isArray(samples["weight"]) ? samples["weight"] : undefined;
  const weightType = samples["weightType"] ?? "samples";
  if (weightType !== "samples" && weightType !== "tracing-ms") throw malformed("it is no profile of time");
  const unit = weightType === "tracing-ms" ? 1 : interval;
  // Node of each stack of this thread; stacks come after those that they begin with.
  const nodes: number[] = [];
  for (const { frame, prefix } of tables) {
    nodes.push(assembler.child(prefix < 0 ? root : nodes[prefix]!, frame));
  }
  stacks.forEach((stack, i) => {
    const weight = weights === undefined ? 1 : Number(weights[i]);
    if (stack === null || !(weight > 0)) return;
    const node = nodes[asIndex(stack, { length: nodes.length, name: "samples.stack" })]!;
    runs.add(node, { startNs: Math.max(0, times(i)) * 1e6, weightNs: weight * unit * 1e6 });
  });
}

/** Times are given as they are, or each as its distance to the one before. Units: ms. */
function timesOf(samples: JsonObject): (index: number) => number {
  if (samples["time"] !== undefined) {
    const times = asArray(samples["time"], "samples.time");
    return (index) => Number(times[index]) || 0;
  }
  let sum = 0;
  const times = asArray(samples["timeDeltas"], "samples.timeDeltas").map((delta) =>
    sum += Number(delta) || 0
  );
  return (index) => times[index] ?? 0;
}

function lineOf(value: unknown): number {
  return typeof value === "number" && value > 0 && value < 0x8000_0000 ? value : 0;
}

function numberOf(value: unknown): number {
  const number = Number.parseInt(String(value), 10);
  return Number.isSafeInteger(number) && number >= 0 ? number : 0;
}
