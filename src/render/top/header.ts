/** The lines above the table: the target, how sampling goes, what the threads do, what is shown. */
import { Activity } from "../../types.ts";
import { terminalSafe } from "../escape.ts";
import { formatCount } from "../numbers.ts";
import { cutEnd, fitWidth, textWidth } from "../text_width.ts";
import { commandText } from "./command.ts";
import { shareOf } from "./entries.ts";
import { piece } from "./line.ts";
import type { Line, Piece } from "./line.ts";
import type { TopState } from "./state.ts";
import type { TopFacts, TopView } from "./view.ts";

const NARROW = 60;
const GIL_BAR = 20;
const WITH_BAR = 90;
/** A share of late ticks, and of failed ones, from which on the result is in doubt. */
const MANY_LATE = 0.1;
const MANY_ERRORS = 0.01;

/** The first lines of the screen. */
export function headerLines(view: TopView, state: TopState, columns: number): Line[] {
  return [
    targetLine(view.facts, columns),
    rateLine(view.facts, columns),
    threadsLine(view, columns),
    choiceLine(view, state, columns),
  ];
}

/** A span of time: `45.3s`, `1:23`, `2:03:04`, `3d 02:03`. Units: seconds. */
export function spanText(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)}s`;
  const two = (value: number) => `${Math.floor(value)}`.padStart(2, "0");
  const [days, hours, minutes] = [seconds / 86400, seconds / 3600, seconds / 60];
  if (days >= 1) return `${Math.floor(days)}d ${two(hours % 24)}:${two(minutes % 60)}`;
  return hours >= 1
    ? `${Math.floor(hours)}:${two(minutes % 60)}:${two(seconds % 60)}`
    : `${Math.floor(minutes)}:${two(seconds % 60)}`;
}

/** Share of the ticks that began late, or could not be read. */
export function tickShares(facts: TopFacts): { late: number; errors: number; achievedHz: number } {
  const all = Math.max(1, facts.ticks + facts.errors);
  return {
    late: facts.late / all,
    errors: facts.errors / all,
    achievedHz: facts.elapsedSeconds > 0 ? facts.ticks / facts.elapsedSeconds : 0,
  };
}

function targetLine(facts: TopFacts, columns: number): Line {
  const up = spanText(facts.uptimeSeconds);
  const version = facts.pythonVersion === "" ? "no Python yet" : terminalSafe(facts.pythonVersion);
  const right = columns < NARROW
    ? ` ${version} up ${up}`
    : `  ${facts.pythonVersion === "" ? "" : "Python "}${version}  pid ${facts.pid}  up ${up}`;
  const command = commandText(facts.command) + (facts.isTree ? " and its processes" : "");
  const left = columns < NARROW ? "" : "pyspy top  ";
  const width = Math.max(0, columns - textWidth(left) - textWidth(right));
  return [piece(left, "dim"), piece(fitWidth(command, width), "bold"), piece(cutEnd(right, columns))];
}

function rateLine(facts: TopFacts, columns: number): Line {
  const { late, errors, achievedHz } = tickShares(facts);
  const rate = Number.isInteger(facts.rateHz) ? `${facts.rateHz}` : facts.rateHz.toFixed(1);
  const isNarrow = columns < NARROW;
  const gap = isNarrow ? " " : "  ";
  return [
    piece(isNarrow ? `${achievedHz.toFixed(1)}/${rate}Hz` : `${achievedHz.toFixed(1)} of ${rate} Hz`),
    piece(`${gap}late ${percent(late)}`, ...(late > MANY_LATE ? ["red", "bold"] as const : [])),
    piece(
      `${gap}${isNarrow ? "err" : "errors"} ${percent(errors)}`,
      ...(errors > MANY_ERRORS ? ["red", "bold"] as const : []),
    ),
    piece(`${gap}missed ${formatCount(facts.missed)}`),
    piece(`${gap}${formatCount(facts.samples)} samples in ${spanText(facts.elapsedSeconds)}`),
  ];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

/** Average numbers of threads over the span that is shown. */
function threadsLine({ facts, snapshot }: TopView, columns: number): Line {
  const { now } = snapshot;
  const gil = shareOf(now.gil, now);
  const bar = columns >= WITH_BAR ? gilBar(gil) : [];
  const pieces = [piece(`GIL ${percent(gil).padStart(6)} `), ...bar];
  if (facts.selection === "gil") return [...pieces, piece("only the thread that holds the GIL is sampled")];
  const average = (...activities: Activity[]) =>
    now.ticks > 0
      ? (activities.reduce((sum, one) => sum + now.activities[one]!, 0) / now.ticks).toFixed(1)
      : "0.0";
  const processes = snapshot.processes.filter(({ hasEnded }) => !hasEnded).length;
  const isNarrow = columns < NARROW;
  return [
    ...pieces,
    piece(`${average(Activity.Gil, Activity.Native)} ${isNarrow ? "run" : "active"}`, "bold"),
    piece(`, ${average(Activity.Waiting)} ${isNarrow ? "wait" : "waiting for the GIL"}`),
    piece(`, ${average(Activity.Idle)} idle`),
    piece(facts.isTree ? `, ${processes} ${processes === 1 ? "process" : "processes"}` : ""),
    piece(facts.isCollecting ? isNarrow ? ", gc" : ", collecting garbage" : "", "yellow"),
  ];
}

function gilBar(share: number): Piece[] {
  const full = Math.round(Math.min(1, Math.max(0, share)) * GIL_BAR);
  return [piece("["), piece("|".repeat(full), "green"), piece(`${" ".repeat(GIL_BAR - full)}]  `)];
}

const GROUPING_WORDS = { function: "Functions", line: "Lines", thread: "Threads", process: "Processes" };

function choiceLine({ snapshot }: TopView, state: TopState, columns: number): Line {
  const { now, sum } = snapshot;
  const span = state.isCumulative ? `all of ${spanText(sum.seconds)}` : `last ${spanText(now.seconds)}`;
  const every = columns < NARROW ? "" : `, every ${state.delaySeconds}s`;
  return [
    piece(`${GROUPING_WORDS[state.grouping]}, ${span}${every}`),
    ...(state.filter === ""
      ? []
      : [piece("  with "), piece(`"${terminalSafe(state.filter)}"`, "yellow", "bold")]),
    ...(state.isPaused ? [piece("  "), piece(" PAUSED ", "reverse", "yellow")] : []),
  ];
}
