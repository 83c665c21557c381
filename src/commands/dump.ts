/** `pyspy dump`: the stacks of all threads, now. */
import { attach, attachOnce } from "../attach.ts";
import type { Target } from "../attach.ts";
import { readCollecting, readStacks } from "../dump_stacks.ts";
import { ProfilerError } from "../errors.ts";
import { isStdoutColored, writeStderr, writeStdout } from "../output.ts";
import { ProcessTree } from "../process_tree.ts";
import type { ProcessDump } from "../render/dump.ts";
import { renderDumpJson, renderDumpTreeJson, toDumpJson } from "../render/dump_json.ts";
import type { DumpJson } from "../render/dump_json.ts";
import { renderDumpText } from "../render/dump_text.ts";
import { terminalSafe } from "../render/escape.ts";
import { untestedWarnings } from "./warnings.ts";
import type { TargetVersion } from "./warnings.ts";

/** Options of `dump`, as the command line gives them. */
export interface DumpOptions {
  readonly pid: number;
  readonly json: boolean;
  readonly fullFilenames: boolean;
  /** Show the processes that it has started as well. */
  readonly subprocesses: boolean;
  /** How much of the variables to show: 0 for none. */
  readonly locals: number;
}

/** Runs the command. @throws ProfilerError */
export async function dump(options: DumpOptions): Promise<void> {
  if (options.subprocesses) return dumpTree(options);
  const target = await attach(options.pid);
  writeStderr(untestedWarnings()(versionOf(target)));
  const content = read(target, options);
  if (content.threads.length === 0) {
    throw new ProfilerError("no_process", `Cannot read the stacks of process ${options.pid}: it has ended`);
  }
  const shortNames = shortNamesOf(target);
  writeStdout(options.json ? renderDumpJson(content, { shortNames }) : textOf(target, content, options));
  target.process.close();
}

/** The process and those that come from it; such as do not run Python are left out. */
function dumpTree(options: DumpOptions): void {
  const texts: string[] = [];
  const documents: DumpJson[] = [];
  const warning = untestedWarnings();
  for (const pid of [options.pid, ...new ProcessTree(options.pid).grow()]) {
    let target: Target | undefined;
    try {
      target = attachOnce(pid);
    } catch (error) {
      if (!(error instanceof ProfilerError) || pid === options.pid) throw error;
      if (error.kind !== "no_process") {
        writeStderr(`Not shown: process ${pid}: ${terminalSafe(error.message)}\n`);
      }
    }
    if (target === undefined) continue;
    writeStderr(warning(versionOf(target)));
    const content = read(target, options);
    if (content.threads.length > 0 && options.json) {
      documents.push(toDumpJson(content, { shortNames: shortNamesOf(target) }));
    } else if (content.threads.length > 0) texts.push(textOf(target, content, options));
    target.process.close();
  }
  if (texts.length === 0 && documents.length === 0) {
    throw new ProfilerError(
      "no_process",
      `Neither process ${options.pid} nor any that it has started runs Python`,
      "list those that do with: pyspy ps",
    );
  }
  writeStdout(options.json ? renderDumpTreeJson(documents) : texts.join("\n"));
}

function read(target: Target, options: DumpOptions): ProcessDump {
  return {
    pid: target.process.pid,
    innerPid: target.process.innerPid(),
    command: target.process.command(),
    executable: target.process.executable(),
    pythonVersion: target.pythonVersion,
    collectingGarbage: readCollecting(target),
    threads: readStacks(target, { level: options.locals }),
  };
}

function textOf(target: Target, content: ProcessDump, { fullFilenames }: DumpOptions): string {
  return renderDumpText(content, {
    shortNames: shortNamesOf(target),
    fullFilenames,
    color: isStdoutColored(),
  });
}

function shortNamesOf({ process }: Target): (file: string) => string {
  return (file) => process.shortFileName(file);
}

function versionOf({ pythonVersion, runtime }: Target): TargetVersion {
  return { pythonVersion, guessed: runtime.guessed };
}
