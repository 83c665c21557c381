/** A command line as it is shown where there is little room. */
import { terminalSafe } from "../escape.ts";

/** The command without the folder of its program, which is the least of what tells programs apart. */
export function commandText([program = "", ...others]: readonly string[]): string {
  return terminalSafe([program.replace(/^.*\/(?=.)/, ""), ...others].join(" "));
}
