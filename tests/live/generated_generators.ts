/** Ingredients of generated programs: generators, whose frames come and go on stacks of others. */
import { indent, plain } from "./generated_builder.ts";
import type { CodeRule, Line, Place, ProgramBuilder } from "./generated_builder.ts";

/** The places at which a generator is between its yields. */
function generatorBody(builder: ProgramBuilder, rule: CodeRule, place: Place): Line[] {
  const isLooping = builder.random.chance(0.4);
  if (!isLooping) {
    return [
      ...builder.body(rule, place),
      ...plain("yield 1"),
      ...builder.body(rule, place),
      ...plain("yield 2"),
    ];
  }
  const { text, each } = builder.items(place);
  return [...plain(`for i in ${text}:`), ...indent([...builder.body(rule, each), ...plain("yield i")])];
}

/** A generator that Python or C resumes. */
export function generator(builder: ProgramBuilder, place: Place): Line[] {
  const rule = builder.rule(builder.name("g"), place);
  const { name } = rule.code;
  builder.define(rule.code, `def ${name}():`, [...generatorBody(builder, rule, place), ...plain("yield 3")]);
  if (builder.random.chance(0.4)) {
    // The caller calls others while the generator is suspended.
    return [...plain(`for _ in ${name}():`), ...indent(builder.grow({ ...place, calls: place.calls * 3 }))];
  }
  return plain(builder.random.pick([
    `for _ in ${name}(): pass`,
    `list(${name}())`,
    `sum(${name}())`,
    `[*${name}()]`,
    `max(${name}())`,
    `sorted(${name}(), reverse=True)`,
    `list(zip(${name}(), (1, 2, 3, 4)))`,
    `list(map(str, ${name}()))`,
  ]));
}

/** A generator that is left suspended, and closed by its last reference. */
export function abandoned(builder: ProgramBuilder, place: Place): Line[] {
  const rule = builder.rule(builder.name("g"), place);
  const { name } = rule.code;
  const local = builder.name("t");
  builder.define(rule.code, `def ${name}():`, [
    ...plain("try:"),
    ...indent([...builder.body(rule, place), ...plain("yield 1")]),
    ...plain("finally:"),
    ...indent(builder.body(rule, place)),
  ]);
  // Not in a variable of its own: a profile function, up to 3.10, keeps what local variables held.
  return [
    ...plain(`${local} = [${name}()]`, `next(${local}[0])`),
    ...builder.grow(place),
    ...plain(builder.random.pick([`${local}.pop().close()`, `del ${local}[0]`, `${local}[0] = None`])),
  ];
}

/** An exception thrown into a generator. */
export function thrown(builder: ProgramBuilder, place: Place): Line[] {
  const rule = builder.rule(builder.name("g"), place);
  const { name } = rule.code;
  const local = builder.name("t");
  builder.define(rule.code, `def ${name}():`, [
    ...plain("try:", "    yield 1", "except KeyError:"),
    ...indent(builder.body(rule, place)),
    ...plain("yield 2"),
  ]);
  return plain(`${local} = ${name}()`, `next(${local})`, `${local}.throw(KeyError("key"))`, `list(${local})`);
}

/** Generators that hand over to each other. */
export function yieldFrom(builder: ProgramBuilder, place: Place): Line[] {
  const length = builder.random.int(2, Math.max(2, Math.min(6, place.depth)));
  let at = place;
  const first = builder.name("g");
  let name = first;
  for (let i = 0; i < length; i++) {
    const rule = builder.rule(name, at);
    const next = builder.name("g");
    const body = i === length - 1
      ? [...generatorBody(builder, rule, at), ...plain("return 1")]
      : builder.random.chance(0.5)
      ? plain(`return (yield from ${next}())`)
      : [...builder.body(rule, at), ...plain(`yield from ${next}()`)];
    builder.define(rule.code, `def ${name}():`, body);
    at = builder.inside(rule, at);
    name = next;
  }
  return plain(builder.random.pick([`for _ in ${first}(): pass`, `list(${first}())`]));
}

/** A generator that resumes itself: each level hands its values to the one above. */
export function recursiveGenerator(builder: ProgramBuilder, place: Place): Line[] {
  const levels = builder.random.int(2, Math.max(2, Math.min(6, place.depth)));
  const code = { name: builder.name("g"), line: 0 };
  const times = Array.from({ length: levels }, (_, index) => index + 1);
  const rule = builder.rule(code, { ...place, needs: [...place.needs, { of: code, times }] });
  rule.callers.push(rule);
  const atBottom = builder.inside(rule, place, {
    depth: place.depth - levels,
    needs: [{ of: code, times: [levels] }],
  });
  const down = builder.random.pick([
    plain(`yield from ${code.name}(n - 1)`),
    plain(`for value in ${code.name}(n - 1):`, "    yield value"),
  ]);
  builder.define(code, `def ${code.name}(n):`, [
    ...plain("if n == 0:"),
    ...indent([...builder.grow(atBottom), ...plain("yield 1", "return")]),
    ...down,
    ...plain("yield n"),
  ]);
  return plain(`list(${code.name}(${levels - 1}))`);
}

/** A generator that is handed from function to function; what it calls depends on who resumes it. */
export function passedOn(builder: ProgramBuilder, place: Place): Line[] {
  const count = builder.random.int(2, 4);
  const code = { name: builder.name("g"), line: 0 };
  const local = builder.name("t");
  const rule = builder.rule(code, { ...place, callers: [], needs: [] });
  builder.ruleOfCreation(code, place);
  const statements = plain(`${local} = ${code.name}()`);
  const body: Line[] = [];
  for (let i = 0; i < count; i++) {
    const resumer = resumers(
      builder,
      place,
      i === count - 1 ? "list(g)" : builder.random.pick(["next(g)", "g.send(None)"]),
    );
    statements.push(...plain(`${resumer.first}(${local})`));
    if (builder.random.chance(0.3)) statements.push(...builder.grow(place));
    rule.callers.push(resumer.last);
    const inside = builder.inside(rule, place, { needs: [{ of: resumer.last.code, times: [1] }] });
    body.push(...i === 0 ? [] : plain(`yield ${i}`), ...builder.grow(inside));
  }
  builder.define(code, `def ${code.name}():`, body);
  return statements;
}

/** Some functions that call each other; the last one resumes the generator `g`. */
function resumers(
  builder: ProgramBuilder,
  place: Place,
  statement: string,
): { first: string; last: CodeRule } {
  const length = builder.random.int(1, 3);
  const first = builder.name("f");
  let name = first;
  for (let i = 1;; i++) {
    const rule = builder.rule(name, place);
    const next = builder.name("f");
    builder.define(rule.code, `def ${name}(g):`, plain(i === length ? statement : `${next}(g)`));
    if (i === length) return { first, last: rule };
    place = builder.inside(rule, place);
    name = next;
  }
}

/** A generator expression that C resumes. */
export function generatorExpression(builder: ProgramBuilder, place: Place): Line[] {
  const rule = builder.rule("<genexpr>", place);
  const { text, each } = builder.items(builder.inside(rule, place));
  const expression = `${builder.function(each)}(i) for i in ${text}`;
  const consumer = builder.random.pick(["sum", "sorted", "list", "max", "set", "all", "tuple"]);
  return [{ text: `${consumer}(${expression})`, codes: [rule.code] }];
}

/** Up to 3.11 a comprehension has a frame of its own. */
export function comprehension(builder: ProgramBuilder, place: Place): Line[] {
  const { text, each } = builder.items(place);
  const [name, open, close] = builder.random.pick([
    ["<listcomp>", "[", "]"],
    ["<setcomp>", "{", "}"],
    ["<dictcomp>", "{i: ", "}"],
  ]);
  const isInlined = builder.minor >= 12;
  const rule = isInlined ? undefined : builder.rule(name!, place);
  const called = builder.function(rule === undefined ? each : builder.inside(rule, each));
  return [{
    text: `${open}${called}(i) for i in ${text}${close}`,
    codes: rule === undefined ? [] : [rule.code],
  }];
}

/** A generator that the standard library's `contextmanager` resumes. */
export function contextManager(builder: ProgramBuilder, place: Place): Line[] {
  const library = builder.inside(builder.ruleOfLibrary(place), place);
  const rule = builder.rule(builder.name("m"), library);
  const { name } = rule.code;
  // A decorated function begins at its decorator.
  const body = [...builder.body(rule, library), ...plain("yield 1"), ...builder.body(rule, library)];
  builder.lines.push(
    ...plain("", ""),
    { text: "@contextlib.contextmanager", codes: [rule.code] },
    ...plain(`def ${name}():`),
    ...indent(body),
  );
  return [...plain(`with ${name}():`), ...indent(builder.grow(place))];
}
