/** The C library of Linux, opened once, with arguments in forms that cost least. */

const O_RDONLY_CLOEXEC = 0x80000;

/**
 * Opens libc. Addresses and 64-bit values are passed inside buffers: bigint arguments would double a call's cost.
 *
 * Source: process_vm_readv(2), timerfd_create(2), nanosleep(2), pread(2), clock_gettime(2), waitid(2), ptrace(2), kill(2),
 * posix_spawn(3).
 */
function openLibc() {
  return Deno.dlopen(
    "libc.so.6",
    {
      process_vm_readv: { parameters: ["i32", "buffer", "u32", "buffer", "u32", "u32"], result: "i32" },
      clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
      timerfd_create: { parameters: ["i32", "i32"], result: "i32" },
      timerfd_settime: { parameters: ["i32", "i32", "buffer", "u32"], result: "i32" },
      read: { parameters: ["i32", "buffer", "u32"], result: "i32" },
      nanosleep: { parameters: ["buffer", "u32"], result: "i32" },
      open: { parameters: ["buffer", "i32"], result: "i32" },
      pread: { parameters: ["i32", "buffer", "u32", "u32"], result: "i32" },
      close: { parameters: ["i32"], result: "i32" },
      mmap: { parameters: ["pointer", "u32", "i32", "i32", "i32", "u32"], result: "pointer" },
      sched_getaffinity: { parameters: ["i32", "u32", "buffer"], result: "i32" },
      sched_setaffinity: { parameters: ["i32", "u32", "buffer"], result: "i32" },
      waitid: { parameters: ["u32", "i32", "buffer", "u32"], result: "i32" },
      // Variadic in C, and it takes each argument as wide as a pointer.
      ptrace: { parameters: ["u32", "i32", "pointer", "pointer"], result: "i32" },
      kill: { parameters: ["i32", "i32"], result: "i32" },
      posix_spawnp: {
        parameters: ["buffer", "buffer", "buffer", "buffer", "buffer", "buffer"],
        result: "i32",
      },
      posix_spawnattr_init: { parameters: ["buffer"], result: "i32" },
      posix_spawnattr_setflags: { parameters: ["buffer", "i32"], result: "i32" },
      posix_spawnattr_setsigdefault: { parameters: ["buffer", "buffer"], result: "i32" },
      posix_spawnattr_setsigmask: { parameters: ["buffer", "buffer"], result: "i32" },
      posix_spawn_file_actions_init: { parameters: ["buffer"], result: "i32" },
      posix_spawn_file_actions_adddup2: { parameters: ["buffer", "i32", "i32"], result: "i32" },
      posix_spawn_file_actions_addopen: {
        parameters: ["buffer", "i32", "buffer", "i32", "u32"],
        result: "i32",
      },
      pipe2: { parameters: ["buffer", "i32"], result: "i32" },
      fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
      getgrouplist: { parameters: ["buffer", "u32", "buffer", "buffer"], result: "i32" },
      getrlimit: { parameters: ["u32", "buffer"], result: "i32" },
      setrlimit: { parameters: ["u32", "buffer"], result: "i32" },
      syscall: { parameters: ["u32", "u32", "buffer", "u32"], result: "i32" },
      syscall_ids: { name: "syscall", parameters: ["u32", "u32", "u32", "u32"], result: "i32" },
    } as const,
  ).symbols;
}

type Libc = ReturnType<typeof openLibc>;

let opened: Libc | undefined;
let calls = 0;

/** The symbols of libc; opened at the first call. */
export function libc(): Libc {
  return opened ??= openLibc();
}

/** From now on system calls are counted, which makes them slower. Asking for the time is none: the vDSO answers. */
export function countCalls(): void {
  const counted = Object.entries(libc()).map(([name, call]) => {
    if (name === "clock_gettime") return [name, call];
    const one = call as (...args: unknown[]) => unknown;
    return [name, (...args: unknown[]) => (calls++, one(...args))];
  });
  opened = Object.fromEntries(counted) as Libc;
}

/** Calls since `countCalls`. */
export function callsCounted(): number {
  return calls;
}

/** A NUL-terminated copy of `text` in UTF-8. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

/** Opens a file, for `pread`; children do not inherit it. @returns its number, or -1. */
export function openForReading(path: string): number {
  return libc().open(cString(path), O_RDONLY_CLOEXEC);
}

/** Writes the address of a buffer's bytes, as `addressOf` gives it. */
export function setAddressOf(view: DataView, offset: number, buffer: Uint8Array<ArrayBuffer>): void {
  const address = addressOf(buffer);
  view.setUint32(offset, address % 0x1_0000_0000, true);
  view.setUint32(offset + 4, Math.floor(address / 0x1_0000_0000), true);
}

/** The address of a buffer's bytes. Invariant: valid while the caller keeps the buffer. */
export function addressOf(buffer: Uint8Array<ArrayBuffer>): number {
  return Number(Deno.UnsafePointer.value(Deno.UnsafePointer.of(buffer)));
}
