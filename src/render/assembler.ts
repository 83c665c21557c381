/** Builds a profile from what a file says, stack by stack; equal stacks of a thread become one. */
import type { Profile, RecordedProcess, RecordingInfo, StackCount, Timeline } from "../profile.ts";
import type { Frame, ThreadInfo } from "../types.ts";
import { malformed } from "./json_checks.ts";

/** Frames of all stacks together: a small file may describe stacks that no memory could hold. */
const MAX_FRAMES = 100_000_000;
/** Distinct frames; with a node's number they make a key. */
const FRAME_LIMIT = 0x100_0000;

/** A path of frames: its number is what `child` and `add` take. */
interface Node {
  readonly parent: number;
  readonly frame: number;
  readonly depth: number;
  readonly thread: number;
  readonly process: number | undefined;
  stack: number;
  count: number;
}

/** Is filled, then finished. */
export class ProfileAssembler {
  readonly #frames: Frame[] = [];
  readonly #frameIds = new Map<string, number>();
  readonly #threads: ThreadInfo[] = [];
  readonly #processes: RecordedProcess[] = [];
  readonly #nodes: Node[] = [];
  readonly #roots = new Map<string, number>();
  readonly #children = new Map<number, number>();
  readonly #ended: number[] = [];
  readonly #timeline = { stack: [] as number[], startNs: [] as number[], weightNs: [] as number[] };
  #pushed = 0;
  #samples = 0;

  /** @returns its number; the same for an equal frame. */
  frame(frame: Frame): number {
    const key = `${frame.line}\0${frame.firstLine}\0${frame.name}\0${frame.file}`;
    let id = this.#frameIds.get(key);
    if (id === undefined) {
      id = this.#frames.push(frame) - 1;
      if (id >= FRAME_LIMIT) throw malformed("it has too many frames");
      this.#frameIds.set(key, id);
    }
    return id;
  }

  thread(info: ThreadInfo): number {
    return this.#threads.push(info) - 1;
  }

  process(process: RecordedProcess): number {
    return this.#processes.push(process) - 1;
  }

  /** The empty stack of a thread, -1 where threads are not known. */
  root(thread: number, process?: number): number {
    const key = `${thread},${process}`;
    let root = this.#roots.get(key);
    if (root === undefined) {
      root = this.#nodes.push({
        parent: -1,
        frame: -1,
        depth: 0,
        thread,
        process,
        stack: -1,
        count: 0,
      }) - 1;
      this.#roots.set(key, root);
    }
    return root;
  }

  /** The stack with one frame more. */
  child(node: number, frame: number): number {
    if (++this.#pushed > MAX_FRAMES) throw malformed("its stacks have too many frames");
    const key = node * FRAME_LIMIT + frame;
    let child = this.#children.get(key);
    if (child === undefined) {
      const { depth, thread, process } = this.#nodes[node]!;
      child = this.#nodes.push({
        parent: node,
        frame,
        depth: depth + 1,
        thread,
        process,
        stack: -1,
        count: 0,
      }) -
        1;
      this.#children.set(key, child);
    }
    return child;
  }

  /** The stack without its last frame; a root stays one. */
  parent(node: number): number {
    const { parent, depth } = this.#nodes[node]!;
    return depth === 0 ? node : parent;
  }

  /** The stack of frames, root first. */
  path(root: number, frames: readonly number[]): number {
    let node = root;
    for (const frame of frames) node = this.child(node, frame);
    return node;
  }

  add(node: number, count: number): void {
    this.#stackOf(node);
    this.#nodes[node]!.count += count;
    this.#samples += count;
  }

  /** Notes when a stack was seen. */
  at(node: number, time: { readonly startNs: number; readonly weightNs: number }): void {
    this.#timeline.stack.push(this.#stackOf(node));
    this.#timeline.startNs.push(time.startNs);
    this.#timeline.weightNs.push(time.weightNs);
  }

  finish(info: RecordingInfo): Profile {
    const isTimed = this.#timeline.stack.length > 0;
    return {
      info: info.samples > 0 ? info : { ...info, samples: Math.round(this.#samples) },
      frames: this.#frames,
      threads: this.#threads,
      processes: this.#processes.length > 0 ? this.#processes : undefined,
      stacks: this.#stacks(),
      timeline: isTimed ? this.#inOrder() : undefined,
    };
  }

  #stackOf(node: number): number {
    const entry = this.#nodes[node]!;
    if (entry.stack < 0) entry.stack = this.#ended.push(node) - 1;
    return entry.stack;
  }

  #stacks(): StackCount[] {
    let frames = 0;
    return this.#ended.map((end) => {
      const { depth, thread, process, count } = this.#nodes[end]!;
      frames += depth;
      if (frames > MAX_FRAMES) throw malformed("its stacks have too many frames");
      const path = new Array<number>(depth);
      let node = this.#nodes[end]!;
      while (node.depth > 0) {
        path[node.depth - 1] = node.frame;
        node = this.#nodes[node.parent]!;
      }
      return {
        thread,
        ...(process === undefined ? {} : { process }),
        frames: path,
        count: Math.round(count),
      };
    });
  }

  /** Threads were read one after the other. */
  #inOrder(): Timeline {
    const { stack, startNs, weightNs } = this.#timeline;
    const order = startNs.map((_, i) => i).sort((a, b) => startNs[a]! - startNs[b]! || a - b);
    return {
      stack: order.map((i) => stack[i]!),
      startNs: order.map((i) => startNs[i]!),
      weightNs: order.map((i) => weightNs[i]!),
    };
  }
}
