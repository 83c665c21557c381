import assert from "node:assert/strict";
import * as bpf from "../../src/ffi/linux_bpf.ts";

/** Shape: opcode, destination, source, offset, value. Source: struct bpf_insn in linux/bpf.h. */
function decode(code: Uint8Array<ArrayBuffer>): number[][] {
  const view = new DataView(code.buffer);
  return Array.from({ length: code.length / 8 }, (_, i) => [
    view.getUint8(i * 8),
    view.getUint8(i * 8 + 1) & 0xf,
    view.getUint8(i * 8 + 1) >> 4,
    view.getInt16(i * 8 + 2, true),
    view.getInt32(i * 8 + 4, true),
  ]);
}

Deno.test("a program is eight bytes an instruction, and jumps go to labels before and after them", () => {
  const memory = { file: 7, bytes: new Uint8Array(8) };
  const code = bpf.assemble([
    "begin",
    bpf.load(8, 6, 1, -16),
    bpf.addressIn(memory, 7, 4096),
    bpf.jumpIfNot(0, 0, "end"),
    bpf.jump("begin"),
    "end",
    bpf.setTo(0, -2),
    bpf.exit(),
  ]);
  assert.deepEqual(decode(code), [
    [0x79, 6, 1, -16, 0],
    // Two places: the file of the memory, and where in it.
    [0x18, 7, 2, 0, 7],
    [0, 0, 0, 0, 4096],
    [0x55, 0, 0, 1, 0],
    [0x05, 0, 0, -5, 0],
    [0xb7, 0, 0, 0, -2],
    [0x95, 0, 0, 0, 0],
  ]);
});
