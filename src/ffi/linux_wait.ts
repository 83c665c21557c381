/**
 * What has become of a child or of a traced thread, looked at without taking it away from others who wait for it.
 *
 * A wait without WNOWAIT would take what it finds: that of a child's owner the stops of a traced one (the kernel reports
 * these whatever is asked for), and that of its tracer the exit status of the child.
 *
 * Source: waitid(2), sigaction(2) on `siginfo_t`.
 */
import { libc } from "./linux_libc.ts";

/** How a child or traced thread changed. */
export type Change = "none" | "trapped" | "exited" | "killed" | "unknown_id";

const P_PID = 1;
const WNOHANG = 1;
const WSTOPPED = 2;
const WEXITED = 4;
const WNOWAIT = 0x0100_0000;
/** Threads too, which is the default for those that are traced since Linux 4.7. */
const WALL = 0x4000_0000;
const CLD_EXITED = 1;
const CLD_KILLED = 2;
const CLD_DUMPED = 3;
const CLD_TRAPPED = 4;

/** `siginfo_t`: 128 bytes; si_code is the third int, si_status the seventh. */
const info = new Int32Array(32);
const infoBytes = new Uint8Array(info.buffer);

/** Looks, and leaves what it finds for others. @returns `unknown_id` for a process that is neither child nor traced. */
export function peekChange(id: number): Change {
  if (libc().waitid(P_PID, id, infoBytes, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | WALL) !== 0) {
    return "unknown_id";
  }
  switch (info[2]) {
    case CLD_TRAPPED:
      return "trapped";
    case CLD_EXITED:
      return "exited";
    case CLD_KILLED:
    case CLD_DUMPED:
      return "killed";
    default:
      return "none";
  }
}

/** Of the change seen last: the exit code, the signal that killed, or for a trap its signal and event. */
export function statusOfChange(): number {
  return info[6]!;
}

/** Takes the exit status of a child or thread that was seen to have ended, so that the system can forget it. */
export function reap(id: number): void {
  libc().waitid(P_PID, id, infoBytes, WEXITED | WNOHANG | WALL);
}
