/** `--fail-if`: limits that are judged once all is written, and decide the exit code. */
import { judge, parseLimit } from "../analysis/threshold.ts";
import type { Judgement, Limit } from "../analysis/threshold.ts";
import { EXIT_CODES } from "../errors.ts";
import { writeStderr } from "../output.ts";
import type { Profile } from "../profile.ts";
import { terminalSafe } from "../render/escape.ts";
import { renderJudgement } from "../render/judgement_text.ts";
import { secondsPerCount } from "../render/numbers.ts";

/** Reads the limits of a command line. @throws ProfilerError `usage` */
export function parseLimits(texts: readonly string[]): Limit[] {
  return texts.map((text) => parseLimit(text, { isChange: false }));
}

/** Judges each limit, and says how it is kept. */
export function judgeLimits(profile: Profile, limits: readonly Limit[]): Judgement[] {
  const secondsEach = secondsPerCount(profile.info);
  const judgements = limits.map((limit) => judge(profile, limit, { secondsEach }));
  for (const one of judgements) writeStderr(`${terminalSafe(renderJudgement(one))}\n`);
  return judgements;
}

/** The exit code: 0, or that of the worst judgement. */
export function exitCodeOf(judgements: readonly { readonly verdict: Judgement["verdict"] }[]): number {
  if (judgements.some(({ verdict }) => verdict === "broken")) return EXIT_CODES.limit_broken;
  return judgements.some(({ verdict }) => verdict === "undecided") ? EXIT_CODES.undecided : 0;
}
