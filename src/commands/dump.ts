/** `pyspy dump`: the stacks of all threads, now. */
import { attach } from "../attach.ts";
import { readStacks } from "../dump_stacks.ts";
import { ProfilerError } from "../errors.ts";
import { isStdoutColored, writeStderr, writeStdout } from "../output.ts";
import { renderDumpJson } from "../render/dump_json.ts";
import { renderDumpText } from "../render/dump_text.ts";
import { untestedWarning } from "./warnings.ts";

/** Options of `dump`, as the command line gives them. */
export interface DumpOptions {
  readonly pid: number;
  readonly json: boolean;
  readonly fullFilenames: boolean;
  /** How much of the variables to show: 0 for none. */
  readonly locals: number;
}

/** Runs the command. @throws ProfilerError */
export async function dump(options: DumpOptions): Promise<void> {
  const target = await attach(options.pid);
  writeStderr(untestedWarning(target));
  const threads = readStacks(target, { level: options.locals });
  const { process } = target;
  if (threads.length === 0) {
    throw new ProfilerError("no_process", `Cannot read the stacks of process ${options.pid}: it has ended`);
  }
  const content = {
    pid: process.pid,
    command: process.command(),
    executable: process.executable(),
    pythonVersion: target.pythonVersion,
    threads,
  };
  const shortNames = (file: string) => process.shortFileName(file);
  writeStdout(
    options.json ? renderDumpJson(content, { shortNames }) : renderDumpText(content, {
      shortNames,
      fullFilenames: options.fullFilenames,
      color: isStdoutColored(),
    }),
  );
  process.close();
}
