// @ts-check
/** Reading the profile that a flamegraph carries; `svg_data.ts` writes it. Each throws what is wrong with it. */

/**
 * Reads numbers written with the digits of base64: five bits a digit, lowest first, the sixth says that more follow.
 *
 * @param {string} text
 */
export function numberReader(text) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const digits = new Int8Array(128).fill(-1);
  for (let i = 0; i < 64; i++) digits[alphabet.charCodeAt(i)] = i;
  let at = 0;
  const next = () => {
    let value = 0;
    for (let scale = 1;; scale *= 32) {
      const code = at < text.length ? text.charCodeAt(at++) : 127;
      const digit = code < 128 ? digits[code] : -1;
      if (digit < 0 || scale > 2 ** 50) throw new Error("a number is cut off");
      value += (digit & 31) * scale;
      if (digit < 32) return value;
    }
  };
  return {
    next,
    /** Signed: the lowest bit is the sign. */
    nextSigned: () => {
      const value = next();
      return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    },
    /** A number below a limit. @param {number} limit */
    nextBelow: (limit) => {
      const value = next();
      if (value >= limit) throw new Error("a number is out of range");
      return value;
    },
    isAtEnd: () => at === text.length,
  };
}

/**
 * @param {import("./types.ts").PackedProfile} data
 * @returns {import("./types.ts").PlainFrame[]}
 */
export function unpackFrames({ strings, frames, hasFullFiles }) {
  const reader = numberReader(frames);
  const result = [];
  while (!reader.isAtEnd()) {
    const name = strings[reader.nextBelow(strings.length)];
    const file = strings[reader.nextBelow(strings.length)];
    const line = reader.nextSigned();
    const firstLine = line + reader.nextSigned();
    const fullFile = hasFullFiles ? strings[reader.nextBelow(strings.length)] : file;
    result.push({ name, file, line, firstLine, fullFile });
  }
  return result;
}

/**
 * @param {import("./types.ts").PackedProfile} data
 * @param {number} frameCount
 * @returns {import("./types.ts").PlainStacks}
 */
export function unpackStacks(data, frameCount) {
  const roots = [];
  for (const reader = numberReader(data.roots); !reader.isAtEnd();) {
    const process = reader.nextBelow(1 + (data.processes ?? []).length) - 1;
    roots.push({ process, thread: reader.nextBelow(1 + data.threads.length) - 1 });
  }
  // Every node and every stack takes at least a digit: a wrong number cannot ask for more memory than the text.
  if (!(data.nodes >= roots.length && data.nodes <= roots.length + data.stacks.length)) {
    throw new Error("the number of nodes is wrong");
  }
  if (!(data.stackCount >= 0 && data.stackCount <= data.stacks.length)) {
    throw new Error("the number of stacks is wrong");
  }
  const parent = new Int32Array(data.nodes).fill(-1);
  const frame = new Int32Array(data.nodes).fill(-1);
  const leaf = new Int32Array(data.stackCount);
  const count = new Float64Array(data.stackCount);
  const hasActivity = new Uint8Array(data.stackCount);
  const byActivity = new Float64Array(4 * data.stackCount);
  const reader = numberReader(data.stacks);
  let made = roots.length;
  let node = 0;
  for (let stack = 0; stack < data.stackCount; stack++) {
    node += reader.nextSigned();
    if (node < 0 || node >= made) throw new Error("a stack begins nowhere");
    for (let left = reader.nextBelow(data.nodes - made + 1); left > 0; left--) {
      parent[made] = node;
      frame[made] = reader.nextBelow(frameCount);
      node = made++;
    }
    leaf[stack] = node;
    count[stack] = reader.next();
    // 0: unknown; 1 to 4: all is one activity; 5: four numbers.
    const form = reader.nextBelow(6);
    hasActivity[stack] = form > 0 ? 1 : 0;
    if (form > 0 && form < 5) byActivity[4 * stack + form - 1] = count[stack];
    for (let i = 0; form === 5 && i < 4; i++) byActivity[4 * stack + i] = reader.next();
  }
  if (made !== data.nodes || !reader.isAtEnd()) throw new Error("there are more stacks than said");
  return { parent, frame, roots, leaf, count, hasActivity, byActivity };
}

/**
 * @param {import("./types.ts").PackedProfile} data
 * @param {import("./types.ts").PlainStacks} stacks
 * @returns {import("./types.ts").Before | undefined}
 */
export function unpackBefore({ before }, { leaf, frame, count: after }) {
  if (before === undefined) return undefined;
  const { counts, dispersion, ...rest } = before;
  const { secondsEach, samplesEach, factor } = rest;
  const scale = factor * secondsEach[0] / secondsEach[1];
  const reader = numberReader(counts);
  const count = new Float64Array(leaf.length);
  const variances = /** @type {[Float64Array, Float64Array]} */ (
    [new Float64Array(leaf.length), new Float64Array(leaf.length)]
  );
  const sums = /** @type {[number, number]} */ ([0, 0]);
  for (let stack = 0; stack < leaf.length; stack++) {
    const own = reader.next();
    count[stack] = own * scale;
    sums[0] += count[stack];
    sums[1] += after[stack];
    const end = frame[leaf[stack]];
    variances[0][stack] = (dispersion[0][end] ?? 1) * own * scale ** 2 / samplesEach[0];
    variances[1][stack] = (dispersion[1][end] ?? 1) * after[stack] / samplesEach[1];
    if (!(variances[0][stack] + variances[1][stack] < Infinity)) throw new Error("a number is out of range");
  }
  if (!reader.isAtEnd()) throw new Error("there are more stacks than said");
  return { ...rest, count, variances, sums };
}
