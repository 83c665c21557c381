/** The text of `dump`, line for line what py-spy's users know. */
import type { ExceptionText, Frame, LocalVariable, StackTrace } from "../types.ts";
import { innerPidNote, type ProcessDump, shortFilename, type ShortNames, stateWord } from "./dump.ts";
import { terminalSafe } from "./escape.ts";

/** How to print a dump. */
export interface DumpTextOptions {
  readonly shortNames: ShortNames;
  /** Show each file as the target has it. */
  readonly fullFilenames: boolean;
  /** Use ANSI colours. */
  readonly color: boolean;
}

type Paint = (text: string | number) => string;

interface Paints {
  readonly id: Paint;
  readonly name: Paint;
  readonly file: Paint;
  readonly line: Paint;
}

function paints(color: boolean): Paints {
  const paint = (codes: string): Paint => (text) => color ? `\x1b[${codes}m${text}\x1b[0m` : String(text);
  return { id: paint("1;33"), name: paint("32"), file: paint("36"), line: paint("2") };
}

/** Renders the stacks of a process as text, leaf first. */
export function renderDumpText(dump: ProcessDump, options: DumpTextOptions): string {
  const paint = paints(options.color);
  const lines = [
    `Process ${paint.id(dump.pid)}${innerPidNote(dump.innerPid)}: ${terminalSafe(dump.command.join(" "))}`,
    `Python v${terminalSafe(dump.pythonVersion)} (${terminalSafe(dump.executable)})`,
    ...(dump.collectingGarbage === true ? ["Collecting garbage"] : []),
    "",
  ];
  for (const trace of dump.threads) {
    lines.push(threadLine(trace, paint), ...exceptionLines(trace));
    for (const frame of trace.frames) {
      lines.push("    " + frameText(frame, paint, options));
      lines.push(...localLines(frame.locals ?? [], paint));
    }
    if (trace.truncation !== undefined) {
      lines.push(`    ... (stack cut short here: ${trace.truncation.replaceAll("_", " ")})`);
    }
  }
  return lines.join("\n") + "\n";
}

function threadLine(trace: StackTrace, paint: Paints): string {
  const { thread } = trace;
  const id = thread.osThreadId > 0
    ? String(thread.osThreadId)
    : `0x${thread.threadId.toString(16).toUpperCase()}`;
  const state = stateWord(trace);
  // A thread that sleeps while it holds the GIL is idle, as py-spy has it.
  const gil = trace.ownsGil && state !== "idle" ? "+gil" : "";
  const interpreter = thread.interpreterId === 0 ? "" : `, interpreter ${thread.interpreterId}`;
  const known = thread.name ?? thread.osName;
  const name = known === undefined ? "" : `: "${terminalSafe(known)}"`;
  const doubt = !trace.proven
    ? " [not proven]"
    : trace.localsProven === false
    ? " [variables may be of other moments]"
    : "";
  return `Thread ${paint.id(id)} (${state}${gil}${interpreter})${name}${doubt}`;
}

/** The exceptions of a thread, before its frames. */
function exceptionLines({ handling, raising, proven, exceptionsProven }: StackTrace): string[] {
  const doubt = proven && exceptionsProven === false ? " [may be of another moment]" : "";
  const line = (word: string, exception: ExceptionText | undefined) => {
    if (exception === undefined) return [];
    const { type, message } = exception;
    return [`  ${word} ${terminalSafe(type)}${message === "" ? "" : `: ${terminalSafe(message)}`}${doubt}`];
  };
  return [...line("raising", raising), ...line("handling", handling)];
}

/** Headings of the variables of a frame, in the order in which they are shown. */
const SECTIONS: readonly (readonly [string, (variable: LocalVariable) => boolean])[] = [
  ["Arguments", ({ isArgument }) => isArgument],
  ["Locals", ({ isArgument, scope }) => !isArgument && (scope === "local" || scope === "dict")],
  ["Cells", ({ isArgument, scope }) => !isArgument && scope === "cell"],
  ["Free", ({ isArgument, scope }) => !isArgument && scope === "free"],
];

function localLines(locals: readonly LocalVariable[], paint: Paints): string[] {
  return SECTIONS.flatMap(([heading, belongs]) => {
    const variables = locals.filter(belongs);
    if (variables.length === 0) return [];
    return [
      `        ${heading}:`,
      ...variables.map(({ name, text }) =>
        `            ${paint.name(terminalSafe(name))}: ${terminalSafe(text)}`
      ),
    ];
  });
}

function frameText(frame: Frame, paint: Paints, options: DumpTextOptions): string {
  const file = options.fullFilenames ? frame.file : shortFilename(frame, options.shortNames);
  const name = paint.name(terminalSafe(frame.name));
  if (file === "") return name;
  const line = frame.line > 0 ? `:${paint.line(frame.line)}` : "";
  return `${name} (${paint.file(terminalSafe(file))}${line})`;
}
