/**
 * Source files that a profile names, read with no more rights than the user's own.
 *
 * A profile is not trusted: it may name any file, and whoever runs the target may put a symbolic link in its place. So
 * only a regular file is read that has a name of Python source itself, wherever a link leads; under sudo as the user who
 * called it, and never as root in that user's place.
 */
import { asUser, invokingUser } from "./linux_user.ts";

const SOURCE_NAME = /\.(?:py|pyw|pyx)$/i;

/** A source that was read. */
export interface SourceBytes {
  readonly bytes: Uint8Array;
  /** When it was last changed; undefined where the system does not say. Units: ms since 1970. */
  readonly changedMs: number | undefined;
}

/** Reads a source; undefined where there is none of that name, the user may not, or it is larger than `maxBytes`. */
export function readSourceFile(path: string, maxBytes: number): SourceBytes | undefined {
  if (!SOURCE_NAME.test(path) || path.includes("\0")) return undefined;
  try {
    const user = invokingUser();
    return user === undefined ? readNamed(path, maxBytes) : asUser(user, () => readNamed(path, maxBytes));
  } catch {
    return undefined;
  }
}

function readNamed(path: string, maxBytes: number): SourceBytes | undefined {
  const name = Deno.realPathSync(path);
  if (!SOURCE_NAME.test(name) || !isSmallFile(Deno.lstatSync(name), maxBytes)) return undefined;
  using file = Deno.openSync(name);
  const opened = file.statSync();
  // What has been opened has that name: a link that was put there meanwhile is another file than what it leads to.
  const named = Deno.lstatSync(name);
  if (!isSmallFile(opened, maxBytes) || opened.ino !== named.ino || opened.dev !== named.dev) {
    return undefined;
  }
  const bytes = new Uint8Array(opened.size);
  let length = 0;
  while (length < bytes.length) {
    const read = file.readSync(bytes.subarray(length));
    if (read === null) break;
    length += read;
  }
  return { bytes: bytes.subarray(0, length), changedMs: opened.mtime?.getTime() };
}

function isSmallFile({ isFile, size }: Deno.FileInfo, maxBytes: number): boolean {
  return isFile && size <= maxBytes;
}
