/** How a recording went, as JSON: a part of our own format, and a note in those of others that have a place for one. */
import type { RecordingInfo } from "../profile.ts";
import { asAmount, asArray, asObject, asString, isObject, malformed } from "./json_checks.ts";

/** Shape: the field's name in JSON and in `RecordingInfo`. */
const AMOUNTS = [
  ["pid", "pid"],
  ["duration_seconds", "durationSeconds"],
  ["rate_hz", "rateHz"],
  ["ticks", "ticks"],
  ["samples", "samples"],
  ["cut", "cut"],
  ["errors", "errors"],
  ["late", "late"],
  ["missed", "missed"],
] as const;
const TEXTS = [
  ["python_version", "pythonVersion"],
  ["pyspy_version", "pyspyVersion"],
  ["start_time", "startTime"],
] as const;
const UNITS = ["sample", "cpu_us", "wall_us"] as const;

/** What `toInfoJson` makes. */
export type InfoJson = Record<string, unknown>;

/** How a recording went, ready for `JSON.stringify`. */
export function toInfoJson(info: RecordingInfo): InfoJson {
  return {
    command: info.command,
    ...Object.fromEntries(TEXTS.map(([name, field]) => [name, info[field]])),
    ...(info.unit === undefined ? {} : { unit: info.unit }),
    ...Object.fromEntries(AMOUNTS.map(([name, field]) => [name, info[field]])),
    ...(info.notes === undefined ? {} : { notes: info.notes }),
  };
}

/** Reads what `toInfoJson` made. @throws ProfilerError */
export function fromInfoJson(value: unknown): RecordingInfo {
  const json = asObject(value, "info");
  const amount = (name: string) => asAmount(json[name], `info.${name}`);
  const text = (name: string) => asString(json[name], `info.${name}`);
  const unit = UNITS.find((one) => one === json["unit"]);
  if (json["unit"] !== undefined && unit === undefined) throw malformed("'info.unit' is not known");
  const texts = (name: string) =>
    asArray(json[name], `info.${name}`).map((one) => asString(one, `info.${name}`));
  return {
    command: texts("command"),
    pythonVersion: text("python_version"),
    pyspyVersion: text("pyspy_version"),
    startTime: text("start_time"),
    ...(unit === undefined ? {} : { unit }),
    pid: amount("pid"),
    durationSeconds: amount("duration_seconds"),
    rateHz: amount("rate_hz"),
    ticks: amount("ticks"),
    samples: amount("samples"),
    cut: amount("cut"),
    errors: amount("errors"),
    late: amount("late"),
    missed: amount("missed"),
    ...(json["notes"] === undefined ? {} : { notes: texts("notes") }),
  };
}

/** The note in files of other formats, in which each count is shown as a time. */
export function toNote(info: RecordingInfo, secondsEach: number): InfoJson {
  return { ...toInfoJson(info), seconds_each: secondsEach };
}

/** What `toNote` has noted. */
export interface Note {
  readonly info: RecordingInfo;
  /** The time that stands for a count of one. */
  readonly secondsEach: number;
}

/** Reads a note, if there is one; one that is damaged is none. */
export function fromNote(value: unknown): Note | undefined {
  if (!isObject(value)) return undefined;
  try {
    const secondsEach = asAmount(value["seconds_each"], "seconds_each");
    return secondsEach > 0 ? { info: fromInfoJson(value), secondsEach } : undefined;
  } catch {
    return undefined;
  }
}

/** What is known of a recording that another profiler made. */
export function foreignInfo(parts: Partial<RecordingInfo>): RecordingInfo {
  return {
    pid: 0,
    command: [],
    pythonVersion: "",
    pyspyVersion: "",
    startTime: "",
    durationSeconds: 0,
    rateHz: 0,
    ticks: 0,
    samples: 0,
    cut: 0,
    errors: 0,
    late: 0,
    missed: 0,
    ...parts,
  };
}
