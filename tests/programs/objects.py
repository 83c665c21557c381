"""A few variables of each kind, and exceptions that are handled, small enough for the fixtures of recorded memory."""

try:
    from _thread import start_new_thread
except ImportError:  # Python 2
    from thread import start_new_thread

import report

report.WITH_LOCALS = __file__


class Thing(object):
    def __init__(self, name):
        self.name = name
        self.parts = [name, {"part": 1.5}]

    def __repr__(self):
        return "<Thing at 0x%x>" % id(self)


class Missing(KeyError):
    pass


def scalars(number, *others, **named):
    truth, nothing, large, real = True, None, 2**70, 0.1
    text, raw, wide = "it's", b"\x00raw", u"gr\xfc\u03b1"
    report.block()


def containers():
    items, pair, empty = [1, [2]], (3, "x"), {}
    table = {"key": [4], 5: None}
    members = set(["only"])
    report.block()


def instances():
    thing = Thing("a thing")
    report.block()


def cells(argument):
    shared = ["shared"]

    def inner():
        own = 7
        return report.block() or (argument, shared, own)

    return inner()


def in_class_body():
    class Body(object):
        first = 1
        second = ["x"]
        third = report.block()


def handles_missing():
    try:
        raise Missing("the key")
    except KeyError:
        report.block()


def handles_no_file():
    def numbers():
        report.block()
        yield 1

    try:
        open("/nowhere")
    except EnvironmentError:
        next(numbers())


situations = [
    (scalars, (-5, "more"), {"named": 1}),
    (containers, (), {}),
    (instances, (), {}),
    (cells, ("given",), {}),
    (in_class_body, (), {}),
    (handles_missing, (), {}),
]
report.start(len(situations) + 1)
# Without objects of `threading`, which have many variables.
for situation in situations:
    start_new_thread(*situation)
handles_no_file()
