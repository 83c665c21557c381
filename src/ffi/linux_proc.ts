/** Small files and links of /proc, which may be gone at any time. */

/** Content of a file as text; undefined when it cannot be read. */
export function textOf(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}

/** Where a link leads to; undefined when it cannot be read. */
export function linkOf(path: string): string | undefined {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return undefined;
  }
}
