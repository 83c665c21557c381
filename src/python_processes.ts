/** The processes of this machine that run Python. */
import { attachOnce } from "./attach.ts";
import { ProfilerError } from "./errors.ts";
import { listProcesses } from "./ffi/mod.ts";
import type { ListedProcess } from "./ffi/process.ts";

/** A process that runs Python. */
export interface PythonProcess extends ListedProcess {
  /** As Python writes it: "3.13.0"; undefined when it may not be read, or cannot be. */
  readonly pythonVersion: string | undefined;
  /** Why there is no version. */
  readonly problem: string | undefined;
}

/** Processes that run Python, and those that look as if they did and may not be read. Shape: by pid. */
export function pythonProcesses(): PythonProcess[] {
  return listProcesses().flatMap((process): PythonProcess[] => {
    if (process.pid === Deno.pid) return [];
    try {
      const target = attachOnce(process.pid);
      if (target === undefined) return [];
      target.process.close();
      return [{ ...process, pythonVersion: target.pythonVersion, problem: undefined }];
    } catch (error) {
      if (!(error instanceof ProfilerError)) throw error;
      if (error.kind === "unsupported") {
        return [{ ...process, pythonVersion: undefined, problem: error.message }];
      }
      const isLikely = error.kind === "permission" && /python/i.test(process.command[0]!);
      return isLikely ? [{ ...process, pythonVersion: undefined, problem: "may not be read" }] : [];
    }
  });
}
