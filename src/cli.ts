/** The command line: commands, options and help. Each command's module is loaded only when it is chosen. */
import { Command, Option } from "@commander-js/extra-typings";
import { ProfilerError } from "./errors.ts";
import { writeStderr, writeStdout } from "./output.ts";
import {
  collect,
  parseDelay,
  parseDuration,
  parseLimit,
  parseProcess,
  parseRate,
  parseRotation,
} from "./cli_values.ts";
import { VERSION } from "./version.ts";

const FORMATS = [
  "flamegraph",
  "raw",
  "speedscope",
  "pprof",
  "chrometrace",
  "firefox",
  "pstats",
  "json",
  "markdown",
] as const;
const TOP_SORTS = ["own", "total", "own_time", "total_time"] as const;
const TOP_ROWS = ["function", "line", "thread", "process"] as const;

/** Shown first: most people come for one of these. */
const EXAMPLES = `Examples:
  pyspy record -o profile.svg -- python app.py     profile a program from its start
  sudo pyspy record -o profile.svg -p 1234 -d 30   profile a running process for 30 seconds
  sudo pyspy top -p 1234                           watch its hottest functions
  sudo pyspy dump -p 1234                          show what each thread is doing now
`;

const EXIT_CODES_HELP = `
Exit codes: 0 success, 1 failure, 2 wrong usage, 3 permission denied, 4 no such process or no Python in it,
5 unsupported Python or system, 6 a limit of --fail-if is broken, 7 no samples, 8 too few samples to judge a limit.
"record -- program" and "top -- program" end with the program's own exit code, "record" unless that is 0.
`;

/**
 * Runs the command that `args` ask for.
 *
 * @returns the exit code.
 * @throws ProfilerError, and CommanderError after help, the version or a usage error was printed.
 */
export async function run(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = new Command("pyspy")
    .description("Sampling profiler for Python: shows what a running program is doing, without stopping it.")
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .enablePositionalOptions()
    .exitOverride()
    .configureHelp({ helpWidth: 100 })
    .configureOutput({
      writeOut: writeStdout,
      writeErr: writeStderr,
      outputError: (text, write) => write(text.replace(/^error: /, "Error: ")),
    })
    .showHelpAfterError("Try: pyspy --help, or pyspy help COMMAND")
    .addHelpText("beforeAll", (context) => context.command.parent === null ? EXAMPLES : "")
    .addHelpText("after", EXIT_CODES_HELP);

  program.command("record")
    .summary("sample a process or a program, and write a flamegraph")
    .description(
      "Samples a running process (-p) or a program that it starts, and writes a flamegraph or another format. " +
        "The target is not stopped, unless --blocking asks for it. Ctrl-C, SIGTERM, and the target's end all lead to " +
        "the files being written.",
    )
    .argument("[program...]", "program to start and record, with its arguments, after --")
    .option("-p, --pid <pid>", "process to record, or text of its command line", parseProcess)
    .option(
      "-o, --output <file>",
      "file to write, repeatable; - is stdout (default: named by program and time)",
      collect,
    )
    .addOption(
      new Option(
        "-f, --format <format>",
        "format of the output (default: by the file's name, else flamegraph)",
      )
        .choices(FORMATS),
    )
    .option(
      "-d, --duration <seconds>",
      "end after this time (default: at the end of the target)",
      parseDuration,
    )
    .option("-r, --rate <n>", "samples a second", parseRate, 100)
    .option("-t, --threads", "show each thread below a frame of its own")
    .option("-g, --gil", "only the thread that holds the GIL")
    .option("-i, --idle", "include threads that are not running")
    .option("-s, --subprocesses", "record the processes that it starts as well, each apart")
    .option("--merge-processes", "with -s: show equal stacks of all processes as one")
    .option("--cpu", "weigh samples by the CPU time that was used, not by wall time")
    .option("-F, --function", "tell functions apart, not lines")
    .option("--nolineno", "do not show line numbers")
    .option("--full-filenames", "show files with their full paths")
    .option(
      "--blocking",
      "interrupt, or stop, the thread that holds the GIL for each sample, for some microseconds",
    )
    .option("--nonblocking", "do not stop it (default)")
    .option("--stats", "say at the end how reading went")
    .option("--include <pattern>", "keep samples with such a function, module or file; repeatable", collect)
    .option(
      "--exclude <pattern>",
      "leave out samples with such a function, module or file; repeatable",
      collect,
    )
    .option("--thread <name>", "keep samples of threads with such a name; repeatable", collect)
    .option("--root <pattern>", "let stacks begin at such a function, and leave out those without it")
    .option("--summary <file>", "add a summary in Markdown to a file, such as $GITHUB_STEP_SUMMARY")
    .option("--fail-if <limit>", "end with code 6 when broken: 'self:json.dumps>20%'; repeatable", collect)
    .option("--checkpoint <seconds>", "write the files so often while recording, too", parseDuration)
    .option(
      "--rotate <limit>",
      "begin new, numbered files after so many seconds, or so much: 3600, 100MB",
      parseRotation,
    )
    .passThroughOptions()
    .action(async (words, options) => {
      if (options.pid !== undefined && words.length > 0) {
        throw usage(
          `both a process (-p ${options.pid}) and a program (${words[0]}) are given`,
          "give one of the two",
        );
      }
      if (options.pid === undefined && words.length === 0) {
        throw usage("there is nothing to record", "pyspy record -p PID, or pyspy record -- python app.py");
      }
      if (options.function && options.nolineno) {
        throw usage(
          "-F and --nolineno exclude each other",
          "-F shows a function's first line, --nolineno shows none",
        );
      }
      if (options.mergeProcesses && !options.subprocesses) {
        throw usage("--merge-processes is about the processes that -s records", "add -s, or leave it out");
      }
      if (options.rotate && (options.summary !== undefined || options.failIf !== undefined)) {
        throw usage(
          "--summary and --fail-if are about a whole recording, and --rotate makes many of it",
          "leave --rotate out",
        );
      }
      if (options.blocking && options.nonblocking) {
        throw usage("--blocking and --nonblocking exclude each other", "leave one of them out");
      }
      const { record } = await import("./commands/record.ts");
      exitCode = await record({
        pid: options.pid === undefined ? undefined : await findPid(options.pid),
        program: words,
        rateHz: options.rate,
        durationSeconds: options.duration,
        outputs: options.output ?? [],
        format: options.format,
        selection: options.gil ? "gil" : options.idle ? "all" : "active",
        blocking: options.blocking === true,
        byCpuTime: options.cpu === true,
        stats: options.stats === true,
        threads: options.threads === true,
        byFunction: options.function === true,
        withoutLines: options.nolineno === true,
        fullFilenames: options.fullFilenames === true,
        subprocesses: options.subprocesses === true,
        mergeProcesses: options.mergeProcesses === true,
        select: selection(options),
        summary: options.summary,
        failIf: options.failIf ?? [],
        checkpointSeconds: options.checkpoint,
        rotate: options.rotate,
      });
    });

  program.command("report")
    .summary("show a recording, or write it in another format")
    .description(
      "Reads a recording (flamegraph, json, raw, speedscope, pprof, chrometrace, firefox), and the formats of other tools. " +
        "Prints tables and a tree, or writes another format (-o, -f).",
    )
    .argument("<file>", "recording to read; - is stdin")
    .option("-o, --output <file>", "file to write, repeatable; - is stdout", collect)
    .addOption(
      new Option("-f, --format <format>", "format of the output (default: by its name)").choices(FORMATS),
    )
    .option("-n, --limit <n>", "functions in each table", parseLimit, 20)
    .option("--lines <file>", "show a source file with the time of each line")
    .option("--heatmap <file>", "write a page of all source files with the time of each line; - is stdout")
    .option("-t, --threads", "show each thread below a frame of its own")
    .option("--include <pattern>", "keep samples with such a function, module or file; repeatable", collect)
    .option(
      "--exclude <pattern>",
      "leave out samples with such a function, module or file; repeatable",
      collect,
    )
    .option("--thread <name>", "keep samples of threads with such a name; repeatable", collect)
    .option("--root <pattern>", "let stacks begin at such a function, and leave out those without it")
    .option("--fail-if <limit>", "end with code 6 when broken: 'self:json.dumps>20%'; repeatable", collect)
    .action(async (file, options) => {
      if (options.lines !== undefined && options.heatmap !== undefined) {
        throw usage(
          "--lines shows one source file, and --heatmap writes a page of all",
          "leave one of them out",
        );
      }
      const { report } = await import("./commands/report.ts");
      exitCode = await report({
        file,
        outputs: options.output ?? [],
        format: options.format,
        lines: options.lines,
        heatmap: options.heatmap,
        limit: options.limit,
        threads: options.threads === true,
        select: selection(options),
        failIf: options.failIf ?? [],
      });
    });

  program.command("diff")
    .summary(
      "compare two recordings: which functions got slower or faster, and which differences may be chance",
    )
    .description(
      "Compares two recordings of a program, of any format that report reads. Best are two of .pyspy.json, made in the " +
        "same way: they have times, from which pyspy knows how much chance there is.",
    )
    .argument("<before>", "recording to compare with; - is stdin")
    .argument("<after>", "recording to compare")
    .option(
      "-o, --output <file.svg>",
      "draw a flamegraph of what has changed, repeatable; - is stdout, instead of the table",
      collect,
    )
    .option("-n, --limit <n>", "functions shown", parseLimit, 20)
    .option("--include <pattern>", "keep samples with such a function, module or file; repeatable", collect)
    .option(
      "--exclude <pattern>",
      "leave out samples with such a function, module or file; repeatable",
      collect,
    )
    .option("--thread <name>", "keep samples of threads with such a name; repeatable", collect)
    .option("--root <pattern>", "let stacks begin at such a function, and leave out those without it")
    .option("--fail-if <limit>", "end with code 6 when broken: 'total:mymodule.*>+5%'; repeatable", collect)
    .action(async (before, after, options) => {
      const { diff } = await import("./commands/diff.ts");
      exitCode = await diff({
        before,
        after,
        outputs: options.output ?? [],
        limit: options.limit,
        select: selection(options),
        failIf: options.failIf ?? [],
      });
    });

  program.command("top")
    .summary("show the hottest functions of a process or a program, as it runs")
    .description(
      "Shows live which functions a running process (-p), or a program that it starts, spends its time in. The target is " +
        "not stopped. Keys: ? lists them, q quits. Where there is no terminal, a table is printed for each refresh.",
    )
    .argument("[program...]", "program to start and watch, with its arguments, after --")
    .option("-p, --pid <pid>", "process to watch, or text of its command line", parseProcess)
    .option("-r, --rate <n>", "samples a second", parseRate, 100)
    .option(
      "-d, --duration <seconds>",
      "end after this time (default: at the end of the target)",
      parseDuration,
    )
    .option("--delay <seconds>", "time between two refreshes", parseDelay, 1)
    .addOption(
      new Option("--sort <column>", "column to sort by at first").choices(TOP_SORTS).default(
        "own_time" as const,
      ),
    )
    .addOption(
      new Option("--by <rows>", "what the rows are at first").choices(TOP_ROWS).default("function" as const),
    )
    .option("--limit <n>", "rows at most (default: all on a screen, 20 in a table, 100 in JSON)", parseLimit)
    .option("-s, --subprocesses", "watch the processes that it starts as well")
    .option("-g, --gil", "only the thread that holds the GIL")
    .option("-i, --idle", "include threads that are not running")
    .option("-j, --json", "print a line of JSON for each refresh")
    .option(
      "--program-output <file>",
      "write what the program prints to a file (default: show its end afterwards)",
    )
    .option("--no-mouse", "leave the mouse to the terminal")
    .option("--full-filenames", "show files with their full paths")
    .option("--nonblocking", "do not stop the target (default)")
    .passThroughOptions()
    .action(async (words, options) => {
      if (options.pid !== undefined && words.length > 0) {
        throw usage(
          `both a process (-p ${options.pid}) and a program (${words[0]}) are given`,
          "give one of the two",
        );
      }
      if (options.pid === undefined && words.length === 0) {
        throw usage("there is nothing to watch", "pyspy top -p PID, or pyspy top -- python app.py");
      }
      if (options.by === "process" && !options.subprocesses) {
        throw usage("--by process is about the processes that -s watches", "add -s");
      }
      if (options.programOutput !== undefined && words.length === 0) {
        throw usage("--program-output is about a program that pyspy starts", "leave it out");
      }
      const { top } = await import("./commands/top.ts");
      exitCode = await top({
        pid: options.pid === undefined ? undefined : await findPid(options.pid),
        program: words,
        rateHz: options.rate,
        durationSeconds: options.duration,
        delaySeconds: options.delay,
        sort: options.sort,
        grouping: options.by,
        limit: options.limit,
        selection: options.gil ? "gil" : options.idle ? "all" : "active",
        subprocesses: options.subprocesses === true,
        fullFilenames: options.fullFilenames === true,
        json: options.json === true,
        mouse: options.mouse,
        programOutput: options.programOutput,
      });
    });

  program.command("dump")
    .summary("print the stack of every thread of a process")
    .description("Prints what each thread of a process is doing now. The target is never stopped.")
    .requiredOption("-p, --pid <pid>", "process to look at, or text of its command line", parseProcess)
    .option("-s, --subprocesses", "show the processes that it has started as well")
    .option("-j, --json", "print JSON")
    .addOption(
      new Option("-l, --locals", "show variables; -ll longer values and attributes, -lll more")
        .argParser<number>((_, level) => level + 1)
        .default(0, "none"),
    )
    .option("--full-filenames", "show files with their full paths")
    .option("--nonblocking", "accepted for compatibility: the target is never stopped")
    .action(async (options) => {
      const { dump } = await import("./commands/dump.ts");
      await dump({
        pid: await findPid(options.pid),
        subprocesses: options.subprocesses === true,
        json: options.json === true,
        locals: Number(options.locals),
        fullFilenames: options.fullFilenames === true,
      });
    });

  program.command("ps")
    .summary("list the processes that run Python")
    .description("Lists the processes that run Python: pid, version, user, threads, container and command.")
    .option("-j, --json", "print JSON")
    .action(async (options) => {
      const { ps } = await import("./commands/ps.ts");
      ps({ json: options.json === true });
    });

  await program.parseAsync(args, { from: "user" });
  return exitCode;
}

function usage(message: string, remedy: string): ProfilerError {
  return new ProfilerError("usage", `Cannot tell what to do: ${message}`, remedy);
}

async function findPid(process: number | string): Promise<number> {
  if (typeof process === "number") return process;
  const { findByName } = await import("./commands/find_process.ts");
  return findByName(process);
}

/** The options that keep a part of the samples. */
function selection(options: {
  include?: string[] | undefined;
  exclude?: string[] | undefined;
  thread?: string[] | undefined;
  root?: string | undefined;
}) {
  const { include = [], exclude = [], thread: threads = [], root } = options;
  return { include, exclude, threads, root };
}
