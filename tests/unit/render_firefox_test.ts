import assert from "node:assert/strict";
import type { Profile } from "../../src/profile.ts";
import { renderFirefox } from "../../src/render/firefox.ts";
import { busyTree } from "./render_formats_helper.ts";
import { frame, HOSTILE, INFO, profileOf, thread } from "./render_helper.ts";

// deno-lint-ignore no-explicit-any -- the format has no types here
function firefox(profile: Profile): any {
  return JSON.parse(new TextDecoder().decode(renderFirefox(profile)));
}

/** Every column of a table is as long as the table says. */
function checkTable(table: { length: number } & Record<string, unknown>): void {
  for (const [name, column] of Object.entries(table)) {
    if (Array.isArray(column)) assert.equal(column.length, table.length, name);
  }
}

/** Every entry is null or the number of a row. */
function checkIndices(column: readonly (number | null)[], length: number): void {
  for (const one of column) assert.ok(one === null || Number.isInteger(one) && one >= 0 && one < length);
}

Deno.test("all tables are whole: columns are of one length, and indices point into their tables", () => {
  const profile = busyTree();
  const { meta, shared, threads } = firefox(profile);
  const { stackTable, frameTable, funcTable, sources, stringArray } = shared;
  for (const table of [stackTable, frameTable, funcTable, sources]) checkTable(table);
  for (const table of [shared.resourceTable, shared.nativeSymbols]) checkTable(table);
  checkIndices(stackTable.frame, frameTable.length);
  stackTable.prefix.forEach((prefix: number | null, i: number) => assert.ok(prefix === null || prefix < i));
  checkIndices(frameTable.func, funcTable.length);
  checkIndices(frameTable.category, meta.categories.length);
  checkIndices(funcTable.name, stringArray.length);
  checkIndices(funcTable.source, sources.length);
  checkIndices(sources.filename, stringArray.length);
  assert.equal(threads.length, profile.threads.length);
  for (const { samples, markers } of threads) {
    checkTable(samples);
    checkTable(markers);
    checkIndices(samples.stack, stackTable.length);
    assert.deepEqual(samples.time, samples.time.toSorted((a: number, b: number) => a - b));
  }
  for (const name of HOSTILE.filter((one) => one.length < 100)) assert.ok(stringArray.includes(name));
});

Deno.test("each tick is a sample; where a thread was not sampled stands one without a stack and weight", () => {
  const main = frame("main", "app.py", 3, 1);
  const profile = profileOf([{ frames: [main], count: 3 }, { thread: 1, frames: [], count: 1 }], {
    threads: [thread(4120), thread(4121, "W-0")],
    info: { ...INFO, rateHz: 100 },
    timeline: { stack: [0, 1, 0], startNs: [9e6, 25e6, 71e6], weightNs: [2e7, 1e7, 1e7] },
  });
  const { meta, threads } = firefox(profile);
  assert.equal(meta.interval, 10);
  assert.equal(meta.startTime, Date.parse(INFO.startTime));
  assert.deepEqual(
    threads.map(({ name, isMainThread, pid, tid }: Record<string, unknown>) => (
      { name, isMainThread, pid, tid }
    )),
    [
      { name: "MainThread", isMainThread: true, pid: "4120", tid: 4120 },
      { name: "W-0", isMainThread: false, pid: "4120", tid: 4121 },
    ],
  );
  assert.deepEqual(threads[0].samples, {
    length: 5,
    weightType: "samples",
    stack: [0, 0, null, 0, null],
    time: [0, 10, 20, 70, 80],
    weight: [1, 1, 0, 1, 0],
  });
});
