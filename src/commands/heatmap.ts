/** `pyspy report --heatmap`: the page of a profile's sources, read with the user's own rights. */
import { resolve } from "node:path";
import { ProfilerError } from "../errors.ts";
import { openOutput, writeStderr } from "../output.ts";
import type { Output } from "../output.ts";
import type { Profile } from "../profile.ts";
import { terminalSafe } from "../render/escape.ts";
import { renderHeatmap } from "../render/heatmap.ts";
import type { SourceText } from "../render/heatmap_model.ts";
import { decodeSource } from "../render/source_text.ts";
import { readSource } from "../sources.ts";

/** Bytes of sources that are read for one page. */
const MAX_READ = 60_000_000;

/**
 * Opens the file of the page.
 *
 * @throws ProfilerError `usage` for a path that another output has, `failure` for one that cannot be written.
 */
export function openHeatmap(path: string, others: readonly string[]): Output {
  if (path === "") {
    throw new ProfilerError("usage", "The name of the heatmap is empty", "give the name of a file");
  }
  const place = (one: string) => one === "-" ? one : resolve(one);
  if (others.some((one) => place(one) === place(path))) {
    throw new ProfilerError("usage", `The output '${path}' is given twice`);
  }
  return openOutput(path);
}

/** Renders and writes the page, and says what it lacks. @throws ProfilerError when it cannot be written. */
export function writeHeatmap(profile: Profile, output: Output): void {
  let room = MAX_READ;
  const { html, shown, withoutText } = renderHeatmap(profile, (path): SourceText | undefined => {
    const source = room > 0 ? readSource(path) : undefined;
    if (source === undefined) return undefined;
    room -= source.bytes.length;
    return { text: decodeSource(source.bytes), changedMs: source.changedMs };
  });
  output.write(html);
  const lacks = withoutText > 0 ? `; ${withoutText} of ${shown} files are shown without their text` : "";
  writeStderr(`${terminalSafe(`Wrote heatmap to ${output.name}${lacks}`)}\n`);
}
