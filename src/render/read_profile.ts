/** Reads a profile of any format that we know, by what the file holds, not by its name. */
import type { Profile } from "../profile.ts";
import { gunzip, isGzip } from "./compression.ts";
import { isObject, malformed, parseJson } from "./json_checks.ts";
import { isProfileJson, readProfileJson } from "./profile_json.ts";
import { isChromeTrace, readChromeTrace } from "./read_chrome_trace.ts";
import { isFirefox, readFirefox } from "./read_firefox.ts";
import { readFolded } from "./read_folded.ts";
import { isSpeedscope, readSpeedscope } from "./read_speedscope.ts";
import { readSvg } from "./svg_data.ts";

/** Bytes of the largest file that is read, unpacked: one text cannot be longer. */
export const MAX_BYTES = 500_000_000;

/** Formats of JSON, by what tells them apart. */
const JSON_READERS: readonly [is: (json: unknown) => boolean, read: (json: never) => Profile][] = [
  [(json) => isObject(json) && isProfileJson(json), readProfileJson],
  [(json) => isObject(json) && isSpeedscope(json), readSpeedscope],
  [(json) => isObject(json) && isFirefox(json), readFirefox],
  [isChromeTrace, readChromeTrace],
];

/** Formats of text, by how they begin; the first that fits reads the file. */
const TEXT_READERS: readonly [start: RegExp, read: (text: string) => Profile][] = [
  [/^\s*[{[]/, readJson],
  [/^\s*<(?:\?xml|svg)\b/, readSvg],
  [/^/, readFolded],
];

/** Reads a profile; it may be compressed. @throws ProfilerError whose message completes "Cannot read 'file': ". */
export async function readProfile(content: Uint8Array<ArrayBuffer>): Promise<Profile> {
  if (content.length > MAX_BYTES) throw malformed(`it is larger than ${MAX_BYTES / 1e6} MB`);
  const bytes = isGzip(content) ? await gunzip(content, { limit: MAX_BYTES }) : content;
  const text = textOf(bytes);
  if (text === undefined) return (await import("./read_pprof.ts")).readPprof(bytes);
  return TEXT_READERS.find(([start]) => start.test(text))![1](text);
}

function readJson(text: string): Profile {
  const json = parseJson(text);
  const reader = JSON_READERS.find(([is]) => is(json));
  if (reader === undefined) throw malformed("it is JSON, but none of the formats that pyspy reads");
  return reader[1](json as never);
}

/** The text that bytes are, or undefined when they are none: pprof holds zeros, and bytes that are no UTF-8. */
function textOf(bytes: Uint8Array): string | undefined {
  if (looksBinary(bytes)) {
    // What `marshal` writes for a dict with tuples as its keys.
    if (bytes[0] === 0x7b && bytes[1] === 0x28) {
      throw malformed("it has the statistics of functions, and no stacks; read it with: python -m pstats");
    }
    return undefined;
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw malformed("it is none of the formats that pyspy reads");
  }
}

function looksBinary(bytes: Uint8Array): boolean {
  // Field 1 of a profile, sample_type; or a control character that no text begins with.
  return bytes.subarray(0, 4096).some((byte) => byte < 9 || byte > 13 && byte < 32);
}
