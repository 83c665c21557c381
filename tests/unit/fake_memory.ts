/** Memory of a target that never was: pages exist once something was written to them; and objects in it. */
import type { Layout } from "../../src/cpython/layout.ts";
import { layoutFor, layoutFromDebugOffsets } from "../../src/cpython/layouts.ts";
import type { RangeList, TargetMemory } from "../../src/memory.ts";

const PAGE = 4096;

export class FakeMemory implements TargetMemory {
  readonly pages = new Map<number, Uint8Array>();
  reads = 0;
  #next = 0x7f00_0000_0000;

  readv(ranges: RangeList, into: Uint8Array<ArrayBuffer>): number {
    this.reads++;
    let at = 0;
    for (let i = 0; i < ranges.count; i++) {
      const address = ranges.addressAt(i);
      for (let done = 0; done < ranges.lengthAt(i);) {
        const page = this.pages.get(Math.floor((address + done) / PAGE));
        if (page === undefined) return at;
        const start = (address + done) % PAGE;
        const piece = page.subarray(start, start + ranges.lengthAt(i) - done);
        into.set(piece, at);
        at += piece.length;
        done += piece.length;
      }
    }
    return at;
  }

  write(address: number, bytes: ArrayLike<number>): void {
    for (let i = 0; i < bytes.length; i++) {
      const number = Math.floor((address + i) / PAGE);
      let page = this.pages.get(number);
      if (page === undefined) this.pages.set(number, page = new Uint8Array(PAGE));
      page[(address + i) % PAGE] = bytes[i]!;
    }
  }

  word(address: number, value: number): void {
    const bytes = new Uint8Array(8);
    const view = new DataView(bytes.buffer);
    const high = Math.floor(value / 2 ** 32);
    view.setUint32(0, value - high * 2 ** 32, true);
    view.setInt32(4, high, true);
    this.write(address, bytes);
  }

  /** Finds room of `size` zeroed bytes. Everything may be read up to the end of the last page of it. */
  room(size: number): number {
    const address = this.#next;
    this.#next += Math.ceil((size + 1) / 16) * 16;
    this.write(address, new Uint8Array(size));
    return address;
  }

  /** Finds room that ends where memory ends. */
  roomAtEnd(size: number): number {
    this.#next = Math.ceil(this.#next / PAGE + 2) * PAGE;
    const address = this.#next - size;
    this.write(address, new Uint8Array(size));
    this.#next += 2 * PAGE;
    return address;
  }
}

export interface Storage {
  readonly dictKeys: Layout["traits"]["dictKeys"];
  readonly attributes: Layout["traits"]["attributes"];
  readonly longSize: Layout["traits"]["longSize"];
}

/** A layout for each way in which versions keep objects; the numbers are those of the version named. */
export const LAYOUTS: ReadonlyMap<string, Layout> = new Map([
  ["3.8", layoutOf(72, { dictKeys: "words", attributes: "dict_offset", longSize: "ob_size" })],
  ["3.11", layoutOf(72, { dictKeys: "logarithms", attributes: "values_pointer", longSize: "ob_size" })],
  ["3.12", layoutOf(56, { dictKeys: "logarithms", attributes: "dict_or_values", longSize: "lv_tag" })],
  ["3.13", layoutOf(56, { dictKeys: "logarithms", attributes: "inline_values", longSize: "lv_tag" })],
  ...["3.13.5t", "3.14.10t", "3.15.2t"].map((name) => [name, freeThreadedLayout(name)] as const),
]);

/** As the table of a build says it: see tests/fixtures/debug_offsets. */
export function freeThreadedLayout(name: string): Layout {
  const table = Deno.readFileSync(new URL(`../fixtures/debug_offsets/${name}.bin`, import.meta.url));
  return layoutFromDebugOffsets(table).layout;
}

/** That of 3.8, but for how objects are kept. */
function layoutOf(compactData: number, storage: Storage): Layout {
  const { layout } = layoutFor({ major: 3, minor: 8, micro: 0, release: "" });
  const asciiData = compactData === 72 ? layout.unicode.asciiData : 40;
  return {
    ...layout,
    unicode: { ...layout.unicode, asciiData, compactData, data: compactData },
    traits: { ...layout.traits, ...storage },
  };
}

/** Writes objects as CPython would. Every method gives the address of what it wrote. */
export class FakeObjects {
  readonly memory: FakeMemory;
  readonly layout: Layout;

  constructor(memory: FakeMemory, layout: Layout) {
    this.memory = memory;
    this.layout = layout;
  }

  /** Shape: `width` 0 is ASCII. `atEnd` puts the last byte before an unreadable page. */
  string(
    points: readonly number[],
    width: 0 | 1 | 2 | 4,
    options: { compact?: boolean; atEnd?: boolean } = {},
  ) {
    const { unicode } = this.layout;
    const compact = options.compact ?? true;
    const unit = Math.max(width, 1);
    const bytes = points.flatMap((point) => [point, point >> 8, point >> 16, point >>> 24].slice(0, unit));
    const head = !compact ? unicode.data + 8 : width === 0 ? unicode.asciiData : unicode.compactData;
    const size = compact ? head + bytes.length + unit : head;
    const address = options.atEnd ? this.memory.roomAtEnd(size) : this.memory.room(size);
    this.memory.word(address + unicode.length, points.length);
    const flags = (unit | (compact ? 8 : 0) | (width === 0 ? 0x10 : 0)) << this.layout.traits.unicodeKindBit;
    this.memory.write(address + unicode.state, [flags, flags >> 8]);
    if (compact) {
      this.memory.write(address + head, bytes);
    } else {
      const data = this.memory.room(bytes.length + unit);
      this.memory.write(data, bytes);
      this.memory.word(address + unicode.data, data);
    }
    return address;
  }

  text(text: string): number {
    const points = Array.from(text, (character) => character.codePointAt(0)!);
    const highest = Math.max(0, ...points);
    return this.string(points, highest < 0x80 ? 0 : highest < 0x100 ? 1 : highest < 0x1_0000 ? 2 : 4);
  }

  int(value: number): number {
    const { size, digits } = this.layout.long;
    const address = this.memory.room(digits + 8);
    const count = value === 0 ? 0 : value < 2 ** 30 ? 1 : 2;
    const tag = count * 8 + (value === 0 ? 1 : 0);
    this.memory.word(address + size, this.layout.traits.longSize === "lv_tag" ? tag : count);
    [value % 2 ** 30, Math.floor(value / 2 ** 30)].forEach((digit, i) => {
      this.memory.write(address + digits + i * 4, [digit, digit >> 8, digit >> 16, digit >> 24]);
    });
    return address;
  }

  /** Shape: a key or value of 0 is a deleted item, or one that a split table lacks. */
  keys(items: readonly (readonly [number, number])[], options: { general?: boolean; logSize?: number } = {}) {
    const logSize = options.logSize ?? Math.max(3, Math.ceil(Math.log2(items.length * 3 / 2 + 1)));
    const logWidth = logSize < 8 ? 0 : logSize < 16 ? 1 : 2;
    const isWords = this.layout.traits.dictKeys === "words";
    const head = isWords ? 40 : 32;
    const stride = isWords || options.general === true ? 24 : 16;
    const indices = 2 ** (logSize + logWidth);
    const address = this.memory.room(head + indices + items.length * stride);
    if (isWords) {
      this.memory.word(address + 8, 2 ** logSize);
    } else {
      this.memory.write(address + 8, [logSize, logSize + logWidth, options.general === true ? 0 : 1]);
    }
    this.memory.word(address + (isWords ? 32 : 24), items.length);
    items.forEach(([key, value], i) => {
      const slot = address + head + indices + i * stride;
      this.memory.word(slot + stride - 16, key);
      this.memory.word(slot + stride - 8, value);
    });
    return address;
  }

  /** Writes `PyDictValues`, at `at` or where there is room. */
  values(values: readonly number[], at?: number): number {
    const head = this.layout.traits.attributes === "inline_values" ? 8 : 0;
    const address = at ?? this.memory.room(head + values.length * 8);
    if (head > 0) this.memory.write(address, [values.length, values.length, 1, 1]);
    values.forEach((value, i) => this.memory.word(address + head + i * 8, value));
    return address;
  }

  dict(items: readonly (readonly [number, number])[], options: { general?: boolean; split?: boolean } = {}) {
    const address = this.memory.room(64);
    const split = options.split ?? false;
    const table = split ? items.map(([key]) => [key, 0] as const) : items;
    this.memory.word(address + this.layout.dict.keys, this.keys(table, options));
    if (split) {
      this.memory.word(
        address + this.layout.dict.values,
        this.values(items.map(([, value]) => value)),
      );
    }
    return address;
  }

  /** Writes an instance and its class; "values" keeps attributes as each version does without a dict. */
  instance(attributes: readonly (readonly [number, number])[], storage: "dict" | "split_dict" | "values") {
    const { type } = this.layout;
    const trait = this.layout.traits.attributes;
    const typeAddress = this.memory.room(type.cachedKeys + 8);
    const basicSize = this.layout.object.type + (trait === "dict_offset" ? 24 : 8);
    this.memory.word(typeAddress + type.basicSize, basicSize);
    const object = this.memory.room(32 + basicSize + 8 + attributes.length * 8) + 32;
    this.memory.word(object + this.layout.object.type, typeAddress);
    this.memory.word(
      typeAddress + type.flags,
      trait === "dict_offset" ? 0 : trait === "inline_values" ? 20 : 16,
    );
    const values = attributes.map(([, value]) => value);
    const keys = this.keys(attributes.map(([key]) => [key, 0]));
    this.memory.word(typeAddress + type.cachedKeys, keys);
    if (storage === "values" && trait !== "dict_offset") {
      if (trait === "inline_values") this.values(values, object + basicSize);
      if (trait === "values_pointer") this.memory.word(object - 32, this.values(values));
      if (trait === "dict_or_values") this.memory.word(object - 24, this.values(values) - 1);
      return object;
    }
    const dict = this.dict(attributes, { split: storage !== "dict" });
    if (trait === "dict_offset") this.memory.word(typeAddress + type.dictOffset, 16);
    const before = this.layout.traits.managedDict;
    this.memory.word(object + (trait === "dict_offset" ? 16 : before), dict);
    return object;
  }
}

/** Memory in which everything can be read and nothing makes sense: words that mostly look like addresses. */
export function garbageMemory(seed: number): TargetMemory & { reads: number; bytes: number } {
  let state = (seed | 0) || 1;
  const random = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  return {
    reads: 0,
    bytes: 0,
    readv(ranges, into) {
      this.reads++;
      this.bytes += ranges.byteLength;
      const view = new DataView(into.buffer, into.byteOffset, into.byteLength);
      for (let at = 0; at + 8 <= into.length; at += 8) {
        const kind = random() % 4;
        const low = kind === 0 ? random() % 64 : kind === 1 ? 1 << (random() % 31) : random();
        view.setUint32(at, low, true);
        view.setUint32(at + 4, kind < 2 ? 0 : kind === 2 ? 0x7fff : random(), true);
      }
      return ranges.byteLength;
    },
  };
}
