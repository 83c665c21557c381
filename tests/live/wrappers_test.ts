/** Wrappers that become Python, or start it. */
import assert from "node:assert/strict";
import { homedir } from "node:os";
import { join } from "node:path";
import { runCommand, warnSkipped } from "../helpers.ts";
import { pyspy, python, temporaryFolder } from "./programs.ts";

const SHIM = join(Deno.env.get("PYENV_ROOT") || join(homedir(), ".pyenv"), "shims", "python3");
const hasShim = (await runCommand([SHIM, "-c", ""]).catch(() => undefined))?.code === 0;
if (!hasShim) warnSkipped("a shim of pyenv in front of Python: not installed");

/** Measured as CPU time: on a busy machine the program must not be over before it is seen. */
const BUSY = "import time\nwhile time.process_time() < 0.8: sum(i for i in range(1000))";

Deno.test({
  name: "wrappers: recording goes on into the Python that a wrapper becomes, or starts",
  ignore: python === undefined,
  fn: async () => {
    await using folder = await temporaryFolder();
    const run = [...python!.command, "-c", BUSY];
    const script = join(folder.path, "wrapper");
    const launcher = join(folder.path, "launcher");
    await Deno.writeTextFile(script, `#!/bin/sh\nexport WRAPPED=1\nexec "$@"\n`);
    await Deno.writeTextFile(launcher, `#!/bin/sh\n"$@"\nexit $?\n`);
    for (const file of [script, launcher]) await Deno.chmod(file, 0o755);
    const venv = join(folder.path, "venv");
    const made = await runCommand([...python!.command, "-m", "venv", "--without-pip", venv]);
    assert.equal(made.code, 0, made.stderr);
    const wrapped: (readonly string[])[] = [
      [script, ...run],
      ["env", "A=1", "nice", ...run],
      [script, script, "sh", "-c", 'exec "$@"', "sh", ...run],
      [join(venv, "bin", "python"), ...run.slice(1)],
      ["-s", launcher, ...run],
      ...hasShim ? [[SHIM, ...run.slice(1)]] : [],
    ];
    for (const command of wrapped) {
      const [options, program] = command[0] === "-s" ? [["-s"], command.slice(1)] : [[], command];
      const { code, stdout, stderr } = await pyspy([
        "record",
        ...options,
        "-f",
        "raw",
        "-o",
        "-",
        "--",
        ...program,
      ]);
      assert.equal(code, 0, `${command.join(" ")}: ${stderr}`);
      assert.match(stdout, /(^|;)<module> \(<string>:2\)/m, command.join(" "));
      assert.doesNotMatch(stderr, /Error/);
    }
  },
});
