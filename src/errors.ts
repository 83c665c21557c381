/**
 * What can go wrong before the first sample, as one error type with a kind.
 *
 * The sampling loop never throws for reasons of the target: there, a failed read is a result that is counted.
 */

/** Why a command could not be carried out; decides the exit code. */
export type ErrorKind =
  | "failure"
  | "usage"
  | "permission"
  | "no_process"
  | "unsupported"
  | "limit_broken"
  | "no_samples"
  | "undecided";

/** Exit code for each kind of error. README.md documents them. */
export const EXIT_CODES: Readonly<Record<ErrorKind, number>> = {
  failure: 1,
  usage: 2,
  permission: 3,
  no_process: 4,
  unsupported: 5,
  limit_broken: 6,
  no_samples: 7,
  undecided: 8,
};

/** An error that a user can act on: what was being done, what stood in the way, and what to try. */
export class ProfilerError extends Error {
  override readonly name = "ProfilerError";
  readonly kind: ErrorKind;
  /** One or more lines, each something to try; shown after "Try: ". */
  readonly remedy: string | undefined;

  constructor(kind: ErrorKind, message: string, remedy?: string) {
    super(message);
    this.kind = kind;
    this.remedy = remedy;
  }

  get exitCode(): number {
    return EXIT_CODES[this.kind];
  }
}
