import assert from "node:assert/strict";
import { renderMarkdown } from "../../src/render/markdown.ts";
import { marshal } from "../../src/render/marshal.ts";
import { renderPstats } from "../../src/render/pstats.ts";
import { busyTree } from "./render_formats_helper.ts";
import { frame, HOSTILE, INFO, profileOf } from "./render_helper.ts";

const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");

Deno.test("marshal: values as Python writes them", () => {
  // marshal.dumps(value, 0) of Python 3.13, but for ints in tuples, which are the same.
  assert.equal(hex(marshal(5)), "69 05 00 00 00");
  assert.equal(hex(marshal(2 ** 31)), "6c 03 00 00 00 00 00 00 00 02 00");
  assert.equal(hex(marshal("é")), "75 02 00 00 00 c3 a9");
  assert.equal(hex(marshal({ float: 0.5 })), "67 00 00 00 00 00 00 e0 3f");
  assert.equal(hex(marshal([1, "a"])), "28 02 00 00 00 69 01 00 00 00 75 01 00 00 00 61");
  assert.equal(hex(marshal({ dict: [["k", 1]] })), "7b 75 01 00 00 00 6b 69 01 00 00 00 30");
});

Deno.test("pstats: no name brings a control character to the terminal that shows it", () => {
  const text = new TextDecoder("latin1").decode(renderPstats(busyTree()));
  assert.ok(!text.includes("\x1b[31m"));
  assert.ok(text.includes("esc\\x1b[31mred"));
});

Deno.test("markdown: the hottest functions, and how the recording went", () => {
  const profile = profileOf([
    { frames: [frame("main"), frame("f|g", "a`b.py")], count: 3 },
    { frames: [frame("main")], count: 1 },
  ], {
    info: { ...INFO, command: ["python", "app.py"], durationSeconds: 2, ticks: 200, notes: ["<b>2</b> out"] },
  });
  assert.equal(
    renderMarkdown(profile, { limit: 1 }),
    `## \`python app.py\`

### Most time of its own

| self | | total | | function | file |
| -: | -: | -: | -: | :- | :- |
| 75.0 % | 0.03 s | 75.0 % | 0.03 s | \`f\\|g\` | \`\` a\`b.py \`\` |

... and 1 more

### Most time with what it calls

| self | | total | | function | file |
| -: | -: | -: | -: | :- | :- |
| 25.0 % | 0.01 s | 100.0 % | 0.04 s | \`main\` | \`app.py\` |

... and 1 more

4 samples in 2.00 s; 100.0 of 100 Hz; 0 errors; 4 late, 2 missed; 0.0 % cut; Python 3.12.8; pyspy 0.1.0

&#60;b&#62;2&#60;/b&#62; out
`,
  );
  assert.match(renderMarkdown(profileOf([]), { limit: 5 }), /No samples\./);
});

Deno.test("markdown: each name stays on its row, and in its cell", () => {
  const names = HOSTILE.filter((name) => name.length < 100);
  const profile = profileOf(names.map((name) => ({ frames: [frame(name, name)], count: 1 })));
  const rows = renderMarkdown(profile, { limit: 100 }).split("\n").filter((line) => /^\| \d/.test(line));
  assert.equal(rows.length, 2 * names.length);
  for (const row of rows) assert.equal(row.match(/(?<!\\)\|/g)?.length, 7, row);
});
