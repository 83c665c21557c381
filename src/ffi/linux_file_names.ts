/** Short names of source files: from the outermost package on, as `import` would name them. */
import { basename, dirname } from "node:path";

const MAX_PARENTS = 64;

/** Looks for packages in the file system as the target sees it. */
export class FileNames {
  readonly #roots: readonly string[];
  readonly #names = new Map<string, string>();
  readonly #isPackage = new Map<string, boolean>();

  constructor(procPid: string) {
    // Once the process has ended only the second remains, which is right unless it lived in a container.
    this.#roots = [`${procPid}/root`, rootFolder(procPid)];
  }

  /** Shortens a `co_filename`; what is no absolute path ("<string>", a relative path) is left as it is. */
  shorten(file: string): string {
    if (!file.startsWith("/")) return file;
    let name = this.#names.get(file);
    if (name === undefined) {
      name = this.#withoutPrefix(file);
      this.#names.set(file, name);
    }
    return name;
  }

  #withoutPrefix(file: string): string {
    let folder = dirname(file);
    let name = basename(file);
    for (let i = 0; i < MAX_PARENTS && folder !== "/" && this.#hasInit(folder); i++) {
      name = `${basename(folder)}/${name}`;
      folder = dirname(folder);
    }
    return name;
  }

  #hasInit(folder: string): boolean {
    let known = this.#isPackage.get(folder);
    if (known === undefined) {
      known = this.#roots.some((root) => exists(`${root}${folder}/__init__.py`));
      this.#isPackage.set(folder, known);
    }
    return known;
  }
}

function rootFolder(procPid: string): string {
  try {
    return Deno.readLinkSync(`${procPid}/root`).replace(/\/$/, "");
  } catch {
    return "";
  }
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
