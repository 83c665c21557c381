/** The files of a recording: opened before sampling, written after it. */
import { join, resolve } from "node:path";
import { ProfilerError } from "../errors.ts";
import { openOutput } from "../output.ts";
import type { Output } from "../output.ts";
import type { Profile } from "../profile.ts";
import { extensionOf, formatOf, renderAs } from "./formats.ts";
import type { Format } from "./formats.ts";

/** A file to be written, and how. */
export interface PlannedOutput {
  readonly output: Output;
  readonly format: Format;
}

/**
 * Opens every output. If one cannot be opened none is left behind.
 *
 * @throws ProfilerError `usage` for the same path twice, `failure` for a path that cannot be written.
 */
export function openOutputs(
  paths: readonly string[],
  { format, subject }: { format: Format | undefined; subject: string },
): PlannedOutput[] {
  const chosen = paths.length > 0 ? paths : [defaultPath(subject, format ?? "flamegraph")];
  if (chosen.includes("")) {
    throw new ProfilerError("usage", "The name of an output is empty", "give the name of a file: -o FILE");
  }
  const places = chosen.map((path) => path === "-" ? path : resolve(path));
  const twice = chosen.find((_, i) => places.indexOf(places[i]!) !== i);
  if (twice !== undefined) throw new ProfilerError("usage", `The output '${twice}' is given twice`);
  const opened: PlannedOutput[] = [];
  try {
    for (const path of chosen) {
      opened.push({ output: openOutput(path), format: format ?? formatOf(path) });
    }
  } catch (error) {
    discardOutputs(opened);
    throw error;
  }
  return opened;
}

/** Removes what was opened, without a trace. */
export function discardOutputs(outputs: readonly PlannedOutput[]): void {
  for (const { output } of outputs) output.discard();
}

/**
 * Writes every output; one that fails does not keep the others from being written.
 *
 * If none can be written (a disk that is full) and the samples are nowhere else, they are saved as folded stacks in the
 * current or the home folder.
 *
 * @returns a line for each file that was written, and what went wrong.
 */
export async function writeOutputs(
  outputs: readonly PlannedOutput[],
  profile: Profile,
  { threads, isOnlyCopy }: { readonly threads: boolean; readonly isOnlyCopy: boolean },
): Promise<{ lines: string[]; failures: unknown[] }> {
  const lines: string[] = [];
  const failures: unknown[] = [];
  for (const { output, format } of outputs) {
    try {
      output.write(await renderAs(format, profile, { threads }));
      lines.push(`Wrote ${format} to ${output.name}`);
    } catch (error) {
      failures.push(error);
    }
  }
  const areLost = lines.length === 0 && failures.some((error) => error instanceof ProfilerError);
  if (areLost && isOnlyCopy && profile.info.samples > 0) {
    const path = saveElsewhere(await renderAs("raw", profile, { threads }));
    if (path !== undefined) lines.push(`Saved the samples as folded stacks to ${path}`);
  }
  return { lines, failures };
}

function saveElsewhere(content: string | Uint8Array): string | undefined {
  const name = defaultPath("rescued", "raw");
  for (const folder of [".", Deno.env.get("HOME") ?? ""].filter((one) => one !== "")) {
    const path = join(folder, name);
    try {
      openOutput(path).write(content);
      return path;
    } catch {
      // The next folder may do.
    }
  }
  return undefined;
}

/** Like `messages-2026-11-22T17-05-00.svg`, in the current folder; no ":" since other systems refuse it. */
export function defaultPath(subject: string, format: Format): string {
  const name = subject.replace(/^.*\//, "").replace(/\.py$/, "").replaceAll(/[^\w.-]/g, "_") || "profile";
  const time = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
  return `${name}-${time}.${extensionOf(format)}`;
}
