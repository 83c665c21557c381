/** Interrupts of threads that never were: the kernel's program in words of our own. */
import { LINKED_RECORD, linkedOffset, MOST_LINKED, RangeList } from "../../src/memory.ts";
import type { Interruption, LinkedList, MomentRequest } from "../../src/memory.ts";
import type { FakeMemory } from "./fake_memory.ts";

/** Reads what is asked for of one moment. */
export function readMoment(memory: FakeMemory, { ranges, lists, into }: MomentRequest): Interruption {
  const length = memory.readv(ranges, into);
  if (length < ranges.byteLength) return { isRead: false, found: [], runCount: NaN, pauseMs: 0.01 };
  let at = linkedOffset(length);
  const found = lists.map((list, i) => {
    const records = follow(memory, list, MOST_LINKED[i]!);
    for (const record of records) {
      into.set(record, at);
      at += LINKED_RECORD;
    }
    return records.length;
  });
  return { isRead: true, found, runCount: NaN, pauseMs: 0.01 };
}

function follow(
  memory: FakeMemory,
  { head, through, low, size, link }: LinkedList,
  most: number,
): Uint8Array[] {
  const records: Uint8Array[] = [];
  let node = pointerAt(memory, head);
  if (through !== undefined) node = pointerAt(memory, node + through);
  while (node !== 0 && records.length < most) {
    const bytes = bytesAt(memory, node + low, size);
    if (bytes === undefined) break;
    const record = new Uint8Array(LINKED_RECORD);
    new BigUint64Array(record.buffer)[0] = BigInt(node);
    record.set(bytes, 8);
    records.push(record);
    node = pointerAt(memory, node + link);
  }
  return records;
}

function bytesAt(memory: FakeMemory, address: number, size: number): Uint8Array<ArrayBuffer> | undefined {
  const range = new RangeList();
  range.push(address, size);
  const into = new Uint8Array(size);
  return memory.readv(range, into) === size ? into : undefined;
}

function pointerAt(memory: FakeMemory, address: number): number {
  const bytes = bytesAt(memory, address, 8);
  return bytes === undefined ? 0 : Number(new BigUint64Array(bytes.buffer)[0]);
}
