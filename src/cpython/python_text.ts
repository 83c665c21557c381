/** Numbers and text as Python's `repr` writes them. */

/** Bits of a digit of a Python int. */
const DIGIT_BITS = 30n;
/** Python itself refuses to write ints of more decimal digits. Source: Include/internal/pycore_long.h, v3.12.0. */
const MAX_DECIMALS = 4300;

/** A float: the shortest digits that give the same number, with an exponent below 1e-4 and from 1e16 on. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const [mantissa, power] = Math.abs(value).toExponential().split("e");
  const digits = mantissa!.replace(".", "");
  const exponent = Number(power);
  const sign = value < 0 ? "-" : "";
  if (exponent < -4 || exponent >= 16) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
    return `${sign}${digits[0]}${fraction}e${exponent < 0 ? "-" : "+"}${
      String(Math.abs(exponent)).padStart(2, "0")
    }`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${sign}${whole}.${digits.slice(exponent + 1) || "0"}`;
}

/** A complex number. Source: Objects/complexobject.c, `complex_repr`, v3.13.0. */
export function complexText(real: number, imaginary: number): string {
  const part = (value: number) => floatText(value).replace(/\.0$/, "");
  if (real === 0 && !Object.is(real, -0)) return `${part(imaginary)}j`;
  const hasSign = imaginary < 0 || Object.is(imaginary, -0);
  return `(${part(real)}${hasSign ? "" : "+"}${part(imaginary)}j)`;
}

/** An int of digits of 30 bits, the lowest first; undefined when it is too long to be written. */
export function intText(digits: Uint32Array, isNegative: boolean): string | undefined {
  let value = 0n;
  for (let i = digits.length - 1; i >= 0; i--) value = (value << DIGIT_BITS) | BigInt(digits[i]!);
  const text = value.toString();
  return text.length > MAX_DECIMALS ? undefined : isNegative ? `-${text}` : text;
}

/** An int of 64 bits, in memory as on x86_64 and arm64. */
export function int64Text(view: DataView, isSigned: boolean): string {
  return `${isSigned ? view.getBigInt64(0, true) : view.getBigUint64(0, true)}`;
}

/** A string between quotes. `isAscii` escapes all that is not ASCII, as 2.7 does. */
export function stringText(text: string, isAscii = false): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let escaped = "";
  for (const character of text) escaped += escapedCharacter(character, quote, isAscii);
  return quote + escaped + quote;
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\\": "\\\\",
};

function escapedCharacter(character: string, quote: string, isAscii: boolean): string {
  if (character === quote) return `\\${quote}`;
  const short = SHORT_ESCAPES[character];
  if (short !== undefined) return short;
  const point = character.codePointAt(0)!;
  if (point >= 0x20 && point < 0x7f) return character;
  if (point >= 0x7f && !isAscii && !/^[\p{C}\p{Z}]$/u.test(character)) return character;
  if (point <= 0xff) return `\\x${point.toString(16).padStart(2, "0")}`;
  if (point <= 0xffff) return `\\u${point.toString(16).padStart(4, "0")}`;
  return `\\U${point.toString(16).padStart(8, "0")}`;
}

/** Bytes between quotes, after `prefix`. */
export function bytesText(bytes: Uint8Array, prefix: string): string {
  return prefix + stringText(String.fromCharCode(...bytes), true);
}
