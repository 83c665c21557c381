/** Ingredients of generated programs: coroutines, driven by hand and by an event loop. */
import { indent, plain } from "./generated_builder.ts";
import type { CodeRule, Line, Place, ProgramBuilder } from "./generated_builder.ts";

function defineCoroutine(builder: ProgramBuilder, rule: CodeRule, place: Place): void {
  const body = builder.body(rule, place, { coroutine: place.coroutine });
  builder.define(rule.code, `async def ${rule.code.name}():`, body);
}

/** A coroutine that its caller resumes until it ends. */
export function drivenByHand(builder: ProgramBuilder, place: Place): Line[] {
  const rule = builder.rule(builder.name("c"), place);
  const local = builder.name("t");
  defineCoroutine(builder, rule, { ...place, coroutine: "byHand" });
  return plain(
    `${local} = ${rule.code.name}()`,
    "try:",
    `    while True: ${local}.send(None)`,
    "except StopIteration: pass",
  );
}

/** An event loop that runs for one coroutine and the tasks that it starts. */
export function eventLoop(builder: ProgramBuilder, place: Place): Line[] {
  const tasks = builder.inside(builder.ruleOfLibrary(place), place);
  const rule = builder.rule(builder.name("c"), tasks);
  builder.ruleOfCreation(rule.code, place);
  defineCoroutine(builder, rule, { ...tasks, tasks, coroutine: "task" });
  return plain(`LOOP.run_until_complete(${rule.code.name}())`);
}

export function awaited(builder: ProgramBuilder, place: Place): Line[] {
  const rule = builder.rule(builder.name("c"), place);
  defineCoroutine(builder, rule, place);
  return plain(`await ${rule.code.name}()`);
}

/** A generator, or an object's `__await__`, that suspends the coroutine and what awaits it. */
export function pausing(builder: ProgramBuilder, place: Place): Line[] {
  if (builder.random.chance(0.5)) {
    const rule = builder.rule(builder.name("p"), place);
    const body = [...plain("yield"), ...builder.body(rule, place)];
    builder.lines.push(
      ...plain("", ""),
      // A decorated function begins at its decorator.
      { text: "@types.coroutine", codes: [rule.code] },
      ...plain(`def ${rule.code.name}():`),
      ...indent(body),
    );
    return plain(`await ${rule.code.name}()`);
  }
  const rule = builder.rule("__await__", place);
  const className = builder.name("K");
  const body = [...builder.body(rule, place), ...plain("yield"), ...builder.body(rule, place)];
  builder.lines.push(
    ...plain("", "", `class ${className}:`),
    ...indent(builder.nested(rule.code, "def __await__(self):", body)),
  );
  return plain(`await ${className}()`);
}

export function asynchronousGenerator(builder: ProgramBuilder, place: Place): Line[] {
  const isComprehension = builder.random.chance(0.3);
  // Up to 3.11 a comprehension has a frame of its own.
  const comprehension = isComprehension && builder.minor < 12 ? builder.rule("<listcomp>", place) : undefined;
  const caller = comprehension === undefined ? place : { ...place, callers: [comprehension], needs: [] };
  const rule = builder.rule(builder.name("g"), caller);
  if (comprehension !== undefined) builder.ruleOfCreation(rule.code, place);
  const { name } = rule.code;
  // A running event loop is told of each, at its start and at its end.
  if (place.tasks !== undefined) {
    builder.ruleOfLibrary({ ...place, callers: [...place.callers, ...caller.callers] });
  }
  const growth = () => builder.body(rule, place, { coroutine: place.coroutine });
  builder.define(rule.code, `async def ${name}():`, [
    ...growth(),
    ...plain("yield 1"),
    ...growth(),
    ...plain("yield 2"),
  ]);
  if (isComprehension) {
    const codes = comprehension === undefined ? [] : [comprehension.code];
    return [{ text: `_ = [i async for i in ${name}()]`, codes }];
  }
  return [
    ...plain(`async for _ in ${name}():`),
    ...indent(builder.grow({ ...place, calls: place.calls * 2 })),
  ];
}

export function asynchronousContext(builder: ProgramBuilder, place: Place): Line[] {
  const className = builder.name("K");
  const enter = builder.rule("__aenter__", place);
  const exit = builder.rule("__aexit__", place);
  builder.lines.push(
    ...plain("", "", `class ${className}:`),
    ...indent([
      ...builder.nested(
        enter.code,
        "async def __aenter__(self):",
        builder.body(enter, place, { coroutine: place.coroutine }),
      ),
      ...plain(""),
      ...builder.nested(
        exit.code,
        "async def __aexit__(self, *_):",
        builder.body(exit, place, { coroutine: place.coroutine }),
      ),
    ]),
  );
  return [...plain(`async with ${className}():`), ...indent(builder.grow(place))];
}

/** Tasks, which the event loop calls one after the other. */
export function gathered(builder: ProgramBuilder, place: Place): Line[] {
  const tasks = place.tasks!;
  builder.ruleOfLibrary(place);
  const names = Array.from({ length: builder.random.int(1, 3) }, () => {
    const rule = builder.rule(builder.name("c"), tasks);
    builder.ruleOfCreation(rule.code, place);
    defineCoroutine(builder, rule, { ...place, depth: place.depth - 2 });
    return rule.code.name;
  });
  return plain(`await asyncio.gather(${names.map((name) => `${name}()`).join(", ")})`);
}

export function sleeping(builder: ProgramBuilder, place: Place): Line[] {
  builder.ruleOfLibrary(place);
  return plain("await asyncio.sleep(0)");
}
