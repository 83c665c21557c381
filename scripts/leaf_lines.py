"""A function of lines that do one kind of thing each: prints how long each takes, then runs the function for a minute.

Before each line stands `note(t)`, a call of a C function, which always saves the instruction: what is lost of a line
whose own instructions do not save theirs is found there. With the argument "loop" the lines are short and in a loop,
as a just-in-time compiler wants them. For scripts/leaf_lines.ts.
"""

import json
import sys
import time

# What a line does, its statement, and how often the statement stands in the line.
KINDS = [
    ("copies of locals", "a = b; b = a", 300),
    ("constants", "a = 1; b = 2", 300),
    ("int +", "a = b + 1", 200),
    ("float *", "x = y * z", 200),
    ("int <", "a < b", 300),
    ("is None, not", "a is None; not t", 200),
    ("conditional", "a if t else b", 300),
    ("swap", "a, b = b, a", 300),
    ("tuple", "u = (a, b)", 150),
    ("global", "NUMBER", 300),
    ("attribute read", "o.x", 300),
    ("attribute write", "o.x = a", 200),
    ("list item read", "t[0]", 300),
    ("list item write", "t[0] = a", 200),
    ("dict item read", "d[k]", 200),
    ("C function", "len(t)", 150),
    ("C method", "s.upper()", 60),
    ("Python function", "function()", 80),
    ("large int *", "big * big", 2),
    ("f-string", "f'{s}'", 100),
    ("while", "while i: i -= 1", 1),
    ("for, range", "for j in r: pass", 1),
    ("for, list", "for j in t: a = j", 1),
    ("comprehension", "[j for j in r]", 1),
]


IN_LOOP = "loop" in sys.argv
if IN_LOOP:
    # A line that is a loop would end the trace.
    KINDS = [(kind, statement, times // 12) for kind, statement, times in KINDS if times > 12]


class Thing:
    pass


def function():
    pass


def work_of(kinds, with_notes=True):
    lines = ["def work(t, d, k, s, o, r, y, z, big):", "    a = b = 1", "    i = 200"]
    indent = "    "
    if IN_LOOP:
        lines[2:] = ["    for _ in r:", "        pass"]
        indent *= 2
    for _, statement, times in kinds:
        lines += [indent + "note(t)"] if with_notes else []
        lines += [indent + "; ".join([statement] * times)]
    names = {"NUMBER": 1, "note": len, "function": function}
    exec(compile("\n".join(lines), "work.py", "exec"), names)
    return names["work"]


def least_times(functions, values):
    """The least time of each, measured in turn, so that a change of the processor's speed meets all. Units: ns."""
    least = [float("inf")] * len(functions)
    for _ in range(300):
        for index, function in enumerate(functions):
            start = time.perf_counter_ns()
            for _ in range(10):
                function(*values)
            least[index] = min(least[index], (time.perf_counter_ns() - start) / 10)
    return least


thing = Thing()
thing.x = 1
items = list(range(100, 300))
values = (items, {"k": 1}, "k", "some text", thing, range(200), 1.5, 1.000001, 3 ** 1500)
whole = work_of(KINDS)
nothing = work_of([])
without_notes = work_of(KINDS, with_notes=False)
alone = [work_of([kind], with_notes=False) for kind in KINDS]
empty, total, bare, *each = least_times([nothing, whole, without_notes] + alone, values)
truth = {
    "kinds": [kind for kind, _, _ in KINDS],
    "times": [one - empty for one in each],
    # A call after other code takes longer than in a row of calls: what the processor has foreseen is wrong there.
    "note": (total - bare) / len(KINDS),
    "total": total - empty,
}
print(json.dumps(truth), flush=True)
end = time.monotonic() + 60
while time.monotonic() < end:
    for _ in range(100):
        whole(*values)
