/** Reads folded stacks, of ourselves and of others that follow the conventions of Brendan Gregg's FlameGraph. */
import type { Profile } from "../profile.ts";
import type { Frame } from "../types.ts";
import { ProfileAssembler } from "./assembler.ts";
import { NO_FRAMES, parseFolded } from "./folded.ts";
import { malformed } from "./json_checks.ts";
import { foreignInfo } from "./profile_info.ts";

/** A share of lines that are no stacks from which on a file is something else. */
const MAX_FOREIGN_SHARE = 0.1;

/**
 * Reads folded stacks. Frames are taken apart where they are written `name (file:line)`, as we and py-spy do, or
 * `file:name:line`, as austin and Tachyon do.
 *
 * @throws ProfilerError when most lines are something else.
 */
export function readFolded(text: string): Profile {
  const { stacks, foreign } = parseFolded(text);
  if (foreign > MAX_FOREIGN_SHARE * (stacks.length + foreign)) {
    throw malformed("it is none of the formats that pyspy reads");
  }
  const assembler = new ProfileAssembler();
  const root = assembler.root(-1);
  const known = new Map<string, number>();
  for (const { frames, count } of stacks) {
    const path = frames.length === 1 && frames[0] === NO_FRAMES ? [] : frames.map((label) => {
      const id = known.get(label) ?? assembler.frame(parseLabel(label));
      known.set(label, id);
      return id;
    });
    assembler.add(assembler.path(root, path), count);
  }
  const notes = foreign === 0 ? {} : { notes: [`${foreign} of its lines are no stacks and were left out.`] };
  return assembler.finish(foreignInfo(notes));
}

/** A frame as its text says. */
export function parseLabel(label: string): Frame {
  const ours = /^(.+) \(([^()]*?)(?::(\d{1,9}))?\)$/.exec(label);
  if (ours !== null && !/^(?:thread|process) /.test(label)) {
    return { name: ours[1]!, file: ours[2]!, line: Number(ours[3] ?? 0), firstLine: 0 };
  }
  const austin = /^([^:]+):([^:]+):(\d{1,9})$/.exec(label);
  if (austin !== null) {
    return { name: austin[2]!, file: austin[1]!, line: Number(austin[3]), firstLine: 0 };
  }
  return { name: label, file: "", line: 0, firstLine: 0 };
}
