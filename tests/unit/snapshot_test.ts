import assert from "node:assert/strict";
import fc from "fast-check";
import { RangeList } from "../../src/memory.ts";
import {
  formatSnapshot,
  joinSegments,
  parseSnapshot,
  RecordingMemory,
  SnapshotMemory,
} from "../../src/snapshot.ts";
import type { Segment } from "../../src/snapshot.ts";
import { FakeMemory } from "./fake_memory.ts";

const BASE = 0x7f00_0000_0000;

const segment = (address: number, ...bytes: number[]): Segment => ({
  address,
  bytes: Uint8Array.from(bytes),
});

const SEGMENTS: fc.Arbitrary<Segment[]> = fc.array(
  fc.record({
    address: fc.nat(60).map((at) => BASE + at),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
  })
    .map(({ address, bytes }) => ({ address, bytes: Uint8Array.from(bytes) })),
  { maxLength: 20 },
);

/** Reads ranges of a memory. @returns the bytes that could be read. */
function read(
  memory: SnapshotMemory | RecordingMemory,
  ranges: readonly (readonly [number, number])[],
): number[] {
  const list = new RangeList();
  for (const [address, length] of ranges) list.push(address, length);
  const into = new Uint8Array(list.byteLength);
  return [...into.subarray(0, memory.readv(list, into))];
}

Deno.test("segments that overlap or touch are joined, and the later byte counts", () => {
  const joined = joinSegments([
    segment(BASE + 8, 1, 1),
    segment(BASE, 2, 2, 2, 2),
    segment(BASE + 2, 3, 3, 3, 3),
    segment(BASE + 6, 4, 4),
    segment(BASE + 11, 5),
  ]);
  assert.deepEqual(joined, [segment(BASE, 2, 2, 3, 3, 3, 3, 4, 4, 1, 1), segment(BASE + 11, 5)]);
  assert.deepEqual(joinSegments([]), []);
});

Deno.test("joined segments are in order, apart, and hold each byte as it was given last", () => {
  fc.assert(
    fc.property(SEGMENTS, (segments) => {
      const bytes = new Map<number, number>();
      for (const one of segments) one.bytes.forEach((byte, i) => bytes.set(one.address + i, byte));
      const joined = joinSegments(segments);
      joined.forEach(({ address }, i) => {
        if (i === 0) return;
        const before = joined[i - 1]!;
        assert.ok(before.address + before.bytes.length < address);
      });
      const found = joined.flatMap((one) =>
        [...one.bytes].map((byte, i) => [one.address + i, byte] as const)
      );
      assert.deepEqual(found, [...bytes].sort((a, b) => a[0] - b[0]));
    }),
  );
});

Deno.test("what was written as text is read back", () => {
  fc.assert(
    fc.property(SEGMENTS, (segments) => {
      const joined = joinSegments(segments);
      const text = formatSnapshot(joined, { pythonVersion: "3.13.0", runtimeAddress: BASE });
      const { pythonVersion, runtimeAddress, memory } = parseSnapshot(text);
      assert.deepEqual({ pythonVersion, runtimeAddress, memory }, {
        pythonVersion: "3.13.0",
        runtimeAddress: BASE,
        memory: joined,
      });
    }),
  );
  const large = segment(BASE, ...Array.from({ length: 100_000 }, (_, i) => i % 251));
  const text = formatSnapshot([large], { pythonVersion: "", runtimeAddress: 0 });
  assert.deepEqual(parseSnapshot(text).memory, [large]);
});

Deno.test("something else than a snapshot is refused", () => {
  for (
    const text of [
      "{}",
      "null",
      '{"schema":"pyspy-snapshot","version":2,"segments":[]}',
      '{"schema":"x","version":1}',
    ]
  ) {
    assert.throws(() => parseSnapshot(text), TypeError, text);
  }
});

Deno.test("a recording holds what was read, in full and as it was last, and nothing else", () => {
  const target = new FakeMemory();
  target.write(BASE, [1, 2, 3, 4, 5, 6, 7, 8]);
  const recorder = new RecordingMemory(target);
  assert.deepEqual(read(recorder, [[BASE, 2], [BASE + 4, 2]]), [1, 2, 5, 6]);
  target.write(BASE + 1, [20]);
  // The second range lies outside of the memory: only the first was read.
  assert.deepEqual(read(recorder, [[BASE + 1, 1], [BASE + 0x10_0000, 4], [BASE + 6, 2]]), [20]);
  assert.deepEqual(recorder.segments(), [segment(BASE, 1, 20), segment(BASE + 4, 5, 6)]);
});

Deno.test("a snapshot can be read wherever one segment holds the whole range, and up to there", () => {
  const memory = new SnapshotMemory([segment(BASE, 1, 2, 3, 4), segment(BASE + 8, 9, 10)]);
  assert.deepEqual(read(memory, [[BASE + 1, 2], [BASE + 8, 2]]), [2, 3, 9, 10]);
  assert.deepEqual(read(memory, [[BASE, 1], [BASE + 3, 2], [BASE + 8, 1]]), [1]);
  assert.deepEqual(read(memory, [[BASE + 7, 2]]), []);
});
