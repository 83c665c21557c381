/** Entry point: runs one command and maps its errors to exit codes. */
import { CommanderError } from "commander";
import { run } from "./src/cli.ts";
import { EXIT_CODES, ProfilerError } from "./src/errors.ts";
import { ClosedPipe, writeStderr } from "./src/output.ts";
import { terminalSafe } from "./src/render/escape.ts";

/** Prints an error for a person. @returns the exit code. */
function report(error: unknown): number {
  if (error instanceof ClosedPipe) return 0;
  // Commander has printed what is wrong, or the help.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_CODES.usage;
  if (error instanceof ProfilerError) {
    const lines = (error.remedy ?? "").split("\n").filter((line) => line !== "");
    const remedy = lines.map((line, i) => `${i === 0 ? "Try: " : "     "}${terminalSafe(line)}\n`).join("");
    writeStderr(`Error: ${terminalSafe(error.message)}\n${remedy}`);
    return error.exitCode;
  }
  const message = error instanceof Error ? error.stack ?? error.message : String(error);
  writeStderr(`Internal error, please report it:\n${message}\n`);
  return EXIT_CODES.failure;
}

let exitCode: number;
try {
  exitCode = await run(Deno.args);
} catch (error) {
  exitCode = report(error);
}
Deno.exit(exitCode);
