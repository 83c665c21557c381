/**
 * Draws docs/top.svg: the screen of `top` as a terminal shows it, from a run on examples/messages.py.
 *
 * Needs tmux: `deno run -A scripts/picture_of_top.ts`.
 */
import { join } from "node:path";
import { textWidth } from "../src/render/text_width.ts";
import { xmlEscape } from "../src/render/escape.ts";
import { PROJECT, pyspyCommand } from "../tests/helpers.ts";
import { startShell } from "../tests/live/tmux.ts";

const SIZE = { columns: 100, rows: 26 };
/** Units: pixels. */
const CELL = { width: 8, height: 17 };
const MARGIN = 10;
const BACKGROUND = "#1b1d22";
const FOREGROUND = "#d4d7dd";
const COLORS = ["#555b66", "#e06c75", "#8bc270", "#e0b45c", "#6ea7e6", "#c58fe0", "#5fbfc9", "#d4d7dd"];
/** Enough for a trend. Units: seconds. */
const RUN_SECONDS = 14;

/** How the next characters look. */
interface Look {
  readonly color: string;
  readonly isBold: boolean;
  readonly isDim: boolean;
  readonly isReverse: boolean;
}

const PLAIN: Look = { color: FOREGROUND, isBold: false, isDim: false, isReverse: false };

/** The look after a control sequence for styles. */
function styled(look: Look, codes: readonly number[]): Look {
  let next = look;
  for (const code of codes.length === 0 ? [0] : codes) {
    if (code === 0) next = PLAIN;
    else if (code === 1) next = { ...next, isBold: true };
    else if (code === 2) next = { ...next, isDim: true };
    else if (code === 7) next = { ...next, isReverse: true };
    else if (code === 22) next = { ...next, isBold: false, isDim: false };
    else if (code === 27) next = { ...next, isReverse: false };
    else if (code >= 30 && code <= 37) next = { ...next, color: COLORS[code - 30]! };
    else if (code === 39) next = { ...next, color: FOREGROUND };
  }
  return next;
}

/** A line of the screen as SVG; each run of one look has its place, so that fonts cannot shift the columns. */
function drawLine(line: string, row: number, start: Look): { svg: string; look: Look } {
  let look = start;
  let column = 0;
  let svg = "";
  // deno-lint-ignore no-control-regex -- styles are control sequences
  for (const part of line.split(/(\x1b\[[0-9;]*m)/)) {
    // deno-lint-ignore no-control-regex -- the same
    const sequence = /^\x1b\[([0-9;]*)m$/.exec(part);
    if (sequence !== null) {
      look = styled(look, sequence[1]!.split(";").filter((code) => code !== "").map(Number));
      continue;
    }
    const width = textWidth(part);
    if (width === 0) continue;
    const x = MARGIN + column * CELL.width;
    const y = MARGIN + row * CELL.height;
    const length = width * CELL.width;
    if (look.isReverse) {
      svg += `<rect x="${x}" y="${y}" width="${length}" height="${CELL.height}" fill="${look.color}"/>`;
    }
    if (part.trim() !== "") {
      const fill = look.isReverse ? BACKGROUND : look.color;
      const weight = look.isBold ? ' font-weight="bold"' : "";
      const opacity = look.isDim ? ' opacity="0.6"' : "";
      svg += `<text x="${x}" y="${y + 13}" textLength="${length}" fill="${fill}"${weight}${opacity}>` +
        `${xmlEscape(part).replaceAll(" ", "\u00a0")}</text>`;
    }
    column += width;
  }
  return { svg, look };
}

function draw(screen: string): string {
  const width = 2 * MARGIN + SIZE.columns * CELL.width;
  const height = 2 * MARGIN + SIZE.rows * CELL.height;
  let look = PLAIN;
  const lines = screen.trimEnd().split("\n").map((line, row) => {
    const drawn = drawLine(line, row, look);
    look = drawn.look;
    return drawn.svg;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" ` +
    `height="${height}" font-family="ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="13">\n` +
    `<title>The screen of pyspy top</title>\n<rect width="100%" height="100%" rx="6" fill="${BACKGROUND}"/>\n` +
    `${lines.join("\n")}\n</svg>\n`;
}

const target = new Deno.Command("python3", {
  args: ["examples/messages.py", "--seconds", "120"],
  cwd: PROJECT,
  stdout: "null",
}).spawn();
try {
  await using shell = await startShell(SIZE);
  await shell.run([...pyspyCommand(), "top", "-p", `${target.pid}`]);
  await shell.until(new RegExp(` samples in (?:${RUN_SECONDS}|${RUN_SECONDS + 1})s`));
  await shell.type("/messages");
  await shell.press("Enter");
  await shell.until(/with "messages"/);
  await shell.press("Down", "Down", "Down", "Enter", "Escape");
  await shell.until(/↑/);
  const screen = await shell.until(/JSON/);
  if (!/^(?:99|100)\.\d of 100 Hz {2}late 0\.\d%/m.test(screen)) {
    throw new Error(`the machine is too busy for a picture to show:\n${screen}`);
  }
  await Deno.writeTextFile(join(PROJECT, "docs", "top.svg"), draw(await shell.screen(true)));
} finally {
  target.kill("SIGKILL");
  await target.status;
}
