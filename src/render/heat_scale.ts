/** The scale of heat: which shares are how hot, and what that looks like by day and by night. */
import type { Hex } from "./palette.ts";

/** One step of the scale. Invariant: `FRAME_TEXT` on it has a contrast of at least 4.5:1 in both themes. */
export interface HeatStep {
  /** The smallest share that is so hot; of all, not of the hottest, so that pages can be compared. Units: percent. */
  readonly fromPercent: number;
  readonly light: Hex;
  readonly dark: Hex;
}

/** From cool to hot, three times as much with each step or a little more. Level 0 is no sample at all. */
export const HEAT: readonly HeatStep[] = [
  { fromPercent: 0, light: "#faf7e7", dark: "#262319" },
  { fromPercent: 0.1, light: "#f5e9cc", dark: "#352a17" },
  { fromPercent: 0.3, light: "#f4d8af", dark: "#463114" },
  { fromPercent: 1, light: "#f6c694", dark: "#5a3612" },
  { fromPercent: 3, light: "#f9b17d", dark: "#6e3b15" },
  { fromPercent: 10, light: "#fc9b6b", dark: "#833e1d" },
  { fromPercent: 30, light: "#fd8262", dark: "#98402c" },
];

/** How hot a share is: 0 for none, else from 1 to the number of steps. */
export function heatLevel(part: number, whole: number): number {
  if (part <= 0 || whole <= 0) return 0;
  const percent = 100 * part / whole;
  return Math.max(1, HEAT.filter(({ fromPercent }) => percent >= fromPercent).length);
}

/** The steps as the legend names them: `<0.1 %`, `0.1 %`, ... `30 %`. */
export function heatLabel(step: number): string {
  return step === 0 ? `<${HEAT[1]!.fromPercent} %` : `${HEAT[step]!.fromPercent} %`;
}
