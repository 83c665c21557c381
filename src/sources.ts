/** The sources of a profile's files, as far as the user may read them. */
import { readSourceFile } from "./ffi/source_file.ts";
import type { SourceBytes } from "./ffi/source_file.ts";

/** Larger files are not read. */
export const MAX_SOURCE_BYTES = 20_000_000;

/** Reads a Python source file as the user who called us; undefined where it cannot be had. Relative to the current folder. */
export function readSource(path: string): SourceBytes | undefined {
  return readSourceFile(path, MAX_SOURCE_BYTES);
}
