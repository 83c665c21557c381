/** The profile that a command reads. */
import { ProfilerError } from "../errors.ts";
import type { Profile } from "../profile.ts";
import { MAX_BYTES, readProfile } from "../render/read_profile.ts";

const CHUNK = 1 << 20;

/** Reads a profile of any format that is known; "-" is stdin. @throws ProfilerError */
export async function readInput(path: string): Promise<Profile> {
  const name = path === "-" ? "standard input" : `'${path}'`;
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await readBounded(path);
  } catch (error) {
    throw new ProfilerError("failure", `Cannot read ${name}: ${reasonOf(error)}`);
  }
  if (bytes.length > MAX_BYTES) {
    throw new ProfilerError(
      "failure",
      `Cannot read ${name}: it is larger than ${MAX_BYTES / 1e6} MB`,
      "record for a shorter time, or with --rotate",
    );
  }
  try {
    return await readProfile(bytes);
  } catch (error) {
    if (!(error instanceof ProfilerError)) throw error;
    throw new ProfilerError(error.kind, `Cannot read ${name}: ${error.message}`, error.remedy);
  }
}

/** Reads a file, or of a larger one a little more than may be read. */
async function readBounded(path: string): Promise<Uint8Array<ArrayBuffer>> {
  using file = path === "-" ? undefined : await Deno.open(path);
  const size = file?.statSync().size ?? 0;
  let bytes = new Uint8Array(Math.min(size, MAX_BYTES) + CHUNK);
  let length = 0;
  while (length <= MAX_BYTES) {
    if (length === bytes.length) {
      const larger = new Uint8Array(length * 2);
      larger.set(bytes);
      bytes = larger;
    }
    const read = await (file ?? Deno.stdin).read(bytes.subarray(length));
    if (read === null) break;
    length += read;
  }
  return bytes.subarray(0, length);
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.IsADirectory) return "it is a folder";
  return error instanceof Error ? error.message.replace(/ \(os error \d+\).*$/s, "") : String(error);
}
