/** What the kernel says of a process or thread in one line of text; for what is not asked for at each sample. */

/** The fields that we use. `startTime` counts from the start of the system, in `USER_HZ`. */
export interface Stat {
  readonly id: number;
  readonly state: string;
  readonly parent: number;
  readonly flags: number;
  readonly startTime: number;
}

/**
 * Reads a stat file. @returns undefined when there is no such process or thread.
 *
 * Source: proc_pid_stat(5), fields 1, 3, 4, 9 and 22.
 */
export function readStat(path: string): Stat | undefined {
  try {
    const text = Deno.readTextFileSync(path);
    // The name, in parentheses, may itself hold parentheses and spaces.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return {
      id: parseInt(text),
      state: fields[0]!,
      parent: Number(fields[1]),
      flags: Number(fields[6]),
      startTime: Number(fields[19]),
    };
  } catch {
    return undefined;
  }
}

/** False once a process has ended; a zombie has. `procPid` is its folder in /proc. */
export function isAlive(procPid: string): boolean {
  const state = readStat(`${procPid}/stat`)?.state;
  return state !== undefined && state !== "Z" && state !== "X";
}
