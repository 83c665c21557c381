/** Reads pprof's format, of ourselves and of others. */
import { Profile as PprofProfile } from "pprof-format";
import type { Label, Sample } from "pprof-format";
import type { Profile, RecordingInfo } from "../profile.ts";
import type { Frame } from "../types.ts";
import { ProfileAssembler } from "./assembler.ts";
import { malformed } from "./json_checks.ts";
import { INFO_COMMENT, PROCESS_LABEL } from "./pprof.ts";
import { foreignInfo, fromNote } from "./profile_info.ts";

/** Units of time of values. Units: microseconds. */
const MICROSECONDS = new Map([["nanoseconds", 1e-3], ["microseconds", 1], ["milliseconds", 1e3], [
  "seconds",
  1e6,
]]);

/** A number of the file: a large one is no plain number. */
type Numeric = Sample["value"][number];

/** What of each sample to count, and how much one of it is. */
interface Measure {
  readonly index: number;
  readonly unit: RecordingInfo["unit"];
  readonly scale: number;
}

/** Reads a profile, not compressed. @throws ProfilerError when it is damaged. */
export function readPprof(bytes: Uint8Array): Profile {
  checkLengths(bytes);
  let data: PprofProfile;
  try {
    data = PprofProfile.decode(bytes);
  } catch {
    throw malformed("it is damaged, or no profile");
  }
  const strings = data.stringTable.strings;
  const text = (index: Numeric) => strings[Number(index)] ?? "";
  const measure = measureOf(data, text);
  const assembler = new ProfileAssembler();
  const framesOf = locations(data, { text, assembler });
  const places = placesOf(assembler, text);
  for (const sample of data.sample) {
    const value = Number(sample.value[measure.index] ?? 0) * measure.scale;
    if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) {
      throw malformed("a value of a sample is too large");
    }
    const { thread, process } = places(sample);
    let node = assembler.root(thread, process);
    // Leaf first; of each place, inlined functions before the one that holds them.
    for (let i = sample.locationId.length - 1; i >= 0; i--) {
      for (const frame of framesOf.get(Number(sample.locationId[i])) ?? []) {
        node = assembler.child(node, frame);
      }
    }
    assembler.add(node, value);
  }
  return assembler.finish(infoOf(data, { text, measure }));
}

/** The library takes what is left of a file that was cut off. */
function checkLengths(bytes: Uint8Array): void {
  let at = 0;
  const number = () => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) throw malformed("it is cut off, or no profile");
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw malformed("it is damaged, or no profile");
  };
  if (bytes.length === 0) throw malformed("it is empty");
  while (at < bytes.length) {
    const kind = number() % 8;
    const length = number();
    if (kind === 2) at += length;
    else if (kind !== 0) throw malformed("it is damaged, or no profile");
  }
  if (at > bytes.length) throw malformed("it is cut off, or no profile");
}

/** Samples are counted where they can be, since that is exact; else what the file shows first, if it is a time. */
function measureOf(data: PprofProfile, text: (index: Numeric) => string): Measure {
  const types = data.sampleType.map(({ type, unit }) => ({ type: text(type), unit: text(unit) }));
  const isTime = ({ unit }: { unit: string }) => MICROSECONDS.has(unit);
  const counted = types.findIndex(({ type, unit }) => type === "samples" && unit === "count");
  if (counted >= 0 && types.some(isTime)) return { index: counted, unit: "sample", scale: 1 };
  const shown = types.findIndex(({ type }) => type === text(data.defaultSampleType));
  const index = shown >= 0 && isTime(types[shown]!) ? shown : types.findIndex(isTime);
  const chosen = types[index];
  if (chosen === undefined) throw malformed("it is no profile of time");
  return {
    index,
    unit: chosen.type === "cpu" ? "cpu_us" : "wall_us",
    scale: MICROSECONDS.get(chosen.unit)!,
  };
}

/** The frames of each location, outermost first. */
function locations(
  data: PprofProfile,
  { text, assembler }: { text: (index: Numeric) => string; assembler: ProfileAssembler },
): Map<number, number[]> {
  const functions = new Map(data.function.map((one) => [Number(one.id), one]));
  return new Map(data.location.map(({ id, address, line }) => {
    const frames = line.map((one): Frame => {
      const of = functions.get(Number(one.functionId));
      return {
        name: of === undefined ? "[unknown]" : text(of.name),
        file: of === undefined ? "" : text(of.filename),
        line: lineNumber(one.line),
        firstLine: lineNumber(of?.startLine ?? 0),
      };
    });
    const unknown: Frame = { name: `0x${Number(address).toString(16)}`, file: "", line: 0, firstLine: 0 };
    const numbers = (frames.length > 0 ? frames : [unknown]).map((frame) => assembler.frame(frame));
    return [Number(id), numbers.reverse()];
  }));
}

function lineNumber(value: Numeric): number {
  const line = Number(value);
  return line <= 0x7fff_ffff ? line : 0;
}

/** The thread and the process of a sample, by its labels. */
function placesOf(assembler: ProfileAssembler, text: (index: Numeric) => string) {
  const threads = new Map<string, number>();
  const processes = new Map<string, number>();
  return ({ label }: Sample): { thread: number; process: number | undefined } => {
    const named = new Map<string, Label>(label.map((one) => [text(one.key), one]));
    const string = (key: string) => named.has(key) ? text(named.get(key)!.str) : undefined;
    const number = (key: string) => Number(named.get(key)?.num ?? 0);
    const pid = number("pid");
    const name = string("thread");
    const id = number("thread_id");
    let thread = -1;
    if (name !== undefined || id > 0) {
      const key = `${pid},${id},${name}`;
      thread = threads.get(key) ??
        assembler.thread({ pid, threadId: id, osThreadId: id, name, interpreterId: 0 });
      threads.set(key, thread);
    }
    const command = string(PROCESS_LABEL);
    if (command === undefined) return { thread, process: undefined };
    const key = `${pid},${command}`;
    const process = processes.get(key) ?? assembler.process({ pid, command: [command] });
    processes.set(key, process);
    return { thread, process };
  };
}

function infoOf(
  data: PprofProfile,
  { text, measure }: { text: (index: Numeric) => string; measure: Measure },
): RecordingInfo {
  const comment = data.comment.map(text).find((one) => one.startsWith(INFO_COMMENT));
  if (comment !== undefined) {
    const note = fromNote(parsedOrNothing(comment.slice(INFO_COMMENT.length)));
    if (note !== undefined) return note.info;
  }
  const period = Number(data.period) * (MICROSECONDS.get(text(data.periodType?.unit ?? 0)) ?? 0);
  const nanoseconds = Number(data.timeNanos);
  return foreignInfo({
    ...(measure.unit === undefined ? {} : { unit: measure.unit }),
    rateHz: period > 0 ? 1e6 / period : 0,
    startTime: nanoseconds > 0 && nanoseconds < 8e21 ? new Date(nanoseconds / 1e6).toISOString() : "",
    durationSeconds: Number(data.durationNanos) / 1e9,
  });
}

function parsedOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
