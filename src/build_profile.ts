/** From recordings, which speak of code objects and offsets, to a profile, which speaks of functions and lines. */
import { CUT_FRAME } from "./profile.ts";
import type { Profile, RecordedProcess, RecordingInfo, StackCount } from "./profile.ts";
import { provenPath } from "./proven_path.ts";
import { standInOf } from "./stand_ins.ts";
import { CUT_OFFSET, selfParts } from "./call_node.ts";
import type { CallNode } from "./call_node.ts";
import type { Recording } from "./recording.ts";
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
  /** Parts of `count`. */
  readonly byActivity: number[];
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
  for (const recording of recordings) builder.add(recording, undefined);
  return builder.finish(info, undefined);
}

/** The same for several processes, which stay apart. */
export function buildTreeProfile(
  processes: readonly (RecordedProcess & { readonly recordings: readonly Recording[] })[],
  info: Omit<RecordingInfo, "cut">,
  options: FrameOptions,
): Profile {
  const builder = new ProfileBuilder(options);
  processes.forEach(({ recordings }, index) => {
    for (const recording of recordings) builder.add(recording, index);
  });
  return builder.finish(info, processes.map(({ pid, command }) => ({ pid, command })));
}

class ProfileBuilder {
  readonly #options: FrameOptions;
  readonly #frames: Frame[] = [];
  readonly #fullFiles: string[] = [];
  readonly #frameIds = new Map<string, number>();
  readonly #threads: ThreadInfo[] = [];
  readonly #ended: { thread: number; process: number | undefined; path: PathNode }[] = [];
  readonly #timeline: { stack: number[]; startNs: number[]; weightNs: number[] } = {
    stack: [],
    startNs: [],
    weightNs: [],
  };
  #hasTimeline = false;
  #cut = 0;

  constructor(options: FrameOptions) {
    this.#options = options;
  }

  add(recording: Recording, process: number | undefined): void {
    const threadBase = this.#threads.length;
    this.#threads.push(...recording.threads);
    const paths = new Map<CallNode, PathNode>();
    const endOf = new Map<CallNode, Map<number, PathNode>>();
    recording.roots.forEach((root, index) => {
      paths.set(root, newPath(undefined, -1));
      const nodes = this.#addPaths(recording, root, paths);
      for (const node of nodes) {
        const ends = new Map<number, PathNode>();
        for (const [key, count] of node.selfCounts ?? []) {
          const { leafOffset, activity } = selfParts(key);
          const path = this.#endPath(recording, node, { leafOffset, pathOf: (one) => paths.get(one)! });
          if (path.stack < 0) {
            path.stack = this.#ended.length;
            const thread = recording.threads.length === 0 ? -1 : threadBase + index;
            this.#ended.push({ thread, process, path });
          }
          path.count += count;
          path.byActivity[activity]! += count;
          if (this.#frames[path.frame] === CUT_FRAME) this.#cut += count;
          ends.set(key, path);
        }
        if (ends.size > 0) endOf.set(node, ends);
      }
    });
    this.#addLog(recording, endOf);
  }

  /** Gives each proven node the path of its callers. @returns all nodes. */
  #addPaths(recording: Recording, root: CallNode, paths: Map<CallNode, PathNode>): CallNode[] {
    // A list that grows instead of recursion: stacks may be a million frames deep.
    const nodes = [root];
    for (const node of nodes) {
      for (const child of node.children?.values() ?? []) {
        nodes.push(child);
        if (!child.proven) continue;
        const callFrame = this.#callerFrame(recording, child);
        const parentPath = paths.get(node)!;
        paths.set(child, callFrame < 0 ? parentPath : childPath(parentPath, callFrame));
      }
    }
    return nodes;
  }

  finish(
    info: Omit<RecordingInfo, "cut">,
    processes: readonly RecordedProcess[] | undefined,
  ): Profile {
    const stacks: StackCount[] = this.#ended.map(({ thread, process, path }) => ({
      thread,
      ...(process === undefined ? {} : { process }),
      frames: framesOf(path),
      // CPU time has fractions.
      count: Math.round(path.count),
      byActivity: path.byActivity.map(Math.round),
    }));
    return {
      info: { ...info, cut: Math.round(this.#cut) },
      frames: this.#frames,
      fullFiles: this.#fullFiles,
      threads: this.#threads,
      processes,
      stacks,
      timeline: this.#hasTimeline ? this.#timeline : undefined,
    };
  }

  /** The path of a node's callers ends with its caller at the line of the call; -1 when it has no caller. */
  #callerFrame(recording: Recording, node: CallNode): number {
    const caller = node.parent!;
    return caller.parent === undefined ? -1 : this.#frameAt(recording, caller.codeId, node.callOffset);
  }

  /**
   * The whole path of samples with this leaf. For want of proof that of what stands in for them, if their own was likely
   * torn; else the proven part of it and a cut.
   */
  #endPath(
    recording: Recording,
    node: CallNode,
    { leafOffset, pathOf }: { leafOffset: number; pathOf: (node: CallNode) => PathNode },
  ): PathNode {
    const { node: shown, isWhole } = provenPath(node);
    if (isWhole && leafOffset !== CUT_OFFSET) {
      return childPath(pathOf(shown), this.#frameAt(recording, shown.codeId, leafOffset));
    }
    const standIn = isWhole ? undefined : standInOf(node, recording.provingReads);
    if (standIn !== undefined) {
      return this.#endPath(recording, standIn.node, { leafOffset: standIn.leafOffset, pathOf });
    }
    const path = shown.parent === undefined
      ? pathOf(shown)
      : childPath(pathOf(shown), this.#cutFrame(recording, shown));
    return childPath(path, this.#frameId(CUT_FRAME, CUT_FRAME.file));
  }

  /** The last proven function before a cut. Which of its lines made the unproven call is not known. */
  #cutFrame(recording: Recording, node: CallNode): number {
    const { name, file, firstLine } = recording.codes.get(node.codeId);
    return this.#frameOf(name, file, { line: firstLine, firstLine });
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
      this.#timeline.stack.push(endOf.get(node)!.get(log.key[i]!)!.stack);
      this.#timeline.startNs.push(log.startNs[i]!);
      this.#timeline.weightNs.push(log.weightNs[i]!);
    });
  }
}

function newPath(parent: PathNode | undefined, frame: number): PathNode {
  return {
    parent,
    frame,
    depth: (parent?.depth ?? -1) + 1,
    children: new Map(),
    stack: -1,
    count: 0,
    byActivity: [0, 0, 0, 0],
  };
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
