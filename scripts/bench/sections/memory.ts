/** How much memory a `dump` needs, and how large the tool is. `rate` has the memory of a recording. */
import { measure } from "../measure.ts";
import { isPlain, type Section } from "../section.ts";
import { startWorkload } from "../workload.ts";

/** Memory and size. */
export const MEMORY: Section = {
  name: "memory",
  rows: [
    { key: "memory-dump", title: "memory peak of `dump`, MB", digits: 1 },
    { key: "size", title: "size of the program, MB", digits: 1 },
  ],
  methods: () => [
    "memory peak of `dump`: VmHWM of the profiler, read every 0.5 ms.",
    "size: of the one file of the program; Tachyon is a part of Python.",
  ],
  async measure({ host, cases, add }) {
    for (const at of cases.filter(isPlain)) {
      await using workload = await startWorkload(at.python, "two_threads.py");
      const dump = await measure(host, {
        command: at.tool.dump(workload.pid),
        options: { pollEvery: 0.0005 },
      });
      add("memory-dump", at, dump.peakKib * 1024 / 1e6);
      if (at.tool.binary !== undefined) add("size", at, (await Deno.stat(at.tool.binary)).size / 1e6);
    }
  },
};
