/** The processes that a process has started. */
import { textOf } from "./linux_proc.ts";
import { readStat } from "./linux_stat.ts";

/**
 * Pids of the living children of a process, those of all its threads.
 *
 * Source: proc_pid_task(5), `children`; kernels without it (CONFIG_PROC_CHILDREN) have all processes looked through.
 */
export function childrenOf(pid: number): number[] {
  const children: number[] = [];
  let isKnown = false;
  try {
    for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
      const text = textOf(`/proc/${pid}/task/${name}/children`);
      if (text === undefined) continue;
      isKnown = true;
      children.push(...text.split(" ").filter((item) => item !== "").map(Number));
    }
  } catch {
    return children;
  }
  return isKnown ? children : childrenByParent(pid);
}

function childrenByParent(pid: number): number[] {
  const children: number[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (/^\d+$/.test(name) && readStat(`/proc/${name}/stat`)?.parent === pid) children.push(Number(name));
  }
  return children;
}
