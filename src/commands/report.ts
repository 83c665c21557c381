/** `pyspy report`: a profile that was written before, in another format or as text. */
import { select } from "../analysis/select.ts";
import type { SelectOptions } from "../analysis/select.ts";
import { ProfilerError } from "../errors.ts";
import { writeStderr, writeStdout } from "../output.ts";
import type { Profile } from "../profile.ts";
import { terminalSafe } from "../render/escape.ts";
import { findSource, renderLines } from "../render/lines_text.ts";
import { renderReport } from "../render/report_text.ts";
import type { Format } from "./formats.ts";
import { openHeatmap, writeHeatmap } from "./heatmap.ts";
import { readInput } from "./input.ts";
import { exitCodeOf, judgeLimits, parseLimits } from "./limits.ts";
import { openOutputs, writeOutputs } from "./outputs.ts";
import type { PlannedOutput } from "./outputs.ts";

const MAX_SOURCE_BYTES = 20_000_000;

/** Options of `report`, as the command line gives them. */
export interface ReportCommandOptions {
  readonly file: string;
  readonly outputs: readonly string[];
  readonly format: Format | undefined;
  /** A source file whose lines to show. */
  readonly lines: string | undefined;
  /** Where to write the page of all sources with the time of each line. */
  readonly heatmap: string | undefined;
  readonly limit: number;
  readonly threads: boolean;
  readonly select: SelectOptions;
  readonly failIf: readonly string[];
}

/** Runs the command. @returns the exit code. @throws ProfilerError */
export async function report(options: ReportCommandOptions): Promise<number> {
  const { threads, limit, lines, heatmap } = options;
  const limits = parseLimits(options.failIf);
  const profile = select(await readInput(options.file), options.select);
  if (lines !== undefined) writeStdout(linesOf(profile, lines));
  else if (options.outputs.length > 0 || options.format !== undefined || heatmap !== undefined) {
    await write(profile, options);
  } else writeStdout(renderReport(profile, { limit, threads }));
  return exitCodeOf(judgeLimits(profile, limits));
}

async function write(
  profile: Profile,
  { outputs, format, threads, file, heatmap }: ReportCommandOptions,
): Promise<void> {
  // A format without a file is meant for a pipe.
  const paths = outputs.length === 0 && format !== undefined ? ["-"] : outputs;
  const page = heatmap === undefined ? undefined : openHeatmap(heatmap, paths);
  let opened: PlannedOutput[];
  try {
    opened = paths.length === 0 ? [] : openOutputs(paths, { format, subject: file });
  } catch (error) {
    page?.discard();
    throw error;
  }
  const failures: unknown[] = [];
  try {
    if (page !== undefined) writeHeatmap(profile, page);
  } catch (error) {
    failures.push(error);
  }
  const written = await writeOutputs(opened, profile, { threads, isOnlyCopy: false });
  const toFiles = opened.some(({ output }) => output.name !== "standard output");
  for (const line of toFiles ? written.lines : []) writeStderr(`${terminalSafe(line)}\n`);
  failures.push(...written.failures);
  if (failures.length > 0) throw failures[0];
}

function linesOf(profile: Profile, path: string): string {
  const file = findSource(profile, path);
  // The source is looked for where the user says, then where the target had it.
  const source = readSource(path) ?? readSource(file);
  if (source === undefined) {
    throw new ProfilerError(
      "failure",
      `Cannot read the source '${file}'`,
      "give the path that it has here: --lines FILE",
    );
  }
  return renderLines(profile, { file, source });
}

function readSource(path: string): string | undefined {
  try {
    const { isFile, size } = Deno.statSync(path);
    return isFile && size <= MAX_SOURCE_BYTES ? Deno.readTextFileSync(path) : undefined;
  } catch {
    return undefined;
  }
}
