/** Every format that is read gives back the same totals, whoever reads it. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Format } from "../../src/commands/formats.ts";
import { renderAs } from "../../src/commands/formats.ts";
import { ProfilerError } from "../../src/errors.ts";
import type { Profile } from "../../src/profile.ts";
import { foldedSafe, visibleText } from "../../src/render/escape.ts";
import { readProfile } from "../../src/render/read_profile.ts";
import { parseLabel } from "../../src/render/read_folded.ts";
import { busyTree, countsByThread, totalsOf } from "./render_formats_helper.ts";
import { djangoProfile, frame, HOSTILE, profileOf } from "./render_helper.ts";

async function bytesOf(format: Format, profile: Profile): Promise<Uint8Array<ArrayBuffer>> {
  const content = await renderAs(format, profile, { threads: false });
  return new Uint8Array(typeof content === "string" ? new TextEncoder().encode(content) : content);
}

async function roundTrip(format: Format, profile: Profile): Promise<Profile> {
  return await readProfile(await bytesOf(format, profile));
}

const tree = busyTree();

Deno.test("our own format gives back exactly what was written", async () => {
  for (const profile of [tree, djangoProfile(), profileOf([])]) {
    const back = await roundTrip("json", profile);
    assert.deepEqual(back, { processes: undefined, ...profile, timeline: profile.timeline });
  }
});

Deno.test("our own format: any names, times and counts come back", async () => {
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(...HOSTILE));
  const anyFrame = fc.record({
    name: text,
    file: text,
    line: fc.nat(),
    firstLine: fc.nat(),
  }, { noNullPrototype: true });
  const stack = fc.record({ frames: fc.array(anyFrame, { maxLength: 5 }), count: fc.nat() });
  const time = fc.double({ min: 0, max: 1e15, noNaN: true });
  await fc.assert(
    fc.asyncProperty(fc.array(stack, { minLength: 1, maxLength: 6 }), time, async (stacks, startNs) => {
      const timeline = { stack: [0], startNs: [startNs], weightNs: [startNs / 3] };
      const profile = profileOf(stacks, { timeline });
      const back = await roundTrip("json", profile);
      assert.deepEqual(back, { ...profile, processes: undefined });
    }),
  );
});

/** What a format does to names. */
const NAMES: Partial<Record<Format, (name: string) => string>> = {
  pprof: visibleText,
  raw: (name) => parseLabel(`${foldedSafe(name)} (x)`).name,
};

for (
  const format of ["json", "flamegraph", "raw", "speedscope", "pprof", "chrometrace", "firefox"] as const
) {
  Deno.test(`${format}: read back, each function has as many samples of its own and in all`, async () => {
    // A name with parentheses and a file in a folded line cannot be taken apart for certain.
    const profile = format === "raw" ? djangoProfile() : tree;
    const back = await roundTrip(format, profile);
    const name = NAMES[format] ?? ((text: string) => text);
    assert.deepEqual(totalsOf(back), totalsOf(profile, { name }));
  });

  Deno.test(`${format}: without times, the same`, async () => {
    const profile = djangoProfile();
    const back = await roundTrip(format, { ...profile, timeline: undefined });
    assert.deepEqual(totalsOf(back), totalsOf(profile, { name: NAMES[format] ?? ((text) => text) }));
  });

  Deno.test(`${format}: an empty recording is a file that can be read, and is empty`, async () => {
    const bytes = await bytesOf(format, profileOf([]));
    // Folded stacks of nothing are an empty file.
    const back = await readProfile(bytes);
    assert.equal(back.stacks.reduce((sum, { count }) => sum + count, 0), 0);
  });
}

for (const format of ["json", "flamegraph", "speedscope", "pprof", "chrometrace", "firefox"] as const) {
  Deno.test(`${format}: read back, each thread of each process has its samples`, async () => {
    assert.deepEqual(countsByThread(await roundTrip(format, tree)), countsByThread(tree));
  });

  Deno.test(`${format}: what is known of the recording comes back`, async () => {
    assert.deepEqual((await roundTrip(format, tree)).info, tree.info);
  });

  Deno.test(`${format}: CPU time comes back to the microsecond`, async () => {
    const info = { ...tree.info, unit: "cpu_us" as const };
    const stacks = tree.stacks.map((stack) => ({ ...stack, count: stack.count * 1234 }));
    const back = await roundTrip(format, { ...tree, info, stacks, timeline: undefined });
    assert.equal(back.info.unit, "cpu_us");
    const name = NAMES[format] ?? ((text: string) => text);
    assert.deepEqual(
      totalsOf(back, { inSeconds: true }),
      totalsOf({ ...tree, info, stacks }, { inSeconds: true, name }),
    );
  });
}

Deno.test("from one format to another and on, totals stay", async () => {
  let profile: Profile = tree;
  for (const format of ["json", "firefox", "chrometrace", "speedscope", "pprof", "json"] as const) {
    profile = await roundTrip(format, profile);
  }
  assert.deepEqual(totalsOf(profile), totalsOf(tree, { name: visibleText }));
});

Deno.test("a file that was cut off anywhere is one clear error", async () => {
  const profile = profileOf([{ frames: [frame("a"), frame("b")], count: 3 }, {
    frames: [frame("a")],
    count: 1,
  }]);
  for (const format of ["json", "speedscope", "pprof", "chrometrace", "firefox"] as const) {
    const bytes = await bytesOf(format, profile);
    const end = bytes.at(-1) === 10 ? bytes.length - 1 : bytes.length;
    for (let length = 1; length < end; length += 1 + Math.floor(end / 40)) {
      await assert.rejects(
        readProfile(bytes.slice(0, length)),
        (error) => error instanceof ProfilerError && /cut off|none of the formats/.test(error.message),
        `${format}, ${length} of ${end}`,
      );
    }
  }
});

Deno.test("whatever a file holds, reading it ends in a profile or in one clear error", async () => {
  const sources = await Promise.all(
    (["json", "flamegraph", "speedscope", "pprof", "chrometrace", "firefox", "raw"] as const).map((format) =>
      bytesOf(format, tree)
    ),
  );
  const damage = fc.record({
    source: fc.nat(sources.length - 1),
    places: fc.array(fc.record({ at: fc.nat(), value: fc.nat(255) }), { minLength: 1, maxLength: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(damage, async ({ source, places }) => {
      const bytes = sources[source]!.slice();
      for (const { at, value } of places) bytes[at % bytes.length] = value;
      try {
        await readProfile(bytes);
      } catch (error) {
        assert.ok(error instanceof ProfilerError, String((error as Error).stack));
      }
    }),
    { numRuns: 300 },
  );
});
