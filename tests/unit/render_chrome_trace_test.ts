import assert from "node:assert/strict";
import type { Profile } from "../../src/profile.ts";
import { renderChromeTrace } from "../../src/render/chrome_trace.ts";
import { busyTree } from "./render_formats_helper.ts";
import { frame, INFO, profileOf, thread } from "./render_helper.ts";

interface Event {
  readonly ph: string;
  readonly name?: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly args?: Readonly<Record<string, unknown>>;
}

function eventsOf(profile: Profile): Event[] {
  return JSON.parse(new TextDecoder().decode(renderChromeTrace(profile))).traceEvents;
}

/** A row for each bar: name, begin and end in milliseconds. Fails when bars of a thread are not properly nested. */
function barsOf(events: readonly Event[]): string[] {
  const open = new Map<string, { name: string; ts: number }[]>();
  const last = new Map<string, number>();
  const bars: string[] = [];
  for (const { ph, pid, tid, ts, name } of events) {
    if (ph === "M") continue;
    const key = `${pid}/${tid}`;
    assert.ok(ts >= (last.get(key) ?? 0), "the events of a thread are in order");
    last.set(key, ts);
    const stack = open.get(key) ?? [];
    open.set(key, stack);
    if (ph === "B") stack.push({ name: name!, ts });
    else {
      assert.equal(ph, "E");
      const bar = stack.pop();
      assert.ok(bar !== undefined, "an end without a beginning");
      bars.push(`${key} ${bar.name} ${bar.ts / 1000}-${ts / 1000}`);
    }
  }
  for (const stack of open.values()) assert.deepEqual(stack, []);
  return bars;
}

const main = frame("main", "app.py", 3, 1);
const f = frame("f", "app.py", 9, 8);
const fLater = frame("f", "app.py", 10, 8);
const threads = [thread(4120), thread(4121, "W-0")];

Deno.test("a bar goes on while its function does, on whichever line, and ends where the thread was not sampled", () => {
  const profile = profileOf([
    { frames: [main, f], count: 3 },
    { frames: [main, fLater], count: 1 },
    { frames: [main], count: 1 },
    { thread: 1, frames: [f], count: 1 },
  ], {
    threads,
    info: { ...INFO, rateHz: 100 },
    // Moments inside of intervals of 10 ms: 0-2, 2-3, 3-4, then a pause, 7-8.
    timeline: {
      stack: [0, 1, 3, 2, 0],
      startNs: [9e6, 21e6, 25e6, 39e6, 71e6],
      weightNs: [2e7, 1e7, 1e7, 1e7, 1e7],
    },
  });
  assert.deepEqual(barsOf(eventsOf(profile)).sort(), [
    "4120/4120 f 0-30",
    "4120/4120 f 70-80",
    "4120/4120 main 0-40",
    "4120/4120 main 70-80",
    "4120/4121 f 20-30",
  ]);
});

Deno.test("each process and thread has its name, and bars say where their function is", () => {
  const profile = profileOf([{ frames: [main], count: 1 }, { thread: 1, frames: [f], count: 1 }], {
    threads,
  });
  const events = eventsOf(profile);
  const names = events.filter(({ name }) => name === "process_name" || name === "thread_name");
  assert.deepEqual(names.map(({ args }) => args!["name"]), [
    INFO.command.join(" "),
    "MainThread",
    "W-0",
  ]);
  assert.deepEqual(events.find(({ ph, name }) => ph === "B" && name === "f")?.args, {
    file: "app.py",
    line: 8,
  });
});

Deno.test("many processes and threads with any names: each bar ends, and no thread gets another's time", () => {
  const profile = busyTree();
  const events = eventsOf(profile);
  barsOf(events);
  const ids = new Set(events.filter(({ ph }) => ph === "B").map(({ pid, tid }) => `${pid}/${tid}`));
  assert.deepEqual(
    [...ids].sort(),
    profile.threads.map(({ pid, osThreadId }) => `${pid}/${osThreadId}`).sort(),
  );
});

Deno.test("without a timeline stacks are laid end to end", () => {
  const info = { ...INFO, durationSeconds: 1, ticks: 100 };
  const profile = profileOf([{ frames: [main, f], count: 2 }, { frames: [main], count: 3 }], { info });
  assert.deepEqual(barsOf(eventsOf(profile)), ["4120/4120 f 0-20", "4120/4120 main 0-50"]);
});
