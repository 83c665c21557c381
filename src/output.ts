/** Where results go: stdout for data, stderr for everything else, and files that are never half written. */
import { isatty } from "node:tty";
import { ProfilerError } from "./errors.ts";
import { openAppendedFile, openOutputFile } from "./ffi/output_file.ts";
import type { AppendedFile } from "./ffi/output_file.ts";

/** Thrown when the reader of our stdout has gone (`pyspy dump | head -1`): nothing is wrong, and nothing left to do. */
export class ClosedPipe extends Error {}

/** A place for one result. */
export interface Output {
  /** For messages: the path, or "standard output". */
  readonly name: string;
  write(content: string | Uint8Array): void;
  /** Puts content in place before the last; undefined where that is not possible, as on stdout. */
  readonly replace?: ((content: string | Uint8Array) => void) | undefined;
  discard(): void;
}

/** Opens an output; "-" is stdout. @throws ProfilerError when it cannot be written. */
export function openOutput(path: string): Output {
  if (path !== "-") return { ...openOutputFile(path), name: path };
  return { name: "standard output", write: writeStdout, discard: () => {} };
}

/** A file that text is added to. */
export interface AppendedOutput extends AppendedFile {
  readonly name: string;
}

/** Opens a file to add to it. @throws ProfilerError when it cannot be written. */
export function openAppended(path: string): AppendedOutput {
  return { ...openAppendedFile(path), name: path };
}

/** Writes data. @throws ClosedPipe when nobody reads it any more. */
export function writeStdout(content: string | Uint8Array): void {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  let written = 0;
  while (written < bytes.length) {
    try {
      written += Deno.stdout.writeSync(bytes.subarray(written));
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) throw new ClosedPipe();
      if (error instanceof Deno.errors.WouldBlock) continue;
      const reason = (error as Error).message.replace(/ \(os error \d+\).*$/s, "");
      throw new ProfilerError(
        "failure",
        `Cannot write to standard output: ${reason}`,
        "redirect it to a place with free space",
      );
    }
  }
}

/** Writes a message for the user; if nobody listens, the work goes on. */
export function writeStderr(content: string | Uint8Array): void {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  try {
    for (let written = 0; written < bytes.length;) written += Deno.stderr.writeSync(bytes.subarray(written));
  } catch {
    // Nobody reads it.
  }
}

/** True when messages are read on a terminal, where a line may be overwritten. */
export function isStderrTerminal(): boolean {
  return isatty(2) && Deno.env.get("TERM") !== "dumb";
}

/** True when data on stdout may be coloured. Source: no-color.org. */
export function isStdoutColored(): boolean {
  return isatty(1) && (Deno.env.get("NO_COLOR") ?? "") === "" && Deno.env.get("TERM") !== "dumb";
}
