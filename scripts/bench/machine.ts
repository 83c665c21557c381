/** What the machine is that a benchmark runs on. */

/** Facts to be printed beside the figures. */
export interface Machine {
  /** Shape: name -> value. */
  readonly facts: readonly (readonly [string, string])[];
  /** The load average of the last minute. */
  readonly load: string;
}

/** Looks at this machine. */
export async function machineFacts(): Promise<Machine> {
  const read = (path: string) => Deno.readTextFile(path).catch(() => "");
  const cpu = /^model name\s*:\s*(.+)$/m.exec(await read("/proc/cpuinfo"))?.[1] ?? "unknown";
  const system = /^PRETTY_NAME="?([^"\n]+)/m.exec(await read("/etc/os-release"))?.[1] ?? "unknown";
  const kib = Number(/^MemTotal:\s*(\d+)/m.exec(await read("/proc/meminfo"))?.[1] ?? 0);
  return {
    facts: [
      ["date", new Date().toISOString().slice(0, 10)],
      ["processor", `${cpu}, ${navigator.hardwareConcurrency} logical CPUs`],
      ["memory", `${(kib / 1024 / 1024).toFixed(1)} GiB`],
      ["system", `${system}, Linux ${Deno.osRelease()}, ${Deno.build.arch}`],
    ],
    load: Deno.loadavg()[0]!.toFixed(2),
  };
}
