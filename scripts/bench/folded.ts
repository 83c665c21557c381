/** Reads the folded stacks that the profilers of the benchmark write, each in its own dialect. */

/** Frames of a stack trace, root first, and how many samples had it. */
export type StackVisitor = (frames: readonly string[], count: number) => void;

/**
 * What a line says: how many samples had a stack trace, or how much time all of them stand for; or it is one
 * sample, whatever its number.
 */
export type Counting = "number" | "time" | "line";

/**
 * Goes through a file of folded stacks; one that is missing is empty.
 *
 * A file may hold hundreds of megabytes: austin writes a line for each sample.
 */
export async function visitStacks(
  path: string,
  { counting, visit }: { counting: Counting; visit: StackVisitor },
): Promise<void> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch {
    return;
  }
  let rest = "";
  for await (const text of file.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) visitLine(line, { counting, visit });
  }
  visitLine(rest, { counting, visit });
}

function visitLine(line: string, { counting, visit }: { counting: Counting; visit: StackVisitor }): void {
  const end = line.lastIndexOf(" ");
  const number = Number(line.slice(end + 1));
  if (end < 1 || line.startsWith("#") || !Number.isInteger(number)) return;
  visit(line.slice(0, end).split(";"), counting === "line" ? 1 : number);
}

/**
 * Finds the functions of a program in frames.
 *
 * @param pattern matches a frame of such a function, without its file's name.
 * @returns of a frame the match, or null for any other frame: of a thread, or of what the tool adds.
 */
export function functionFinder(pattern: RegExp): (frame: string) => RegExpExecArray | null {
  const known = new Map<string, RegExpExecArray | null>();
  return (frame) => {
    let match = known.get(frame);
    if (match === undefined) {
      // File names would otherwise count as functions: "run.py", "call_chains.py".
      match = pattern.exec(frame.replaceAll(/[^\s:;(]*\.py\b/g, ""));
      known.set(frame, match);
    }
    return match;
  };
}

/** Whether the profiler itself marked a stack trace as incomplete. */
export function isCut(frames: readonly string[]): boolean {
  return frames.at(-1) === "[cut]";
}
