/** A terminal for tests: a shell in tmux, whose screen can be read and whose keys can be pressed. */
import { join } from "node:path";
import { warnSkipped } from "../helpers.ts";

/** How long a test waits for the screen to show something. Units: ms. */
const PATIENCE_MS = 60_000;
const POLL_MS = 50;
const PROMPT = "ready$";

/** Whether there is a tmux to test with; says loudly if not. */
export const hasTmux: boolean = await canRunTmux();

async function canRunTmux(): Promise<boolean> {
  try {
    return (await new Deno.Command("tmux", { args: ["-V"], stdout: "null" }).output()).success;
  } catch {
    warnSkipped("the screen of top: there is no tmux");
    return false;
  }
}

/** A shell on a terminal of its own. */
export interface Shell extends AsyncDisposable {
  /** The folder that the shell is in. */
  readonly folder: string;
  /** Runs a command. */
  run(command: readonly string[]): Promise<void>;
  /** Types text as it is, or presses keys by tmux's names for them. */
  type(text: string): Promise<void>;
  press(...keys: string[]): Promise<void>;
  /** What the screen shows, line by line. `withStyles`: with the control sequences of styles. */
  screen(withStyles?: boolean): Promise<string>;
  /** Waits until the screen shows something. @returns the screen. @throws Error when it never does. */
  until(pattern: RegExp): Promise<string>;
  /** Waits for the shell's prompt as the last thing on the screen. */
  prompt(): Promise<string>;
  resize(columns: number, rows: number): Promise<void>;
  /** What the shell has started and not yet reaped; undefined when there is nothing. */
  child(): number | undefined;
  /** The settings of the terminal. */
  settings(): Promise<string>;
  /** Takes the terminal away. */
  close(): Promise<void>;
}

/** Starts a shell. */
export async function startShell(
  { columns, rows, env = {} }: { columns: number; rows: number; env?: Record<string, string> },
): Promise<Shell> {
  const folder = await Deno.makeTempDir({ prefix: "pyspy-test-" });
  const socket = join(folder, "tmux");
  const tmux = async (...args: string[]): Promise<string> => {
    const command = new Deno.Command("tmux", {
      args: ["-u", "-f", "/dev/null", "-S", socket, ...args],
      stdin: "null",
      env: { LC_ALL: "C.UTF-8", NO_COLOR: "", TMUX: "", TERM: "xterm-256color", ...env },
    });
    const { code, stdout, stderr } = await command.output();
    if (code !== 0) throw new Error(`tmux ${args[0]}: ${new TextDecoder().decode(stderr)}`);
    return new TextDecoder().decode(stdout);
  };
  await tmux(
    "new-session",
    "-d",
    "-x",
    `${columns}`,
    "-y",
    `${rows}`,
    "-c",
    folder,
    // The shell that tmux starts it with would take the prompt out of the environment.
    `exec env PS1=${quoted(`${PROMPT} `)} bash --norc --noprofile -i`,
  );
  const stop = async () => {
    await tmux("kill-server").catch(() => {});
    await Deno.remove(folder, { recursive: true });
  };
  const pid = Number(await tmux("list-panes", "-F", "#{pane_pid}"));
  const screen = async (withStyles = false) =>
    await tmux("capture-pane", "-p", ...(withStyles ? ["-e", "-N"] : []));
  const type = async (text: string) => void await tmux("send-keys", "-l", "--", text);
  const press = async (...keys: string[]) => void await tmux("send-keys", ...keys);
  const until = (pattern: RegExp) => untilScreen((text) => pattern.test(text), `${pattern}`);
  const untilScreen = async (isThere: (text: string) => boolean, what: string) => {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const text = await screen();
      if (isThere(text)) return text;
      if (performance.now() > deadline) throw new Error(`the screen never showed ${what}, but\n${text}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  };
  const prompt = () => until(/ready\$\s*$/);
  await prompt().catch(async (error) => {
    await stop();
    throw error;
  });
  let settingsRead = 0;
  return {
    folder,
    screen,
    until,
    type,
    press,
    prompt,
    run: async (command) => {
      const line = command.map(quoted).join(" ");
      await type(line);
      // Until it is there the prompt is still the last one's.
      // A blank at the end of a row of the screen is not told from none.
      const withoutBlanks = (text: string) => text.replaceAll(/\s/g, "");
      await untilScreen((text) => withoutBlanks(text).endsWith(withoutBlanks(line.slice(-20))), line);
      await press("Enter");
    },
    resize: async (x, y) => void await tmux("resize-window", "-x", `${x}`, "-y", `${y}`),
    child: () => childOf(pid),
    settings: async () => {
      const file = join(folder, `settings${settingsRead++}`);
      await type(`stty -a > ${quoted(file)}; echo stty was $?`);
      await press("Enter");
      await until(/^stty was 0$/m);
      await press("C-l");
      await until(/^ready\$\s*$/);
      return Deno.readTextFileSync(file);
    },
    close: async () => void await tmux("kill-server").catch(() => {}),
    [Symbol.asyncDispose]: stop,
  };
}

/** A word for the shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function childOf(pid: number): number | undefined {
  const children = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim();
  return children === "" ? undefined : Number(children.split(" ")[0]);
}
