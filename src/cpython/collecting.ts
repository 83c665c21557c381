/** Whether the garbage collector is at work. */
import type { Runtime } from "./runtime.ts";
import { listThreads } from "./thread_list.ts";
import type { MemoryReader } from "../memory.ts";
import type { Address } from "../types.ts";

/**
 * Whether the collector of any interpreter is running.
 *
 * Source: Include/internal/pycore_gc.h, v3.13.0, `struct _gc_runtime_state`; it is in `_PyRuntime` to 3.8, and to 3.6 it is
 * a variable of Modules/gcmodule.c.
 * @returns undefined when it cannot be told: unreadable, or a stripped build to 3.6.
 */
export function isCollectingGarbage(reader: MemoryReader, runtime: Runtime): boolean | undefined {
  let isKnown = true;
  for (const address of flagsOf(reader, runtime)) {
    const flag = address === undefined ? undefined : reader.struct(address, 4)?.i32(0);
    if (flag === undefined) isKnown = false;
    else if (flag !== 0) return true;
  }
  return isKnown ? false : undefined;
}

/** Addresses of `collecting`. */
function flagsOf(reader: MemoryReader, runtime: Runtime): (Address | undefined)[] {
  const { layout, address } = runtime;
  if (layout.gc.collecting < 0) return [runtime.oldCollecting];
  if (layout.runtime.gc >= 0) return [address + layout.runtime.gc + layout.gc.collecting];
  const { interpreters } = listThreads(reader, layout, address);
  if (interpreters.length === 0) return [undefined];
  return interpreters.map((interpreter) =>
    interpreter.address + layout.interpreter.gc + layout.gc.collecting
  );
}
