/** Ingredients of generated programs: methods that the interpreter calls by itself. */
import { indent, plain } from "./generated_builder.ts";
import type { Line, Place, ProgramBuilder } from "./generated_builder.ts";

interface Method {
  readonly head: string;
  /** What it returns. */
  readonly result: string;
  /** Statements that call it. `K` is its class, `o` an object of it. */
  readonly uses: readonly string[];
  readonly bases?: string;
}

const METHODS: readonly Method[] = [
  { head: "__lt__(self, other)", result: "False", uses: ["sorted((o, o))", "min(o, o)", "o < o"] },
  { head: "__eq__(self, other)", result: "True", uses: ["[1].count(o)", "o == 1", "o in (1, 2)"] },
  { head: "__hash__(self)", result: "1", uses: ["hash(o)", "_ = {o: 1}"] },
  { head: "__getattr__(self, name)", result: "1", uses: ["o.missing", "getattr(o, 'missing', 1)"] },
  { head: "__getattribute__(self, name)", result: "1", uses: ["o.any"] },
  { head: "__setattr__(self, name, value)", result: "None", uses: ["o.any = 1"] },
  { head: "__getitem__(self, key)", result: "1", uses: ["o[0]", "operator.itemgetter(1)(o)"] },
  { head: "__missing__(self, key)", result: "1", uses: ["o[1]"], bases: "(dict)" },
  { head: "__call__(self, *_)", result: "1", uses: ["o()", "list(map(o, (1,)))", "functools.partial(o)()"] },
  { head: "__add__(self, other)", result: "1", uses: ["o + 1", "functools.reduce(operator.add, (o, 1))"] },
  { head: "__radd__(self, other)", result: "1", uses: ["1 + o", "sum((o,))"] },
  { head: "__contains__(self, item)", result: "True", uses: ["1 in o", "operator.contains(o, 1)"] },
  { head: "__len__(self)", result: "1", uses: ["len(o)", "not o"] },
  { head: "__bool__(self)", result: "True", uses: ["not o", "any((o,))"] },
  { head: "__next__(self)", result: "1", uses: ["next(o)"] },
  { head: "__iter__(self)", result: "iter(())", uses: ["list(o)", "for _ in o: pass", "[*o]"] },
  { head: "__str__(self)", result: "''", uses: ["str(o)", "'%s' % o", "f'{o}'", "'{}'.format(o)"] },
  { head: "__index__(self)", result: "0", uses: ["(1, 2)[o]", "operator.index(o)"] },
  { head: "__init__(self, a=1)", result: "None", uses: ["K()", "K(2)", "list(map(K, (1,)))"] },
  { head: "__new__(cls)", result: "object.__new__(cls)", uses: ["K()"] },
  { head: "__del__(self)", result: "None", uses: ["t = [K()]; del t[0]", "t = [K()]; t.clear()", "K()"] },
  { head: "method(self, a, b=1)", result: "1", uses: ["o.method(1)", "o.method(a=1)", "K.method(o, 1, 2)"] },
];

/** A method with a special name. */
export function method(builder: ProgramBuilder, place: Place): Line[] {
  const { head, result, uses, bases = "" } = builder.random.pick(METHODS);
  const className = builder.name("K");
  const object = builder.name("o");
  const rule = builder.rule(head.slice(0, head.indexOf("(")), place);
  const body = [...builder.body(rule, place), ...plain(`return ${result}`)];
  builder.lines.push(
    ...plain("", "", `class ${className}${bases}:`),
    ...indent(builder.nested(rule.code, `def ${head}:`, body)),
  );
  const isMade = ["__init__", "__new__", "__del__"].includes(rule.code.name);
  if (!isMade) builder.lines.push(...plain("", "", `${object} = ${className}()`));
  const use = builder.random.pick(uses);
  return plain(
    use.replaceAll(/\bo\b/g, object).replaceAll(/\bK\b/g, className).replaceAll(/\bt\b/g, builder.name("t")),
  );
}

/** A property, or a descriptor. */
export function property(builder: ProgramBuilder, place: Place): Line[] {
  const className = builder.name("K");
  const object = builder.name("o");
  const isDescriptor = builder.random.chance(0.5);
  const rule = builder.rule(isDescriptor ? "__get__" : "value", place);
  const body = [...builder.body(rule, place), ...plain("return 1")];
  if (isDescriptor) {
    builder.lines.push(
      ...plain("", "", `class D${className}:`),
      ...indent(builder.nested(rule.code, "def __get__(self, instance, owner=None):", body)),
      ...plain("", "", `class ${className}:`, `    value = D${className}()`),
    );
  } else {
    // A decorated function begins at its decorator.
    builder.lines.push(
      ...plain("", "", `class ${className}:`),
      ...indent([{ text: "@property", codes: [rule.code] }, ...plain("def value(self):"), ...indent(body)]),
    );
  }
  builder.lines.push(...plain("", "", `${object} = ${className}()`));
  return plain(builder.random.pick([`${object}.value`, `operator.attrgetter("value")(${object})`]));
}

/** A `with` statement whose two methods call others. */
export function context(builder: ProgramBuilder, place: Place): Line[] {
  const className = builder.name("K");
  const enter = builder.rule("__enter__", place);
  const exit = builder.rule("__exit__", place);
  const methods = indent([
    ...builder.nested(enter.code, "def __enter__(self):", builder.body(enter, place)),
    ...plain(""),
    ...builder.nested(exit.code, "def __exit__(self, *_):", [
      ...builder.body(exit, place),
      ...plain("return True"),
    ]),
  ]);
  builder.lines.push(...plain("", "", `class ${className}:`), ...methods);
  const raises = builder.random.chance(0.3) ? plain("raise KeyError") : [];
  return [...plain(`with ${className}():`), ...indent([...builder.grow(place), ...raises])];
}
