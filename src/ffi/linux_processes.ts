/** All processes of the system, as /proc lists them. */
import { linkOf, requireOwnProc, textOf } from "./linux_proc.ts";
import { readStat } from "./linux_stat.ts";
import type { ListedProcess } from "./process.ts";

const MAX_PROCESSES = 100_000;
/** Ids that container runtimes give: docker, containerd, podman, cri-o, kubernetes. */
const CONTAINER_ID =
  /(?:docker|containerd|libpod|crio|cri-containerd|kubepods)[^\n]*?([0-9a-f]{12})[0-9a-f]{52}/;
const LXC_NAME = /\/lxc(?:\.payload)?[./]([\w.-]+)/;

/** Lists the processes that have a command line: kernel threads have none. Shape: by pid. */
export function listLinuxProcesses(): ListedProcess[] {
  requireOwnProc();
  const users = userNames();
  const found: ListedProcess[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name) || found.length >= MAX_PROCESSES) continue;
    const process = readProcess(Number(name), users);
    if (process !== undefined) found.push(process);
  }
  return found.sort((a, b) => a.pid - b.pid);
}

function readProcess(pid: number, users: ReadonlyMap<string, string>): ListedProcess | undefined {
  const stat = readStat(`/proc/${pid}/stat`);
  const command = textOf(`/proc/${pid}/cmdline`)?.replace(/\0$/, "").split("\0") ?? [""];
  const status = textOf(`/proc/${pid}/status`);
  if (stat === undefined || status === undefined || command.join("") === "") return undefined;
  const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1]?.split(/\s+/) ?? [];
  const user = field("Uid")[1] ?? "?";
  return {
    pid,
    parent: stat.parent,
    command,
    threads: Number(field("Threads")[0] ?? 0),
    user: users.get(user) ?? user,
    container: containerOf(pid),
    innerPid: Number(field("NSpid").at(-1) ?? pid),
  };
}

function containerOf(pid: number): string {
  const groups = textOf(`/proc/${pid}/cgroup`) ?? "";
  const id = (CONTAINER_ID.exec(groups) ?? LXC_NAME.exec(groups))?.[1];
  const ours = textOf("/proc/self/cgroup") ?? "";
  if (id !== undefined && !ours.includes(id)) return id;
  const root = linkOf(`/proc/${pid}/root`);
  if (linkOf(`/proc/${pid}/ns/pid`) !== linkOf("/proc/self/ns/pid")) return "pid namespace";
  return root === undefined || root === linkOf("/proc/self/root") ? "" : `root ${root}`;
}

function userNames(): Map<string, string> {
  const names = new Map<string, string>();
  for (const line of (textOf("/etc/passwd") ?? "").split("\n")) {
    const [name, , id] = line.split(":");
    if (name !== undefined && id !== undefined && !names.has(id)) names.set(id, name);
  }
  return names;
}
