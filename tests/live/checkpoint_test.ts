/** Files of a recording that goes on: whole at any time, also when pyspy is killed. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { parseCounts, pyspy, python, startProgram, startPyspy, temporaryFolder } from "./programs.ts";

const ignore = python === undefined;

/** Waits until a recording has more samples than this, asking again and again. */
async function samplesAbove(path: string, least: number, ask: () => void = () => {}): Promise<number> {
  const end = Date.now() + 30_000;
  for (;;) {
    ask();
    const text = await Deno.readTextFile(path).catch(() => undefined);
    // A file that is there is whole.
    const samples = text === undefined ? -1 : JSON.parse(text).info.samples;
    if (samples > least) return samples;
    assert.ok(Date.now() < end, `${samples} samples after half a minute`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

Deno.test({
  name: "checkpoint: SIGUSR1 writes the files, and the recording goes on",
  ignore,
  fn: async () => {
    await using target = await startProgram(python!, "busy.py");
    await using folder = await temporaryFolder();
    const file = join(folder.path, "a.pyspy.json");
    const outputs = ["-o", file, "-o", join(folder.path, "a.svg")];
    const recording = startPyspy(["record", "-p", `${target.pid}`, "-r", "200", ...outputs]);
    await recording.said("Sampling process");
    const ask = () => recording.kill("SIGUSR1");
    const first = await samplesAbove(file, 0, ask);
    const second = await samplesAbove(file, first, ask);
    recording.kill("SIGTERM");
    const { code, stderr } = await recording.outcome;
    assert.equal(code, 0, stderr);
    const { samples, late, missed } = parseCounts(stderr);
    assert.ok(samples >= second, stderr);
    assert.ok(late >= 0 && missed >= 0);
    assert.equal(JSON.parse(await Deno.readTextFile(file)).info.samples, samples);
    assert.match(
      stderr,
      /Files were written \d+ times while recording; sampling stood still for up to \d+ ms/,
    );
    assert.match(await Deno.readTextFile(join(folder.path, "a.svg")), /<\/svg>\s*$/);
    assert.deepEqual((await Array.fromAsync(Deno.readDir(folder.path))).map(({ name }) => name).sort(), [
      "a.pyspy.json",
      "a.svg",
    ]);
  },
});

Deno.test({
  name: "checkpoint: what was written stays when pyspy is killed, and counts of ticks add up",
  ignore,
  fn: async () => {
    await using target = await startProgram(python!, "busy.py");
    await using folder = await temporaryFolder();
    const file = join(folder.path, "a.pyspy.json");
    const record = ["record", "-p", `${target.pid}`, "-r", "200", "--checkpoint", "0.3", "-o", file];
    const recording = startPyspy(record);
    const first = await samplesAbove(file, 0);
    await samplesAbove(file, first);
    recording.kill("SIGKILL");
    await recording.outcome;
    const { info } = JSON.parse(await Deno.readTextFile(file));
    assert.ok(info.samples > first);
    const ticks = info.ticks + info.missed;
    const expected = info.duration_seconds * 200;
    assert.ok(Math.abs(ticks - expected) <= 3 + expected * 0.02, `${ticks} of ${expected} ticks`);
  },
});

Deno.test({
  name: "checkpoint: what can be written only once is refused",
  ignore,
  fn: async () => {
    await using target = await startProgram(python!, "busy.py");
    const { code, stderr } = await pyspy(["record", "-p", `${target.pid}`, "--checkpoint", "1", "-o", "-"]);
    assert.equal(code, 2);
    assert.match(stderr, /--checkpoint and --rotate cannot write standard output more than once/);
  },
});
