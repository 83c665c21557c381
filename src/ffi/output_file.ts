/**
 * Output files that are never half written, and belong to the user who called sudo.
 *
 * The file is opened before the work, under a temporary name in its own folder, so that a path that cannot be written is
 * an error at once and a failure later leaves an earlier file of that name untouched.
 */
import { dirname } from "node:path";
import { asUser, invokingUser } from "./linux_user.ts";
import { ProfilerError } from "../errors.ts";

/** Names of files that are open already: as root one could replace the name itself, for all of the system. */
const OPEN_FILE = /^\/(dev\/(stdin|stdout|stderr|fd\/\d+)|proc\/(self|\d+)\/fd\/\d+)$/;

/** A file being written. */
export interface OutputFile {
  readonly path: string;
  /** Writes all of the content and puts it in place. @throws ProfilerError when the disk is full, for example. */
  write(content: string | Uint8Array): void;
  /**
   * The same for content that is not the last: what was there before stays if it fails, and more can be written.
   *
   * Undefined for what is written in place.
   */
  readonly replace: ((content: string | Uint8Array) => void) | undefined;
  /** Removes the temporary file; for a run that ended before its content was there. */
  discard(): void;
}

/**
 * Opens an output file.
 *
 * @throws ProfilerError `failure` when the path cannot be written.
 */
export function openOutputFile(path: string): OutputFile {
  const existing = statOf(path);
  if (existing?.isDirectory) throw cannotWrite(path, "it is a folder", "give the name of a file in it");
  // Devices, pipes and open files (a named pipe, /dev/stdout) are written in place, behind what they hold. Any other
  // name is replaced by renaming, which does not follow a symbolic link that somebody may have put there.
  const inPlace = existing !== undefined && (!existing.isFile || OPEN_FILE.test(path));
  const temporary = inPlace ? path : `${path}.${Deno.pid}.tmp`;
  let opened: { file: Deno.FsFile; act: Act };
  try {
    opened = asInvokingUser((act) => {
      if (existing?.isFile) act(() => Deno.openSync(path, { write: true })).close();
      return {
        file: act(() =>
          Deno.openSync(temporary, inPlace ? { append: true } : { write: true, createNew: true })
        ),
        act,
      };
    });
  } catch (error) {
    throw cannotWrite(path, reasonOf(error, path), "give a path in a folder that you may write to: -o FILE");
  }
  const { act } = opened;
  let { file } = opened;
  const fill = (content: string | Uint8Array) => {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    let written = 0;
    while (written < bytes.length) written += file.writeSync(bytes.subarray(written));
  };
  const discard = () => {
    try {
      file.close();
      if (!inPlace) act(() => Deno.removeSync(temporary));
    } catch {
      // It is gone already: nothing is left behind, which is all that is wanted.
    }
  };
  return {
    path,
    discard,
    write(content) {
      try {
        fill(content);
        if (!inPlace) act(() => Deno.renameSync(temporary, path));
      } catch (error) {
        discard();
        throw cannotWrite(path, reasonOf(error, path), "free some space, or give another path: -o FILE");
      }
      file.close();
    },
    replace: inPlace ? undefined : (content) => {
      try {
        fill(content);
        act(() => Deno.renameSync(temporary, path));
        const next = act(() => Deno.openSync(temporary, { write: true, createNew: true }));
        file.close();
        file = next;
      } catch (error) {
        // The place of what will be written at the end is kept.
        file.truncateSync(0);
        file.seekSync(0, Deno.SeekMode.Start);
        throw cannotWrite(path, reasonOf(error, path), "free some space");
      }
    },
  };
}

/** A file that is added to. */
export interface AppendedFile {
  /** Bytes that it held when it was opened. */
  readonly size: number;
  /** Adds text at the end, and closes the file. @throws ProfilerError when the disk is full, for example. */
  append(text: string): void;
}

/** Opens a file to add to it, or makes it. @throws ProfilerError `failure` when it cannot be written. */
export function openAppendedFile(path: string): AppendedFile {
  try {
    const file = asInvokingUser((act) => act(() => Deno.openSync(path, { append: true, create: true })));
    return {
      size: file.statSync().size,
      append(text) {
        const bytes = new TextEncoder().encode(text);
        try {
          let written = 0;
          while (written < bytes.length) written += file.writeSync(bytes.subarray(written));
        } catch (error) {
          throw cannotWrite(path, reasonOf(error, path), "free some space");
        } finally {
          file.close();
        }
      },
    };
  } catch (error) {
    throw cannotWrite(path, reasonOf(error, path), "give a path that you may write to");
  }
}

/** Runs file operations as one user or the other. */
type Act = <T>(operation: () => T) => T;

/** Tries as the user who called sudo; where that user may not, as root, who was asked to by that user. */
function asInvokingUser<T>(work: (act: Act) => T): T {
  const user = invokingUser();
  const asOurselves: Act = (operation) => operation();
  if (user === undefined) return work(asOurselves);
  try {
    return work((operation) => asUser(user, operation));
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    return work(asOurselves);
  }
}

function cannotWrite(path: string, reason: string, remedy: string): ProfilerError {
  return new ProfilerError("failure", `Cannot write '${path}': ${reason}`, remedy);
}

function reasonOf(error: unknown, path: string): string {
  const folder = dirname(path);
  if (error instanceof Deno.errors.NotFound) {
    // /proc, for one, says this of every new file.
    return statOf(folder) === undefined
      ? `the folder '${folder}' does not exist`
      : `no file can be made in '${folder}'`;
  }
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  return error instanceof Error ? error.message.replace(/ \(os error \d+\).*$/s, "") : String(error);
}

function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch {
    return undefined;
  }
}
