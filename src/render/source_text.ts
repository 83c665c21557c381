/** Source files as lines of text, whatever bytes they hold. */

/** What a file says of its encoding, in one of its first two lines. Source: PEP 263. */
const DECLARED = /^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)/;

/** Names that Python has for encodings and the web has not. */
const OTHER_NAMES: Readonly<Record<string, string>> = { "latin-1": "latin1", "iso-latin-1": "latin1" };

/** Decodes a source: as it says itself, else as UTF-8, and bytes that are not as Latin-1. Never fails. */
export function decodeSource(bytes: Uint8Array): string {
  const start = new TextDecoder("latin1").decode(bytes.subarray(0, 1000));
  const declared = start.split(/\r\n|\r|\n/, 2).map((line) => DECLARED.exec(line)?.[1]).find((name) =>
    name !== undefined
  );
  const name = (declared ?? "utf-8").toLowerCase().replaceAll("_", "-");
  for (const label of [OTHER_NAMES[name] ?? name, "utf-8"]) {
    try {
      return new TextDecoder(label, { fatal: true }).decode(bytes);
    } catch {
      // The next one may do.
    }
  }
  return new TextDecoder("latin1").decode(bytes);
}

/** The lines of a source as Python counts them: any of the three ends of lines; no empty one after the last. */
export function sourceLines(source: string): string[] {
  const lines = source.split(/\r\n|\r|\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}
