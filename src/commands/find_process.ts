/** Choosing a process by its name. */
import { ProfilerError } from "../errors.ts";
import { pythonProcesses } from "../python_processes.ts";

const MAX_LISTED = 10;
const MAX_LENGTH = 80;

/**
 * Finds the one process whose command line holds a text, upper or lower case. Of a process and those that it has started,
 * the process itself is meant.
 *
 * @throws ProfilerError `no_process` when there is none, `usage` when there are several.
 */
export function findByName(pattern: string): number {
  const wanted = pattern.toLowerCase();
  const all = pythonProcesses();
  const matching = all.filter(({ command }) => command.join(" ").toLowerCase().includes(wanted));
  const pids = new Set(matching.map(({ pid }) => pid));
  const roots = matching.filter(({ parent }) => !pids.has(parent));
  if (roots.length === 1) return roots[0]!.pid;
  if (roots.length === 0) {
    throw new ProfilerError(
      "no_process",
      `There is no Python process with '${pattern}' in its command line`,
      "list them with: pyspy ps",
    );
  }
  const list = roots.slice(0, MAX_LISTED).map(({ pid, command }) =>
    `${pid} (${shortened(command.join(" "))})`
  );
  throw new ProfilerError(
    "usage",
    `${roots.length} processes have '${pattern}' in their command line: ${list.join(", ")}`,
    "give more of the name, or a pid; pyspy ps lists all",
  );
}

function shortened(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}
