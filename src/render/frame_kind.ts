/** Whose code a frame is: decides its colour. */
import { CUT_FRAME } from "../profile.ts";
import type { Frame } from "../types.ts";

/** Whose code a frame is; "runtime" is code without a source file of its own: frozen modules, native code. */
export type FrameKind = "user" | "library" | "stdlib" | "runtime" | "cut";

const PACKAGES = /(?:^|[/\\])(?:site|dist)-packages[/\\]/;
const STDLIB = /[/\\](?:lib(?:64|32)?[/\\](?:python|pypy)\d[\d.t]*|Lib)[/\\]|[/\\]python\d+\.zip[/\\]/;
const NATIVE = /\.(?:so(?:\.\d+)*|dylib|pyd|dll)$/;

// What packages make up at run time and give a name of their own: "<attrs generated init shop.Cart>", "<template>".
// "<string>" and "<stdin>" may be the user's, "<ipython-input-3-...>" is.
const GENERATED = /^<(?!string>|stdin>|console>|ipython|input>)/;

// For shortened names only, where the folder is not known: pure Python modules of the standard library that
// use real time and whose names hardly anybody takes for a module of their own.
const STDLIB_NAMES = new Set(
  `
  __future__ _collections_abc _pydecimal _pyio _strptime _weakrefset abc argparse ast asyncio base64
  bisect codecs collections concurrent configparser contextlib copy copyreg csv ctypes dataclasses
  datetime difflib email enum fnmatch fractions functools glob gzip hashlib heapq hmac html http
  imaplib importlib inspect ipaddress json linecache locale logging lzma mimetypes multiprocessing
  ntpath numbers opcode optparse os pathlib pickle pkgutil posixpath pprint random re runpy sched
  selectors shelve shlex shutil site smtplib socket socketserver sqlite3 ssl stat statistics string
  subprocess tarfile tempfile textwrap threading tokenize traceback tracemalloc types typing unittest
  urllib uuid warnings weakref xml zipfile
`.trim().split(/\s+/),
);

/** Classifies a frame. `fullFile` is its file as the target has it, where `frame.file` may be shortened. */
export function frameKind(frame: Frame, fullFile: string = frame.file): FrameKind {
  if (frame.file === "" && frame.name === CUT_FRAME.name) return "cut";
  if (fullFile === "" || fullFile.startsWith("<frozen ") || NATIVE.test(fullFile)) return "runtime";
  if (PACKAGES.test(fullFile) || GENERATED.test(fullFile)) return "library";
  if (STDLIB.test(fullFile)) return "stdlib";
  const isFull = /^(?:[/\\]|[A-Za-z]:)/.test(fullFile);
  const first = fullFile.split(/[/\\]/, 1)[0] ?? "";
  return !isFull && STDLIB_NAMES.has(first.replace(/\.py$/, "")) ? "stdlib" : "user";
}

/** The name by which frames share a hue: the package of a library, the file of the user's code. */
export function frameModule(frame: Frame, fullFile: string = frame.file): string {
  const kind = frameKind(frame, fullFile);
  if (kind === "cut") return "";
  const match = PACKAGES.exec(fullFile);
  if (kind === "library" && match !== null) {
    const path = fullFile.slice(match.index + match[0].length);
    return (path.split(/[/\\]/, 1)[0] ?? "").replace(/\.py$/, "");
  }
  // The last two parts are the same whether or not the name was shortened, and on every machine.
  return fullFile.split(/[/\\]/).slice(-2).join("/");
}
