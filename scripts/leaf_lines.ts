/**
 * Measures how well the innermost line is known: the share of each line of scripts/leaf_lines.py, as the program has
 * timed it, beside what `pyspy record` shows of it.
 *
 * Usage: `deno run -A scripts/leaf_lines.ts [--loop] [SECONDS [LABEL...]]`; all interpreters found when none is named.
 * With `--loop`, and `PYTHON_JIT=1` in the environment, builds with a just-in-time compiler (3.14 and later) run it.
 *
 * Each line that does something stands after a call, which is always known: "lost" is the part of both lines' time that
 * is shown at the call, more than the call's own.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findPythons, placeFolder } from "./pythons.ts";
import type { Python } from "./pythons.ts";

const SCRIPTS = dirname(fileURLToPath(import.meta.url));
const RATE_HZ = 1000;
/** Line of the first call; each call is followed by its line. */
const FIRST_LINE = Deno.args.includes("--loop") ? 5 : 4;

/** What the program says of itself. Units: ns for a call of the function. */
interface Truth {
  readonly kinds: readonly string[];
  readonly times: readonly number[];
  /** Time of the call before each line. */
  readonly note: number;
  readonly total: number;
}

/** Starts the program, and records it once it has timed itself. @returns samples by line. */
async function measure(
  python: Python,
  seconds: number,
): Promise<{ truth: Truth; samples: Map<number, number> }> {
  const folder = await Deno.makeTempDir({ prefix: "pyspy-lines-" });
  const programs = join(folder, "leaf_lines");
  await Deno.mkdir(programs);
  await Deno.copyFile(join(SCRIPTS, "leaf_lines.py"), join(programs, "leaf_lines.py"));
  const [program, ...args] = [...python.command, join(await placeFolder(python, programs), "leaf_lines.py")];
  if (Deno.args.includes("--loop")) args.push("loop");
  const child = new Deno.Command(program!, { args, stdout: "piped" }).spawn();
  try {
    const truth: Truth = JSON.parse(await firstLine(child.stdout));
    const output = join(folder, "stacks");
    const options = ["-r", String(RATE_HZ), "-d", String(seconds), "-f", "raw", "-o", output];
    const main = join(dirname(SCRIPTS), "main.ts");
    const record = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", main, "record", "-p", String(child.pid), ...options],
    }).output();
    if (!record.success) throw new Error(new TextDecoder().decode(record.stderr));
    return { truth, samples: samplesByLine(await Deno.readTextFile(output)) };
  } finally {
    child.kill("SIGKILL");
    await child.status;
    await Deno.remove(folder, { recursive: true });
  }
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream.values({ preventCancel: true })) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes("\n")) return text;
  }
  throw new Error("the program has ended");
}

function samplesByLine(folded: string): Map<number, number> {
  const samples = new Map<number, number>();
  for (const stack of folded.split("\n")) {
    const [, line, count] = /work \(work\.py:(\d+)\).* (\d+)$/.exec(stack) ?? [];
    if (line !== undefined) samples.set(Number(line), (samples.get(Number(line)) ?? 0) + Number(count));
  }
  return samples;
}

function report(
  python: Python,
  { kinds, times, note, total }: Truth,
  samples: ReadonlyMap<number, number>,
): void {
  const measured = times.reduce((sum, time) => sum + time + note, 0);
  const all = [...samples.values()].reduce((sum, count) => sum + count, 0);
  const percent = (part: number) => (part * 100).toFixed(1).padStart(6);
  console.log(
    `\nPython ${python.label}: ${all} samples; a call takes ${(total / 1000).toFixed(1)} us, ` +
      `its lines alone ${(measured / 1000).toFixed(1)} us`,
  );
  console.log("                      true  shown   lost  (percent)");
  kinds.forEach((kind, index) => {
    const call = samples.get(FIRST_LINE + 2 * index) ?? 0;
    const line = samples.get(FIRST_LINE + 2 * index + 1) ?? 0;
    const callShare = note / (note + times[index]!);
    const lost = call / (call + line) - callShare;
    console.log(
      `${kind.padEnd(19)} ${percent(times[index]! / measured)} ${percent(line / all)} ${percent(lost)}`,
    );
  });
}

const [seconds = "4", ...labels] = Deno.args.filter((argument) => argument !== "--loop");
const { pythons } = await findPythons();
for (const python of pythons) {
  if (labels.length > 0 && !labels.includes(python.label)) continue;
  const { truth, samples } = await measure(python, Number(seconds));
  report(python, truth, samples);
}
