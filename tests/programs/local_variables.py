# -*- coding: utf-8 -*-
"""Variables of all kinds, with values of all types that are written in full; the report has their `repr`."""

import random
import threading

import report

report.WITH_LOCALS = __file__

try:
    text_type, character = unicode, unichr  # noqa: F821 (Python 2)
except NameError:
    text_type, character = str, chr


class Thing(object):
    def __init__(self, **attributes):
        self.__dict__.update(attributes)

    def __repr__(self):
        return "<Thing at 0x%x>" % id(self)


def integers(zero, one=1, *others, **named):
    negative, large, larger, largest = -5, 2**31, -(2**63), 3**500
    edges = [2**30 - 1, 2**30, -(2**30), 2**60, -(2**60) - 1, 10**18, -(10**19), 256, 257, -6]
    truth = (True, False, None, Ellipsis, NotImplemented)
    report.block()


def floats():
    plain = [0.0, -0.0, 1.0, -1.5, 0.1, 1 / 3.0, 100.0, 123456.789]
    small = [1e-4, 1.5e-5, 1e-10, 5e-324, 2.2250738585072014e-308]
    large = [1e15, 123456789012345680.0, 1e16, 1.5e16, 1e22, 1.7976931348623157e308]
    special = [float("inf"), float("-inf"), float("nan")]
    imaginary = [1j, -1j, 1 + 2j, -1.5 - 0.5j, complex(0.0, -0.0), complex(-0.0, 1), complex(1e20, 1e-7)]
    report.block()


def strings():
    empty, quote, double, both = "", "it's", 'say "x"', "'\""
    escapes = "tab\t line\n return\r back\\slash \0 \x7f \x1b[0m"
    wide = [text_type("gr\xfc\xdfe") if text_type is str else u"gr\xfc\xdfe", u"\u0444\u2028\u200b\ufeff", u"\U0001f40d \xa0 \xad"]
    raw = [b"", b"bytes", b"\x00\xff'", b'"\n\\']
    many = "x" * 300
    report.block()


def containers():
    lists = [[], [1], [1, [2, [3, []]]]]
    tuples = [(), (1,), (1, 2), ((),)]
    dicts = [{}, {1: 2}, {"a": [1], (1, 2): None}, dict((str(i), i) for i in range(20))]
    sets = [set(), set([1]), set("abc"), frozenset(), frozenset([1, 2]), set([(1,), "x", 2.5])]
    removed = set(range(10))
    for number in (1, 3, 5):
        removed.discard(number)
    shrunk = dict((i, str(i)) for i in range(10))
    for number in (0, 4, 9):
        del shrunk[number]
    cycle = [1]
    cycle.append(cycle)
    mapping = {}
    mapping["self"] = mapping
    inside = (cycle, mapping)
    things = [Thing(), {"thing": Thing(a=1)}]
    report.block()


def cells(argument, other):
    shared, unused = [1, 2], "only here"

    def inner(number):
        own = number + 1

        def innermost():
            return argument, shared, number, report.block()

        return innermost()

    return inner(7)


def moved(argument):
    def inner():
        return argument

    argument = "set later"
    report.block()
    return inner


def unset(flag):
    before = 1
    if flag:
        never = 2
    del before
    after = 3
    report.block()
    never = 4  # noqa: F841


def attribute():
    instance = Thing(x=1, y="two")
    report.block()


def in_class_body():
    class Body(object):
        first = 1
        second = [first, "x"]
        third = report.block()


def in_exec():
    exec("a = 1\nb = [a, 'x']\nreport.block()\n", {"report": report}, {"c": 2.5})


def comprehended():
    outer = 3
    return [report.block() for element in (1, 2) if outer]


def generated():
    def numbers(stop):
        for number in range(stop):
            yield report.block()

    return list(numbers(3))


def value(source, depth):
    """A random value. Shape: the deeper, the simpler."""
    kind = source.randrange(7 if depth == 0 else 13)
    if kind == 0:
        return source.choice([True, False, None, Ellipsis])
    if kind == 1:
        return source.randrange(-(2 ** source.randrange(1, 200)), 2 ** source.randrange(1, 200))
    if kind == 2:
        return source.uniform(-1, 1) * 10.0 ** source.randrange(-300, 300)
    if kind == 3:
        return complex(source.uniform(-9, 9), source.choice([0.0, -0.0, source.uniform(-9, 9)]))
    if kind == 4:
        return "".join(chr(source.randrange(128)) for _ in range(source.randrange(12)))
    if kind == 5:
        points = [source.choice([0x41, 0xE4, 0x3B1, 0x4E2D, 0x2028, 0xAD, 0x27, 0x22]) for _ in range(5)]
        return text_type("").join(character(point) for point in points)
    if kind == 6:
        return bytes(bytearray(source.randrange(256) for _ in range(source.randrange(12))))
    if kind in (7, 8):
        return [value(source, depth - 1) for _ in range(source.randrange(4))]
    if kind == 9:
        return tuple(value(source, depth - 1) for _ in range(source.randrange(4)))
    if kind == 10:
        return dict((value(source, 0), value(source, depth - 1)) for _ in range(source.randrange(4)))
    make = set if kind == 11 else frozenset
    return make(value(source, 0) for _ in range(source.randrange(4)))


def drawn(source):
    first, second, third = [value(source, 3) for _ in range(3)]
    fourth, fifth = value(source, 2), value(source, 0)
    del source
    report.block()


threads = [
    threading.Thread(target=integers, args=(0, 1, 2, 3), kwargs={"named_one": 1}),
    threading.Thread(target=cells, args=("given", None)),
    threading.Thread(target=moved, args=("given",)),
    threading.Thread(target=unset, args=(False,)),
]
plain = [floats, strings, containers, attribute, in_class_body, in_exec, comprehended, generated]
threads += [threading.Thread(target=one) for one in plain]
threads += [threading.Thread(target=drawn, args=(random.Random(seed),)) for seed in range(20)]
report.start(len(threads) + 1)
for thread in threads:
    thread.start()
report.block()
