/**
 * Makes the fixtures of tests/golden/memory_test.ts: starts a test program, reads its stacks through a recorder, and
 * stores the bytes that were read beside what the program itself says of its stacks.
 *
 * Usage: deno task snapshots [PROGRAM...]     (one Python of each minor; default: all of PROGRAM_NAMES)
 */
import { gzipSync } from "node:zlib";
import { attach } from "../src/attach.ts";
import { readStacks } from "../src/dump_stacks.ts";
import { formatSnapshot, RecordingMemory } from "../src/snapshot.ts";
import { pythonsForTests, startTarget } from "../tests/helpers.ts";
import type { Python } from "./pythons.ts";

const PROGRAM_NAMES = ["generators", "thread_names", "unicode_names"];
const FOLDER = new URL("../tests/fixtures/memory/", import.meta.url);
/** A repository keeps every version of a file for ever. Units: bytes. */
const MAX_SIZE = 40_000;

async function record(python: Python, program: string): Promise<void> {
  await using started = await startTarget(python, `${program}.py`);
  const { process, runtime, pythonVersion } = await attach(started.pid);
  const memory = new RecordingMemory(process);
  readStacks({
    process: {
      pid: process.pid,
      readv: (ranges, into) => memory.readv(ranges, into),
      hostThreadId: (id) => process.hostThreadId(id),
      threadState: (id) => process.threadState(id),
    },
    runtime,
  });
  process.close();
  const { address: runtimeAddress, layout } = runtime;
  const snapshot = JSON.parse(formatSnapshot(memory.segments(), { pythonVersion, runtimeAddress }));
  // With the layout as it was found: that of 3.13 and later stands in memory that a dump does not read.
  const content = gzipSync(JSON.stringify({ snapshot, layout, report: started.report }), { level: 9 });
  const name = `cpython-${python.minor}-${program}.json.gz`;
  if (content.length > MAX_SIZE) throw new Error(`${name} would have ${content.length} bytes, more than ${MAX_SIZE}`);
  Deno.writeFileSync(new URL(name, FOLDER), content);
  console.log(`${name}: ${content.length} bytes`);
}

const programs = Deno.args.length > 0 ? Deno.args : PROGRAM_NAMES;
Deno.mkdirSync(FOLDER, { recursive: true });
const done = new Set<string>();
for (const python of await pythonsForTests()) {
  if (python.freeThreaded || done.has(python.minor)) continue;
  done.add(python.minor);
  for (const program of programs) await record(python, program);
}
