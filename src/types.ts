/** The vocabulary of the profiler: what is read, what is sampled, and what is rendered. */

/** Virtual address in the target: a non-negative safe integer; 0 is NULL. User space needs 47 to 52 bits. */
export type Address = number;

/** Byte offset inside a C struct. */
export type Offset = number;

/** Why a stack trace does not reach its root. */
export type Truncation = "unreadable" | "too_deep" | "cycle" | "not_code";

/** A variable of a frame, and its value as text. */
export interface LocalVariable {
  readonly name: string;
  readonly isArgument: boolean;
  /** In the frame, in a cell that inner functions share, in an outer function, or in a dict (module, class body, `exec`). */
  readonly scope: "local" | "cell" | "free" | "dict";
  readonly text: string;
}

/**
 * One entry of a stack trace: a code object and where it was.
 *
 * Units: `line` and `firstLine` are 1-based; 0 means unknown.
 */
export interface Frame {
  /** `co_qualname` where the interpreter has it (3.11+), else `co_name`. */
  readonly name: string;
  /** `co_filename`, as the target has it. */
  readonly file: string;
  /** Current line: of the call for callers, of the running instruction for the leaf. */
  readonly line: number;
  /** `co_firstlineno`: the line of the `def`. */
  readonly firstLine: number;
  /** Only where they were asked for. */
  readonly locals?: readonly LocalVariable[] | undefined;
}

/** What the operating system says of a thread at one moment. */
export type ThreadState = "running" | "idle" | "stopped";

/** What a thread was doing when it was sampled. */
export const enum Activity {
  /** Running Python code, or native code that keeps the GIL. */
  Gil,
  /** Running native code without the GIL. */
  Native,
  /** Waiting for the GIL. */
  Waiting,
  /** Blocked in the kernel for something else. */
  Idle,
}

/** A Python thread as the target knows it. */
export interface ThreadInfo {
  /** Process the thread belongs to, in our PID namespace. */
  readonly pid: number;
  /** `threading.get_ident()`: on Linux the pthread_t. */
  readonly threadId: Address;
  /** Kernel thread id in our PID namespace; 0 when unknown. */
  readonly osThreadId: number;
  /** `threading.Thread.name`, or undefined when the target has no Thread object for it. */
  readonly name: string | undefined;
  /** Name that the operating system has for the thread, where it is its own and not the program's. */
  readonly osName?: string | undefined;
  /** `PyInterpreterState.id`; 0 is the main interpreter. */
  readonly interpreterId: number;
}

/**
 * An exception as text: the name of its class, and what `str` says of it, which may be nothing; all its arguments, as a
 * tuple, where `str` is not known.
 */
export interface ExceptionText {
  readonly type: string;
  readonly message: string;
}

/** The stack of one thread at one moment. Shape: `frames` is leaf first, as CPython's own chain. */
export interface StackTrace {
  readonly thread: ThreadInfo;
  readonly state: ThreadState;
  readonly ownsGil: boolean;
  readonly frames: readonly Frame[];
  /** True when the whole stack is known to have existed at one moment. */
  readonly proven: boolean;
  /** True when the variables are those of that moment too. */
  readonly localsProven?: boolean | undefined;
  /** The exception that the thread is handling: that of `sys.exc_info()`. */
  readonly handling?: ExceptionText | undefined;
  /** The exception that is on its way to a handler. */
  readonly raising?: ExceptionText | undefined;
  /** True when these exceptions, or that there are none, are of that moment too. */
  readonly exceptionsProven?: boolean | undefined;
  readonly truncation: Truncation | undefined;
}

/** A range of the target's memory. */
export interface MemoryRange {
  readonly start: Address;
  readonly size: number;
}

/** An executable or shared library mapped into the target, with what its file says of it. */
export interface Image {
  /** Path as the target sees it, for messages. */
  readonly path: string;
  /** Addresses in the target of those of `names` that the symbol tables hold, and if some are missing of `others`. */
  symbols(names: readonly string[], others?: readonly string[]): ReadonlyMap<string, Address>;
  /** Where a section lies in the target, by name. */
  section(name: string): MemoryRange | undefined;
  /** Writable segments, .bss included. */
  readonly writable: readonly MemoryRange[];
}

/** What `waitsFor` says of a thread that does not wait. */
export const RUNS = -1;

/** What the operating system knows of a target's threads. */
export interface TargetThreads {
  /** Kernel thread id in our PID namespace, given the id that the target itself uses; 0 when unknown. */
  hostThreadId(innerThreadId: number): number;
  /** The system's own name of a thread, unless it is that of the whole process; undefined when unknown. */
  threadOsName?(osThreadId: number): string | undefined;
  /** What a thread is doing now; undefined when it has ended. */
  threadState(osThreadId: number): ThreadState | undefined;
  /**
   * What a thread waits for: `RUNS` when it runs or waits for a processor, the address of a futex, 0 for anything else.
   *
   * Cheap: it is asked at every tick.
   */
  waitsFor(osThreadId: number): Address | typeof RUNS;
  /** A thread has ended: nothing is to be kept for it. */
  forgetThread(osThreadId: number): void;
  /** Whether surely none of the threads runs or waits for a processor: one answer for all of them. False when unknown. */
  isQuiet(): boolean;
  /**
   * Moves us to the processor of a thread, which then stands still while we run, and runs while we wait.
   *
   * @returns false where that is not possible.
   */
  joinProcessor(osThreadId: number): boolean;
  /**
   * Joins the processor of a thread for a short time.
   *
   * Invariant: if `runCount` gives the same number as this while we are still there, the thread did not run since we came.
   * @returns how often the thread was put to work by the scheduler; NaN where it cannot be joined, or that is unknown.
   */
  visitProcessor(osThreadId: number): number;
  /**
   * How often a thread was put to work by the scheduler; NaN when it may be at work now.
   *
   * Invariant: if `runCount` later gives the same number, the thread did not run between the two calls.
   */
  restingCount(osThreadId: number): number;
  /** How often a thread was put to work by the scheduler; NaN when unknown. */
  runCount(osThreadId: number): number;
  /** Ends what `joinProcessor` or `visitProcessor` began. @returns for how long we were there. Units: ms. */
  leaveProcessor(): number;
  /** CPU time that a thread has used, as of the scheduler's last look at it; 0 when unknown. Units: ns. */
  cpuTime(osThreadId: number): number;
  /**
   * Stops a thread that runs, for a short time: `releaseThread` must follow.
   *
   * @returns false when it could not be stopped.
   */
  stopThread(osThreadId: number): boolean;
  /** Lets a thread go that was stopped. @returns for how long it stood still. Units: ms. */
  releaseThread(): number;
}

/** A steady clock. Units: ms. */
export interface Clock {
  now(): number;
  /** From now on waits should end on time, so often a second; until `end`. */
  begin(rateHz: number): void;
  end(): void;
  /**
   * Waits until a time, letting signals and timers run; undefined when it need not be awaited. Until `nextMs` it will likely
   * be asked to wait then.
   */
  wait(untilMs: number, times: { readonly now: number; readonly nextMs: number }): Promise<void> | undefined;
  /** Lets the target run for some ten microseconds; not when that would take until after a time. @returns whether it did. */
  pause(untilMs: number): boolean;
  /** A random number in [0, 1), for the moment inside each interval. */
  random(): number;
}

/** How sampling goes. */
export interface SampleCounters {
  /** Ticks at which the target was sampled. */
  ticks: number;
  /** Stacks counted. */
  samples: number;
  /** Ticks at which the target could not be read. */
  errors: number;
  /** Ticks that began more than half an interval late. */
  late: number;
  /** Ticks left out because the one before took too long. */
  missed: number;
  /** Ticks at which a thread of the target waited for us, or was stopped. */
  paused: number;
  /** Reads made to prove paths. */
  rereads: number;
  /** What the first look at a thread showed, by `Sight`. */
  readonly sights: number[];
  /** What threads were doing, by `Activity`: each thread counts once a tick, sampled or not. */
  readonly activities: number[];
}
