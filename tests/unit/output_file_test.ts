import assert from "node:assert/strict";
import { join } from "node:path";
import { ProfilerError } from "../../src/errors.ts";
import { openOutputFile } from "../../src/ffi/output_file.ts";

/** Runs a test in a folder of its own. */
function inFolder(name: string, test: (folder: string) => void): void {
  Deno.test(name, () => {
    const folder = Deno.makeTempDirSync({ prefix: "pyspy-test-" });
    try {
      test(folder);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  });
}

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

/** @returns the error that says that a path cannot be written. */
function refusal(action: () => void): ProfilerError {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof ProfilerError, String(error));
    assert.equal(error.kind, "failure");
    assert.ok(error.remedy !== undefined);
    return error;
  }
  throw new assert.AssertionError({ message: "the path was accepted" });
}

inFolder("a file appears under its name only when it is complete", (folder) => {
  const path = join(folder, "out.svg");
  const file = openOutputFile(path);
  assert.deepEqual(namesIn(folder), [`out.svg.${Deno.pid}.tmp`]);
  file.write("größe");
  assert.deepEqual(namesIn(folder), ["out.svg"]);
  assert.equal(Deno.readTextFileSync(path), "größe");
});

inFolder("bytes are written as they are", (folder) => {
  const path = join(folder, "out.bin");
  const content = Uint8Array.from({ length: 300_000 }, (_, i) => i % 256);
  openOutputFile(path).write(content);
  assert.deepEqual(Deno.readFileSync(path), content);
});

inFolder(
  "an earlier file stays as it is until it is replaced, and for good when the work comes to nothing",
  (folder) => {
    const path = join(folder, "out.svg");
    Deno.writeTextFileSync(path, "a longer text than the new one");
    const discarded = openOutputFile(path);
    assert.equal(Deno.readTextFileSync(path), "a longer text than the new one");
    discarded.discard();
    assert.equal(Deno.readTextFileSync(path), "a longer text than the new one");
    openOutputFile(path).write("new");
    assert.equal(Deno.readTextFileSync(path), "new");
    assert.deepEqual(namesIn(folder), ["out.svg"]);
  },
);

inFolder(
  "what is discarded leaves nothing behind; discarding what was written, or twice, changes nothing",
  (folder) => {
    const path = join(folder, "out.svg");
    const discarded = openOutputFile(path);
    discarded.discard();
    discarded.discard();
    assert.deepEqual(namesIn(folder), []);
    const written = openOutputFile(path);
    written.write("text");
    written.discard();
    assert.equal(Deno.readTextFileSync(path), "text");
  },
);

inFolder("a folder in the place of the file, or none around it, is an error at once", (folder) => {
  assert.match(refusal(() => openOutputFile(folder)).message, /it is a folder/);
  const error = refusal(() => openOutputFile(join(folder, "missing", "out.svg")));
  assert.ok(error.message.includes(`the folder '${join(folder, "missing")}' does not exist`), error.message);
  Deno.writeTextFileSync(join(folder, "file"), "");
  refusal(() => openOutputFile(join(folder, "file", "out.svg")));
  assert.deepEqual(namesIn(folder), ["file"]);
});

// Root may write everywhere but into /proc.
inFolder("a folder that may not be written is an error at once", (folder) => {
  assert.match(refusal(() => openOutputFile("/proc/self/pyspy-test.svg")).message, /Cannot write/);
  if (Deno.uid() === 0) return;
  Deno.chmodSync(folder, 0o555);
  assert.match(refusal(() => openOutputFile(join(folder, "out.svg"))).message, /permission denied/);
  Deno.chmodSync(folder, 0o755);
});

inFolder("a symbolic link is replaced, not followed", (folder) => {
  const precious = join(folder, "precious");
  Deno.writeTextFileSync(precious, "precious");
  for (const [name, target] of [["link", precious], ["dangling", join(folder, "nowhere")]] as const) {
    Deno.symlinkSync(target, join(folder, name));
    openOutputFile(join(folder, name)).write("profile");
    assert.equal(Deno.lstatSync(join(folder, name)).isSymlink, false);
    assert.equal(Deno.readTextFileSync(join(folder, name)), "profile");
  }
  assert.equal(Deno.readTextFileSync(precious), "precious");
  assert.deepEqual(namesIn(folder), ["dangling", "link", "precious"]);
});

inFolder("a link in the place of the temporary file is not followed", (folder) => {
  const precious = join(folder, "precious");
  Deno.writeTextFileSync(precious, "precious");
  Deno.symlinkSync(precious, join(folder, `out.svg.${Deno.pid}.tmp`));
  refusal(() => openOutputFile(join(folder, "out.svg")));
  assert.equal(Deno.readTextFileSync(precious), "precious");
});

Deno.test("a device is written in place", () => {
  const file = openOutputFile("/dev/null");
  assert.deepEqual([...Deno.readDirSync("/dev")].filter(({ name }) => name.startsWith("null.")), []);
  file.write("text");
  assert.equal(Deno.lstatSync("/dev/null").isCharDevice, true);
});

inFolder(
  "an open file that is named by its descriptor, such as /dev/stdout, is written in place",
  (folder) => {
    const path = join(folder, "redirected");
    using redirected = Deno.openSync(path, { write: true, create: true });
    redirected.writeSync(new TextEncoder().encode("before "));
    const descriptor = [...Deno.readDirSync("/proc/self/fd")].find(({ name }) =>
      linkOf(`/proc/self/fd/${name}`) === path
    );
    assert.ok(descriptor !== undefined);
    openOutputFile(`/proc/self/fd/${descriptor.name}`).write("one ");
    openOutputFile(`/dev/fd/${descriptor.name}`).write("two");
    assert.equal(Deno.readTextFileSync(path), "before one two");
    assert.deepEqual(namesIn(folder), ["redirected"]);
  },
);

function linkOf(path: string): string | undefined {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return undefined;
  }
}

inFolder(
  "content that is not the last is put in place at once, and what comes after it replaces it",
  (folder) => {
    const path = join(folder, "out.svg");
    const file = openOutputFile(path);
    for (const content of ["first", "second, which is longer", "third"]) {
      file.replace!(content);
      assert.equal(Deno.readTextFileSync(path), content);
    }
    file.discard();
    assert.equal(Deno.readTextFileSync(path), "third");
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["out.svg"]);
    const last = openOutputFile(path);
    last.replace!("fourth");
    last.write("fifth");
    assert.equal(Deno.readTextFileSync(path), "fifth");
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["out.svg"]);
  },
);

Deno.test("what is written in place is written once", () => {
  const file = openOutputFile("/dev/null");
  assert.equal(file.replace, undefined);
  file.discard();
});
