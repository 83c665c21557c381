/**
 * Recorded target memory: exactly the bytes that were read, so that a walk can be repeated anywhere, on any system.
 *
 * The same mechanism serves test fixtures and bug reports.
 */
import type { RangeList } from "./memory.ts";
import type { TargetMemory } from "./memory.ts";
import type { Address } from "./types.ts";

/** A run of bytes of the target. */
export interface Segment {
  readonly address: Address;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The form in which a snapshot is stored, as JSON. Shape: `segments` are pairs of address and base64. */
export interface SnapshotFile {
  readonly schema: "pyspy-snapshot";
  readonly version: 1;
  readonly pythonVersion: string;
  readonly runtimeAddress: Address;
  readonly segments: readonly (readonly [Address, string])[];
}

/** Passes reads on and keeps what they gave. Invariant: of two reads of a byte, the later one is kept. */
export class RecordingMemory implements TargetMemory {
  readonly #memory: TargetMemory;
  readonly #reads: Segment[] = [];

  constructor(memory: TargetMemory) {
    this.#memory = memory;
  }

  readv(ranges: RangeList, into: Uint8Array<ArrayBuffer>): number {
    const length = this.#memory.readv(ranges, into);
    let end = 0;
    for (let i = 0; i < ranges.count; i++) {
      const start = end;
      end += ranges.lengthAt(i);
      if (end > length) break;
      this.#reads.push({ address: ranges.addressAt(i), bytes: into.slice(start, end) });
    }
    return length;
  }

  /** All bytes that were read. Shape: in address order, neighbours joined. */
  segments(): Segment[] {
    return joinSegments(this.#reads);
  }
}

/** Memory that holds nothing but a snapshot. */
export class SnapshotMemory implements TargetMemory {
  readonly #segments: readonly Segment[];

  /** Invariant: segments do not overlap. */
  constructor(segments: readonly Segment[]) {
    this.#segments = segments.toSorted((a, b) => a.address - b.address);
  }

  /** The last segment that begins at an address or before it. */
  #segmentAt(address: Address): Segment | undefined {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#segments[middle]!.address <= address) low = middle + 1;
      else high = middle;
    }
    return this.#segments[low - 1];
  }

  readv(ranges: RangeList, into: Uint8Array<ArrayBuffer>): number {
    let filled = 0;
    for (let i = 0; i < ranges.count; i++) {
      const address = ranges.addressAt(i);
      const length = ranges.lengthAt(i);
      const segment = this.#segmentAt(address);
      if (segment === undefined || address + length > segment.address + segment.bytes.length) break;
      const at = address - segment.address;
      into.set(segment.bytes.subarray(at, at + length), filled);
      filled += length;
    }
    return filled;
  }
}

/** Sorts segments and joins those that overlap or touch; of bytes given twice the later in the list count. */
export function joinSegments(segments: readonly Segment[]): Segment[] {
  const order = segments.map((segment, i) => ({ segment, i }))
    .sort((a, b) => a.segment.address - b.segment.address || a.i - b.i);
  const joined: { address: Address; end: Address; parts: { segment: Segment; i: number }[] }[] = [];
  for (const part of order) {
    const end = part.segment.address + part.segment.bytes.length;
    const last = joined.at(-1);
    if (last !== undefined && part.segment.address <= last.end) {
      last.end = Math.max(last.end, end);
      last.parts.push(part);
    } else {
      joined.push({ address: part.segment.address, end, parts: [part] });
    }
  }
  return joined.map(({ address, end, parts }) => {
    const bytes = new Uint8Array(end - address);
    for (const { segment } of parts.sort((a, b) => a.i - b.i)) {
      bytes.set(segment.bytes, segment.address - address);
    }
    return { address, bytes };
  });
}

/** Writes a snapshot as text. */
export function formatSnapshot(
  segments: readonly Segment[],
  { pythonVersion, runtimeAddress }: { pythonVersion: string; runtimeAddress: Address },
): string {
  const file: SnapshotFile = {
    schema: "pyspy-snapshot",
    version: 1,
    pythonVersion,
    runtimeAddress,
    segments: segments.map(({ address, bytes }) => [address, toBase64(bytes)] as const),
  };
  return JSON.stringify(file);
}

/** Reads what `formatSnapshot` wrote. @throws TypeError when it is something else. */
export function parseSnapshot(text: string): SnapshotFile & { readonly memory: readonly Segment[] } {
  const file = JSON.parse(text) as SnapshotFile;
  if (file.schema !== "pyspy-snapshot" || file.version !== 1) {
    throw new TypeError("not a pyspy snapshot of version 1");
  }
  return {
    ...file,
    memory: file.segments.map(([address, base64]) => ({ address, bytes: fromBase64(base64) })),
  };
}

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  }
  return btoa(text);
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
