import assert from "node:assert/strict";
import fc from "fast-check";
import { FrameWindows, SHRINK_WALKS } from "../../src/cpython/frame_windows.ts";

const PAGE = 4096;

/** What is done to windows. Shape: `ranges` are pairs of start and length. */
type Operation =
  | { readonly kind: "add"; readonly ranges: readonly (readonly [number, number])[] }
  | { readonly kind: "remove"; readonly index: number }
  | { readonly kind: "use"; readonly index: number; readonly part: number }
  | { readonly kind: "shrink" };

const RANGES = fc.array(
  fc.tuple(
    fc.nat(40 * PAGE / 8).map((at) => 0x7f00_0000_0000 + at * 8),
    fc.integer({ min: 1, max: 40 }).map((n) => n * 8),
  ),
  { minLength: 1, maxLength: 12 },
);
const OPERATIONS: fc.Arbitrary<Operation[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("add" as const), ranges: RANGES }),
    fc.record({ kind: fc.constant("remove" as const), index: fc.nat(20) }),
    fc.record({ kind: fc.constant("use" as const), index: fc.nat(20), part: fc.nat(3) }),
    fc.record({ kind: fc.constant("shrink" as const) }),
  ),
  { maxLength: 30 },
);

function windowsOf(windows: FrameWindows): [number, number][] {
  return Array.from({ length: windows.count }, (_, i) => [windows.starts[i]!, windows.ends[i]!]);
}

function carryOut(windows: FrameWindows, operation: Operation): void {
  switch (operation.kind) {
    case "add":
      return windows.add(operation.ranges.flatMap(([start, size]) => [start, start + size]));
    case "remove":
      return windows.count > 0 ? windows.remove(operation.index % windows.count) : undefined;
    case "shrink":
      return windows.shrink();
    case "use": {
      if (windows.count === 0) return;
      const i = operation.index % windows.count;
      const middle = windows.starts[i]! + 8 * Math.floor((windows.ends[i]! - windows.starts[i]!) / 16);
      // A walk notes the part that it used: the lower or the upper half, or all.
      windows.lows[i] = Math.min(windows.lows[i]!, operation.part === 1 ? middle : windows.starts[i]!);
      windows.highs[i] = Math.max(windows.highs[i]!, operation.part === 2 ? middle : windows.ends[i]!);
    }
  }
}

function assertSound(windows: FrameWindows): void {
  const all = windowsOf(windows);
  all.forEach(([start, end], i) => {
    assert.ok(start < end, "a window is empty");
    if (i > 0) assert.ok(all[i - 1]![1] < start, "windows touch, overlap or are out of order");
  });
}

function findLinearly(windows: FrameWindows, start: number, end: number): number {
  return windowsOf(windows).findIndex((window) => window[0] <= start && end <= window[1]);
}

Deno.test("windows are in order and disjoint, cover what was added, and find agrees with a linear search", () => {
  fc.assert(
    fc.property(OPERATIONS, RANGES, fc.nat(20), (operations, asked, hint) => {
      const windows = new FrameWindows();
      for (const operation of operations) {
        const before = windowsOf(windows);
        carryOut(windows, operation);
        assertSound(windows);
        const covers = ([start, end]: readonly [number, number]) => findLinearly(windows, start, end) >= 0;
        if (operation.kind === "add") {
          assert.ok(before.every(covers), "an earlier window is lost");
          assert.ok(
            operation.ranges.every(([start, size]) => covers([start, start + size])),
            "an added range is lost",
          );
        }
        if (operation.kind === "remove" && before.length > 0) {
          assert.deepEqual(windowsOf(windows), before.toSpliced(operation.index % before.length, 1));
        }
        if (operation.kind === "shrink") {
          const was = (range: [number, number]) =>
            before.some(([start, end]) => start <= range[0] && range[1] <= end);
          assert.ok(windowsOf(windows).every(was), "shrinking has made a window larger");
        }
      }
      const inside = windowsOf(windows).flatMap(([start, end]) =>
        [[start, 8], [end - 8, 8], [start, end - start]] as const
      );
      for (const [start, size] of [...asked, ...inside]) {
        assert.equal(windows.find(start, start + size, hint), findLinearly(windows, start, start + size));
      }
    }),
    { numRuns: 1000 },
  );
});

Deno.test("neighbours are read as one, up to a page apart; a page that may not be mapped is left out", () => {
  const merged = (gapStart: number, gap: number) => {
    const windows = new FrameWindows();
    windows.add([gapStart - 64, gapStart, gapStart + gap, gapStart + gap + 64]);
    return windows.count === 1;
  };
  const page = 0x7f00_0000_0000;
  assert.equal(merged(page + 128, 64), true);
  assert.equal(merged(page + 2048, 2048 + 1024), true, "in the next page");
  assert.equal(merged(page + 4000, PAGE), true, "4096 apart, in the next page");
  assert.equal(merged(page + 2048, PAGE + 8), false, "too far");
  assert.equal(merged(page + 4092 + 4, PAGE), false, "a whole page lies between");
});

Deno.test("a window is kept for a shrink when it is new, and for two after its last use; then reduced or dropped", () => {
  const windows = new FrameWindows();
  const at = 0x7f00_0000_0000;
  windows.add([at, at + 800, at + 0x10000, at + 0x10000 + 80]);
  const use = (of: FrameWindows) => {
    [of.lows[0], of.highs[0]] = [at + 80, at + 160];
    of.uses[0]! += SHRINK_WALKS;
  };
  windows.shrink();
  assert.deepEqual(windowsOf(windows), [[at, at + 800], [at + 0x10000, at + 0x10000 + 80]], "both are new");
  use(windows);
  windows.shrink();
  assert.deepEqual(windowsOf(windows), [[at, at + 800]], "the other one was not used");
  use(windows);
  windows.shrink();
  assert.deepEqual(windowsOf(windows), [[at + 80, at + 160]]);
});

Deno.test("a window that few walks use is dropped, and those in which most walks begin are first", () => {
  const windows = new FrameWindows();
  const starts = [0x7f00_0000_0000, 0x7f00_0010_0000, 0x7f00_0020_0000];
  windows.add(starts.flatMap((start) => [start, start + 80]));
  windows.shrink();
  // The one in the middle is used by some walks only.
  for (const [i, uses] of [SHRINK_WALKS, 3, SHRINK_WALKS].entries()) {
    windows.uses[i] = uses;
    windows.leafUses[i] = [3, 0, 40][i]!;
    [windows.lows[i], windows.highs[i]] = [starts[i]!, starts[i]! + 80];
  }
  windows.shrink();
  assert.deepEqual(windowsOf(windows).map(([start]) => start), [starts[0], starts[2]]);
  assert.deepEqual([...windows.order.subarray(0, windows.count)], [1, 0]);
});
