/** Ingredients of generated programs: functions that call functions, from Python and from C. */
import { indent, plain } from "./generated_builder.ts";
import type { CodeRule, Line, Place, ProgramBuilder } from "./generated_builder.ts";

/** A function that calls a function, and so on. */
export function chain(builder: ProgramBuilder, place: Place): Line[] {
  const length = builder.random.int(1, Math.max(1, Math.min(25, place.depth)));
  let at = place;
  const rules: CodeRule[] = [];
  for (let i = 0; i < length; i++) {
    const rule = builder.rule(builder.name("f"), at);
    rules.push(rule);
    at = builder.inside(rule, at);
  }
  rules.forEach((rule, index) => {
    const next = rules[index + 1];
    const body = next === undefined
      ? builder.body(rule, { ...place, depth: at.depth })
      : plain("_ = 0", `${next.code.name}()`);
    builder.define(rule.code, `def ${rule.code.name}():`, body);
  });
  return plain(`${rules[0]!.code.name}()`);
}

/** Arguments by name, and unpacked. */
export function keywords(builder: ProgramBuilder, place: Place): Line[] {
  const rule = builder.rule(builder.name("f"), place);
  const { name } = rule.code;
  builder.define(rule.code, `def ${name}(a, *rest, key=0, **more):`, builder.body(rule, place));
  return plain(
    builder.random.pick([`${name}(1, 2, key=3, other=4)`, `${name}(*(1, 2), **KEYWORDS)`, `${name}(a=1)`]),
  );
}

/** A function that another one makes and returns; both are made anew each time. */
export function closure(builder: ProgramBuilder, place: Place): Line[] {
  const maker = builder.rule(builder.name("f"), place);
  const made = builder.rule(builder.name("f"), place);
  builder.define(maker.code, `def ${maker.code.name}(value):`, [
    ...builder.nested(made.code, `def ${made.code.name}():`, [
      ...plain("_ = value"),
      ...builder.body(made, place),
    ]),
    ...plain(`return ${made.code.name}`),
  ]);
  return plain(`${maker.code.name}(1)()`);
}

/** A function defined where it is called. */
export function localFunction(builder: ProgramBuilder, place: Place): Line[] {
  const rule = builder.rule(builder.name("f"), place);
  return [
    ...builder.nested(rule.code, `def ${rule.code.name}(a=1, *, b=2):`, builder.body(rule, place)),
    ...plain(`${rule.code.name}(b=3)`),
  ];
}

export function decorated(builder: ProgramBuilder, place: Place): Line[] {
  const decorator = builder.name("decorator");
  const wrapper = builder.rule(builder.name("wrapper"), place);
  const inner = builder.inside(wrapper, place);
  const rule = builder.rule(builder.name("f"), inner);
  builder.lines.push(
    ...plain("", "", `def ${decorator}(function):`),
    ...indent([
      ...builder.nested(
        wrapper.code,
        `def ${wrapper.code.name}(*args, **kwargs):`,
        plain("return function(*args, **kwargs)"),
      ),
      ...plain(`return ${wrapper.code.name}`),
    ]),
  );
  const body = builder.body(rule, inner);
  // A decorated function begins at its decorator.
  builder.lines.push(
    ...plain("", ""),
    { text: `@${decorator}`, codes: [rule.code] },
    ...plain(`def ${rule.code.name}(a, b=0):`),
    ...indent(body),
  );
  return plain(`${rule.code.name}(1, b=2)`);
}

export function lambda(builder: ProgramBuilder, place: Place): Line[] {
  const rule = builder.rule("<lambda>", place);
  const called = builder.function(builder.inside(rule, place));
  return [{ text: `(lambda a: ${called}(a))(1)`, codes: [rule.code] }];
}

/** Functions that C calls. */
export function callback(builder: ProgramBuilder, place: Place): Line[] {
  const { text, each } = builder.items(place);
  const name = builder.function(each);
  return plain(builder.random.pick([
    `sorted(${text}, key=${name})`,
    `list(map(${name}, ${text}))`,
    `list(filter(${name}, ${text}))`,
    `min(${text}, key=${name})`,
    `list(${text}).sort(key=${name})`,
    `functools.reduce(${name}, ${text}, 0)`,
    `functools.partial(${name}, 1, 2)()`,
    `sum(map(${name}, ${text}, ${text}))`,
  ]));
}

/** The body of a class is a function of its own. */
export function classBody(builder: ProgramBuilder, place: Place): Line[] {
  const rule = builder.rule(builder.name("C"), place);
  const body = builder.grow(builder.inside(rule, place));
  return builder.nested(rule.code, `class ${rule.code.name}:`, body);
}

/** Code that was compiled before, or is compiled each time and freed at once. */
export function executed(builder: ProgramBuilder, place: Place): Line[] {
  const rule = builder.rule(builder.name("x"), place);
  const { name } = rule.code;
  const called = builder.function(builder.inside(rule, place));
  const compiled = `compile("${called}()\\n", __file__, "exec")`;
  builder.lines.push(...plain("", ""), { text: `n${name} = naming("${name}")`, codes: [rule.code] });
  const isFresh = builder.random.chance(0.4);
  if (isFresh && builder.freshCode) return plain(`exec(renamed(${compiled}, n${name}), globals())`);
  builder.lines.push(...plain(`${name} = renamed(${compiled}, n${name})`));
  return plain(`exec(${name}, globals())`);
}

/** Functions that call each other in turn, down to a level where something else is called. */
export function recursion(builder: ProgramBuilder, place: Place): Line[] {
  const period = builder.random.int(1, 4);
  const levels = builder.random.int(period, Math.max(period, Math.min(9, place.depth)));
  const timesAt = (level: number) => Math.floor(level / period) + 1;
  const codes = Array.from({ length: period }, () => ({ name: builder.name("r"), line: 0 }));
  const rules = codes.map((code, index) => {
    const most = timesAt(levels - 1 - (levels - 1 - index) % period);
    const needs = [...place.needs, { of: code, times: Array.from({ length: most }, (_, i) => i + 1) }];
    return builder.rule(code, { ...place, callers: index === 0 ? place.callers : [], needs });
  });
  rules.forEach((rule, index) => {
    // The needs of the place count callers above the recursion: they hold at all its levels.
    if (index > 0 || levels > period) rule.callers.push(rules[(index + period - 1) % period]!);
  });
  // What is called on the way down, at one level of each function.
  rules.forEach((rule, index) => {
    const next = codes[(index + 1) % period]!;
    const reached = Array.from({ length: levels }, (_, i) => i).filter((level) => level % period === index);
    const body = plain("_ = n");
    for (
      const level of new Set([
        builder.random.pick(reached),
        ...reached.filter((one) => one === levels - 1),
      ])
    ) {
      const inside = builder.inside(rule, place, {
        depth: place.depth - level - 1,
        needs: [{ of: rule.code, times: [timesAt(level)] }],
      });
      body.push(...plain(`if n == ${levels - 1 - level}:`), ...indent(builder.grow(inside)));
    }
    body.push(...plain("if n:", `    ${next.name}(n - 1)`));
    builder.define(rule.code, `def ${rule.code.name}(n):`, body);
  });
  return plain(`${codes[0]!.name}(${levels - 1})`);
}

/** An exception that leaves several functions, of which some do something meanwhile. */
export function unwinding(builder: ProgramBuilder, place: Place): Line[] {
  const length = builder.random.int(1, Math.max(1, Math.min(6, place.depth)));
  let at = place;
  let called = "";
  const first = builder.name("e");
  let name = first;
  for (let i = 0; i < length; i++) {
    const rule = builder.rule(name, at);
    const inner = builder.inside(rule, at);
    called = builder.name("e");
    const raise = i === length - 1
      ? [...builder.grow(inner), ...plain("raise ValueError")]
      : plain(`${called}()`);
    const kind = builder.random.pick(["finally:", "except ValueError:", ""]);
    builder.define(
      rule.code,
      `def ${name}():`,
      kind === "" ? raise : [
        ...plain("try:"),
        ...indent(raise),
        ...plain(kind),
        ...indent([...builder.grow(inner), ...kind === "finally:" ? [] : plain("raise")]),
      ],
    );
    at = inner;
    name = called;
  }
  return [
    ...plain("try:", `    ${first}()`, "except ValueError:"),
    ...indent(builder.random.chance(0.5) ? builder.grow(place) : plain("pass")),
  ];
}
