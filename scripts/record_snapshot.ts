/**
 * Makes the fixtures of tests/golden/memory_test.ts: starts a test program, reads its stacks through a recorder, and
 * stores the bytes that were read beside what the program itself says of its stacks.
 *
 * Usage: deno task snapshots [PROGRAM...]     (one Python of each minor; default: all of `snapshotPrograms`)
 */
import { gzipSync } from "node:zlib";
import { attach } from "../src/attach.ts";
import { DEBUG_OFFSETS_SIZE, hasDebugOffsets } from "../src/cpython/layouts.ts";
import { readStacks } from "../src/dump_stacks.ts";
import { MemoryReader } from "../src/memory.ts";
import { formatSnapshot, RecordingMemory } from "../src/snapshot.ts";
import { pythonsForTests, snapshotLevel, snapshotPrograms, startTarget } from "../tests/helpers.ts";
import type { Python } from "./pythons.ts";

const FOLDER = new URL("../tests/fixtures/memory/", import.meta.url);
/** A repository keeps every version of a file for ever. Units: bytes. */
const MAX_SIZE = 45_000;

async function record(python: Python, program: string): Promise<void> {
  await using started = await startTarget(python, `${program}.py`);
  const { process, runtime, pythonVersion } = await attach(started.pid);
  const memory = new RecordingMemory(process);
  // From 3.13 on the layout stands in the target: the replay takes it from there.
  if (hasDebugOffsets(runtime.version)) new MemoryReader(memory).bytes(runtime.address, DEBUG_OFFSETS_SIZE);
  readStacks({
    process: {
      pid: process.pid,
      readv: (ranges, into) => memory.readv(ranges, into),
      hostThreadId: (id) => process.hostThreadId(id),
      threadState: (id) => process.threadState(id),
      waitsFor: (id) => process.waitsFor(id),
      forgetThread: (id) => process.forgetThread(id),
      isQuiet: () => process.isQuiet(),
      cpuTime: (id) => process.cpuTime(id),
      stopThread: () => false,
      releaseThread: () => 0,
      joinProcessor: (id) => process.joinProcessor(id),
      visitProcessor: (id) => process.visitProcessor(id),
      leaveProcessor: () => process.leaveProcessor(),
      restingCount: (id) => process.restingCount(id),
      runCount: (id) => process.runCount(id),
    },
    runtime,
  }, { level: snapshotLevel(program) });
  process.close();
  const snapshot = JSON.parse(
    formatSnapshot(memory.segments(), { pythonVersion, runtimeAddress: runtime.address }),
  );
  const content = gzipSync(JSON.stringify({ snapshot, report: started.report }), { level: 9 });
  const name = `cpython-${buildOf(python)}-${program}.json.gz`;
  if (content.length > MAX_SIZE) {
    throw new Error(`${name} would have ${content.length} bytes, more than ${MAX_SIZE}`);
  }
  Deno.writeFileSync(new URL(name, FOLDER), content);
  console.log(`${name}: ${content.length} bytes`);
}

/** "3.13", or "3.13t" for one without a GIL. */
function buildOf({ minor, freeThreaded }: Python): string {
  return `${minor}${freeThreaded ? "t" : ""}`;
}

Deno.mkdirSync(FOLDER, { recursive: true });
const done = new Set<string>();
for (const python of await pythonsForTests()) {
  const build = buildOf(python);
  if (done.has(build)) continue;
  done.add(build);
  const programs = Deno.args.length > 0 ? Deno.args : snapshotPrograms(python.minor);
  for (const program of programs) await record(python, program);
}
