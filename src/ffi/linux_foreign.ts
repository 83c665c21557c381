/** Programs that run Python, or something else, in a way that cannot be read: saying which. */

/** Other implementations, by the names of their executables and libraries. */
const IMPLEMENTATIONS: readonly (readonly [RegExp, string])[] = [
  [/(^|\/)(lib)?pypy/i, "PyPy"],
  [/(^|\/)(graalpy|libpythonvm)/i, "GraalPy"],
  [/(^|\/)micropython/i, "MicroPython"],
  [/(^|\/)jython/i, "Jython"],
  [/(^|\/)ironpython|(^|\/)ipy$/i, "IronPython"],
];
const MACHINES: Readonly<Record<number, string>> = {
  3: "32-bit x86",
  21: "ppc64",
  22: "s390x",
  40: "32-bit ARM",
  62: "x86_64",
  183: "aarch64",
  243: "RISC-V",
};
const OURS = { x86_64: 62, aarch64: 183 };
const ELF_MAGIC = [0x7f, 0x45, 0x4c, 0x46];
const CLASS_32 = 1;

/** What a process is, that is not a CPython of this machine. */
export interface Foreign {
  readonly what: string;
  readonly remedy: string;
}

/** @param files paths of the mapped files, the executable among them. @param header first bytes of the executable. */
export function foreignProgram(
  files: readonly string[],
  header: Uint8Array | undefined,
): Foreign | undefined {
  for (const [pattern, name] of IMPLEMENTATIONS) {
    if (!files.some((file) => pattern.test(file))) continue;
    return {
      what: `it runs ${name}`,
      remedy: "run the program with CPython: pyspy knows no other implementation",
    };
  }
  if (header === undefined || ELF_MAGIC.some((byte, i) => header[i] !== byte)) return undefined;
  const machine = header[18]! + header[19]! * 256;
  const name = MACHINES[machine] ?? `machine ${machine}`;
  if (header[4] === CLASS_32) {
    return { what: `it is a 32-bit program (${name})`, remedy: "run the program with a 64-bit Python" };
  }
  if (machine === OURS[Deno.build.arch]) return undefined;
  return {
    what: `it is a program for ${name}, run by an emulator`,
    remedy: `run the program with a Python for ${Deno.build.arch}`,
  };
}
