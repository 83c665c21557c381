/** Makes Python programs of which it is known which stacks they can have: to find stacks that cannot have been. */
import type { Rule } from "./allowed_stacks.ts";
import { indent, plain, ProgramBuilder, Random } from "./generated_builder.ts";
import type { FrameSizes, Line, Part, Place, WeightedPart } from "./generated_builder.ts";
import * as calls from "./generated_calls.ts";
import * as coroutines from "./generated_coroutines.ts";
import * as generators from "./generated_generators.ts";
import * as methods from "./generated_methods.ts";

/** A program, and what is known of it. */
export interface GeneratedProgram {
  readonly source: string;
  readonly rules: readonly Rule[];
}

const ANYWHERE = () => true;
const IN_COROUTINES = (place: Place) => place.coroutine !== "none";
const IN_TASKS = (place: Place) => place.coroutine === "task";

const PARTS: readonly (readonly [Part, (place: Place) => boolean])[] = [
  [calls.chain, ANYWHERE],
  [calls.keywords, ANYWHERE],
  [calls.closure, ANYWHERE],
  [calls.localFunction, ANYWHERE],
  [calls.decorated, ANYWHERE],
  [calls.lambda, ANYWHERE],
  [calls.callback, ANYWHERE],
  [calls.classBody, ANYWHERE],
  [calls.executed, ANYWHERE],
  [calls.recursion, ANYWHERE],
  [calls.unwinding, ANYWHERE],
  [methods.method, ANYWHERE],
  [methods.property, ANYWHERE],
  [methods.context, ANYWHERE],
  [generators.generator, ANYWHERE],
  [generators.abandoned, ANYWHERE],
  [generators.thrown, ANYWHERE],
  [generators.yieldFrom, ANYWHERE],
  [generators.recursiveGenerator, ANYWHERE],
  [generators.passedOn, ANYWHERE],
  [generators.generatorExpression, ANYWHERE],
  [generators.comprehension, ANYWHERE],
  [generators.contextManager, ANYWHERE],
  [coroutines.drivenByHand, ANYWHERE],
  // A thread has one event loop at a time.
  [coroutines.eventLoop, ({ tasks }) => tasks === undefined],
  [coroutines.awaited, IN_COROUTINES],
  [coroutines.pausing, IN_COROUTINES],
  [coroutines.asynchronousGenerator, IN_COROUTINES],
  [coroutines.asynchronousContext, IN_COROUTINES],
  [coroutines.gathered, IN_TASKS],
  [coroutines.sleeping, IN_TASKS],
];

const HEADER = plain(
  '"""Made by tests/live/generated_programs.ts. It ends after a minute; with an argument it prints its true stacks."""',
  "import asyncio",
  "import contextlib",
  "import functools",
  "import json",
  "import operator",
  "import sys",
  "import time",
  "import types",
  "",
  "KEYWORDS = {'key': 1, 'another': 2}",
  "LOOP = asyncio.new_event_loop()",
  "",
  "",
  "def naming(name):",
  "    names = {'co_name': name, 'co_firstlineno': sys._getframe(1).f_lineno}",
  "    if hasattr(naming.__code__, 'co_qualname'):",
  "        names['co_qualname'] = name",
  "    return names",
  "",
  "",
  "def renamed(code, names):",
  "    if hasattr(code, 'replace'):",
  "        return code.replace(**names)",
  "    fields = 'argcount kwonlyargcount nlocals stacksize flags code consts names varnames filename'.split()",
  "    fields += ['name', 'firstlineno', 'lnotab', 'freevars', 'cellvars']",
  "    values = [names.get('co_' + field, getattr(code, 'co_' + field)) for field in fields]",
  "    return type(code)(*values)",
);

/** A profile function is called at each call and return: it sees every stack that there is. */
const FOOTER = plain(
  "",
  "",
  "stacks = set()",
  "",
  "",
  "def note(frame, event, argument):",
  "    stack = []",
  "    while frame is not None:",
  "        code = frame.f_code",
  "        own = code.co_filename == __file__",
  "        stack.append('%s:%d' % (code.co_name, code.co_firstlineno) if own else 'library')",
  "        frame = frame.f_back",
  "    stacks.add(tuple(reversed(stack)))",
  "",
  "",
  "spin(0)",
  "if len(sys.argv) > 1:",
  "    sys.setprofile(note)",
  "    spin(0)",
  "    sys.setprofile(None)",
  "    print(json.dumps(list(stacks)))",
  "else:",
  "    print('ready', flush=True)",
  "    spin(time.monotonic() + 60)",
);

/** Makes a program for Python 3 of this minor version; the same one for the same seed. */
export function generateProgram(
  seed: number,
  { minor, freshCode = false }: { minor: number; freshCode?: boolean },
): GeneratedProgram {
  const random = new Random(seed);
  const sizes = random.pick<FrameSizes>(["equal", "different", "small"]);
  // Each program has its own mixture.
  const parts = PARTS.map(([part, fits]): WeightedPart => ({
    part,
    fits,
    weight: random.pick([0.2, 1, 1, 4]),
  }));
  const builder = new ProgramBuilder({ random, minor, freshCode, parts, sizes });
  const start: Place = {
    callers: [undefined],
    needs: [],
    depth: 27,
    calls: 1,
    coroutine: "none",
    tasks: undefined,
  };
  const module = builder.rule("<module>", start);
  const spin = builder.rule("spin", builder.inside(module, start));
  const round: Line[] = [];
  for (let i = random.int(3, 7); i > 0; i--) {
    builder.extend(30);
    round.push(...builder.grow(builder.inside(spin, start, { depth: 25 })));
  }
  const lines = [
    ...HEADER,
    ...builder.lines,
    ...plain("", ""),
    ...builder.nested(spin.code, "def spin(end):", [
      ...plain("while True:"),
      ...indent([...round, ...plain("if time.monotonic() >= end: break")]),
    ]),
    ...FOOTER,
  ];
  module.code.line = 1;
  for (const [index, { codes }] of lines.entries()) {
    for (const code of codes) code.line = index + 1;
  }
  return { source: lines.map(({ text }) => `${text}\n`).join(""), rules: builder.rules };
}
