/** Warnings that more than one command gives. */

/** What is known of the Python of a target. */
export interface TargetVersion {
  /** As Python writes it: "3.13.0". */
  readonly pythonVersion: string;
  /** True when nobody has checked this version. */
  readonly guessed: boolean;
}

/** Gives the line that says that a Python is of a version nobody has tested, once for each; empty for others. */
export function untestedWarnings(): (version: TargetVersion) => string {
  const warned = new Set<string>();
  return ({ pythonVersion, guessed }) => {
    if (!guessed || warned.has(pythonVersion)) return "";
    warned.add(pythonVersion);
    return `Warning: Python ${pythonVersion} is untested; its stacks are read as those of the nearest version\n`;
  };
}
