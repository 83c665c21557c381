/** The formats of outputs: how each is rendered, and which names of files ask for it. */
import type { Profile } from "../profile.ts";

/** What a renderer needs to know of each sample, beside its stack. */
type Detail = "stacks" | "threads" | "times";

interface FormatEntry {
  readonly detail: Detail;
  /** Ends of files' names, the first for a file that we name. */
  readonly extensions: readonly string[];
  readonly render: (
    profile: Profile,
    options: { readonly threads: boolean },
  ) => Promise<string | Uint8Array>;
}

/** Functions in each table of a summary. */
const MARKDOWN_LIMIT = 20;

/** Adding a format is one entry here; its name belongs in src/cli.ts, too. */
const ENTRIES = {
  flamegraph: {
    detail: "stacks",
    extensions: ["svg"],
    render: async (profile, options) => (await import("../render/svg.ts")).renderSvg(profile, options),
  },
  raw: {
    detail: "stacks",
    extensions: ["txt", "raw", "folded", "collapsed"],
    render: async (profile, options) => (await import("../render/folded.ts")).renderFolded(profile, options),
  },
  speedscope: {
    detail: "times",
    extensions: ["json", "speedscope.json"],
    render: async (profile) => (await import("../render/speedscope.ts")).renderSpeedscope(profile),
  },
  pprof: {
    detail: "threads",
    extensions: ["pb.gz", "pprof"],
    render: async (profile) => await (await import("../render/pprof.ts")).renderPprof(profile),
  },
  chrometrace: {
    detail: "times",
    extensions: ["trace.json", "chrometrace.json"],
    render: async (profile) => (await import("../render/chrome_trace.ts")).renderChromeTrace(profile),
  },
  firefox: {
    detail: "times",
    extensions: ["firefox.json"],
    render: async (profile) => (await import("../render/firefox.ts")).renderFirefox(profile),
  },
  pstats: {
    detail: "stacks",
    extensions: ["pstats", "prof"],
    render: async (profile) => (await import("../render/pstats.ts")).renderPstats(profile),
  },
  json: {
    detail: "times",
    extensions: ["pyspy.json", "pyspy"],
    render: async (profile) => (await import("../render/profile_json.ts")).renderProfileJson(profile),
  },
  markdown: {
    detail: "stacks",
    extensions: ["md", "markdown"],
    render: async (profile) => {
      return (await import("../render/markdown.ts")).renderMarkdown(profile, { limit: MARKDOWN_LIMIT });
    },
  },
} as const satisfies Record<string, FormatEntry>;

/** A format of `-f`. */
export type Format = keyof typeof ENTRIES;

const TABLE: Readonly<Record<Format, FormatEntry>> = ENTRIES;

/** All formats, as `--help` lists them. */
export const FORMATS = Object.keys(ENTRIES) as readonly Format[];

/** Renders a profile. `threads` asks for a frame for each thread, in formats that do not tell them apart anyway. */
export function renderAs(
  format: Format,
  profile: Profile,
  options: { readonly threads: boolean },
): Promise<string | Uint8Array> {
  return TABLE[format].render(profile, options);
}

/** The format that the name of a file asks for: the longest end that is known decides, in upper or lower case. */
export function formatOf(path: string): Format {
  return longestEnd(path).format;
}

/** The name of one of several files: `profile.pyspy.json` becomes `profile-0001.pyspy.json`. */
export function numberedName(path: string, number: number): string {
  const known = longestEnd(path).length;
  const length = known > 0 ? known + 1 : /\.[^./]*$/.exec(path)?.[0].length ?? 0;
  const start = path.length - length;
  return `${path.slice(0, start)}-${String(number).padStart(4, "0")}${path.slice(start)}`;
}

function longestEnd(path: string): { format: Format; length: number } {
  const name = path.replace(/^.*[/\\]/, "").toLowerCase();
  let found: { format: Format; length: number } = { format: "flamegraph", length: 0 };
  for (const format of FORMATS) {
    for (const { length } of TABLE[format].extensions.filter((extension) => name.endsWith(`.${extension}`))) {
      if (length > found.length) found = { format, length };
    }
  }
  return found;
}

/** The end of the name of a file that we name. */
export function extensionOf(format: Format): string {
  return TABLE[format].extensions[0]!;
}

/** Whether a format shows samples in time order. */
export function showsTimes(format: Format): boolean {
  return TABLE[format].detail === "times";
}

/** Whether a format always tells threads apart. */
export function showsThreads(format: Format): boolean {
  return TABLE[format].detail !== "stacks";
}
