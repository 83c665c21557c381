import assert from "node:assert/strict";
import { CpuTimes } from "../../src/cpu_times.ts";
import { selfParts } from "../../src/call_node.ts";
import type { CallNode } from "../../src/call_node.ts";
import { Cursor, Recording } from "../../src/recording.ts";
import { Sight } from "../../src/sighting.ts";
import type { ThreadActivities } from "../../src/thread_activities.ts";
import type { ReadThread, ThreadEntry } from "../../src/thread_table.ts";
import { Activity } from "../../src/types.ts";
import { FakeCodes, rawStack } from "./fake_codes.ts";

/** One thread, whose CPU time and stack the test sets. */
class Scene {
  readonly #codes = new FakeCodes();
  readonly #recording = new Recording(this.#codes.table, { perThread: false, timeline: false });
  readonly #thread = { activity: Activity.Gil } as ReadThread;
  readonly #entry: ThreadEntry;
  readonly #addresses = new Map(["work", "other", "rest"].map((name) => [name, this.#codes.add({ name })]));
  readonly #times: CpuTimes;
  #usedNs = 0;

  constructor() {
    const info = { pid: 1, threadId: 1, osThreadId: 1, name: undefined, interpreterId: 0 };
    this.#entry = { thread: this.#thread, cursor: new Cursor(), index: this.#recording.addThread(info) };
    const activities = { cpuTimeOf: () => this.#usedNs } as unknown as ThreadActivities;
    this.#times = new CpuTimes(activities, this.#recording);
  }

  /** A tick at which the thread has used so much, and is seen in a function, or not at all. Units: µs. */
  tick(usedUs: number, seen?: { name: string; activity: Activity }): void {
    this.#usedNs = usedUs * 1000;
    if (seen !== undefined) {
      this.#thread.activity = seen.activity;
      const stack = rawStack([[this.#addresses.get(seen.name)!, 0]]);
      const node: CallNode = this.#recording.insert(0, this.#entry.cursor, stack);
      this.#times.count(this.#entry, { sight: Sight.Whole, node, leafOffset: 0 }, 0);
    }
    this.#times.endTick();
  }

  /** CPU time by function and what the thread was doing. Units: µs. */
  given(): Record<string, number> {
    const given: Record<string, number> = {};
    for (const node of this.#recording.roots[0]!.children?.values() ?? []) {
      for (const [key, amount] of node.selfCounts ?? []) {
        given[`${this.#codes.table.get(node.codeId).name} ${selfParts(key).activity}`] = amount;
      }
    }
    return given;
  }
}

const running = (name: string) => ({ name, activity: Activity.Gil });
const idle = (name: string) => ({ name, activity: Activity.Idle });

Deno.test("time between two samples of a running thread goes to the later one", () => {
  const scene = new Scene();
  scene.tick(100, running("work"));
  scene.tick(300, running("work"));
  scene.tick(350, running("other"));
  assert.deepEqual(scene.given(), { "work 0": 200, "other 0": 50 });
});

Deno.test("time until a thread has stopped running goes to its last sample, whether it is sampled then or not", () => {
  for (const after of [undefined, idle("rest")]) {
    const scene = new Scene();
    scene.tick(100, running("work"));
    scene.tick(900, after);
    scene.tick(900, after);
    const expected = after === undefined ? { "work 0": 800 } : { "work 0": 800, "rest 3": 0 };
    assert.deepEqual(scene.given(), expected);
  }
});

Deno.test("time used between two looks that both met the thread waiting goes to its next sample", () => {
  const scene = new Scene();
  scene.tick(0, running("work"));
  scene.tick(10, idle("rest"));
  scene.tick(50, idle("rest"));
  scene.tick(60, running("other"));
  assert.deepEqual(scene.given(), { "work 0": 10, "rest 3": 0, "other 0": 50 });
});

Deno.test("a thread that has ended has no CPU time any more: nothing is taken away", () => {
  const scene = new Scene();
  scene.tick(100, running("work"));
  scene.tick(300, running("work"));
  scene.tick(0);
  assert.deepEqual(scene.given(), { "work 0": 200 });
});
