/** Programs that have an interpreter in them: servers, editors, bundles. */
import assert from "node:assert/strict";
import { basename, join } from "node:path";
import type { DumpJson } from "../../src/render/dump_json.ts";
import { covering } from "../covers.ts";
import { PROGRAMS, runCommand, warnSkipped } from "../helpers.ts";
import {
  allPythons,
  denoCacheFor,
  parseFolded,
  pyspy,
  python,
  pythons,
  temporaryFolder,
} from "./programs.ts";

const SCRIPT = join(PROGRAMS, "live", "embedded.py");

/** What embedded.py says of itself. Shape: frames are leaf first. */
interface Told {
  readonly pid: number;
  readonly frames: readonly { readonly name: string; readonly filename: string; readonly line: number }[];
}

/** Starts a command that will run embedded.py. @param trigger what else makes it run. */
async function whenItStands(
  command: readonly string[],
  { folder, env = {}, trigger, check }: {
    folder: string;
    env?: Record<string, string>;
    trigger?: () => Promise<void>;
    check: (told: Told, starter: number) => Promise<void>;
  },
): Promise<void> {
  const pipe = join(folder, "told");
  assert.equal((await runCommand(["mkfifo", "-m", "666", pipe])).code, 0);
  const child = new Deno.Command(command[0]!, {
    args: command.slice(1),
    env: { ...env, PYSPY_TELL: pipe, PYTHONDONTWRITEBYTECODE: "1" },
    cwd: folder,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  let told: Told | undefined;
  try {
    // What ends without having told anything must not be waited for.
    const over = child.status.then(async ({ code }) => {
      if (told === undefined) await Deno.writeTextFile(pipe, `{"ended": ${code}}`).catch(() => {});
    });
    const [text] = await Promise.all([Deno.readTextFile(pipe), trigger?.()]);
    told = JSON.parse(text) as Told;
    assert.ok(told.frames !== undefined, `${command.join(" ")} ended too early: ${text}`);
    await check(told, child.pid);
    for (const pid of [told.pid, child.pid]) await end(pid);
    await over;
  } finally {
    if (told?.pid !== undefined) await end(told.pid);
    await end(child.pid);
    await child.status;
  }
}

async function end(pid: number): Promise<void> {
  await Promise.resolve();
  try {
    Deno.kill(pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}

/** Dump and record must show the stack that the program has told. */
async function assertTold(
  { pid, frames }: Told,
  options: Parameters<typeof pyspy>[1] = {},
): Promise<DumpJson> {
  const { code, stdout, stderr } = await pyspy(["dump", "-l", "-j", "-p", `${pid}`], options);
  assert.equal(code, 0, stderr);
  const dump: DumpJson = JSON.parse(stdout);
  const standing = dump.threads.filter((thread) => thread.frames.length > 0);
  assert.equal(standing.length, 1, stdout);
  const { proven, state, os_thread_id, frames: shown } = standing[0]!;
  assert.deepEqual(shown.map(({ name, filename, line }) => ({ name, filename, line })), frames);
  assert.deepEqual([proven, state, os_thread_id], [true, "idle", pid]);
  assert.equal(shown[0]!.name, "stand");

  const args = ["record", "-p", `${pid}`, "-i", "-d", "0.5", "-f", "raw", "-o", "-"];
  const recorded = await pyspy(args, options);
  assert.equal(recorded.code, 0, recorded.stderr);
  assert.match(recorded.stderr, / 100\.0 % idle$/m);
  const texts = frames.map(({ name, filename, line }) => `${name} (${basename(filename)}:${line})`);
  const stacks = parseFolded(recorded.stdout).map((stack) => stack.frames);
  assert.deepEqual(stacks, [texts.reverse()]);
  return dump;
}

async function has(...programs: string[]): Promise<boolean> {
  const { code } = await runCommand([
    "sh",
    "-c",
    'for one; do [ -e "$(command -v "$one")" ] || exit 1; done',
    "sh",
    ...programs,
  ]);
  if (code !== 0) warnSkipped(`an interpreter inside of ${basename(programs[0]!)}: not installed`);
  return code === 0;
}

/** Debian's programs hold the interpreter of the system. */
const version = allPythons.find(({ executable }) => executable.startsWith("/usr/bin/"))?.minor ?? "3";
const inOthers = covering({ version, build: "embedded", modes: ["dump", "record"] });
const EDITORS: readonly (readonly [string, readonly string[]])[] = [
  ["gdb", ["gdb", "--batch", "-nx", "-ex", `source ${SCRIPT}`]],
  ["vim.nox", ["vim.nox", "-es", "-u", "NONE", "-c", `py3file ${SCRIPT}`]],
];
for (const [name, command] of EDITORS) {
  const ignore = !await has(name);
  inOthers({
    name: `embedded: ${name}`,
    ignore,
    fn: async () => {
      await using folder = await temporaryFolder();
      const check = async (told: Told) => {
        const dump = await assertTold(told);
        assert.match(dump.process.executable, new RegExp(name));
      };
      await whenItStands(command, { folder: folder.path, check });
    },
  });
}

/** Asks a server on a Unix socket for a page, and does not wait for the answer. */
async function request(open: () => Promise<Deno.Conn>): Promise<void> {
  for (const until = performance.now() + 20_000;;) {
    try {
      const connection = await open();
      await connection.write(new TextEncoder().encode("GET / HTTP/1.0\r\nHost: localhost\r\n\r\n"));
      connections.push(connection);
      return;
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
const connections: Deno.Conn[] = [];

function closeConnections(): void {
  for (const connection of connections.splice(0)) connection.close();
}

const UWSGI = "/usr/lib/uwsgi/plugins/python3_plugin.so";
const hasUwsgi = await has("uwsgi", UWSGI);
for (const options of [[], ["--enable-threads", "--threads", "2"]]) {
  inOthers({
    name: `embedded: a worker of uwsgi, which forks without telling Python ${options.join(" ")}`,
    ignore: !hasUwsgi,
    fn: async () => {
      await using folder = await temporaryFolder();
      const socket = join(folder.path, "socket");
      const command = [
        "uwsgi",
        "--plugin",
        "python3",
        "--http-socket",
        socket,
        "--master",
        "--processes",
        "1",
      ];
      await whenItStands([...command, ...options, "--wsgi-file", SCRIPT], {
        folder: folder.path,
        trigger: () => request(() => Deno.connect({ transport: "unix", path: socket })),
        check: async (told, master) => {
          assert.notEqual(told.pid, master);
          if (options.length === 0) await assertTold(told);
          const { stdout, stderr } = await pyspy(["dump", "-s", "-j", "-p", `${master}`]);
          const { processes } = JSON.parse(stdout) as { processes: DumpJson[] };
          assert.deepEqual(processes.map(({ process }) => process.pid), [master, told.pid], stderr);
          const standing = processes[1]!.threads.filter(({ frames }) => frames.length > 0);
          assert.deepEqual(standing.map(({ state, frames }) => [state, frames[0]!.name]), [[
            "idle",
            "stand",
          ]]);
        },
      });
      closeConnections();
    },
  });
}

const APACHE = "/usr/lib/apache2/modules";
const hasApache = await has("apache2", join(APACHE, "mod_wsgi.so")) && Deno.uid() === 0;
inOthers({
  name: "embedded: Apache's mod_wsgi, in an interpreter of its own",
  ignore: !hasApache,
  fn: async () => {
    await using folder = await temporaryFolder();
    await runCommand(["chmod", "755", folder.path]);
    await Deno.copyFile(SCRIPT, join(folder.path, "embedded.py"));
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    listener.close();
    const configuration = join(folder.path, "httpd.conf");
    await Deno.writeTextFile(
      configuration,
      [
        "ServerName localhost",
        "User www-data",
        "Group www-data",
        `PidFile ${folder.path}/pid`,
        `ErrorLog ${folder.path}/log`,
        `Mutex file:${folder.path}`,
        `Listen 127.0.0.1:${port}`,
        ...["mpm_prefork", "authz_core", "wsgi"].map((name) =>
          `LoadModule ${name}_module ${APACHE}/mod_${name}.so`
        ),
        `WSGIScriptAlias / ${folder.path}/embedded.py`,
        "<Directory />",
        "  Require all granted",
        "</Directory>",
      ].join("\n"),
    );
    await whenItStands(["apache2", "-X", "-d", folder.path, "-f", configuration], {
      folder: folder.path,
      trigger: () => request(() => Deno.connect({ hostname: "127.0.0.1", port })),
      check: async (told) => {
        const dump = await assertTold(told);
        const [thread] = dump.threads.filter(({ frames }) => frames.length > 0);
        assert.notEqual(thread!.interpreter_id, 0);
      },
    });
    closeConnections();
  },
});

Deno.test({
  name: "embedded: a program in one file (zipapp)",
  ignore: python === undefined,
  fn: async () => {
    await using folder = await temporaryFolder();
    const source = join(folder.path, "source");
    const bundle = join(folder.path, "program.pyz");
    await Deno.mkdir(source);
    await Deno.copyFile(SCRIPT, join(source, "standing.py"));
    const make = ["-m", "zipapp", "-m", "standing:stand", "-o", bundle, source];
    assert.equal((await runCommand([...python!.command, ...make])).code, 0);
    const check = async (told: Told) => {
      assert.equal(told.frames[0]!.filename, join(bundle, "standing.py"));
      await assertTold(told);
    };
    await whenItStands([...python!.command, bundle], { folder: folder.path, check });
  },
});

const FREEZE = `
import marshal, sys
script, name = sys.argv[1:]
code = marshal.dumps(compile(open(script).read(), name, "exec"))
print("#include <Python.h>")
print("static unsigned char code[] = {%s};" % ",".join(map(str, code)))
# To 3.10 the table that is replaced has the modules that the interpreter itself needs.
print("static struct _frozen modules[100];")
print("int main(int argc, char **argv) {")
print("  const struct _frozen *known = PyImport_FrozenModules;")
print("  int count = 0;")
print("  for (; known != NULL && known->name != NULL && count < 98; known++) modules[count++] = *known;")
print("  modules[count].name = \\"frozen_main\\";")
print("  modules[count].code = code;")
print("  modules[count].size = sizeof code;")
print("  PyImport_FrozenModules = modules;")
print("  Py_Initialize();")
print("  return PyRun_SimpleString(\\"import frozen_main; frozen_main.stand()\\"); }")
`;
/** Unpacks its library, starts itself as a child that loads it and removes it, and waits: as bundles in one file do. */
const UNPACKER = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv) {
  char command[8192];
  snprintf(command, sizeof command, "cp '%s' '%s'", argv[1], argv[2]);
  if (system(command) != 0) return 1;
  pid_t child = fork();
  if (child != 0) { int status; waitpid(child, &status, 0); return status != 0; }
  void *library = dlopen(argv[2], RTLD_NOW | RTLD_GLOBAL);
  if (library == NULL) { puts(dlerror()); return 1; }
  unlink(argv[2]);
  int (*run)(int, char **) = (int (*)(int, char **)) dlsym(library, "Py_BytesMain");
  return run(argc - 2, argv + 2);
}
`;

/** A Python of the host that programs can be linked with, as its shared library. */
async function sharedLibrary(): Promise<
  { home: string; include: string; path: string; name: string } | undefined
> {
  const code = "import sys, sysconfig as s; v = s.get_config_var; " +
    "print('\\n'.join([sys.base_prefix, s.get_path('include'), v('LIBDIR'), v('INSTSONAME')]))";
  for (const one of pythons.filter(({ root }) => root === undefined).toReversed()) {
    const { stdout } = await runCommand([...one.command, "-c", code]);
    const [home, include, folder, name] = stdout.trim().split("\n");
    const path = join(folder!, name!);
    const files = await Promise.all(
      [path, join(include!, "Python.h")].map((file) => Deno.stat(file).catch(() => undefined)),
    );
    if (name!.includes(".so") && files.every((file) => file !== undefined)) {
      return { home: home!, include: include!, path, name: name! };
    }
  }
  return undefined;
}

const hasCompiler = await has("gcc");
const library = hasCompiler ? await sharedLibrary() : undefined;
if (library === undefined) {
  warnSkipped("frozen programs: needs gcc and a Python with headers and a shared library");
}

async function compile(source: string, folder: string): Promise<string> {
  const program = join(folder, "bundle");
  await Deno.writeTextFile(`${program}.c`, source);
  const { include, path } = library!;
  const linked = source.includes("Python.h")
    ? [`-I${include}`, path, `-Wl,-rpath,${join(path, "..")}`]
    : ["-ldl"];
  const { code, stderr } = await runCommand(["gcc", `${program}.c`, "-o", program, "-rdynamic", ...linked]);
  assert.equal(code, 0, stderr);
  return program;
}

Deno.test({
  name: "embedded: modules that are frozen into the program",
  ignore: library === undefined,
  fn: async () => {
    await using folder = await temporaryFolder();
    const { home, include } = library!;
    const minor = basename(include);
    const freeze = await runCommand([join(home, "bin", minor), "-c", FREEZE, SCRIPT, "embedded.py"]);
    assert.equal(freeze.code, 0, freeze.stderr);
    const source = freeze.stdout + "\n";
    const program = await compile(source, folder.path);
    await whenItStands([program], {
      folder: folder.path,
      env: { PYTHONHOME: home },
      check: async (told) => {
        const dump = await assertTold(told);
        assert.equal(dump.process.executable, program);
      },
    });
  },
});

/** Files may be read, so that the sources of pyspy are; nothing else is allowed that other users may not. */
const READING = ["--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"];
const NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
const yama = await Deno.readTextFile("/proc/sys/kernel/yama/ptrace_scope").catch(() => "0");
const mayBeNobody = Deno.uid() === 0 && yama.trim() === "0" && await has("setpriv");
if (!mayBeNobody) {
  warnSkipped("a library that is gone, read without rights: needs root, setpriv and ptrace_scope 0");
}

for (const asNobody of [false, true]) {
  Deno.test({
    name: `embedded: a bundle that unpacks its library, loads and removes it, and waits for its child${
      asNobody ? "; without any rights" : ""
    }`,
    ignore: library === undefined || asNobody && !mayBeNobody,
    fn: async () => {
      await using folder = await temporaryFolder();
      await runCommand(["chmod", "777", folder.path]);
      const program = await compile(UNPACKER, folder.path);
      const unpacked = join(folder.path, library!.name);
      const env = asNobody ? await denoCacheFor(join(folder.path, "deno")) : {};
      const prefix = asNobody ? [...NOBODY, ...READING] : [];
      const options = { env, prefix };
      await whenItStands([...prefix, program, library!.path, unpacked, SCRIPT], {
        folder: folder.path,
        env: { PYTHONHOME: library!.home },
        check: async (told, parent) => {
          await assert.rejects(Deno.stat(unpacked));
          await assertTold(told, options);
          const outcome = await pyspy(["dump", "-p", `${parent}`], options);
          assert.equal(outcome.code, 4);
          assert.match(
            outcome.stderr,
            /if it is a launcher, give the pid of the Python process that it started/,
          );
          const { stdout } = await pyspy(["dump", "-s", "-p", `${parent}`], options);
          assert.match(stdout, new RegExp(`^Process ${told.pid}: `));
        },
      });
    },
  });
}
