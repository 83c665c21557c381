import assert from "node:assert/strict";
import { join } from "node:path";
import { readSourceFile } from "../../src/ffi/source_file.ts";
import { warnSkipped } from "../helpers.ts";

/** Runs a test in a folder of its own. */
function inFolder(name: string, test: (folder: string) => void, ignore = false): void {
  Deno.test({
    name,
    ignore,
    fn: () => {
      const folder = Deno.makeTempDirSync({ prefix: "pyspy-test-" });
      try {
        test(folder);
      } finally {
        Deno.removeSync(folder, { recursive: true });
      }
    },
  });
}

const textOf = (path: string, maxBytes = 1000) => {
  const source = readSourceFile(path, maxBytes);
  return source === undefined ? undefined : new TextDecoder().decode(source.bytes);
};

inFolder("only files with a name of Python source are read, whole, and up to a size", (folder) => {
  for (const name of ["a.py", "b.PYW", "c.pyx", "secret", "d.pyc", "e.py.txt"]) {
    Deno.writeTextFileSync(join(folder, name), `text of ${name}`);
  }
  Deno.mkdirSync(join(folder, "folder.py"));
  assert.equal(textOf(join(folder, "a.py")), "text of a.py");
  assert.equal(textOf(join(folder, "b.PYW")), "text of b.PYW");
  assert.equal(textOf(join(folder, "c.pyx")), "text of c.pyx");
  for (const name of ["secret", "d.pyc", "e.py.txt", "folder.py", "none.py", "a.py\0", ""]) {
    assert.equal(textOf(join(folder, name)), undefined, name);
  }
  assert.equal(textOf(join(folder, "a.py"), 11), undefined);
  assert.ok(Math.abs(Date.now() - readSourceFile(join(folder, "a.py"), 99)!.changedMs!) < 3_600_000);
});

inFolder("a link is followed to Python source, and to nothing else", (folder) => {
  Deno.writeTextFileSync(join(folder, "secret"), "secret");
  Deno.writeTextFileSync(join(folder, "real.py"), "real");
  const links = [
    ["to_secret.py", "secret"],
    ["to_real.py", "real.py"],
    ["chain.py", "to_secret.py"],
    [
      "shadow.py",
      "/etc/shadow",
    ],
    ["zero.py", "/dev/zero"],
    ["round.py", "round.py"],
  ] as const;
  for (const [name, target] of links) Deno.symlinkSync(target, join(folder, name));
  assert.equal(textOf(join(folder, "to_real.py")), "real");
  for (const name of ["to_secret.py", "chain.py", "shadow.py", "zero.py", "round.py"]) {
    assert.equal(textOf(join(folder, name)), undefined, name);
  }
});

const isRoot = Deno.uid() === 0;
if (!isRoot) warnSkipped("that sources are read as the user who called sudo: needs root");

inFolder("under sudo a source is read as the user who called it, and never as root instead", (folder) => {
  Deno.chmodSync(folder, 0o755);
  for (const [name, mode] of [["open.py", 0o644], ["roots.py", 0o600]] as const) {
    Deno.writeTextFileSync(join(folder, name), name);
    Deno.chmodSync(join(folder, name), mode);
  }
  const sudo = { SUDO_UID: "65534", SUDO_GID: "65534", SUDO_USER: "nobody" };
  assert.equal(textOf(join(folder, "roots.py")), "roots.py");
  const before = Object.keys(sudo).map((name) => [name, Deno.env.get(name)] as const);
  try {
    for (const [name, value] of Object.entries(sudo)) Deno.env.set(name, value);
    assert.equal(textOf(join(folder, "open.py")), "open.py");
    assert.equal(textOf(join(folder, "roots.py")), undefined);
  } finally {
    for (const [name, value] of before) {
      value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
    }
  }
  assert.equal(textOf(join(folder, "roots.py")), "roots.py");
}, !isRoot);
