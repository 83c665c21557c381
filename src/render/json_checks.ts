/** Untrusted JSON, looked at field by field: what is not as it should be is named in one error. */
import { ProfilerError } from "../errors.ts";

/** An object of JSON. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The error of a file that is not what it claims to be. `what` completes "Cannot read 'file': ". */
export function malformed(what: string): ProfilerError {
  return new ProfilerError("failure", what, "check that the file is whole, and was written by a profiler");
}

/** Parses JSON. @throws ProfilerError */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed("it is no valid JSON; it may have been cut off");
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @throws ProfilerError */
export function asObject(value: unknown, name: string): JsonObject {
  if (!isObject(value)) throw malformed(`'${name}' is no object`);
  return value;
}

/** @throws ProfilerError */
export function asArray(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw malformed(`'${name}' is no list`);
  return value;
}

/** @throws ProfilerError */
export function asString(value: unknown, name: string): string {
  if (typeof value !== "string") throw malformed(`'${name}' is no text`);
  return value;
}

/** A number that is not negative. @throws ProfilerError */
export function asAmount(value: unknown, name: string): number {
  if (typeof value !== "number" || !(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) {
    throw malformed(`'${name}' is no number of 0 or more`);
  }
  return value;
}

/** An index into a list of so many entries. @throws ProfilerError */
export function asIndex(value: unknown, { length, name }: { length: number; name: string }): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value >= length) {
    throw malformed(`'${name}' points to nothing`);
  }
  return value;
}

/** Amounts as a list. @throws ProfilerError */
export function asAmounts(value: unknown, name: string): number[] {
  return asArray(value, name).map((one) => asAmount(one, name));
}

/** Indices as a list. @throws ProfilerError */
export function asIndices(value: unknown, list: { length: number; name: string }): number[] {
  return asArray(value, list.name).map((one) => asIndex(one, list));
}
