/** `pyspy ps`: the processes that run Python. */
import { writeStdout } from "../output.ts";
import { pythonProcesses } from "../python_processes.ts";
import { renderProcessTable } from "../render/process_table.ts";

/** Options of `ps`, as the command line gives them. */
export interface PsOptions {
  readonly json: boolean;
}

/** Runs the command. */
export function ps(options: PsOptions): void {
  const processes = pythonProcesses();
  if (!options.json) return writeStdout(renderProcessTable(processes));
  const list = processes.map((one) => ({
    pid: one.pid,
    parent: one.parent,
    python_version: one.pythonVersion ?? null,
    problem: one.problem ?? null,
    user: one.user,
    threads: one.threads,
    container: one.container === "" ? null : one.container,
    inner_pid: one.innerPid,
    command: one.command,
  }));
  writeStdout(JSON.stringify({ schema: "pyspy-ps", version: 1, processes: list }, null, 2) + "\n");
}
