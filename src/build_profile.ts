/** From recordings, which speak of code objects and offsets, to a profile, which speaks of functions and lines. */
import { CUT_FRAME } from "./profile.ts";
import type { Profile, RecordingInfo, StackCount } from "./profile.ts";
import { CUT_OFFSET } from "./recording.ts";
import type { CallNode, Recording } from "./recording.ts";
import type { Frame, ThreadInfo } from "./types.ts";

/** How frames are told apart and shown. */
export interface FrameOptions {
  /** Frames of one function are one, shown with its first line. */
  readonly byFunction: boolean;
  /** Frames of one function are one, shown without a line. */
  readonly withoutLines: boolean;
  /** The file name to show for a `co_filename`. */
  readonly shortName: (file: string) => string;
}

/** A path of shown frames; several paths of instructions may be one of these. */
interface PathNode {
  readonly parent: PathNode | undefined;
  readonly frame: number;
  readonly depth: number;
  readonly children: Map<number, PathNode>;
  /** Index of its stack, once a sample ended here. */
  stack: number;
  count: number;
}

/**
 * Merges recordings, one a process or a program that it has run, into a profile.
 *
 * Samples whose path was never proven count for its proven part, below which `CUT_FRAME` stands.
 */
export function buildProfile(
  recordings: readonly Recording[],
  info: Omit<RecordingInfo, "cut">,
  options: FrameOptions,
): Profile {
  const builder = new ProfileBuilder(options);
  for (const recording of recordings) builder.add(recording);
  return builder.finish(info);
}

class ProfileBuilder {
  readonly #options: FrameOptions;
  readonly #frames: Frame[] = [];
  readonly #fullFiles: string[] = [];
  readonly #frameIds = new Map<string, number>();
  readonly #threads: ThreadInfo[] = [];
  readonly #ended: { thread: number; path: PathNode }[] = [];
  readonly #timeline: { stack: number[]; startNs: number[]; weightNs: number[] } = { stack: [], startNs: [], weightNs: [] };
  #hasTimeline = false;
  #cut = 0;

  constructor(options: FrameOptions) {
    this.#options = options;
  }

  add(recording: Recording): void {
    const threadBase = this.#threads.length;
    this.#threads.push(...recording.threads);
    const paths = new Map<CallNode, PathNode>();
    const endOf = new Map<CallNode, Map<number, PathNode>>();
    recording.roots.forEach((root, index) => {
      const rootPath = newPath(undefined, -1);
      // A list instead of recursion: stacks may be a million frames deep.
      const open: CallNode[] = [root];
      paths.set(root, rootPath);
      for (let node = open.pop(); node !== undefined; node = open.pop()) {
        const ends = new Map<number, PathNode>();
        for (const [leafOffset, count] of node.selfCounts) {
          const path = this.#endPath(recording, node, { leafOffset, paths });
          if (path.stack < 0) {
            path.stack = this.#ended.length;
            this.#ended.push({ thread: threadBase + index, path });
          }
          path.count += count;
          if (path.frame === this.#frameId(CUT_FRAME, CUT_FRAME.file)) this.#cut += count;
          ends.set(leafOffset, path);
        }
        endOf.set(node, ends);
        for (const child of node.children?.values() ?? []) {
          const parentPath = paths.get(node)!;
          const callFrame = this.#callerFrame(recording, child);
          paths.set(child, callFrame < 0 ? parentPath : childPath(parentPath, callFrame));
          open.push(child);
        }
      }
    });
    this.#addLog(recording, endOf);
  }

  finish(info: Omit<RecordingInfo, "cut">): Profile {
    const stacks: StackCount[] = this.#ended.map(({ thread, path }) => ({
      thread: this.#threads.length === 0 ? -1 : thread,
      frames: framesOf(path),
      count: path.count,
    }));
    return {
      info: { ...info, cut: this.#cut },
      frames: this.#frames,
      fullFiles: this.#fullFiles,
      threads: this.#threads,
      stacks,
      timeline: this.#hasTimeline ? this.#timeline : undefined,
    };
  }

  /** The path of a node's callers ends with its caller at the line of the call; -1 when it has no caller. */
  #callerFrame(recording: Recording, node: CallNode): number {
    const caller = node.parent!;
    return caller.parent === undefined ? -1 : this.#frameAt(recording, caller.codeId, node.callOffset);
  }

  /** The whole path of samples with this leaf; for want of proof, the proven part of it and a cut. */
  #endPath(
    recording: Recording,
    node: CallNode,
    { leafOffset, paths }: { leafOffset: number; paths: ReadonlyMap<CallNode, PathNode> },
  ): PathNode {
    if (node.proven && leafOffset !== CUT_OFFSET) {
      return childPath(paths.get(node)!, this.#frameAt(recording, node.codeId, leafOffset));
    }
    let proven = node;
    let below: CallNode | undefined;
    while (!proven.proven) {
      below = proven;
      proven = proven.parent!;
    }
    // The proven function is shown at the line where the unproven call was made, where there is one.
    const path = proven.parent === undefined
      ? paths.get(proven)!
      : childPath(paths.get(proven)!, this.#cutFrame(recording, proven, below));
    return childPath(path, this.#frameId(CUT_FRAME, CUT_FRAME.file));
  }

  #cutFrame(recording: Recording, node: CallNode, below: CallNode | undefined): number {
    const offset = below?.callOffset;
    // The call itself is not proven, so its line is shown only if proven samples had it too.
    const isKnown = offset !== undefined &&
      [...node.children?.values() ?? []].some((child) => child.proven && child.callOffset === offset);
    if (isKnown) return this.#frameAt(recording, node.codeId, offset);
    const code = recording.codes.get(node.codeId);
    return this.#frameOf(code.name, code.file, { line: code.firstLine, firstLine: code.firstLine });
  }

  #frameAt(recording: Recording, codeId: number, offset: number): number {
    const code = recording.codes.get(codeId);
    return this.#frameOf(code.name, code.file, {
      line: this.#options.byFunction ? code.firstLine : recording.codes.lineAt(codeId, offset),
      firstLine: code.firstLine,
    });
  }

  #frameOf(name: string, file: string, { line, firstLine }: { line: number; firstLine: number }): number {
    const shown = this.#options.withoutLines ? 0 : this.#options.byFunction ? firstLine : line;
    return this.#frameId({ name, file: this.#options.shortName(file), line: shown, firstLine }, file);
  }

  #frameId(frame: Frame, fullFile: string): number {
    const key = `${frame.line}\0${frame.firstLine}\0${frame.name}\0${fullFile}`;
    let id = this.#frameIds.get(key);
    if (id === undefined) {
      id = this.#frames.length;
      this.#frames.push(frame);
      this.#fullFiles.push(fullFile);
      this.#frameIds.set(key, id);
    }
    return id;
  }

  #addLog(recording: Recording, endOf: ReadonlyMap<CallNode, ReadonlyMap<number, PathNode>>): void {
    const { log } = recording;
    if (log === undefined) return;
    this.#hasTimeline = true;
    log.node.forEach((node, i) => {
      this.#timeline.stack.push(endOf.get(node)!.get(log.leafOffset[i]!)!.stack);
      this.#timeline.startNs.push(log.startNs[i]!);
      this.#timeline.weightNs.push(log.weightNs[i]!);
    });
  }
}

function newPath(parent: PathNode | undefined, frame: number): PathNode {
  return { parent, frame, depth: (parent?.depth ?? -1) + 1, children: new Map(), stack: -1, count: 0 };
}

function childPath(parent: PathNode, frame: number): PathNode {
  let child = parent.children.get(frame);
  if (child === undefined) {
    child = newPath(parent, frame);
    parent.children.set(frame, child);
  }
  return child;
}

function framesOf(path: PathNode): number[] {
  const frames = new Array<number>(path.depth);
  for (let node = path; node.parent !== undefined; node = node.parent) frames[node.depth - 1] = node.frame;
  return frames;
}
