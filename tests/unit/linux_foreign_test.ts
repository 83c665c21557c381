import assert from "node:assert/strict";
import { foreignProgram } from "../../src/ffi/linux_foreign.ts";

function header(elfClass: number, machine: number): Uint8Array {
  const bytes = new Uint8Array(64);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, elfClass, 1]);
  bytes.set([machine % 256, machine >> 8], 18);
  return bytes;
}

const OURS = Deno.build.arch === "x86_64" ? 62 : 183;
const OTHER = Deno.build.arch === "x86_64" ? 183 : 62;

Deno.test("other implementations of Python are called by their names", () => {
  const what = (...files: string[]) => foreignProgram(files, header(2, OURS))?.what;
  assert.equal(what("/usr/bin/pypy3.10"), "it runs PyPy");
  assert.equal(what("/usr/bin/env", "/opt/pypy/lib/libpypy3.10-c.so"), "it runs PyPy");
  assert.equal(what("/opt/graal/bin/graalpy"), "it runs GraalPy");
  assert.equal(what("/usr/bin/micropython"), "it runs MicroPython");
  assert.equal(what("/usr/bin/python3.13", "/home/me/copypython.so"), undefined);
});

Deno.test("32-bit programs, and those for other machines, are told apart from ours", () => {
  assert.match(foreignProgram(["/bin/x"], header(1, 3))!.what, /32-bit program \(32-bit x86\)/);
  assert.match(foreignProgram(["/bin/x"], header(2, OTHER))!.what, /program for .*emulator/);
  assert.equal(foreignProgram(["/bin/x"], header(2, OURS)), undefined);
  assert.equal(foreignProgram(["/bin/x"], new Uint8Array(64)), undefined);
  assert.equal(foreignProgram(["/bin/x"], undefined), undefined);
});
