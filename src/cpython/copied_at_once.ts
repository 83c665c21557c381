/**
 * Which frames of a walk were copied so quickly after each other that they were on the stack together.
 *
 * Frames lie on the data stack one after the other (from 3.11 on), and one range of a call is copied from its beginning to
 * its end, some ten nanoseconds for each frame. To mix two stacks there, a thread would have to leave a frame and its callee
 * and enter two others in that time; and, since both copies agree, once more at the same places of the second copy, should
 * the copying have been interrupted. What remains are frames that were left before they were copied, and what is copied with
 * other ranges. So these frames are not taken for granted:
 *
 * - the innermost one, unless it executes by its own account, and has in both copies. (From 3.14 on a frame that was left names
 *   no code.) A copy may take cache lines out of their order, and so one frame earlier than another.
 * - those on the other side of a frame on the C stack, which is of another range, unless they end where their callee begins:
 *   then no other frame was between them. They must execute as well, by their own account (to 3.13): else a generator may
 *   have been.
 * - what lies outside of a generator, and it itself unless it is the innermost one and executes; and what lies in another
 *   chunk of the data stack.
 */
import type { FrameFields } from "./frame_fields.ts";
import { EXECUTES } from "./layout.ts";
import type { RawStack } from "./raw_stack.ts";
import type { StackPlan } from "./stack_plan.ts";
import { pointerAt } from "../memory.ts";
import type { Address } from "../types.ts";

/**
 * `FRAME_OWNED_BY_THREAD`: on the data stack; `FRAME_OWNED_BY_GENERATOR`. Source: Include/internal/pycore_frame.h at v3.11.0.
 */
const OWNED_BY_THREAD = 0;
const OWNED_BY_GENERATOR = 1;

/** What is known of code objects. */
export interface KnownCode {
  /** What a frame takes in memory. Units: bytes; NaN when that is unknown. */
  readonly sizeOf: (code: Address) => number;
  /** Where the code begins that holds an instruction. */
  readonly startOf: (code: Address, instr: Address) => Address;
}

/**
 * The number of innermost frames that were copied at once, in a walk of two copies that have the same frames; 0 when the
 * innermost one had perhaps been left.
 */
export function depthAtOnce(
  { words, stack: { frames, codes, depth } }: { words: Uint32Array; stack: RawStack },
  { plan, fields, known }: { plan: StackPlan; fields: FrameFields; known: KnownCode },
): number {
  const { low, high, owner, previous, stackTop, instr } = fields;
  if (owner < 0) return 0;
  const { windows, first, second, echoed, echoOffset } = plan;
  const window = depth === 0 ? -1 : windows.find(frames[0]! + low, frames[0]! + high, windows.order[0]!);
  if (window < 0) return 0;
  const [start, end] = [windows.starts[window]!, windows.ends[window]!];
  const firstOffset = first.offsets[window]!;
  const otherOffset = window === echoed ? echoOffset : second.offsets[window]!;
  const toOther = (otherOffset - firstOffset) >> 2;
  // If it was entered between the copies, the first one was of another call.
  const instrLater = pointerAt(words, otherOffset + frames[0]! - start + instr * 4);
  if (instrLater <= known.startOf(codes[0]!, instrLater)) return 0;
  // The innermost frame, and each that has called C.
  let executes = true;
  for (let i = 0; i < depth; i++) {
    const frame = frames[i]!;
    if (frame + low < start || frame + high > end) return i;
    const at = firstOffset + frame - start;
    const top = (at >> 2) + stackTop;
    const isAlive = !executes || stackTop < 0 || words[top] === EXECUTES && words[top + toOther] === EXECUTES;
    const ownedBy = words[(at + owner) >> 2]! >>> ((owner & 3) * 8) & 0xff;
    // One that is suspended has no caller.
    if (i === 0 && ownedBy === OWNED_BY_GENERATOR && isAlive) return 1;
    if (ownedBy !== OWNED_BY_THREAD || !isAlive) return i;
    if (i + 1 === depth) break;
    executes = pointerAt(words, at + previous * 4) !== frames[i + 1];
    // From 3.14 on it does not say whether it executes.
    const mayHaveGap = stackTop < 0 || frames[i + 1]! + known.sizeOf(codes[i + 1]!) !== frame;
    if (executes && mayHaveGap) return i + 1;
  }
  return depth;
}
