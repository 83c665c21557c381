/** Warnings that more than one command gives. */
import type { Target } from "../attach.ts";

/** The line that says that a target's Python is of a version nobody has tested; empty for others. */
export function untestedWarning(target: Target): string {
  if (!target.runtime.guessed) return "";
  return `Warning: Python ${target.pythonVersion} is untested; its stacks are read as those of the nearest version\n`;
}
