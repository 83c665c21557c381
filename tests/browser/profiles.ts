/** Profiles for the tests in the browser. */
import { frame, profileOf, thread } from "../unit/render_helper.ts";

const [main, left, right, deep] = [
  frame("main", "app.py", 1),
  frame("Left.work", "pkg/left.py", 2),
  frame("right", "pkg/right.py", 3),
  frame("deep", "pkg/deep.py", 4),
] as const;

/** `main` calls `left` (60 %, half of it in `deep`) and `right` (40 %, a quarter of all in `deep`). */
export const FORK = profileOf([
  { frames: [main, left], count: 30 },
  { frames: [main, left, deep], count: 30 },
  { frames: [main, right], count: 15 },
  { frames: [main, right, deep], count: 25 },
]);

/** Two threads, and what they did: W-0 is idle but for a tenth. */
export const THREADS = profileOf([
  { thread: 0, frames: [main, left], count: 60, byActivity: [50, 10, 0, 0] },
  { thread: 1, frames: [main, deep], count: 40, byActivity: [4, 0, 6, 30] },
], { threads: [thread(4120), thread(4121, "W-0")] });

/** `walk` calls itself three times, from two lines; `helper` is called by the second one only. */
export const RECURSION = profileOf([
  {
    frames: [main, frame("walk", "w.py", 5, 4), frame("walk", "w.py", 6, 4), frame("walk", "w.py", 7, 4)],
    count: 10,
  },
  {
    frames: [main, frame("walk", "w.py", 5, 4), frame("walk", "w.py", 6, 4), frame("helper", "w.py", 9)],
    count: 30,
  },
]);
