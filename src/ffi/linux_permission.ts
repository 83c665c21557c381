/** Why we may not read a process, and the exact remedy, from what the kernel tells of both sides. */
import { exists, textOf } from "./linux_proc.ts";
import { ProfilerError } from "../errors.ts";

const CAP_SYS_PTRACE = 19;

/** What decides about access; gathered from /proc, so that the rules below can be tested without it. */
export interface AccessFacts {
  readonly pid: number;
  /** Our effective user id. */
  readonly ourUid: number;
  readonly targetUid: number | undefined;
  readonly hasPtraceCapability: boolean;
  /** `kernel.yama.ptrace_scope`; undefined where the kernel has no Yama. */
  readonly yamaScope: number | undefined;
  readonly inContainer: boolean;
  readonly inKubernetes: boolean;
  /** The target is in another user namespace than we are. */
  readonly otherUserNamespace: boolean;
  /** We are in a user namespace of our own, where being root counts for its own processes only. */
  readonly ownUserNamespace: boolean;
  /** /proc is mounted with the option hidepid. */
  readonly hidesProcesses: boolean;
  /** How this program is to be called again, in full. */
  readonly commandLine: string;
}

/** The error for a process that may not be read. */
export function explainDenied(pid: number): ProfilerError {
  const { cause, remedy } = explainAccess(gatherFacts(pid));
  return new ProfilerError("permission", `Cannot read memory of process ${pid}: ${cause}`, remedy);
}

/** The error for a process of which /proc shows nothing: there is none, or we may not see it. */
export function explainMissing(pid: number): ProfilerError {
  const folder = `/proc/${pid}`;
  // Of a process that is kept from us only the folder is seen, also afterwards: it did not end meanwhile.
  if (exists(folder) && textOrNothing(`${folder}/stat`) === "" && exists(folder)) return explainDenied(pid);
  const { cause, remedy } = explainInvisible(gatherFacts(pid));
  return new ProfilerError("no_process", `Cannot read process ${pid}: ${cause}`, remedy);
}

/** Names the cause and the remedy where a process is not to be seen. Source: proc(5), "hidepid". */
export function explainInvisible(facts: AccessFacts): { cause: string; remedy: string | undefined } {
  if (facts.hidesProcesses && facts.ourUid !== 0) {
    return {
      cause:
        "there is no such process, or it is another user's: /proc is mounted with hidepid and hides those",
      remedy: `sudo ${facts.commandLine}`,
    };
  }
  return {
    cause: "there is no such process",
    remedy: facts.inContainer
      ? "give the pid that it has in this container, or run pyspy on the host"
      : undefined,
  };
}

/** Names the cause and the remedy. Source: ptrace(2), "Ptrace access mode checking"; the kernel's Yama.rst. */
export function explainAccess(facts: AccessFacts): { cause: string; remedy: string } {
  if (facts.yamaScope === 3) {
    return {
      cause: "kernel.yama.ptrace_scope is 3, so no process may be read until the next restart of the machine",
      remedy: "remove kernel.yama.ptrace_scope=3 from the sysctl settings and restart the machine",
    };
  }
  if (facts.ourUid === 0 && !facts.hasPtraceCapability) {
    return {
      cause: "we are root, but without the capability SYS_PTRACE" +
        (facts.inContainer ? ", as usual in a container" : ""),
      remedy: facts.inKubernetes
        ? [
          'securityContext: {capabilities: {add: ["SYS_PTRACE"]}} in the pod, or without changing it:',
          "kubectl debug -it POD --target=CONTAINER --profile=general --image=IMAGE -- pyspy dump -p " +
          facts.pid,
        ].join("\n")
        : facts.inContainer
        ? "docker run --cap-add SYS_PTRACE ..., or cap_add: [SYS_PTRACE] in a compose file,\nor run pyspy on the host"
        : "run pyspy with the capability CAP_SYS_PTRACE",
    };
  }
  if (facts.ourUid === 0 && facts.ownUserNamespace) {
    return {
      cause:
        "it is outside of our user namespace (as of a rootless container), and only in there we are root",
      remedy: "run pyspy as root on the host",
    };
  }
  if (facts.otherUserNamespace && facts.ourUid !== 0) {
    return {
      cause: "it runs in another user namespace (a container)",
      remedy: `sudo ${facts.commandLine}`,
    };
  }
  if (facts.hidesProcesses && facts.ourUid !== 0) {
    return {
      cause: "/proc is mounted with hidepid, which keeps the processes of other users from us",
      remedy: `sudo ${facts.commandLine}`,
    };
  }
  if (facts.targetUid !== undefined && facts.targetUid !== facts.ourUid && !facts.hasPtraceCapability) {
    return {
      cause: `it belongs to another user (uid ${facts.targetUid}, ours is ${facts.ourUid})`,
      remedy: `sudo ${facts.commandLine}`,
    };
  }
  if (facts.yamaScope === 2 && !facts.hasPtraceCapability) {
    return {
      cause: "kernel.yama.ptrace_scope is 2, so only a process with the capability SYS_PTRACE may do so",
      remedy: `sudo ${facts.commandLine}`,
    };
  }
  if (facts.yamaScope === 1 && !facts.hasPtraceCapability) {
    return {
      cause:
        "kernel.yama.ptrace_scope is 1, so only a program started by pyspy itself may be read without root",
      remedy: [
        `sudo ${facts.commandLine}`,
        "or start the program under pyspy: pyspy record -- python app.py",
        "or allow it until the next restart: sudo sysctl kernel.yama.ptrace_scope=0",
      ].join("\n"),
    };
  }
  return {
    cause: "permission denied; the process may have changed its user or be protected (prctl PR_SET_DUMPABLE)",
    remedy: facts.ourUid === 0
      ? "run pyspy on the host, outside of any container, or check its seccomp and LSM rules"
      : `sudo ${facts.commandLine}`,
  };
}

function gatherFacts(pid: number): AccessFacts {
  const ours = textOrNothing("/proc/self/status");
  const theirs = textOrNothing(`/proc/${pid}/status`);
  const capabilities = /^CapEff:\s*([0-9a-f]+)/m.exec(ours)?.[1] ?? "0";
  // The capability's bit lies in the low 32.
  const low = parseInt(capabilities.slice(-8), 16);
  const scope = textOrNothing("/proc/sys/kernel/yama/ptrace_scope").trim();
  const inKubernetes = Deno.env.get("KUBERNETES_SERVICE_HOST") !== undefined;
  return {
    pid,
    ourUid: uidIn(ours, 1) ?? 0,
    targetUid: uidIn(theirs, 0),
    hasPtraceCapability: (low >>> CAP_SYS_PTRACE & 1) === 1,
    yamaScope: scope === "" ? undefined : Number(scope),
    inContainer: inKubernetes || exists("/.dockerenv") || exists("/run/.containerenv") ||
      /docker|kubepods|containerd|libpod/.test(textOrNothing("/proc/self/cgroup")),
    inKubernetes,
    otherUserNamespace: namespaceOf(pid) !== undefined && namespaceOf(pid) !== namespaceOf("self"),
    ownUserNamespace: !/^\s*0\s+0\s+4294967295$/m.test(textOrNothing("/proc/self/uid_map")),
    hidesProcesses: /^\S+ \/proc \S+ \S*\bhidepid=(?!0|off)/m.test(textOrNothing("/proc/mounts")),
    commandLine: ourCommandLine(),
  };
}

/** Field `index` of the Uid line: 0 real, 1 effective. */
function uidIn(status: string, index: number): number | undefined {
  const match = /^Uid:\s*(\d+)\s+(\d+)/m.exec(status);
  return match === null ? undefined : Number(match[index + 1]);
}

function namespaceOf(pid: number | "self"): string | undefined {
  try {
    return Deno.readLinkSync(`/proc/${pid}/ns/user`);
  } catch {
    return undefined;
  }
}

/** Our command line with the program's absolute path: sudo has a PATH of its own. */
function ourCommandLine(): string {
  const compiled = !/\/deno$/.test(Deno.execPath());
  const program = compiled ? Deno.execPath() : `${Deno.execPath()} task pyspy`;
  return [
    program,
    ...Deno.args.map((arg) => /^[\w./:=@%+,-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`),
  ]
    .join(" ");
}

function textOrNothing(path: string): string {
  return textOf(path) ?? "";
}
