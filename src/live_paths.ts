/** From the paths of a recording to the rows of a live view. */
import type { RowTable } from "./live_rows.ts";
import type { CountedRow } from "./live_rows.ts";
import { CUT_FRAME } from "./profile.ts";
import { provenPath } from "./proven_path.ts";
import { standInOf } from "./stand_ins.ts";
import { CUT_OFFSET } from "./call_node.ts";
import type { CallNode } from "./call_node.ts";
import type { Recording } from "./recording.ts";

/** Byte offsets in bytecode are below this. */
const OFFSET_LIMIT = 0x400_0000;
const CUT_KEY = "cut";

/** What a sample is shown as: a proven path, whole or up to where it is cut. */
export interface ShownPath {
  readonly node: CallNode;
  readonly leafOffset: number;
  readonly isCut: boolean;
}

/** The rows of one place in the code: of its function, and of its line. */
export interface PlaceRows {
  readonly byFunction: CountedRow;
  readonly byLine: CountedRow;
}

/** Finds the rows of the places of one recording. */
export class PathRows {
  readonly #recording: Recording;
  readonly #functions: RowTable;
  readonly #lines: RowTable;
  readonly #shortName: (file: string) => string;
  readonly #places = new Map<number, PlaceRows>();
  readonly #ofFunction: CountedRow[] = [];

  constructor(
    recording: Recording,
    { functions, lines, shortName }: {
      functions: RowTable;
      lines: RowTable;
      shortName: (file: string) => string;
    },
  ) {
    this.#recording = recording;
    this.#functions = functions;
    this.#lines = lines;
    this.#shortName = shortName;
  }

  /** What samples at a node are shown as, by what is proven now. */
  shown(node: CallNode, leafOffset: number): ShownPath {
    if (node.proven) return { node, leafOffset, isCut: leafOffset === CUT_OFFSET };
    const { node: shown, isWhole } = provenPath(node);
    const standIn = isWhole ? undefined : standInOf(node, this.#recording.provingReads);
    if (standIn !== undefined) return this.shown(standIn.node, standIn.leafOffset);
    return { node: shown, leafOffset, isCut: !isWhole || leafOffset === CUT_OFFSET };
  }

  /** Calls `each` for the innermost place of a path, then for its callers, outwards. */
  walk({ node, leafOffset, isCut }: ShownPath, each: (rows: PlaceRows) => void): void {
    if (isCut) each(this.#cut());
    if (node.parent === undefined) return;
    // Before a cut, it is not known at which of its lines the last function was.
    each(isCut ? this.#place(node.codeId, -1) : this.#place(node.codeId, leafOffset));
    for (let child = node; child.parent!.parent !== undefined; child = child.parent!) {
      each(this.#place(child.parent!.codeId, child.callOffset));
    }
  }

  #place(codeId: number, offset: number): PlaceRows {
    const key = codeId * OFFSET_LIMIT + Math.min(Math.max(offset, -1), OFFSET_LIMIT - 2) + 1;
    let place = this.#places.get(key);
    if (place === undefined) {
      const { name, file, firstLine } = this.#recording.codes.get(codeId);
      const line = this.#recording.codes.lineAt(codeId, offset);
      const byFunction = this.#functionRow(codeId);
      const frame = { name, file: byFunction.frame.file, line, firstLine };
      const lineKey = `${line}\0${firstLine}\0${name}\0${file}`;
      place = { byFunction, byLine: this.#lines.rowOf(lineKey, frame, file) };
      this.#places.set(key, place);
    }
    return place;
  }

  #functionRow(codeId: number): CountedRow {
    let row = this.#ofFunction[codeId];
    if (row === undefined) {
      const { name, file, firstLine } = this.#recording.codes.get(codeId);
      const frame = { name, file: this.#shortName(file), line: 0, firstLine };
      row = this.#functions.rowOf(`${firstLine}\0${name}\0${file}`, frame, file);
      this.#ofFunction[codeId] = row;
    }
    return row;
  }

  #cut(): PlaceRows {
    return {
      byFunction: this.#functions.rowOf(CUT_KEY, CUT_FRAME, ""),
      byLine: this.#lines.rowOf(CUT_KEY, CUT_FRAME, ""),
    };
  }
}
