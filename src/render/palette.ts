/** Colours: which class a frame has, and what that class looks like by day and by night. */
import { type FrameKind, frameKind, frameModule } from "./frame_kind.ts";
import type { Frame } from "../types.ts";

/** A colour as `#rrggbb`. */
export type Hex = string;

/** One way to paint a frame. Invariant: text on `light` and on `dark` has a contrast of at least 4.5:1. */
export interface Swatch {
  readonly className: string;
  readonly light: Hex;
  readonly dark: Hex;
}

/** Text on frames. */
export const FRAME_TEXT = { light: "#1c1917", dark: "#f5f2ec" } as const;

/** All that is painted: frames by whose code they are, what threads did, and the rows above the frames. */
export type PaintKind = FrameKind | "native" | "waiting" | "idle" | "process" | "thread" | "root";

/** Differences of two recordings: more time, less time, or what may be chance. */
export type ChangeKind = "more" | "less" | "same";

interface Family {
  readonly prefix: string;
  /** Degrees in OKLCH, one for each group of modules. */
  readonly hues: readonly number[];
  readonly chroma: readonly [light: number, dark: number];
  readonly lightness: readonly [light: number, dark: number];
}

/** Shades of one hue, for functions of one module. */
const SHADES = [-0.028, 0, 0.028];

// Lightness and chroma are equal inside a family, so that no module stands out by chance.
const FAMILIES: Readonly<Record<PaintKind, Family>> = {
  user: { prefix: "u", hues: [36, 46, 56, 65, 74, 83], chroma: [0.122, 0.098], lightness: [0.82, 0.475] },
  library: {
    prefix: "l",
    hues: [190, 208, 226, 244, 262, 280],
    chroma: [0.042, 0.045],
    lightness: [0.84, 0.435],
  },
  stdlib: { prefix: "s", hues: [250], chroma: [0.012, 0.014], lightness: [0.86, 0.41] },
  runtime: { prefix: "r", hues: [95], chroma: [0.018, 0.016], lightness: [0.89, 0.36] },
  native: { prefix: "n", hues: [305], chroma: [0.085, 0.095], lightness: [0.8, 0.45] },
  waiting: { prefix: "w", hues: [12], chroma: [0.115, 0.115], lightness: [0.77, 0.45] },
  idle: { prefix: "i", hues: [250], chroma: [0.012, 0.014], lightness: [0.93, 0.33] },
  process: { prefix: "p", hues: [155], chroma: [0.075, 0.06], lightness: [0.82, 0.44] },
  thread: { prefix: "t", hues: [165], chroma: [0.05, 0.045], lightness: [0.885, 0.39] },
  root: { prefix: "a", hues: [80], chroma: [0.008, 0.006], lightness: [0.92, 0.34] },
  cut: { prefix: "c", hues: [20], chroma: [0.012, 0.008], lightness: [0.95, 0.3] },
};

/** One way to paint a change. Units: OKLCH. */
interface ChangeStep {
  readonly chroma: readonly [light: number, dark: number];
  readonly lightness: readonly [light: number, dark: number];
}

// Stronger changes are further from the page in lightness too, for those who tell red from blue badly.
const CHANGE_STEPS: readonly ChangeStep[] = [
  { chroma: [0.055, 0.06], lightness: [0.86, 0.36] },
  { chroma: [0.105, 0.11], lightness: [0.77, 0.42] },
  { chroma: [0.155, 0.155], lightness: [0.68, 0.49] },
];
const CHANGES: Readonly<Record<ChangeKind, { prefix: string; hue: number; steps: readonly ChangeStep[] }>> = {
  more: { prefix: "m", hue: 25, steps: CHANGE_STEPS },
  less: { prefix: "d", hue: 252, steps: CHANGE_STEPS },
  same: { prefix: "e", hue: 80, steps: [{ chroma: [0.006, 0.006], lightness: [0.91, 0.33] }] },
};

const CHANGE_SWATCHES: readonly Swatch[] = Object.values(CHANGES).flatMap(({ prefix, hue, steps }) =>
  steps.map(({ chroma, lightness }, step) => ({
    className: `${prefix}${step + 1}`,
    light: oklch(lightness[0], chroma[0], hue),
    dark: oklch(lightness[1], chroma[1], hue),
  }))
);

/** The classes of a change, the weakest first: `changePaint` in svg_client/change.js chooses. */
export function changeClasses(kind: ChangeKind): string[] {
  const { prefix, steps } = CHANGES[kind];
  return steps.map((_, step) => `${prefix}${step + 1}`);
}

const FRAME_SWATCHES: readonly Swatch[] = Object.values(FAMILIES).flatMap((family) =>
  family.hues.flatMap((hue, group) =>
    SHADES.map((shade, index) => ({
      className: `${family.prefix}${group * SHADES.length + index}`,
      light: oklch(family.lightness[0] + shade, family.chroma[0], hue),
      dark: oklch(family.lightness[1] + shade, family.chroma[1], hue),
    }))
  )
);

/** Every swatch of the palette, in a fixed order. */
export const SWATCHES: readonly Swatch[] = [...FRAME_SWATCHES, ...CHANGE_SWATCHES];

/** The class of a frame: its hue by module, its shade by function; the same in every run. */
export function frameClass(frame: Frame, fullFile: string = frame.file): string {
  const family = FAMILIES[frameKind(frame, fullFile)];
  const group = hashText(frameModule(frame, fullFile)) % family.hues.length;
  const shade = hashText(frame.name) % SHADES.length;
  return `${family.prefix}${group * SHADES.length + shade}`;
}

/** The class of what is no frame of its own: its first hue, middle shade. */
export function kindClass(kind: PaintKind): string {
  return `${FAMILIES[kind].prefix}1`;
}

/** The classes that show all of a kind in the legend: up to three of its hues. */
export function legendClasses(kind: PaintKind): string[] {
  const { prefix, hues } = FAMILIES[kind];
  const groups = hues.length < 3 ? [0] : [0, hues.length >> 1, hues.length - 1];
  return groups.map((group) => `${prefix}${group * SHADES.length + 1}`);
}

/** FNV-1a over UTF-16 code units, mixed so that its lowest bits are good. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** Contrast of two colours as WCAG defines it: 1 to 21. */
export function contrast(a: Hex, b: Hex): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

function luminance(color: Hex): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const channel = parseInt(color.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** OKLCH to sRGB. Source: Björn Ottosson, "A perceptual color space for image processing". */
function oklch(lightness: number, chroma: number, hue: number): Hex {
  const a = chroma * Math.cos(hue * Math.PI / 180);
  const b = chroma * Math.sin(hue * Math.PI / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const channels = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  const hex = channels.map((linear) => {
    const channel = linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
    return Math.round(255 * Math.min(1, Math.max(0, channel))).toString(16).padStart(2, "0");
  });
  return "#" + hex.join("");
}
