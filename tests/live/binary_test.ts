/** The compiled binary: it runs by itself, is of a sane size, and reads nothing that others can write. */
import assert from "node:assert/strict";
import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { PROJECT, runCommand, warnSkipped } from "../helpers.ts";

const BINARY = Deno.env.get("PYSPY_BINARY") || join(PROJECT, "dist", "pyspy");
const MAX_BYTES = 95_000_000;

const compiled = await Deno.stat(BINARY).then((info) => info.isFile, () => false);
if (!compiled) warnSkipped(`the tests of the binary: there is no ${BINARY} (deno task compile)`);
const traceable = Deno.build.os === "linux" &&
  await runCommand(["strace", "-V"]).then((outcome) => outcome.code === 0, () => false);
if (!traceable) warnSkipped("what the binary opens: strace is not installed");

Deno.test({
  name: `binary: smaller than ${MAX_BYTES} bytes`,
  ignore: !compiled,
  fn: async () => {
    const { size } = await Deno.stat(BINARY);
    assert.ok(size < MAX_BYTES, `${size} bytes`);
  },
});

Deno.test({
  name: "binary: --version is that of deno.json",
  ignore: !compiled,
  fn: async () => {
    const { code, stdout } = await runCommand([BINARY, "--version"]);
    assert.equal(code, 0);
    assert.match(stdout.trim(), new RegExp(`(^| )${config.version.replaceAll(".", "\\.")}$`));
  },
});

Deno.test({
  name: "binary: --help needs neither HOME nor PATH",
  ignore: !compiled,
  fn: async () => {
    const { code, stdout, stderr } = await runCommand(["/usr/bin/env", "-i", BINARY, "--help"]);
    assert.equal(code, 0, stderr);
    for (const command of ["dump", "record"]) assert.match(stdout, new RegExp(`^ +${command} `, "m"));
  },
});

/** Paths in the output of strace that are in a folder for temporary files. */
function temporaryPaths(trace: string, temporary: string): string[] {
  const paths = [...trace.matchAll(/"(\/[^"]*)"/g)].map((match) => match[1]!);
  const isOwn = (path: string) => path === BINARY || (path + "/").startsWith(PROJECT + "/");
  return paths.filter((path) =>
    path.startsWith(temporary) || (/^\/(var\/)?tmp(\/|$)/.test(path) && !isOwn(path))
  );
}

// Root runs pyspy. What it would read from a folder for temporary files, any user could have put there.
for (const args of [["--help"], ["dump", "--pid", String(Deno.pid)], ["record", "--help"]]) {
  Deno.test({
    name: `binary: opens nothing in a folder for temporary files: ${args[0]}`,
    ignore: !compiled || !traceable,
    fn: async () => {
      const parent = join(PROJECT, ".cache");
      await Deno.mkdir(parent, { recursive: true });
      const temporary = await Deno.makeTempDir({ dir: parent, prefix: "temporary-" });
      try {
        // Two runs: a cache that the first one writes, the second one would read.
        for (let round = 0; round < 2; round++) {
          const strace = ["strace", "-f", "-qq", "-e", "trace=%file"];
          const { stderr } = await runCommand([...strace, BINARY, ...args], { TMPDIR: temporary });
          assert.match(stderr, /execve\(/, "strace shows nothing");
          assert.deepEqual(temporaryPaths(stderr, temporary), []);
        }
        assert.deepEqual([...Deno.readDirSync(temporary)], []);
      } finally {
        await Deno.remove(temporary, { recursive: true });
      }
    },
  });
}
