/** The page that explains the screen of `top`. */

/** Its lines. */
export const HELP_LINES: readonly string[] = [
  "%Own       time in the function itself; 100 % is one thread all of the time",
  "%Total     time in it and in what it called; recursion counts once",
  "OwnTime, TotalTime   the same in seconds, since the start or the last reset",
  "Trend      the last 12 refreshes of the sorted column, against the row's largest",
  "",
  "1 2 3 4    sort by %Own, %Total, OwnTime, TotalTime; s and S: the next, the one before",
  "c          percentages of the last interval, or of all since the start or reset",
  "l          functions or lines",
  "t          threads: running, and waiting for the GIL",
  "P          processes, with -s",
  "arrows, PgUp, PgDn, Home, End   choose a row",
  "Enter, e   callers of the row; of a thread, its stack",
  "/          show only names and files with this text; Esc: all again",
  "p, space   hold the screen still; sampling goes on",
  "+ -        refresh less often, more often",
  "r          count from now on; w still writes all since the start",
  "w          write a flamegraph of all that was seen",
  "d          the stacks of all threads, now",
  "q, Ctrl-C  end; the table stays on the terminal",
  "",
  "Mouse: a click on a heading sorts by it, one on a row chooses it, the wheel scrolls;",
  "hold Shift to select text, or start with --no-mouse.",
  "Bold: your code; cyan: the standard library; magenta: without a file of its own.",
  "Only threads that run are sampled, unless -i asks for all, or -g for the GIL's holder.",
];
