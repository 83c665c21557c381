/**
 * Makes the fixtures of the golden tests: starts a test program, reads its stacks through a recorder, and stores the
 * bytes that were read beside what the program itself says of its stacks.
 *
 * Usage: deno task snapshot [PROGRAM...]     (every Python found; default: all programs of PROGRAMS)
 */
import { gzipSync } from "node:zlib";
import { attach } from "../src/attach.ts";
import { readStacks } from "../src/dump_stacks.ts";
import { formatSnapshot, RecordingMemory } from "../src/snapshot.ts";
import { startProgram } from "../tests/helpers.ts";
import { findPythons } from "./pythons.ts";

const PROGRAMS = ["generators", "thread_names", "unicode_names"];
const FOLDER = new URL("../tests/fixtures/memory/", import.meta.url);

const programs = Deno.args.length > 0 ? Deno.args : PROGRAMS;
Deno.mkdirSync(FOLDER, { recursive: true });
for (const python of findPythons().pythons) {
  for (const name of programs) {
    const program = await startProgram(python, name);
    try {
      const target = await attach(program.report.pid);
      const memory = new RecordingMemory(target.process);
      const { process } = target;
      readStacks({
        process: {
          pid: process.pid,
          readv: (ranges, into) => memory.readv(ranges, into),
          hostThreadId: (id) => process.hostThreadId(id),
          threadState: (id) => process.threadState(id),
        },
        runtime: target.runtime,
      });
      const { pythonVersion, runtime } = target;
      const snapshot = formatSnapshot(memory.segments(), { pythonVersion, runtimeAddress: runtime.address });
      const minor = pythonVersion.split(".").slice(0, 2).join(".");
      const content = JSON.stringify({ snapshot: JSON.parse(snapshot), report: program.report });
      const path = new URL(`cpython-${minor}-${name}.json.gz`, FOLDER);
      Deno.writeFileSync(path, gzipSync(content, { level: 9 }));
      console.log(`${path.pathname.split("/").at(-1)}: ${Deno.statSync(path).size} bytes`);
      process.close();
    } finally {
      await program.end();
    }
  }
}
