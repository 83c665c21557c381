/** Profiles for the tests of renderers. */
import type { Profile, RecordingInfo, StackCount } from "../../src/profile.ts";
import type { Frame, ThreadInfo } from "../../src/types.ts";

/** How a recording went; change what a test is about. */
export const INFO: RecordingInfo = {
  pid: 4120,
  command: ["/srv/shop/.venv/bin/python", "/srv/shop/.venv/bin/gunicorn", "shop.wsgi", "--threads", "3"],
  pythonVersion: "3.12.8",
  pyspyVersion: "0.1.0",
  startTime: "2026-11-22T17:05:00.000Z",
  durationSeconds: 30.02,
  rateHz: 100,
  ticks: 2998,
  samples: 0,
  cut: 0,
  errors: 0,
  late: 4,
  missed: 2,
};

/** Makes a frame; `lines` are where it is and where it begins. */
export function frame(name: string, file = "app.py", line = 1, firstLine = 1): Frame {
  return { name, file, line, firstLine };
}

/** Makes a thread. */
export function thread(osThreadId: number, name: string | undefined = "MainThread"): ThreadInfo {
  return { pid: 4120, threadId: 0x7f0000000000 + osThreadId, osThreadId, name, interpreterId: 0 };
}

/** Makes a profile of stacks given as frames, root first. */
export function profileOf(
  stacks: readonly {
    thread?: number;
    frames: readonly Frame[];
    count: number;
    byActivity?: readonly number[];
  }[],
  parts: Partial<Omit<Profile, "stacks" | "frames">> = {},
): Profile {
  const frames: Frame[] = [];
  const known = new Map<string, number>();
  const counts: StackCount[] = stacks.map((stack) => ({
    thread: stack.thread ?? 0,
    count: stack.count,
    ...stack.byActivity === undefined ? {} : { byActivity: stack.byActivity },
    frames: stack.frames.map((frame) => {
      const key = JSON.stringify(frame);
      const index = known.get(key) ?? frames.push(frame) - 1;
      known.set(key, index);
      return index;
    }),
  }));
  const samples = counts.reduce((sum, stack) => sum + stack.count, 0);
  const info = parts.info ?? { ...INFO, samples };
  return { threads: [thread(4120)], timeline: undefined, ...parts, info, frames, stacks: counts };
}

/** The recording of a Django shop: 255 stacks of 5 threads. */
export function djangoProfile(): Profile {
  return JSON.parse(readFixture("django.profile.json"));
}

/** Reads a fixture of the renderers. */
export function readFixture(name: string): string {
  return Deno.readTextFileSync(new URL(`../fixtures/render/${name}`, import.meta.url));
}

/** Names that try to break out of wherever they are put. */
export const HOSTILE: readonly string[] = [
  "</script><script>alert(1)</script>",
  "]]><script>alert(2)</script>",
  `"><img src=x onerror="alert(3)">`,
  "' onload='alert(4)",
  "</title></svg>&amp;&lt;&#0;",
  "<!-- --><?xml?><!DOCTYPE x>",
  "${alert(5)}`",
  "nul\0bell\x07esc\x1b[31mred\x1b]0;title\x07del\x7fcsi\x9b2J",
  "line\nbreak\r\ttab\u2028ls\u2029ps\x85nel",
  "lone \ud800 high, \udc00 low, \udc00\ud800 swapped",
  "bidi \u202egnp.exe\u202c \u2066isolate\u2069 \u200fmark",
  "bom\ufeff \ufffe \uffff",
  "semi;colon; 12",
  " ",
  "",
  "漢字かな 🐍🦀 e\u0301 ok",
  "x".repeat(10_000),
  "🐍".repeat(5_000),
];
